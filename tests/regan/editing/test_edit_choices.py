"""Edits in notation, by name and by file; what they bring along, and whether they fit."""

import dataclasses
import json

import numpy as np
import pytest

from regan.base.errors import UserError
from regan.components.basis import Basis
from regan.editing import edit_choices, edits, saved_edits
from regan.editing.edit_choices import EditChoice


@pytest.fixture(scope='module')
def basis():
    return Basis(
        np.zeros(5, np.float32),
        np.eye(5, dtype=np.float32)[:3],
        *[np.array([3, 2, 1], np.float32)] * 4,
        record=dict(estimator='ipca', n=4000),
    )


@pytest.fixture
def saved(basis, tmp_path):
    """The file of a saved edit along component 2."""

    class Network:
        original_name, first_layer, num_layers = 'StyleGAN2', None, 6

    path = tmp_path / 'mine.json'
    saved_edits.save(
        path, saved_edits.from_basis(basis, edits.parse('E(v2, 1-3) * 4'), Network, 'toys', 0.5, 7, 'Mine')
    )
    return path


def test_choose(saved):
    notation, named, file = edit_choices.choose(['E(v0, 3) * 2', 'ffhq/big_smile', str(saved)])
    assert notation == EditChoice(edits.parse('E(v0, 3) * 2'))
    assert (str(named.edit), named.name, named.source.psi) == ('centred E(v19, 4) * 10.0', 'ffhq/Big smile', 0.7)
    assert (str(file.edit), file.name, file.source.seed) == ('E(v2, 1-3) * 4.0', str(saved), 7)


def test_own_edits_come_first(tmp_path):
    (tmp_path / 'own.json').write_text(json.dumps([{'id': 'ffhq/Big smile', 'component': 2}]))
    assert edit_choices.choose(['ffhq/Big smile'], tmp_path / 'own.json')[0].edit.component == 2


@pytest.mark.parametrize(
    'text, message',
    [
        ('v0', 'cannot read the edit'),
        ('ffhq/Nothing', 'there is no edit'),
        ('nowhere.pkl', 'nowhere.pkl'),
    ],
)
def test_a_text_that_is_no_edit(text, message):
    with pytest.raises(UserError, match=message):
        edit_choices.choose(['E(v0, 0)', text])


def test_edits_of_biggan_bring_their_class_along():
    assert edit_choices.network_class(edit_choices.choose(['husky/Season', 'husky/Sharpness', 'E(v0, 0)'])) == 248
    assert edit_choices.network_class(edit_choices.choose(['ffhq/Big smile'])) is None
    with pytest.raises(UserError, match=r'different classes \(248 and 425\); choose with --class'):
        edit_choices.network_class(edit_choices.choose(['husky/Season', 'barn/Trees']))


@pytest.mark.parametrize(
    'text, stem',
    [
        ('centred E(v1, 2-4) * 3', 'centred-e-v1-2-4-3.0'),
        ('ffhq/Smile (v46, 4)', 'ffhq-smile-v46-4'),
        ('E(v0, all)', 'e-v0-all'),
    ],
)
def test_names_of_files(text, stem):
    assert edit_choices.choose([text])[0].file_stem == stem


def test_combinations():
    found = edit_choices.combinations([5, 0], ['0-3', 'all'], -1.5)
    assert [str(choice.edit) for choice in found] == [
        'E(v5, 0-3) * -1.5',
        'E(v5, all) * -1.5',
        'E(v0, 0-3) * -1.5',
        'E(v0, all) * -1.5',
    ]
    assert edit_choices.combinations([], ['all'], 1.0) == []
    with pytest.raises(UserError, match='cannot read the edit'):
        edit_choices.combinations([1], ['low'], 1.0)


def test_what_named_edits_bring_along(saved):
    plain, smile, mine = edit_choices.choose(['E(v0, 3)', 'ffhq/Big smile', str(saved)])
    assert edit_choices.agreed([plain, smile], 'seeds', '--seed') == (427229260,)
    assert edit_choices.agreed([plain, mine], 'psi', '--psi', 0.7) == 0.5
    assert edit_choices.agreed([plain], 'psi', '--psi', 0.7) == 0.7
    with pytest.raises(UserError, match='no latent is chosen; give --seed, for example --seed 1'):
        edit_choices.agreed([plain], 'seeds', '--seed')
    with pytest.raises(UserError, match=r'different psi \(0.7 and 0.5\); choose with --psi'):
        edit_choices.agreed([smile, mine], 'psi', '--psi', 0.7)


def test_edits_of_other_networks(saved):
    choices = edit_choices.choose(['E(v0, 3)', 'ffhq/Big smile', 'horse/Add rider', str(saved)])
    assert edit_choices.found_elsewhere(choices, 'stylegan2-ffhq-config-f') == [choices[2]]
    assert edit_choices.found_elsewhere(choices, 'mine.pkl') == choices[1:3]


def test_edits_that_do_not_fit(saved):
    edit_choices.check(edit_choices.choose(['E(v4, 0-5)', str(saved)]), num_layers=6, components=5)
    edit_choices.check(edit_choices.choose([str(saved)]), num_layers=6, components=1)  # It has its own direction.
    with pytest.raises(UserError, match='ask for more than 4 with --components'):
        edit_choices.check(edit_choices.choose(['E(v4, 0-5)']), num_layers=6, components=4)
    with pytest.raises(UserError, match='this network has layers 0-4'):
        edit_choices.check(edit_choices.choose(['E(v4, 0-5)']), num_layers=5, components=5)


def test_saved_edits_become_further_components(saved, basis):
    along, moves = edit_choices.placed(edit_choices.choose(['E(v1, 0)', str(saved)]), basis)
    assert [move.component for move in moves] == [1, 3] and along.components.shape == (4, 5)
    assert np.array_equal(along.components[3], basis.components[2]) and along.stdev[3] == basis.stdev[2]
    same, moves = edit_choices.placed(edit_choices.choose(['E(v1, 0)']), basis)
    assert same is basis and moves == [edits.parse('E(v1, 0)')]


def test_components_from_a_file(basis, tmp_path):
    basis.save(tmp_path / 'w.npz')
    assert np.array_equal(Basis.load(tmp_path / 'w.npz').components, basis.components)
    dataclasses.replace(basis, record={'space': 'z'}).save(tmp_path / 'z.npz')
    assert (Basis.load(tmp_path / 'w.npz').space, Basis.load(tmp_path / 'z.npz').space) == ('w', 'z')


def test_edits_of_w_and_of_z_do_not_go_together(saved, tmp_path, basis):
    in_z = dataclasses.replace(saved_edits.load(saved), space='z')
    saved_edits.save(tmp_path / 'z.json', in_z)
    alone, mixed = [
        edit_choices.choose(texts) for texts in ([str(tmp_path / 'z.json')], [str(tmp_path / 'z.json'), str(saved)])
    ]
    assert (edit_choices.own_space(alone), edit_choices.own_space(mixed)) == ('z', None)
    edit_choices.check(alone, 6, 0, 'z')
    for space, what in (('w', "z.json' moves z, but the components are directions in w"), ('z', 'moves w, but')):
        with pytest.raises(UserError, match=what):
            edit_choices.check(mixed, 6, 5, space)
    with pytest.raises(UserError, match='moves z, but the components are directions in w; draw them apart'):
        in_z.place(basis)
