"""regan.editing.saved_edits: GANSpace's pickles and our own files hold the same edit."""

import dataclasses
import os
import pickle

import numpy as np
import pytest

from regan.base import artefacts
from regan.base.errors import UserError
from regan.components.basis import Basis
from regan.editing import edits, saved_edits
from regan.networks.latent_traits import MappedTraits
from tests import portable


class Network(MappedTraits):
    original_name, num_layers = 'StyleGAN2', 18


def make_basis(count=5, width=13):
    random = np.random.RandomState(0)
    numbers = [np.sort(random.rand(count).astype(np.float32))[::-1] + np.float32(0.5) for _ in range(4)]
    rows = np.linalg.qr(random.randn(width, width))[0][:count].astype(np.float32)
    return Basis(random.randn(width).astype(np.float32), rows, *numbers, record=dict(estimator='ipca', n=1000000))


def theirs(**changes):
    """A dict such as GANSpace's viewer pickles; the numbers are those of the one edit that ships with it."""
    row = make_basis().components[3:4]
    return dict(
        dict(
            name='Light direction',
            sigma_range=-2.8,
            component_index=15,
            act_comp=row,
            lat_comp=row,
            latent_space='W',
            act_stdev=np.float32(1.0440195798873901),
            lat_stdev=np.float32(1.0335018634796143),
            model_name='StyleGAN2',
            output_class='ffhq',
            decomposition=dict(name='ipca', components=80, samples=1000000, layer='style', class_name='ffhq'),
            edit_type='latent',
            truncation=0.9,
            edit_start=8,
            edit_end=9,
            example_seed=1941578080,
            use_slerp=False,
        ),
        **changes,
    )


@pytest.fixture
def pickled(tmp_path):
    def write(value, protocol=3):
        (tmp_path / 'theirs.pkl').write_bytes(pickle.dumps(value, protocol=protocol))
        return tmp_path / 'theirs.pkl'

    return write


def assert_equal(one, other):
    for field in dataclasses.fields(one):
        assert np.array_equal(getattr(one, field.name), getattr(other, field.name)), field.name


@pytest.mark.parametrize('protocol', [2, 3, 4])
def test_a_pickle_of_ganspace(pickled, protocol):
    saved = saved_edits.load(pickled(theirs(), protocol))
    assert (saved.name, saved.space, saved.psi, saved.seeds, saved.found_on) == (
        'Light direction',
        'w',
        0.9,
        (1941578080,),
        'ffhq',
    )
    assert (saved.stdev, saved.act_stdev) == (1.0335018634796143, 1.0440195798873901)
    assert (
        str(saved.edit) == 'E(v15, 8) * -2.8'
        and saved.direction.shape == (13,)
        and saved.act_direction.shape == (1, 13)
    )


def test_round_trip_through_both_forms(pickled, tmp_path):
    first = saved_edits.load(pickled(theirs()))
    saved_edits.save(tmp_path / 'ours.json', first)
    second = saved_edits.load(tmp_path / 'ours.json')
    saved_edits.export(tmp_path / 'back.pkl', second)
    for other in (second, saved_edits.load(tmp_path / 'back.pkl')):
        assert_equal(first, other)
    back, expected = pickle.loads((tmp_path / 'back.pkl').read_bytes()), theirs()
    expected.pop('use_slerp')
    assert set(back) == set(expected)
    for key, value in expected.items():
        assert np.array_equal(back[key], value), key
    assert {type(value) for value in back.values()} == {str, int, float, dict, np.ndarray}


def test_the_exported_pickle_suits_both_stacks(tmp_path):
    saved_edits.export(
        tmp_path / 'a.pkl', saved_edits.from_basis(make_basis(), edits.parse('E(v0, all)'), Network, 'ffhq', 1.0, 0)
    )
    assert portable.faults((tmp_path / 'a.pkl').read_bytes()) == []


@pytest.mark.parametrize(
    'changes, name',
    [
        ({}, 'StyleGAN2-Light_direction-ffhq-ipca-w-style-comp15-range8-9.pkl'),
        ({'output_class': 'cat'}, 'StyleGAN2-Light_direction-ffhq_onto_cat-ipca-w-style-comp15-range8-9.pkl'),
        (
            {'name': 'a/b (2)-C_d', 'latent_space': 'Z', 'edit_start': 0, 'edit_end': 18},
            'StyleGAN2-a_b__2_-C_d-ffhq-ipca-z-style-comp15-range0-18.pkl',
        ),
        (
            {'output_class': '../../x; touch y', 'model_name': '/etc/a', 'name': 'x' * 300},
            '_etc_a-%s-ffhq_onto_.._.._x__touch_y-ipca-w-style-comp15-range8-9.pkl' % ('x' * 40),
        ),
    ],
)
def test_file_names_are_ganspaces(pickled, changes, name):
    assert saved_edits.file_name(saved_edits.load(pickled(theirs(**changes)))) == name


@pytest.mark.parametrize(
    'text, strength', [('E(v3, 2-4) * -2.5', -2.5), ('centred E(v3, 2-4) * 2', 2.0), ('E(v3, 2-4) * 2 raw', 2 / 0.9)]
)
def test_from_a_basis(text, strength):
    basis = make_basis()
    basis.stdev[3] = 0.9
    saved = saved_edits.from_basis(basis, edits.parse(text), Network, 'car', 0.7, 5, name='Mine')
    assert (saved.start, saved.end, saved.model, saved.layer, saved.name, saved.samples) == (
        2,
        5,
        'StyleGAN2',
        'style',
        'Mine',
        1000000,
    )
    assert saved.strength == pytest.approx(strength) and np.array_equal(saved.direction, basis.components[3])


def test_a_saved_edit_moves_as_the_component_that_it_came_from():
    basis = make_basis()
    edit = edits.parse('E(v3, 2-4) * -2.5')
    saved = saved_edits.from_basis(basis, edit, Network, 'car', 0.7, 5)
    dlatents = np.random.RandomState(1).randn(2, 18, 13).astype(np.float32)
    names = ('components', 'stdev', 'act_stdev', 'variance_ratio', 'random_stdevs')
    more, placed = saved.place(dataclasses.replace(basis, **{name: getattr(basis, name)[:2] for name in names}))
    assert placed.component == 2 and len(more.components) == 3
    assert np.array_equal(edits.apply(dlatents, more, placed), edits.apply(dlatents, basis, edit))


def test_the_cache_file_of_ganspace_is_a_basis(tmp_path):
    """Its arrays have an axis for the sample, and no record."""
    basis, path = make_basis(), tmp_path / 'stylegan2-ffhq_style_ipca_c5_n1000000_w.npz'
    rows, mean = basis.components[:, np.newaxis], basis.mean[np.newaxis]
    artefacts.write_npz(
        path,
        dict(
            act_comp=rows,
            act_mean=mean,
            act_stdev=basis.act_stdev,
            lat_comp=rows,
            lat_mean=mean,
            lat_stdev=basis.stdev,
            var_ratio=basis.variance_ratio,
            random_stdevs=basis.random_stdevs,
        ),
    )
    read = Basis.load(path)
    read.save(tmp_path / 'again.npz')
    theirs_again, original = artefacts.read_npz(tmp_path / 'again.npz'), artefacts.read_npz(path)
    assert read.record == {} and all(np.array_equal(theirs_again[name], original[name]) for name in original)
    for name in ('mean', 'components', 'stdev', 'act_stdev', 'variance_ratio', 'random_stdevs'):
        assert np.array_equal(getattr(read, name), getattr(basis, name)), name


class Hostile:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.system, ('echo executed > %s' % self.marker,)


def test_nothing_in_a_pickle_is_executed(pickled, tmp_path):
    with pytest.raises(UserError, match='theirs.pkl is no saved edit that can be read: .*nothing of it was executed'):
        saved_edits.load(pickled(theirs(name=Hostile(tmp_path / 'executed'))))
    assert not (tmp_path / 'executed').exists()


@pytest.mark.parametrize(
    'value, message',
    [
        ([1, 2], 'no edit that GANSpace saved'),
        ({'name': 'x'}, 'no edit that GANSpace saved'),
        ({key: value for key, value in theirs().items() if key != 'lat_comp'}, "lacks 'lat_comp'"),
        (theirs(decomposition=dict(name='ipca')), "lacks 'components'"),
        (theirs(sigma_range='wide'), 'strength must be a number'),
        (theirs(edit_start=9), 'leave no layer'),
        (theirs(latent_space='V'), 'space must be one of "w", "z"'),
        (theirs(lat_comp=np.full((1, 13), np.nan, np.float32)), 'direction must be an array of finite numbers'),
    ],
)
def test_what_is_no_saved_edit(pickled, value, message):
    with pytest.raises(UserError) as error:
        saved_edits.load(pickled(value))
    assert 'theirs.pkl' in str(error.value) and message in str(error.value)


@pytest.mark.parametrize('name', ['a\0b', '\x1b[2J', 'a\ud800', 'x\u202egnp.', 3, np.zeros(2), ['x' * 999]])
def test_names_that_cannot_be_printed(pickled, name):
    with pytest.raises(UserError, match='name must be a text, not ') as error:
        saved_edits.load(pickled(theirs(name=name)))
    assert len(str(error.value)) < 500 and str(error.value).isprintable()


def test_missing_files(tmp_path):
    for name in ('a.pkl', 'a.json'):
        with pytest.raises(UserError, match=name):
            saved_edits.load(tmp_path / name)
    saved = saved_edits.from_basis(make_basis(), edits.parse('E(v0, all)'), Network, 'ffhq', 1.0, 0)
    saved_edits.save(tmp_path / 'a.json', saved)
    (tmp_path / 'a.npz').unlink()
    with pytest.raises(UserError, match='there is no file .*a.npz'):
        saved_edits.load(tmp_path / 'a.json')
    (tmp_path / 'list.json').write_text('[]')
    with pytest.raises(UserError, match='list.json is no saved edit .it is a JSON file'):
        saved_edits.load(tmp_path / 'list.json')


@pytest.mark.parametrize(
    'changes, message',
    [
        ({'latent_space': 'Z'}, 'moves z, but the components are directions in w'),
        ({'edit_type': 'activation'}, 'moves activations of style'),
        ({'lat_comp': np.ones((1, 12), np.float32)}, 'has width 12 but w has 13'),
    ],
)
def test_what_cannot_be_placed(pickled, changes, message):
    with pytest.raises(UserError, match=message):
        saved_edits.load(pickled(theirs(**changes))).place(make_basis())


@pytest.mark.parametrize(
    'text, message',
    [
        ('target E(v0, 0) = 2', 'leads to one place'),
        ('E(v5, 0)', 'the basis has v0-v4'),
        ('E(v0, 0-18)', 'layers 0-17'),
    ],
)
def test_what_cannot_be_saved(text, message):
    with pytest.raises(UserError, match=message):
        saved_edits.from_basis(make_basis(), edits.parse(text), Network, 'ffhq', 1.0, 0)
