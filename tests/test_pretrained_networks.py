"""Aliases, and the way from a file to (G, D, Gs) as official scripts use it."""

import hashlib
import os
import pickle

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

import dnnlib
import dnnlib.tflib as tflib
import pretrained_networks
from dnnlib import unpickle
from dnnlib.unpickle import NetworkState
from tests import make_pickles
from training import misc, networks_stylegan, networks_stylegan2

TINY = dict(resolution=8, num_channels=3, latent_size=7, dlatent_size=5, mapping_layers=2, mapping_fmaps=5, fmap_max=3)


G, D, GS, OTHER = [
    NetworkState(4, name, {}, {}, '', function, {})
    for name, function in [('G', 'G_main'), ('D', 'D_stylegan2'), ('Gs', 'G_main'), ('other', 'G_main')]
]


@pytest.fixture(autouse=True, scope='module')
def session():
    with tf.Graph().as_default(), tflib.create_session().as_default() as s:
        yield s


class Loaded(str):
    """In place of a network."""

    def is_usable(self):
        return True


@pytest.fixture
def counted(monkeypatch):
    """Replaces the reading of files; gives the list of the paths that were read."""
    paths = []
    monkeypatch.setattr(pretrained_networks, '_loaded', {})

    def read(path):
        paths.append(path)
        return G, D, GS

    def revive(states, path, trust_embedded_code, build):
        assert build and not trust_embedded_code
        return tuple(state and Loaded(state.name) for state in states)

    monkeypatch.setattr(unpickle, 'read', read)
    monkeypatch.setattr(tflib.revival, 'revive', revive)
    return paths


def test_aliases():
    urls = pretrained_networks.gdrive_urls
    assert len(urls) == 18 + 18
    assert all(
        alias.replace('gdrive:', 'https://nvlabs-fi-cdn.nvidia.com/stylegan2/') == url for alias, url in urls.items()
    )
    for name in [
        'stylegan2-car-config-b.pkl',
        'stylegan2-horse-config-a.pkl',
        'table2/stylegan2-ffhq-config-e-Gskip-Dresnet.pkl',
    ]:
        assert 'gdrive:networks/' + name in urls


@pytest.mark.parametrize('given', ['a.pkl', 'https://example.com/a.pkl', 'gdrive:networks/unknown.pkl'])
def test_other_names_stay(given):
    assert pretrained_networks.get_path_or_url(given) == given


def test_alias_is_found_in_the_cache_and_read_once(tmp_path, monkeypatch, counted):
    monkeypatch.chdir(tmp_path)
    alias = 'gdrive:networks/stylegan2-cat-config-f.pkl'
    url = pretrained_networks.gdrive_urls[alias]
    path = os.path.join('.stylegan2-cache', hashlib.md5(url.encode()).hexdigest() + '_by_hand.pkl')
    os.mkdir('.stylegan2-cache')
    open(path, 'w').close()
    assert pretrained_networks.load_networks(alias) == ('G', 'D', 'Gs')
    assert pretrained_networks.load_networks(url) is pretrained_networks.load_networks(alias)
    assert counted == [path]


def test_a_failed_load_is_not_remembered(tmp_path, counted):
    path = str(tmp_path / 'later.pkl')
    with pytest.raises(FileNotFoundError, match='gdrive_urls'):
        pretrained_networks.load_networks('gdrive:networks/unknown.pkl')
    assert pretrained_networks.load_networks(path) == ('G', 'D', 'Gs')
    assert counted == [path]


@pytest.mark.parametrize(
    'value, expected',
    [
        (GS, (None, None, 'Gs')),
        ((G, GS), ('G', None, 'Gs')),
        ({'G': G, 'D': D, 'G_ema': GS}, ('G', 'D', 'Gs')),
        ({'step': 3, 'networks': [{'G_ema': GS}]}, (None, None, 'Gs')),
    ],
)
def test_networks_wherever_they_are(tmp_path, counted, monkeypatch, value, expected):
    """What official scripts unpack has three parts, whatever the file holds; only what it has of them is made."""
    monkeypatch.setattr(unpickle, 'read', lambda path: value)
    assert pretrained_networks.load_networks(str(tmp_path / 'x.pkl')) == expected


def test_which_generator_is_asked_for(tmp_path, counted, monkeypatch):
    monkeypatch.setattr(unpickle, 'read', lambda path: {'cars': G, 'cats': OTHER, 'D': D})
    path = str(tmp_path / 'x.pkl')
    with pytest.raises(IOError, match=r'holds several generators.*: cars \(G_main\), cats \(G_main\); choose one'):
        pretrained_networks.load_networks(path)
    assert pretrained_networks.load_networks(path + '::cats') == ('G', 'D', 'other')


def test_a_dict_of_networks(path, tmp_path):
    """It is read by whatever official scripts use, with the same networks in it."""
    G, D, Gs = [make_pickles.from_data(state) for state in unpickle.read(path)]
    file = tmp_path / 'dict.pkl'
    file.write_bytes(make_pickles.dumps({'G': G, 'D': D, 'G_ema': Gs}, 4))
    expected = pretrained_networks.load_networks(path)[2]
    z = np.random.RandomState(5).randn(2, 7)
    for found in (pretrained_networks.load_networks(str(file))[2], misc.load_pkl(str(file))['G_ema']):
        np.testing.assert_array_equal(found.components.mapping.run(z, None), expected.components.mapping.run(z, None))


def test_something_else_in_the_file(tmp_path):
    path = str(tmp_path / 'stats.pkl')
    misc.save_pkl((np.zeros(3), np.zeros([3, 3])), path)
    with pytest.raises(IOError, match='stats.pkl holds no network: it is a pickle of NumPy arrays'):
        pretrained_networks.load_networks(path)
    with pytest.raises(FileNotFoundError):
        pretrained_networks.load_networks(str(tmp_path / 'none.pkl'))


def test_networks_of_a_closed_session_are_loaded_again(tiny_pickle, monkeypatch):
    monkeypatch.setattr(pretrained_networks, '_loaded', {})
    found = []
    with tf.Graph().as_default():
        for _ in range(2):  # Two sessions of one graph.
            with tflib.create_session().as_default() as session:
                networks = pretrained_networks.load_networks(str(tiny_pickle))
                assert pretrained_networks.load_networks(str(tiny_pickle)) is networks
                found.append(networks[2].get_var('dlatent_avg'))
                session.close()
    with tf.Graph().as_default(), tflib.create_session().as_default():
        found.append(pretrained_networks.load_networks(str(tiny_pickle))[2].get_var('dlatent_avg'))
    assert np.array_equal(found[0], found[1]) and np.array_equal(found[0], found[2])


# ------------------------------------------------------------------ what official scripts do


@pytest.fixture(scope='module', params=['training.networks_stylegan.G_style', 'training.networks_stylegan2.G_main'])
def path(request, tmp_path_factory):
    """A file with tiny networks of random weights, made under the official names. G stands for Gs, too."""
    module = request.param.rsplit('.', 1)[0]
    discriminator = module + ('.D_basic' if module.endswith('stylegan') else '.D_stylegan2')
    generator = tflib.Network('Gs', func_name=request.param, **TINY)
    generator.set_var('dlatent_avg', np.random.RandomState(3).randn(5))
    other = tflib.Network('D', func_name=discriminator, resolution=8, num_channels=3, fmap_max=3)
    file = tmp_path_factory.mktemp('networks') / 'tiny.pkl'
    misc.save_pkl((generator, other, generator), str(file))
    return str(file)


def test_generate_images(path):
    """The steps of the official image generator: stored noise replaced from the seed's stream, then uint8 NHWC
    images.
    """
    _, D, Gs = pretrained_networks.load_networks(path)
    assert pretrained_networks.load_networks(path)[2] is Gs
    noise_vars = [var for name, var in Gs.components.synthesis.vars.items() if name.startswith('noise')]
    kwargs = dnnlib.EasyDict()
    kwargs.output_transform = dict(func=tflib.convert_images_to_uint8, nchw_to_nhwc=True)
    kwargs.randomize_noise = False
    kwargs.truncation_psi = 0.5
    images = []
    for _ in range(2):
        rnd = np.random.RandomState(6)
        z = rnd.randn(1, *Gs.input_shape[1:])
        tflib.set_vars({var: rnd.randn(*var.shape.as_list()) for var in noise_vars})
        images.append(Gs.run(z, None, **kwargs))
    assert len(noise_vars) == len({v.name for v in noise_vars}) >= 3
    assert images[0].shape == (1, 8, 8, 3) and images[0].dtype == np.uint8
    np.testing.assert_array_equal(*images)
    assert D.run(np.zeros([2, 3, 8, 8]), None).shape == (2, 1)


def test_style_mixing(path):
    """The steps of the official style mixing: w of all layers, truncated by hand, layers exchanged, synthesis alone."""
    _, _, Gs = pretrained_networks.load_networks(path)
    w_avg = Gs.get_var('dlatent_avg')
    z = np.stack([np.random.RandomState(seed).randn(*Gs.input_shape[1:]) for seed in [85, 55]])
    w = Gs.components.mapping.run(z, None)
    w = w_avg + (w - w_avg) * 0.7
    assert w.shape == (2, 4, 5)
    mixed = w[0].copy()
    mixed[[1, 3]] = w[1][[1, 3]]
    images = Gs.components.synthesis.run(
        np.stack([w[0], mixed, w[1]]), randomize_noise=False, minibatch_size=2, structure='fixed'
    )
    assert images.shape == (3, 3, 8, 8)
    assert not np.allclose(images[0], images[1]) and not np.allclose(images[1], images[2])


def test_plain_pickle_gives_the_same_networks(path):
    """`tflib.init_tf(); G, D, Gs = pickle.load(f)`, as in the scripts of the first generation."""
    tflib.init_tf()
    with open(path, 'rb') as f:
        _, _, Gs = pickle.load(f)
    expected = pretrained_networks.load_networks(path)[2]
    z = np.random.RandomState(5).randn(2, 7)
    np.testing.assert_array_equal(Gs.components.mapping.run(z, None), expected.components.mapping.run(z, None))
    np.testing.assert_array_equal(
        Gs.components.synthesis.get_var('4x4/Const/const'), expected.components.synthesis.get_var('4x4/Const/const')
    )
    np.testing.assert_array_equal(Gs.get_var('dlatent_avg'), expected.get_var('dlatent_avg'))


def test_official_module_names():
    for module, names in [
        (networks_stylegan, 'G_style G_mapping G_synthesis D_basic'),
        (
            networks_stylegan2,
            'G_main G_mapping G_synthesis_stylegan2 G_synthesis_stylegan_revised D_stylegan D_stylegan2',
        ),
    ]:
        assert all(callable(getattr(module, name)) for name in names.split())
