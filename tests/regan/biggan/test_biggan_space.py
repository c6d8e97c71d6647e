"""GANSpace on BigGAN: components, edits, resampling and mixing against arrays that GANSpace's own code made."""

import contextlib
import dataclasses
import pathlib

import checkout
import numpy as np
import pytest
from click.testing import CliRunner

from regan import cli
from regan.base import artefacts, json_records
from regan.base.errors import UserError
from regan.components import activations, cached, pca
from regan.components.activations import ActivationBasis
from regan.drawing import activation_edits, edit_images, modes
from regan.editing import edits
from regan.figures import figure, figure_spec
from regan.networks import by_name
from regan.pictures import images
from regan.sampling import latents
from tests.figure_scripts import script

GOLDEN = pathlib.Path(__file__).parents[2] / 'golden_biggan'
NETWORK = str(GOLDEN / 'bgd-short.pytorch_model.bin')
SPEC = pca.PCASpec(n=4000, components=8, batch_size=20)
FILE = 'biggan-512-class1_generator.gen_z_ipca_c8_n4000.npz'  # As GANSpace calls it.
ARRAYS = ('act_comp', 'act_mean', 'act_stdev', 'lat_comp', 'lat_mean', 'lat_stdev', 'var_ratio', 'random_stdevs')


@pytest.fixture(scope='module')
def golden():
    return artefacts.read_npz(GOLDEN / 'bgd-short.ganspace.npz')


@pytest.fixture(scope='module')
def generator():
    with by_name.open_generator(NETWORK, label=1) as opened:
        yield opened


@pytest.fixture(scope='module')
def theirs(golden, tmp_path_factory):
    """GANSpace's file of the components of gen_z."""
    path = tmp_path_factory.mktemp('theirs') / FILE
    np.savez(str(path), **{name: golden['gen_z/' + name] for name in ARRAYS})
    return path


@pytest.fixture
def at(generator):
    """Sets the truncation, and gives the generator."""

    def set_truncation(psi):
        generator.set_truncation(psi)
        return generator

    yield set_truncation
    generator.set_truncation(1.0)
    generator.set_label(None)


def drawn(generator, dlatents):
    """Images in [0, 1], NHWC."""
    return (generator.render(dlatents).transpose(0, 2, 3, 1) + 1) / 2


# ------------------------------------------------------------------ components


def test_seeds_and_latents_of_the_batches(golden, at):
    generator = at(0.7)
    for name, seeds in [('pca', latents.batch_seeds(1, 4)), ('regression', latents.batch_seeds(3, 5)[1:])]:
        np.testing.assert_array_equal(seeds, golden[name + '.batch_seeds'])
        z = latents.sample_rows(seeds, 20, 13, 0, 40, generator.prior().filler(0))
        np.testing.assert_array_equal(z, golden[name + '.z'])
    for seed, name in ((489408325, 'edit.z'), (1922988331, 'edit.z_style')):
        np.testing.assert_array_equal(at(0.6).z_of([seed]), golden[name])


@pytest.mark.parametrize('layer, count', [('generator.gen_z', 8), ('generator.layers.0', 5)])
def test_components_of_a_layer(golden, at, tmp_path, layer, count):
    spec = pca.PCASpec(n=4000, components=count, batch_size=20)
    activations.compute_into(tmp_path / 'a.npz', at(0.7), layer, spec, 'z')
    found, name = artefacts.read_npz(tmp_path / 'a.npz'), layer[len('generator.') :]
    for array in ARRAYS:
        atol = 1e-5 if 'stdev' in array or array == 'var_ratio' else 1e-4
        np.testing.assert_allclose(found[array], golden['%s/%s' % (name, array)], rtol=0, atol=atol, err_msg=array)


def test_the_components_of_the_first_layer_are_those_of_the_network(golden, at, tmp_path, monkeypatch):
    monkeypatch.setenv('REGAN_CACHE_DIR', str(tmp_path))
    at(0.7)
    found = cached.basis(at(0.7), SPEC, quiet=True)
    np.testing.assert_allclose(found.components, golden['gen_z/lat_comp'][:, 0], atol=1e-4)
    np.testing.assert_allclose(found.act_stdev, golden['gen_z/act_stdev'], atol=1e-5)
    other = cached.basis(at(1.0), SPEC, quiet=True)  # The truncation scales z, and belongs to the key of the cache.
    np.testing.assert_allclose(other.act_stdev, found.act_stdev / 0.7, rtol=1e-5)


def test_closed_form_is_the_decomposition_of_the_kernel(at, tmp_path):
    spec = pca.PCASpec(n=4000, components=13, batch_size=20, estimator=pca.CLOSED_FORM)
    found = activations.compute_into(tmp_path / 'a.npz', at(0.7), 'gen_z', spec, 'z')
    ends = at(0.7).activations(latents.broadcast(found.latent.components, 7), 'gen_z') - found.mean
    np.testing.assert_allclose(
        0.8796256610 * 0.7 * ends, found.components * found.latent.act_stdev[:, np.newaxis], rtol=0, atol=1e-5
    )
    np.testing.assert_allclose(np.linalg.norm(found.components, axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize('layer', ['gen_z', 'block_02/norm_1/scale', 'generator.layers.5.bn_0.offset'])
def test_affine_layers_are_what_the_graph_computes(at, layer):
    generator = at(0.6)
    generator.set_label((0, 1, 2, 3, 4, 0, 1))
    kernel, offset = generator.affine(layer)
    z = generator.z_of([1, 2])
    np.testing.assert_allclose(
        z.dot(kernel) + offset, generator.activations(latents.broadcast(z, 7), layer), rtol=0, atol=1e-5
    )
    assert generator.affine('block_02') is None and generator.affine('block_02/norm_1') is None


# ------------------------------------------------------------------ edits


@pytest.mark.parametrize(
    'text, frames, name, label',
    [
        ('centred E(v2, 1-3) * 2', 3, 'strip.latent.c2.l1-4.class1', 1),
        ('centred E(v2, 1-3) * 2', 3, 'strip.latent.c2.l1-4.class3', 3),
        ('centred E(v0, all) * -3', 3, 'strip.latent.c0.l0-7.class1', 1),
    ],
)
def test_strips_with_the_class_of_the_components_and_another(golden, at, theirs, text, frames, name, label):
    generator, basis = at(0.6), ActivationBasis.load(theirs).latent
    generator.set_label(label)
    rows = edit_images.strips(generator, basis, [489408325], [edits.parse(text)], frames)
    np.testing.assert_allclose(drawn(generator, rows[0]), golden[name], rtol=0, atol=5e-4)


def test_an_edit_of_activations(golden, at, theirs):
    generator, basis = at(0.6), ActivationBasis.load(theirs)
    settings = modes.of_network(generator, None, None, 'truncate', 0.6, None)
    move = edits.parse('centred E(v1, all) * 2')
    layer = activation_edits.check(generator, basis, [move], 'activation')
    rows = activation_edits.frames_of(generator, basis.latent, [489408325], [move], 'activation', 3)
    found = activation_edits.draw(generator, layer, *rows, edit_mode='activation', settings=settings)[0]
    expected = np.floor(np.clip(golden['strip.activation.gen_z.c1.class1'], 0, 1) * 255)
    assert np.abs(found.astype(int) - expected).max() <= 1


def test_style_resampling_and_style_mixing(golden, at):
    generator = at(0.6)
    base, style = [latents.broadcast(golden[name], 7) for name in ('edit.z', 'edit.z_style')]
    for keep in (1, 4):
        image = drawn(generator, edits.resample(base, style, keep)[0])[0]
        np.testing.assert_allclose(image, golden['resample.keep%d' % keep], rtol=0, atol=5e-4)
    mixed = activation_edits.replaced(generator, style, base, 'generator.layers.2', 'truncate')[0]
    assert np.abs(mixed - np.floor(golden['mix.layers.2'] * 255)).max() <= 1
    with pytest.raises(UserError, match='there are 7 layers, so 8 cannot be kept'):
        edits.resample(base, style, 8)


def test_a_latent_changes_only_what_comes_after_its_layer(at):
    generator = at(0.6)
    names = ['gen_z'] + ['block_%02d' % i for i in range(6)]
    start = latents.broadcast(generator.z_of([1]), 7)
    before = [generator.activations(start, name) for name in names]
    for j in range(7):
        moved = start.copy()
        moved[:, j] += 1
        after = [generator.activations(moved, name) for name in names]
        assert [(one == other).all() for one, other in zip(before, after)] == [True] * j + [False] * (7 - j)


@pytest.mark.parametrize('count', [1, 6, 8])
def test_a_wrong_number_of_latents_is_refused(at, count):
    with pytest.raises(UserError, match='7 layers'):
        at(0.6).synthesize(np.zeros((1, count, 13), np.float32))


# ------------------------------------------------------------------ figures


FIGURES = [
    (path.stem, variant)
    for path in sorted(checkout.SPECS.glob('figure_biggan_*.json'))
    for variant in json_records.load(path)
    if variant != 'embedded'
]


@pytest.mark.parametrize('name, variant', FIGURES)
def test_every_figure_on_a_small_network(name, variant, generator, tmp_path, monkeypatch):
    """The published parameters, as far as seven layers of 13 numbers go."""
    monkeypatch.setenv('REGAN_CACHE_DIR', str(tmp_path / 'cache'))
    monkeypatch.setenv('REGAN_BOUNDARIES', str(tmp_path))
    for kind in ('zoom', 'shiftx'):
        np.save(str(tmp_path / ('biggan_deep_512_%s_z_boundary.npy' % kind)), np.eye(13)[:1])
    spec = figure_spec.load(name, checkout.SPECS)[variant]
    panels = tuple(
        dataclasses.replace(
            panel,
            network=NETWORK,
            made_for=512,
            edits=tuple(dataclasses.replace(one, component=one.component % 13) for one in panel.edits[:3]),
            rows=(),
            labels=(),
            pca=panel.pca and dataclasses.replace(panel.pca, n=2000),
        )
        for panel in spec.panels[:2]
    )
    opened = []

    def open_generator(path, label):
        opened.append(label)
        return contextlib.nullcontext(generator)

    drawing = figure.run(
        dataclasses.replace(spec, panels=panels), script(name).FIGURE.draw, tmp_path, open_generator=open_generator
    )
    generator.set_truncation(1.0)
    tiles, facts = images.read_png(drawing.tiles), json_records.load(drawing.sidecar)
    assert opened[0] == panels[0].network_class and tiles.std() > 10
    assert facts['panels'][0]['tile_height'] == 32 and len(facts['panels']) == len(panels)
    figure_spec.check_needs(spec, script(name).FIGURE.needs)


# ------------------------------------------------------------------ commands


def run(*words):
    return CliRunner().invoke(cli.main, [str(word) for word in words])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv('REGAN_CACHE_DIR', str(tmp_path / 'cache'))
    return tmp_path


def test_components_in_closed_form_by_the_command(folder):
    out = folder / 'closed.npz'
    result = run('pca', NETWORK, '--class', 1, '--components', 13, '--estimator', 'closed-form', '--out', out)
    assert result.exit_code == 0 and 'not orthogonal' not in result.output, result.output
    found = ActivationBasis.load(out)
    assert found.layer == 'gen_z' and found.components.shape == (13, 1024) and found.latent.space == 'z'


def test_a_named_edit_brings_class_seed_and_truncation_along(folder):
    words = ['edit', NETWORK, '--n', 2000, '--components', 13, '--edit', 'leopard/On rock', '--out', folder / 'e.png']
    result = run(*words)
    assert result.exit_code == 2 and 'has no class 288 but classes 0-4; choose with --class' in result.output
    result = run(*words, '--class', 2)
    assert result.exit_code == 0, result.output
    facts = json_records.load(folder / 'e.json')
    assert (facts['label'], facts['psi'], facts['seeds']) == (2, 0.6, [2044716610])
    assert facts['pca']['layer'] == 'gen_z' and facts['space'] == 'z'


def test_an_edit_of_z_is_refused_where_w_is_moved(folder):
    result = run('edit', 'stylegan2-cars-64', '--edit', 'leopard/On rock', '--out', folder / 'e.png')
    assert (
        result.exit_code == 2 and "'leopard/On rock' moves z, but the components are directions in w" in result.output
    )


def test_figures_name_the_file_that_they_want(folder, monkeypatch):
    monkeypatch.setenv('REGAN_NETWORKS', str(folder))
    result = run('figure', 'biggan_zoo')
    assert result.exit_code == 2 and 'figure_biggan_zoo-embedded needs networks/' in result.output
    result = run('figure', 'biggan_zoo', '--networks', 'official')
    assert result.exit_code == 2 and 'biggan-deep-512-pytorch_model.bin' in result.output
