"""regan.figures.figure and regan.figures.references: from a spec to files and a verdict, with a generator of a few
lines.
"""

import contextlib
import dataclasses
import hashlib
import json

import checkout
import numpy as np
import pytest
from click.testing import CliRunner

from regan.base import provenance
from regan.components.basis import Basis
from regan.editing import edits
from regan.figures import figure, figure_spec
from regan.networks.latent_traits import MappedTraits
from regan.pictures import images
from regan.sampling import latents
from tests.figure_scripts import script

SPEC = {
    'title': 'Start -> End',
    'source': 'a test',
    'network': 'stylegan2-cars-64',
    'seeds': [0],
    'psi': 0.5,
    'noise': 'stored',
    'pca': {'n': 2000, 'components': 3, 'batch_size': 100},
    'edits': [{'component': 1, 'start': 2, 'end': 5, 'kind': 'target', 'strength': 2.0}],
    'crop': {'top': 1},
    'gap': 2,
    'labels': ['a', 'b'],
    'enlarge': {'factor': 20},
    'tolerance': {'max': 1, 'rms': 0.5, 'reason': 'another order of sums'},
}
SOFTWARE = {
    'stack': 'tf1',
    'tensorflow': '1.15.0',
    'numpy': '1.19.5',
    'python': '3.7.9',
    'regan': '0',
    'processor': 'abacus',
}


class FakeGenerator(MappedTraits):
    """w = z / 2; a picture shows the latents of its layers as rows."""

    num_layers, latent_size, dlatent_size, resolution, generation = 10, 7, 7, 64, 1
    dlatent_avg = np.zeros(7, np.float32)
    backend = {'tensorflow': '1.15.0', 'numpy': '1.19.5'}
    path, num_channels, brighter = 'fake.pkl', 3, 0

    @classmethod
    @contextlib.contextmanager
    def open(cls, path):
        generator = cls()
        generator.sha256 = path.name[:-4]
        yield generator

    def set_noise(self, noise):
        self.noise = noise

    def map(self, z):
        return z / 2

    def synthesize(self, dlatents, conversion):
        levels = np.clip(128 + 40 * dlatents, 0, 250) + self.brighter  # [N, L, D]
        if (self.noise, conversion) != ('stored', 'round'):
            levels = levels / 2
        return levels.astype(np.uint8)[..., None].repeat(3, axis=3)  # [N, H, W, C]


def draw(panel, generator, basis):
    w = generator.map(latents.from_seeds(panel.seeds, generator.latent_size))
    steps = edits.sequence(latents.broadcast(w, generator.num_layers), basis, panel.edits)
    return generator.synthesize(latents.truncate(steps, generator.dlatent_avg, panel.psi), panel.conversion)[None]


@pytest.fixture
def software(monkeypatch):
    facts = dict(SOFTWARE)
    monkeypatch.setattr(provenance, 'software', lambda backend: facts)
    monkeypatch.setattr(FakeGenerator, 'backend', facts)
    return facts


@pytest.fixture
def run(tmp_path, monkeypatch, software):
    """Runs the command line of a figure "fig" with the options given."""
    monkeypatch.setenv('REGAN_CACHE_DIR', str(tmp_path / 'cache'))
    (tmp_path / 'fig.json').write_text(json.dumps({'embedded': SPEC, 'official': SPEC}))

    def call(*options, draw=draw, needs=('edits',)):
        command = figure.command(
            figure.Figure('fig', draw, needs), tmp_path, 'unused', tmp_path / 'reference', FakeGenerator.open
        )
        return CliRunner().invoke(command, ['--out', str(tmp_path / 'out')] + list(options))

    return call


def sidecar(folder):
    return json.loads((folder / 'fig-embedded.json').read_text())


def test_figure_leaves_three_files(run, tmp_path):
    result = run('--quiet')
    assert (result.exit_code, result.output) == (0, '')
    assert sorted(path.name for path in (tmp_path / 'out').iterdir()) == [
        'fig-embedded-tiles.png',
        'fig-embedded.json',
        'fig-embedded.png',
    ]
    tiles = images.read_png(tmp_path / 'out' / 'fig-embedded-tiles.png')
    assert tiles.shape == (9, 2 * 7, 3)  # native size, one row cropped, no gaps
    large = images.read_png(tmp_path / 'out' / 'fig-embedded.png')
    body = large[2 * figure.LETTERS :][: 9 * 20]
    np.testing.assert_array_equal(body[::20, : 7 * 20 : 20], tiles[:, :7])
    np.testing.assert_array_equal(body[::20, 7 * 20 + 2 :: 20], tiles[:, 7:])
    assert large[: 2 * figure.LETTERS].min() < 128 and large[2 * figure.LETTERS + 9 * 20 :].min() < 128


def test_tiles_are_truncated_after_the_edit(run, tmp_path):
    """The edited layers reach coordinate 2 before psi 0.5 halves them; the other layers stay."""
    run()
    rows = images.read_png(tmp_path / 'out' / 'fig-embedded-tiles.png')[:, :, 0].astype(float)
    w = latents.from_seed(0, 7) / 2
    np.testing.assert_allclose(rows[:, :7], np.tile(128 + 20 * w, [9, 1]), atol=1)
    np.testing.assert_array_equal(rows[[0, 4, 8], 7:], rows[[0, 4, 8], :7])  # layers 1, 5, 9
    assert np.abs(rows[1:4, 7:] - rows[1:4, :7]).max() > 5  # layers 2, 3, 4


def test_mode_replaces_noise_conversion_and_truncation(run, tmp_path):
    """GANSpace does not truncate a StyleGAN, and draws with the noise of a CUDA card."""
    assert run('--mode', 'ganspace').exit_code == 0
    [panel] = json.loads((tmp_path / 'out' / 'fig-embedded-ganspace.json').read_text())['panels']
    assert (panel['psi'], panel['conversion'], panel['noise']['torch_cuda_seed']) == (1, 'truncate', 0)
    rows = images.read_png(tmp_path / 'out' / 'fig-embedded-ganspace-tiles.png')[:, :7, 0]
    np.testing.assert_allclose(
        rows, np.tile(np.clip(128 + 40 * latents.from_seed(0, 7) / 2, 0, 250) / 2, [9, 1]), atol=1
    )


def test_noise_and_conversion_beside_a_mode_and_alone(run, tmp_path):
    """In files of their own; the mode has seed 0 of the components stand for 1, and its epsilon is in the sidecar."""
    assert run('--mode', 'ganspace', '--noise', 'numpy:3', '--conversion', 'round').exit_code == 0
    name = 'fig-embedded-ganspace-numpy-3-round.json'
    [panel] = json.loads((tmp_path / 'out' / name).read_text())['panels']
    assert (panel['psi'], panel['conversion'], panel['noise']) == (1, 'round', {'numpy_seed': 3})
    assert (panel['mode'], panel['instance_norm_epsilon'], panel['pca']['seed']) == ('ganspace', 1e-5, 1)
    assert run('--noise', 'none').exit_code == 0
    [panel] = json.loads((tmp_path / 'out' / 'fig-embedded-none.json').read_text())['panels']
    assert (panel['psi'], panel['conversion'], panel['noise']) == (0.5, 'round', 'none')
    result = run('--noise', 'numpy')
    assert result.exit_code == 2 and "cannot read a choice of noise from 'numpy'" in result.output


def test_sidecar_says_what_made_the_figure(run, tmp_path):
    run()
    facts = sidecar(tmp_path / 'out')
    files = {
        key: hashlib.sha256((tmp_path / 'out' / name).read_bytes()).hexdigest()
        for key, name in [('tiles_sha256', 'fig-embedded-tiles.png'), ('figure_sha256', 'fig-embedded.png')]
    }
    [panel] = facts.pop('panels')
    assert facts == dict(SOFTWARE, name='fig-embedded', source='a test', **files)
    assert (
        panel.pop('pca').items()
        >= {'estimator': 'ipca', 'n': 2000, 'components': 3, 'batch_size': 100, 'seed': 1}.items()
    )
    assert {key: value for key, value in panel.items() if value not in (None, '')} == dict(
        network='stylegan2-cars-64',
        network_sha256='stylegan2-cars-64',
        components_sha256='stylegan2-cars-64',
        seeds=[0],
        psi=0.5,
        noise='stored',
        conversion='round',
        edits=['target E(v1, 2-4) = 2.0'],
        crop={'top': 1, 'bottom': 0, 'left': 0, 'right': 0},
        rows=1,
        columns=2,
        tile_height=9,
        tile_width=7,
        top=0,
    )


def test_equal_drawing_passes(run):
    assert 'there was none before' in run('--reference').output
    result = run('--check')
    assert result.exit_code == 0
    assert 'agrees with' in result.output and 'max 0, RMS 0 levels (same software and processor)' in result.output
    assert '1                             2      0 levels    0.0000    0.000 %' in result.output
    assert run('--check', '--quiet').output == ''


def test_one_level_is_too_much_on_the_same_machine(run, tmp_path, monkeypatch):
    run('--reference')
    monkeypatch.setattr(FakeGenerator, 'brighter', 1)
    result = run('--check', '--quiet')
    assert result.exit_code == 1
    assert 'DIFFERS from' in result.output and 'row 0, column 0: max 1, RMS 1.000 levels' in result.output
    for kind in ['expected', 'actual', 'difference']:
        path = tmp_path / 'out' / 'failed' / ('fig-embedded.tf1-%s.png' % kind)
        assert str(path) in result.output and images.read_png(path).shape == (9, 14, 3)
    assert images.read_png(path).min() == 255


def test_another_processor_has_the_tolerance_of_the_spec(run, software, monkeypatch):
    run('--reference')
    software['processor'] = 'slide rule'

    def one_pixel_off(*arguments):
        tiles = draw(*arguments).copy()
        tiles[0, 1, 4, 3, 0] ^= 1  # one level up or down
        return tiles

    result = run('--check', draw=one_pixel_off)
    assert result.exit_code == 0
    assert 'max 1, RMS 0.5 levels (another order of sums)' in result.output
    assert '2      1 levels    0.0727    0.794 %' in result.output
    monkeypatch.setattr(FakeGenerator, 'brighter', 1)
    result = run('--check')
    assert result.exit_code == 1 and 'processor was abacus, is slide rule' in result.output


def test_every_stack_has_its_own_reference(run, software, tmp_path, monkeypatch):
    run('--reference')
    software.update(stack='tf2', tensorflow='2.21.0')
    monkeypatch.setattr(FakeGenerator, 'brighter', 3)
    run('--reference')
    assert sorted(path.name for path in (tmp_path / 'reference').iterdir()) == [
        'fig-embedded.png',
        'fig-embedded.tf1.json',
        'fig-embedded.tf1.png',
        'fig-embedded.tf2.json',
        'fig-embedded.tf2.png',
    ]
    result = run('--check')
    assert result.exit_code == 1
    assert 'DIFFERS from %s' % (tmp_path / 'reference' / 'fig-embedded.tf1.png') in result.output
    assert 'agrees with %s' % (tmp_path / 'reference' / 'fig-embedded.tf2.png') in result.output


def test_new_reference_says_what_changed(run, tmp_path, monkeypatch):
    run('--reference')
    monkeypatch.setattr(FakeGenerator, 'brighter', 5)
    assert 'against the old one, worst tile: row 0, column 0: max 5, RMS 5.000' in run('--reference').output
    assert run('--check').exit_code == 0
    images.save_png(tmp_path / 'reference' / 'fig-embedded.tf1.png', np.zeros([2, 3, 3], np.uint8))
    assert 'the old one cannot be compared' in run('--reference').output
    assert run('--check').exit_code == 0


def test_missing_reference(run, tmp_path):
    result = run('--check')
    assert result.exit_code == 2
    assert 'Error: there is no reference picture of fig-embedded in %s' % (tmp_path / 'reference') in result.output


def test_reference_that_was_changed_by_hand(run, tmp_path):
    run('--reference')
    images.save_png(tmp_path / 'reference' / 'fig-embedded.tf1.png', np.zeros([9, 14, 3], np.uint8))
    result = run('--check')
    assert result.exit_code == 2 and 'is not the picture that its .json describes' in result.output


def test_reference_of_another_size(run, tmp_path):
    run('--reference')
    smaller = dict(SPEC, crop={'top': 2})
    (tmp_path / 'fig.json').write_text(json.dumps({'embedded': smaller, 'official': SPEC}))
    result = run('--check')
    assert result.exit_code == 2 and 'differ in size: expected [9, 14, 3], got [8, 14, 3]' in result.output


@pytest.mark.parametrize(
    'options, message',
    [
        (['--networks', 'nowhere.pkl'], 'Error: nowhere.pkl is neither a file nor a registered network'),
        (['--networks-folder', 'nowhere'], 'nowhere'),
        (['--check', '--reference'], 'choose one of --check, --reference and --mode'),
    ],
)
def test_mistakes_end_with_status_2(run, options, message):
    result = run(*options)
    assert result.exit_code == 2 and message in result.output
    assert 'Traceback' not in result.output


@pytest.mark.parametrize(
    'changes, message',
    [
        ({'labels': ['only one']}, 'fig-embedded.labels are 1 but there are 2 columns'),
        (
            {'edits': [{'component': 1, 'start': 9, 'end': 10}], 'seeds': [0]},
            'fig-embedded.edits[0]: E(v1, 9) goes past',
        ),
    ],
)
def test_spec_that_does_not_fit_the_drawing_or_the_network(run, tmp_path, monkeypatch, changes, message):
    (tmp_path / 'fig.json').write_text(json.dumps({'embedded': dict(SPEC, **changes), 'official': SPEC}))
    monkeypatch.setattr(FakeGenerator, 'num_layers', 9)  # another network than the registry says
    result = run()
    assert result.exit_code == 2 and message in result.output
    assert not (tmp_path / 'out').exists()


def test_each_stack_has_its_own_basis(run, software, tmp_path):
    """A basis of the other stack differs by 1e-6: enough to move a pixel where equality is demanded."""
    run()
    software['tensorflow'] = '2.21.0'
    run()
    assert len(list((tmp_path / 'cache').glob('*.npz'))) == 2


def test_software_names_what_runs():
    facts = provenance.software(FakeGenerator.backend)
    assert (facts['stack'], facts['tensorflow'], facts['numpy']) == ('tf1', '1.15.0', '1.19.5')
    assert set(facts) == set(SOFTWARE) and all(facts.values())


def test_error_of_the_system_is_one_line(run, tmp_path):
    (tmp_path / 'out').write_text('a file where the folder should be')
    result = run()
    assert result.exit_code == 2
    assert result.output.splitlines()[-1].startswith('Error: ') and str(tmp_path / 'out') in result.output


def test_errors_in_a_draw_function_are_not_hidden(run):
    def broken(*arguments):
        raise ZeroDivisionError

    assert isinstance(run(draw=broken).exception, ZeroDivisionError)
    assert 'uint8' in str(run(draw=lambda *arguments: np.zeros([1, 1, 5, 7, 3])).exception)


STRIPS = script('figure4').draw
PANELS = {key: SPEC[key] for key in ('title', 'source', 'psi', 'noise', 'pca', 'tolerance', 'enlarge')}
PANELS['panels'] = [
    {
        'heading': 'One',
        'network': 'stylegan2-cars-64',
        'seeds': [0, 1],
        'edits': ['E(v1, 2-4)'],
        'frames': 3,
        'rows': ['seed 0', 'seed 1'],
    },
    {
        'heading': 'Two',
        'network': 'stylegan2-faces-64',
        'seeds': [0],
        'edits': ['E(v1, 2-4)'],
        'frames': 2,
        'crop': {'left': 2},
        'components_of': 'stylegan2-cars-64',
    },
]


@pytest.fixture
def panels(run, tmp_path):
    """`run` for a figure of two panels: 2 x 3 tiles of 10 x 7 pixels over 1 x 2 of 10 x 5."""
    (tmp_path / 'fig.json').write_text(json.dumps({'embedded': PANELS, 'official': PANELS}))

    def call(*options, draw=STRIPS):
        return run(*options, draw=draw, needs=('edits', 'frames'))

    return call


def test_panels_of_several_networks_and_sizes(panels, tmp_path):
    assert panels().exit_code == 0
    page = images.read_png(tmp_path / 'out' / 'fig-embedded-tiles.png')
    assert page.shape == (2 * 10 + 10, 3 * 7, 3) and (page[20:, 2 * 5 :] == 255).all()
    facts = sidecar(tmp_path / 'out')['panels']
    assert [(panel['top'], panel['rows'], panel['columns'], panel['tile_width']) for panel in facts] == [
        (0, 2, 3, 7),
        (20, 1, 2, 5),
    ]
    assert [(panel['network_sha256'], panel['components_sha256']) for panel in facts] == [
        ('stylegan2-cars-64',) * 2,
        ('stylegan2-faces-64', 'stylegan2-cars-64'),
    ]
    np.testing.assert_array_equal(page[20:, :5], page[:10, 2:7])  # both from -strength, one cropped
    large = images.read_png(tmp_path / 'out' / 'fig-embedded.png')
    assert large.shape[1] > 20 * 21  # with the names of the rows


@pytest.mark.parametrize('row, column, place', [(0, 0, 'One'), (1, 2, 'One'), (2, 1, 'Two')])
def test_two_levels_in_one_tile_are_found(panels, software, row, column, place):
    """The ruler itself: a change that a whole-figure error would hide, also with the tolerance between machines."""
    panels('--reference')
    software['processor'] = 'slide rule'
    assert panels('--check').exit_code == 0
    seen = []

    def planted(*arguments):
        tiles = STRIPS(*arguments).copy()
        seen.append(tiles)
        here = row - sum(len(t) for t in seen[:-1])
        if 0 <= here < len(tiles):
            tiles[here, column] ^= 2
        return tiles

    result = panels('--check', draw=planted)
    assert result.exit_code == 1 and 'max 2, RMS 2.000 levels' in result.output
    assert [line for line in result.output.splitlines() if line.startswith('  ' + place) and ' 2 levels' in line]


def test_a_key_that_the_figure_does_not_heed_is_refused(run, tmp_path):
    (tmp_path / 'fig.json').write_text(json.dumps({'embedded': dict(SPEC, frames=5), 'official': SPEC}))
    result = run()
    assert (
        result.exit_code == 2 and "fig-embedded has the key 'frames', which this figure does not use" in result.output
    )
    result = run(needs=('edits', 'frames', 'supervised'))
    assert result.exit_code == 2 and "fig-embedded lacks the key 'supervised'" in result.output


@pytest.fixture
def rendered(monkeypatch):
    """The latents that a draw function synthesizes, in the order of its calls."""
    drawn = []

    def synthesize(generator, dlatents, conversion):
        drawn.append(dlatents)
        return np.zeros([len(dlatents), 2, 2, 3], np.uint8)

    monkeypatch.setattr(FakeGenerator, 'synthesize', synthesize)
    return drawn


def test_figure1_starts_at_the_seed_and_reaches_its_targets(rendered):
    [panel] = figure_spec.load('figure1', checkout.SPECS)['embedded'].panels
    panel = dataclasses.replace(panel, psi=1.0)
    width = panel.pca.components + 1
    generator = FakeGenerator()
    generator.latent_size, generator.dlatent_avg = width, np.zeros(width)
    ones = np.ones(width - 1)
    basis = Basis(np.zeros(width), np.eye(width - 1, width), 0.5 * ones, ones, ones, ones)
    assert script('figure1').draw(panel, generator, basis).shape == (1, 5, 2, 2, 3)
    [steps] = rendered  # [edits + 1, L, D]
    z = latents.from_seed(panel.seeds[0], width)
    np.testing.assert_array_equal(steps[0], np.tile(z / 2, [10, 1]))
    for i, edit in enumerate(panel.edits):
        reached = steps[i + 1, edit.start, edit.component] / 0.5
        assert reached == pytest.approx(-np.sign(z[edit.component]) * edit.strength if edit.invert else edit.strength)


def _panel(**changes):
    return figure_spec.Panel(
        **dict(dict(network='n', seeds=(3, 5), psi=1, noise='stored', pca=None, tolerance=None), **changes)
    )


def _basis7():
    ones = np.ones(7)
    return Basis(np.linspace(-1, 1, 7), latents.random_basis(2, 7), 0.5 * ones, ones, ones, ones)


def test_figure2_rows_share_their_middle_frame_on_the_boundary(rendered, monkeypatch):
    normal = latents.random_basis(5, 7)[0]
    figure2 = script('figure2')
    monkeypatch.setattr(figure2.boundary, 'resolve', lambda name, width: {('smile', 7): normal}[name, width])
    panel = _panel(
        edits=(edits.parse('E(v2, 0-3) * -3 raw'),), frames=5, supervised=figure_spec.Supervised('smile', 2.0)
    )
    basis = _basis7()
    assert figure2.draw(panel, FakeGenerator(), basis).shape == (4, 5, 2, 2, 3)
    for ours, theirs in [rendered[:2], rendered[2:]]:
        np.testing.assert_allclose(ours[2], theirs[2], atol=1e-6)
        np.testing.assert_allclose(np.dot(theirs[2] - basis.mean, normal), 0, atol=1e-6)
        np.testing.assert_allclose(
            ours[:, :4] - ours[2, :4],
            np.linspace(3, -3, 5)[:, None, None] * basis.components[2] + np.zeros([5, 4, 7]),
            atol=1e-6,
        )
        np.testing.assert_array_equal(ours[:, 4:], ours[[2] * 5, 4:])
        np.testing.assert_allclose(
            theirs - theirs[2], np.linspace(-2, 2, 5)[:, None, None] * normal + np.zeros([5, 10, 7]), atol=1e-6
        )


@pytest.mark.parametrize('random', [None, 4])
def test_figure3_exchanges_what_it_says(rendered, random):
    basis, figure3 = _basis7(), script('figure3')
    rows = basis.components if random is None else latents.random_basis(4, 7)

    def coordinates(w):
        return np.dot(w - basis.mean, rows.T)

    base, own = [coordinates(latents.from_seeds(seeds, 7) / 2) for seeds in ([9], [3, 5])]
    for which, kept, taken in [('keep', slice(0, 3), slice(3, None)), ('randomise', slice(3, None), slice(0, 3))]:
        panel = _panel(exchange=figure_spec.Exchange(9, 3, which, random))
        assert figure3.draw(panel, FakeGenerator(), basis).shape == (1, 2, 2, 2, 3)
        found = coordinates(rendered.pop()[:, 0])
        np.testing.assert_allclose(found[:, kept], base[[0, 0], kept], atol=1e-5)
        np.testing.assert_allclose(found[:, taken], own[:, taken], atol=1e-5)
    figure3.draw(_panel(), FakeGenerator(), basis)
    np.testing.assert_allclose(rendered.pop()[:, 0], latents.from_seeds([3, 5], 7) / 2)
