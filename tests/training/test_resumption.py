"""What `train --resume` compares: networks with data and recipe, all differences in one sentence."""

import pickle

import numpy as np
import pytest

from dnnlib import unpickle
from dnnlib.unpickle import NetworkState
from regan.base.errors import UserError
from regan.data import tfrecords
from tests import small_networks, small_pickles, tiny_network
from training import recipe as recipes
from training import resumption, training_loop
from training.schedule import Schedule

DATA = dict(num_channels=3, resolution=4, label_size=0)


@pytest.fixture(scope='module')
def pickles(tmp_path_factory):
    """Files of (G, D, Gs) of both generations, G and Gs being the same network: {1: path, 2: path}."""
    folder, paths = tmp_path_factory.mktemp('networks'), {}
    for generation, (main, discriminator) in tiny_network.FUNCTIONS.items():
        with small_networks.fresh_session():
            G = small_networks.build(main, 'Gs', **dict(small_pickles.SIZES, latent_size=13))
            D = small_networks.build(discriminator, resolution=4)
            paths[generation] = folder / ('%d.pkl' % generation)
            paths[generation].write_bytes(small_pickles.write(G, D, G))
    return paths


@pytest.fixture(scope='module')
def states(pickles):
    return unpickle.read(pickles[2])


@pytest.fixture(scope='module')
def first_states(pickles):
    return unpickle.read(pickles[1])


@pytest.fixture
def resumed(monkeypatch):
    """Compares plain states, without a file."""

    def compare(value, recipe=None, **data):
        monkeypatch.setattr(resumption.misc, 'open_file_or_url', lambda path: open('/dev/null', 'rb'))
        monkeypatch.setattr(unpickle, 'read', lambda file, name: value)
        return resumption.Resumed('net.pkl', recipe or recipes.stylegan2({}), dict(DATA, **data))

    return compare


def changed(state, **kwargs):
    """A NetworkState with other arguments, or other attributes."""
    copy = NetworkState(**vars(state))
    for key, value in kwargs.items():
        if hasattr(copy, key):
            setattr(copy, key, value)
        else:
            copy.static_kwargs = dict(copy.static_kwargs, **{key: value})
    return copy


def refused(resumed, *args, **kwargs):
    with pytest.raises(UserError) as caught:
        resumed(*args, **kwargs)
    text = str(caught.value)
    assert text.startswith('net.pkl cannot be resumed with this data and recipe, which differ in ')
    return text


def test_networks_that_fit(states, resumed):
    found = resumed(states)
    assert found.recipe.G['fmap_base'] == 64 and found.recipe.D['fmap_base'] == 64
    assert found.recipe.G['mapping_layers'] == 1 and 'resolution' not in found.recipe.G
    assert resumed(states, recipes.stylegan2(dict(fmap_base=64, latent_size=13))).recipe.G['fmap_base'] == 64


@pytest.mark.parametrize(
    'data, texts',
    [
        (dict(num_channels=1), ['channels (3 in the file, 1 in the data)']),
        (dict(resolution=32), ['resolution (4 in the file, 32 in the data)']),
        (dict(label_size=4), ['labels (0 in the file, 4 in the data)']),
        (
            dict(num_channels=1, resolution=32, label_size=4),
            ['channels (3 in the file, 1', 'resolution (4 in the file, 32', 'labels (0 in the file, 4'],
        ),
    ],
)
def test_data_that_differ(states, resumed, data, texts):
    text = refused(resumed, states, **data)
    assert all(part in text for part in texts) and text.count(' in the data)') == len(texts)


def test_generations_that_differ(states, first_states, resumed):
    assert 'generation (stylegan: G_style and stylegan: D_basic in the file, stylegan2: G_main' in refused(
        resumed, first_states
    )
    assert 'generation (' in refused(resumed, states, recipes.stylegan({}))
    assert 'generation (stylegan2: G_main' in refused(resumed, states, recipes.segan({}, 2))
    assert resumed(first_states, recipes.stylegan({})).recipe.G['fmap_max'] == 16
    text = refused(resumed, first_states, num_channels=1)
    assert 'channels (' in text and 'generation (' in text


def test_configurations_that_differ(states, first_states, resumed):
    mixed = states[0], first_states[1], states[2]
    assert 'generation (' in refused(resumed, mixed)
    assert resumed(mixed, recipes.stylegan2({}, discriminator='stylegan')).recipe.D['fmap_max'] == 16
    text = refused(resumed, states, recipes.stylegan2(dict(latent_size=64, fmap_max=16, fmap_base=32)))
    assert 'latent_size (13 in the file, 64 in the recipe)' in text
    assert text.count('fmap_base (64 in the file, 32 in the recipe)') == 1 and 'fmap_max' not in text
    fixed = tuple(changed(state, structure='fixed') for state in first_states)
    growing = recipes.stylegan({}, schedule=Schedule(lod_initial_resolution=8))
    assert 'structure (fixed in the file, growing in the recipe)' in refused(resumed, fixed, growing)


@pytest.mark.parametrize(
    'make, text',
    [
        (lambda G, D, Gs: Gs, 'contents (Gs (G_main) alone, not (G, D, Gs))'),
        (lambda G, D, Gs: dict(G=G, D=D, G_ema=Gs), 'contents (a dict of G and D and G_ema, not (G, D, Gs))'),
        (lambda G, D, Gs: (None, None, Gs), 'contents ((None, None, Gs), not (G, D, Gs))'),
        (lambda G, D, Gs: (G, Gs), 'contents ((Gs, Gs), not (G, D, Gs))'),
        (lambda G, D, Gs: (D, G, Gs), 'contents ((D, Gs, Gs), not (G, D, Gs))'),
        (lambda G, D, Gs: (G, D, Gs, 3), 'contents ((Gs, D, Gs, int), not (G, D, Gs))'),
        (lambda G, D, Gs: {}, 'contents (a dict of nothing'),
        (lambda G, D, Gs: 7, 'contents (a value of type int'),
        (lambda G, D, Gs: np.zeros(3), 'contents (a value of type ndarray'),
        (lambda G, D, Gs: (changed(G, components={}), D, Gs), 'contents (the variables of Gs are not those of G)'),
    ],
)
def test_contents(states, resumed, make, text):
    assert text in refused(resumed, make(*states))
    both = refused(resumed, make(*states), num_channels=1)
    assert text in both and ('channels (3 in the file' in both) == bool(unpickle.networks(make(*states)))


def test_a_function_that_is_not_ours(states, resumed):
    text = refused(resumed, (changed(states[0], build_func_name='G_other'), states[1], states[2]))
    assert 'generation (unknown: G_other and stylegan2: G_main with G_synthesis_stylegan2 and' in text


def test_weights_that_are_not_finite(states, resumed):
    values = dict(states[1].variables)
    values['4x4/Conv/weight'] = np.full_like(values['4x4/Conv/weight'], np.inf)
    with pytest.raises(UserError, match=r'net.pkl holds weights that are NaN or infinite: D/4x4/Conv/weight \('):
        resumed((states[0], changed(states[1], variables=values), states[2]))


def test_nothing_is_made_before_the_comparison(pickles, tmp_path):
    with tfrecords.new_data_set(tmp_path / 'grey') as writer:
        writer.add(np.zeros([5, 1, 4, 4], np.uint8))
    with pytest.raises(UserError, match='channels .3 in the file, 1 in the data.'):
        training_loop.train(
            recipes.stylegan2({}), str(tmp_path / 'grey'), str(tmp_path / 'run'), 1, resume_pkl=str(pickles[2])
        )
    assert not (tmp_path / 'run').exists()


def test_labels_count_as_training_takes_them(tmp_path):
    with tfrecords.new_data_set(tmp_path / 'set') as writer:
        writer.add(np.zeros([5, 1, 4, 4], np.uint8))
        writer.add_labels(np.zeros([5, 3], np.float32))
    sizes = [resumption.facts_of_data(tmp_path / 'set', None, most)['label_size'] for most in (0, 2, 9, 'full')]
    assert sizes == [0, 2, 3, 3]


def test_a_run_from_a_pickle_goes_on(pickles, tmp_path, monkeypatch):
    """Sizes are those of the file, style mixing is that of the recipe, and an average that was G has become its own."""
    with tfrecords.new_data_set(tmp_path / 'set') as writer:
        writer.add(np.random.RandomState(0).randint(0, 256, [5, 3, 4, 4]).astype(np.uint8))
    recipe = recipes.stylegan2({}, style_mixing=None, pl_weight=0, schedule=Schedule(minibatch_size=2, tick_kimg=0.002))
    built = []

    class Graph:
        def __init__(self, recipe, training_set, networks):
            built.append((recipe, networks))
            raise UserError('enough')

    monkeypatch.setattr(training_loop, 'TrainingGraph', Graph)
    with pytest.raises(UserError, match='enough'):
        training_loop.train(
            recipe, str(tmp_path / 'set'), str(tmp_path / 'run'), 1, resume_pkl=str(pickles[2]), show_progress=False
        )
    ((used, (G, D, Gs)),) = built
    assert used.G['latent_size'] == 13 and G.static_kwargs.style_mixing_prob is None
    assert Gs is not G and Gs.static_kwargs.latent_size == 13 and D.name == 'D'
    assert pickle.dumps(used.facts())
