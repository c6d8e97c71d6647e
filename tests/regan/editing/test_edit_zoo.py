"""regan.editing.edit_zoo: the published edits as data, and how they are found."""

import dataclasses
import json

import pytest

from regan.base.errors import UserError
from regan.editing import edit_zoo, edits
from regan.networks import models


@pytest.fixture
def own(tmp_path):
    """Writes a user's file of edits and gives its path."""

    def write(content):
        (tmp_path / 'mine.json').write_text(content if isinstance(content, str) else json.dumps(content))
        return tmp_path / 'mine.json'

    return write


def count(kind, dataset):
    return sum((entry.edit.kind, entry.dataset) == (kind, dataset) for entry in edit_zoo.load())


def test_the_zoo_is_whole():
    """As many as GANSpace's notebooks and ReGANSpace's table have, by network and data set."""
    published = [entry for entry in edit_zoo.load() if 'this project' not in entry.sources]
    assert len(published) == 111 + 58 + 1
    strips = [entry for entry in published if entry.edit.kind == 'centred']
    by_model = {name: sum(entry.model == name for entry in strips) for name in ('StyleGAN', 'StyleGAN2', 'BigGAN-512')}
    assert by_model == {'StyleGAN': 16, 'StyleGAN2': 70, 'BigGAN-512': 25}
    by_dataset = {(entry.model, entry.dataset) for entry in strips}
    assert len(by_dataset) == 14
    datasets = ('car', 'cat', 'church', 'ffhq', 'horse', 'wikiart', 'leopard')
    assert [count('centred', name) for name in datasets] == [17, 4, 7, 33, 4, 14, 10]
    assert [count('target', name) for name in ('irish_setter', 'car', 'ffhq')] == [12, 4, 42]
    assert sum('GANSpace edit zoo' in entry.sources for entry in strips) == 105
    assert sum('GANSpace edit zoo' not in entry.sources and 'ReGANSpace' in entry.sources for entry in strips) == 6
    assert sum(entry.edit.invert for entry in published) == 1


@pytest.mark.parametrize(
    'name, notation, seeds, psi',
    [
        ('ffhq/Big smile', 'centred E(v19, 4) * 10.0', (427229260,), 0.7),
        ('ffhq/Smile (v46, 4)', 'centred E(v46, 4) * -20.0', (1175071341,), 0.7),
        ('wikiart/Head rotation', 'centred E(v7, 0-1) * -2.9', (1819967864,), 1.0),
        ('wikiart/Simple strokes', 'centred E(v9, 8-14) * 7.5', (1239190942,), 1.0),
        ('beetles/Pattern', 'centred E(v2, 0-16) * -2.5', (1, 1819967864), 0.7),
        ('car/Horizontal flip (sequence)', 'target E(v0, 0-4) = 2.0 inverted', (440749230,), 0.6),
        ('ffhq/White hair (sequence)', 'target E(v57, 7-9) = -24.0', (6293435, 2105448342), 0.7),
        ('ffhq/Light direction', 'E(v15, 8) * -2.8', (1941578080,), 0.9),
        ('husky/Sharpness', 'centred E(v46, 14) * 50.0', (489408324,), 0.6),
    ],
)
def test_values(name, notation, seeds, psi):
    entry = edit_zoo.find(name)
    assert (entry.id, str(entry.edit), entry.seeds, entry.psi) == (name, notation, seeds, psi)


def test_the_sequence_of_figure_1():
    names = ['car/Redness', 'car/Add grass (sequence)', 'car/Horizontal flip (sequence)', 'car/Blocky shape']
    found = [edit_zoo.find(name) for name in names]
    assert [str(entry.edit) for entry in found] == [
        'target E(v22, 9-10) = -8.0',
        'target E(v41, 9-10) = -18.0',
        'target E(v0, 0-4) = 2.0 inverted',
        'target E(v16, 3-5) = 25.0',
    ]
    assert {(entry.seeds, entry.psi) for entry in found} == {((440749230,), 0.6)}


@pytest.mark.parametrize(
    'written, meant',
    [
        ('FFHQ/big_SMILE', 'ffhq/Big smile'),
        ('cars/redness', 'car/Redness (sequence)'),
        ('cats/Fluffiness', 'cat/Fluffiness'),
        ('ffhq/show_front_teeth', 'ffhq/Show front teeth (sequence)'),
        ('red fox/large leaves', 'red_fox/Large leaves'),
        ('car/Add grass', 'car/Add grass'),
        ('  ffhq/smile  (V36, 4-5)', 'ffhq/Smile (v36, 4-5)'),
    ],
)
def test_names_are_found_however_written(written, meant):
    assert edit_zoo.find(written).id == meant


@pytest.mark.parametrize(
    'written, message',
    [
        (
            'ffhq/Smile',
            "'ffhq/Smile' is the title of several edits; choose one of 'ffhq/Smile (v46, 4)', 'ffhq/Smile (v36, 4-5)', "
            "'ffhq/Smile (sequence)'",
        ),
        ('wikiart/open_mouth', "'wikiart/Open mouth (v25, 4-6)', 'wikiart/Open mouth (v16, 4-7)'"),
        ('ffhq/Big smil', "there is no edit 'ffhq/Big smil'; did you mean 'ffhq/Big smile'"),
        ('Fluffiness', "did you mean 'cat/Fluffiness'"),
        ('xyz/qqq', "there is no edit 'xyz/qqq'; `regan edits list` shows all"),
    ],
)
def test_names_that_are_not_found(written, message):
    with pytest.raises(UserError) as error:
        edit_zoo.find(written)
    assert message in str(error.value)


def test_every_id_finds_its_own_edit():
    among = edit_zoo.load()
    for entry in among:
        assert edit_zoo.find(entry.id, among) == entry


def test_networks_have_their_edits_and_they_fit():
    found = {name: edit_zoo.for_network(model) for name, model in models.registry().items()}
    assert len(found['stylegan2-ffhq-config-f']) == 33 + 42 + 1 and len(found['stylegan2-car-config-f']) == 17 + 4
    assert len(found['stylegan-wikiart']) == 14 and found['stylegan-ffhq'] == []
    assert {entry.title for entry in found['stylegan2-cars-64']} >= {
        'Change colour',
        'Add grass',
        'Rotate',
        'Change type',
    }
    for name, model in models.registry().items():
        for entry in found[name]:
            entry.check_usable()
            entry.edit.layers(model.num_layers)


def test_datasets_have_two_spellings():
    assert edit_zoo.for_dataset('cars') == edit_zoo.for_dataset('Car') != []
    assert {entry.dataset for entry in edit_zoo.for_dataset('cats')} == {'cat'}


def test_a_network_is_known_by_name_alias_and_file_name():
    model = models.find('stylegan2-car-config-f')
    for text in (
        'stylegan2-car-config-f',
        'gdrive:networks/stylegan2-car-config-f.pkl',
        'my/folder/stylegan2-car-config-f.pkl',
    ):
        assert edit_zoo.registered(text) == model
    assert edit_zoo.registered('my/own.pkl') is None


def test_edits_of_other_kinds_of_networks_are_refused():
    other = dataclasses.replace(edit_zoo.find('husky/Season'), model='DCGAN')
    with pytest.raises(UserError, match="'husky/Season' moves the z of a DCGAN; .* no such network is drawn here"):
        other.check_usable()


def test_edits_of_biggan_know_their_class_and_network():
    found = edit_zoo.find('husky/Season')
    assert found.network_class == 248 and edit_zoo.find('ffhq/Big smile').network_class is None
    assert found.belongs_to(models.find('biggan-deep-512')) and not found.belongs_to(models.find('biggan-deep-256'))
    assert len(edit_zoo.for_network(models.find('biggan-deep-512'))) == 25 + 12
    assert all(entry.network_class is not None for entry in edit_zoo.load() if entry.model == 'BigGAN-512')


def test_own_edits_come_first_and_replace(own):
    path = own(
        [{'id': 'my/Redness', 'component': 3, 'end': 5, 'strength': 2}, {'id': 'FFHQ/Big Smile', 'component': 1}]
    )
    among = edit_zoo.everything(path)
    assert edit_zoo.find('my/redness', among).edit.to_dict() == dict(
        component=3, start=0, end=5, strength=2, kind='offset', invert=False, unit='stdev', name='Redness'
    )
    assert edit_zoo.find('ffhq/big smile', among).edit.component == 1
    assert len(among) == len(edit_zoo.load()) + 1
    edit_zoo.find('my/Redness', among).check_usable()  # The model need not be said.


def test_the_title_is_the_name_of_the_edit():
    named = edit_zoo.NamedEdit('my/Redness (v3, 0-4)', edits.Edit(3, 0, 5, name='red'))
    assert named.edit == edits.Edit(3, 0, 5, name='Redness')


def test_a_file_of_all_edits_is_the_same_edits(own):
    assert edit_zoo.load(own([entry.to_dict() for entry in edit_zoo.load()])) == edit_zoo.load()


@pytest.mark.parametrize(
    'content, message',
    [
        ('[', 'mine.json is not valid JSON'),
        ({}, 'must hold a list of edits'),
        ([3], 'mine.json, edit 1 must be a JSON object, not 3'),
        ([{'id': 'my/A', 'component': 1}, {'id': 'my/B'}], "mine.json, edit 2 lacks the key 'component'"),
        ([{'id': 'my/A', 'component': 1, 'sigma': 2}], "unknown key 'sigma'; allowed are: component"),
        ([{'id': 'A', 'component': 1}], "'A' of an edit is not of the form DATASET/TITLE"),
        ([{'id': 'my/A', 'component': -1}], 'component is -1 in an edit but must be a whole number'),
        ([{'id': 'my/A', 'component': 1, 'start': 3, 'end': 3}], 'leave no layer'),
        ([{'id': 'my/A', 'component': 1, 'kind': 'sideways'}], "kind is 'sideways'"),
        ([{'id': 'my/A', 'component': 1, 'seeds': [-1]}], 'seeds[0] must be a whole number from 0'),
        ([{'id': 'my/A', 'component': 1, 'psi': 2}], 'psi must be a number from -1 to 1'),
        ([{'id': 'my/A', 'component': 1, 'published': 'yes'}], 'published must be true or false'),
        (
            [{'id': 'cars/A b', 'component': 1}, {'id': 'car/a_B', 'component': 2}],
            "mine.json, edit 2 has the id 'car/a_B' of edit 1",
        ),
    ],
)
def test_bad_files_are_named(own, content, message):
    with pytest.raises(UserError) as error:
        edit_zoo.load(own(content))
    assert message in str(error.value)
