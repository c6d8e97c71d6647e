"""A chain of pieces is one run, bit for bit, on both generations and every architecture."""

import doctest
import pickle

import numpy as np
import pytest

from regan.drawing.modes import Settings
from regan.explore import caches, linear_map, pieces
from regan.networks.generator import Generator
from regan.sampling import latents
from regan.views import drawing
from tests import small_networks

KINDS = {
    'v1': ('nvlabs_stylegan.networks.G_style', {}),
    'skip': ('nvlabs_stylegan2.networks.G_main', dict(architecture='skip')),
    'resnet': ('nvlabs_stylegan2.networks.G_main', dict(architecture='resnet')),
    'orig': ('nvlabs_stylegan2.networks.G_main', dict(architecture='orig')),
    'revised': (
        'nvlabs_stylegan2.networks.G_main',
        dict(synthesis_func='G_synthesis_stylegan_revised'),
    ),
    'ada': ('nvlabs_stylegan2.ada.G_main', {}),
}


LARGE = {'v1': 32, 'skip': 32}  # Pixels; others have 16, which leaves one stop.
SLOW = ('revised', 'ada')  # Of the same parts as the others.


@pytest.fixture(
    scope='module',
    params=[pytest.param(kind, marks=[pytest.mark.slow] if kind in SLOW else []) for kind in KINDS],
)
def drawn(request, tmp_path_factory):
    """(kind, generator, its Pieces with every possible stop)."""
    function, arguments = KINDS[request.param]
    path = tmp_path_factory.mktemp('pieces') / (request.param + '.pkl')
    with small_networks.fresh_session():
        network = small_networks.build(function, 'Gs', resolution=LARGE.get(request.param, 16), **arguments)
        path.write_bytes(pickle.dumps((network, network, network), protocol=4))
    with Generator.open(path) as generator:
        yield request.param, generator, pieces.Pieces(generator, shortest=0, longest=0)


def finished(drawing):
    """(what a drawing returns, number of its pieces)."""
    count = 1
    while True:
        try:
            next(drawing)
            count += 1
        except StopIteration as end:
            return end.value, count


def tile_of(dlatents, noise='stored', conversion='round'):
    return drawing.Tile(dlatents[0], Settings(noise=noise, conversion=conversion), seed=4)


def latent(generator, seed):
    return np.random.RandomState(seed).randn(1, generator.num_layers, generator.dlatent_size).astype(np.float32)


def test_a_chain_is_one_run(drawn):
    kind, generator, chain = drawn
    sizes = [8, 16] if kind in LARGE else [8]
    pieces_of_it = len(sizes) + 1
    assert chain.exact and [stop.px for stop in chain.stops] == sizes and len(chain.seconds) == pieces_of_it
    random = np.random.RandomState(5)
    dlatents = latent(generator, 0)
    for conversion in ('round', 'truncate'):
        image, count = finished(chain.image(tile_of(dlatents, conversion=conversion)))
        assert np.array_equal(image, generator.synthesize(dlatents, conversion=conversion)[0])
        assert count == (pieces_of_it if conversion == 'round' else 1), 'every piece once'
    for _ in range(8):
        first = random.randint(generator.num_layers)
        dlatents = dlatents.copy()
        dlatents[:, first:] += random.randn(*dlatents[:, first:].shape).astype(np.float32)
        image, count = finished(chain.image(tile_of(dlatents)))
        assert np.array_equal(image, generator.synthesize(dlatents)[0])
        assert count == pieces_of_it - sum(stop.layer <= first for stop in chain.stops)


def test_other_noise_is_another_picture(drawn):
    """Also where pieces of pictures with different noise are made in turn."""
    kind, generator, chain = drawn
    wanted = [tile_of(latent(generator, 1), noise) for noise in ('none', {'numpy_seed': 3}, 'seed', 'stored')]
    found, waiting = {}, {str(one.settings.noise): chain.image(one) for one in wanted}
    while waiting:
        for name, piece_by_piece in list(waiting.items()):
            try:
                next(piece_by_piece)
            except StopIteration as end:
                found[name] = end.value
                del waiting[name]
    for one in wanted:
        (expected,) = drawing.shown([one], generator)
        assert np.array_equal(found[str(one.settings.noise)], expected)
    assert not np.array_equal(*[found[name] for name in ('none', 'stored')])


def test_previews(drawn, tmp_path):
    """At every stop a picture; maps are fitted once and then read."""
    kind, generator, chain = drawn
    skips = kind in ('skip', 'ada')
    assert chain.needs_fit == (not skips)
    w = generator.map(latents.from_seeds([77], generator.latent_size))
    dlatents = latents.truncate(latents.broadcast(w, generator.num_layers), generator.dlatent_avg, 0.7)
    if not skips:
        assert chain.rung(tile_of(dlatents), 64, 0) is None
        finished(chain.fit(tmp_path))
        assert not chain.needs_fit and len(list(tmp_path.iterdir())) == 1
        again, maps = pieces.Pieces(generator, shortest=0, longest=0), chain._maps
        assert finished(again.fit(tmp_path))[1] == 1
        assert all(np.array_equal(again._maps[index].weights, maps[index].weights) for index in maps)
    for index, stop in enumerate(chain.stops):
        image, _ = finished(chain.preview(tile_of(dlatents), index))
        assert image.shape == (stop.px, stop.px, 3) and image.dtype == np.uint8 and image.std() > 5


def test_a_linear_map_is_found():
    """Also where a feature hardly varies."""
    random, fit = np.random.RandomState(0), linear_map.Fit()
    weights = random.uniform(-8, 8, size=(6, 3))
    for _ in range(4):
        features = random.randn(8, 8, 5)
        features[..., 4] *= 1e-9
        image = np.clip(np.dot(features, weights[:-1]) + weights[-1] + 128, 0, 255).astype(np.uint8)
        fit.add(features, image.repeat(2, axis=0).repeat(2, axis=1))
    found = fit.solve()
    assert np.abs(found.apply(features) - image).max() < 1
    np.testing.assert_allclose(found.weights[:4], weights[:4], atol=0.1)


def test_which_rung(drawn):
    kind, generator, chain = drawn
    if kind != 'skip':
        return
    chain.seconds = [0.04, 0.3, 0.5]
    dlatents = latent(generator, 3)
    assert (
        chain.rung(tile_of(dlatents), 512) == 0
        and chain.rung(tile_of(dlatents), 512, 0.4) == 1
        and chain.rung(tile_of(dlatents), 8, 0.4) == 0
    )
    assert chain.rung(tile_of(dlatents), 512, 0.01) == 0 and chain.rung(tile_of(dlatents), 512, 1.0) is None
    finished(chain.preview(tile_of(dlatents), 1))
    chain.seconds = [0.04, 0.3, 0.5]
    assert chain.rung(tile_of(dlatents), 512, 0.01) == 1, 'what is done takes no time'
    chain.seconds = [0.0, 0.0, 0.0]
    assert chain.rung(tile_of(dlatents), 512) is None


def test_one_piece_for_a_small_network(tiny_generator):
    chain = pieces.Pieces(tiny_generator, shortest=100)
    dlatents = latent(tiny_generator, 4)
    assert chain.stops == [] and chain.rung(tile_of(dlatents), 512) is None
    assert np.array_equal(finished(chain.image(tile_of(dlatents)))[0], tiny_generator.synthesize(dlatents)[0])


def test_another_epsilon_is_another_graph(drawn):
    kind, generator, chain = drawn
    if kind != 'v1':
        return
    one = tile_of(latent(generator, 5))
    other = one._replace(settings=one.settings._replace(instance_norm_epsilon=1e-1))
    found = [finished(chain.image(tile))[0] for tile in (one, other, one)]
    expected = drawing.shown([one, other], generator)
    chain._noise = None  # `shown` has changed it.
    assert np.array_equal(found[0], expected[0]) and np.array_equal(found[1], expected[1])
    assert np.array_equal(found[0], found[2]) and not np.array_equal(found[0], found[1])
    chain.choose_noise(one)


def test_where_pieces_are_not_exact_a_final_is_one_run(tiny_generator):
    chain = pieces.Pieces(tiny_generator, shortest=0, longest=0)
    chain.exact = False
    dlatents = latent(tiny_generator, 4)
    image, count = finished(chain.image(tile_of(dlatents)))
    assert np.array_equal(image, tiny_generator.synthesize(dlatents)[0]) and count == 1


def test_a_cache_is_bounded():
    kept = caches.Cache(10, len)
    for name, value in [('a', 'xxxx'), ('b', 'xxxx'), ('a', 'xxx')]:
        kept.put(name, value)
    assert kept.nbytes == 7 and kept.get('b') == 'xxxx'
    kept.put('c', 'xxxxx')
    assert kept.get('a') is None and kept.nbytes == 9 and len(kept) == 2
    kept.put('d', 'x' * 11)
    assert kept.get('d') is None and len(kept) == 2


def test_groups():
    assert pieces.grouped([1.0], 0.1, 0.2) == []
    assert pieces.grouped([0.01] * 30, 0.08, 0.25)[:2] == [7, 15]
    assert pieces.grouped([0.07, 0.2, 0.24, 0.24], 0.08, 0.25) == [0, 1, 2]
    assert doctest.testmod(pieces).failed == 0
