"""regan.figure and regan.references: from a spec to files and a verdict, with a generator of a few lines."""
import contextlib
import hashlib
import importlib.util
import json
import sys

import numpy as np
import pytest
from click.testing import CliRunner

from regan import edits, figure, images, latents, models, provenance, spec
from regan.basis import Basis

SPEC = {
    'title': 'Start -> End', 'source': 'a test', 'network': 'stylegan2-cars-64', 'seeds': [0], 'psi': 0.5,
    'noise': 'stored', 'pca': {'n': 2000, 'components': 3, 'batch_size': 100},
    'edits': [{'component': 1, 'start': 2, 'end': 5, 'kind': 'target', 'strength': 2.0}],
    'crop': {'top': 1}, 'gap': 2, 'labels': ['a', 'b'], 'enlarge': {'factor': 20},
    'tolerance': {'max': 1, 'rms': 0.5, 'reason': 'another order of sums'},
}
SOFTWARE = {'stack': 'tf1', 'tensorflow': '1.15.0', 'numpy': '1.19.5', 'python': '3.7.9', 'regan': '0',
            'processor': 'abacus'}


class FakeGenerator:
    """w = z / 2; a picture shows the latents of its layers as rows."""

    num_layers, latent_size, dlatent_size, resolution = 10, 7, 7, 64
    dlatent_avg = np.zeros(7, np.float32)
    sha256 = '5' * 64
    backend = {'tensorflow': '1.15.0', 'numpy': '1.19.5'}
    brighter = 0

    @classmethod
    @contextlib.contextmanager
    def open(cls, path, noise):
        assert path.name == 'stylegan2-cars-64.pkl' and noise == 'stored'
        yield cls()

    def map(self, z):
        return z / 2

    def synthesize(self, dlatents):
        levels = np.clip(128 + 40 * dlatents, 0, 250) + self.brighter            # [N, L, D]
        return levels.astype(np.uint8)[..., None].repeat(3, axis=3)              # [N, H, W, C]


def draw(figure_spec, generator, basis):
    w = generator.map(latents.from_seeds(figure_spec.seeds, generator.latent_size))
    steps = edits.sequence(latents.broadcast(w, generator.num_layers), basis, figure_spec.edits)
    return figure.render(figure_spec, generator, steps)[None]


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

    def call(*options, draw=draw):
        command = figure.command('fig', draw, tmp_path, tmp_path / 'reference', FakeGenerator.open)
        return CliRunner().invoke(command, ['--out', str(tmp_path / 'out')] + list(options))
    return call


def sidecar(folder):
    return json.loads((folder / 'fig-embedded.json').read_text())


def test_figure_leaves_three_files(run, tmp_path):
    result = run('--quiet')
    assert (result.exit_code, result.output) == (0, '')
    assert sorted(path.name for path in (tmp_path / 'out').iterdir()) == [
        'fig-embedded-tiles.png', 'fig-embedded.json', 'fig-embedded.png']
    tiles = images.read_png(tmp_path / 'out' / 'fig-embedded-tiles.png')
    assert tiles.shape == (9, 2 * 7, 3)  # native size, one row cropped, no gaps
    large = images.read_png(tmp_path / 'out' / 'fig-embedded.png')
    body = large[2 * figure.LETTERS:][:9 * 20]
    np.testing.assert_array_equal(body[::20, :7 * 20:20], tiles[:, :7])
    np.testing.assert_array_equal(body[::20, 7 * 20 + 2::20], tiles[:, 7:])
    assert large[:2 * figure.LETTERS].min() < 128 and large[2 * figure.LETTERS + 9 * 20:].min() < 128


def test_tiles_are_truncated_after_the_edit(run, tmp_path):
    """The edited layers reach coordinate 2 before psi 0.5 halves them; the other layers stay."""
    run()
    rows = images.read_png(tmp_path / 'out' / 'fig-embedded-tiles.png')[:, :, 0].astype(float)
    w = latents.from_seed(0, 7) / 2
    np.testing.assert_allclose(rows[:, :7], np.tile(128 + 20 * w, [9, 1]), atol=1)
    np.testing.assert_array_equal(rows[[0, 4, 8], 7:], rows[[0, 4, 8], :7])      # layers 1, 5, 9
    assert np.abs(rows[1:4, 7:] - rows[1:4, :7]).max() > 5                       # layers 2, 3, 4


def test_sidecar_says_what_made_the_figure(run, tmp_path):
    run()
    facts = sidecar(tmp_path / 'out')
    files = {key: hashlib.sha256((tmp_path / 'out' / name).read_bytes()).hexdigest()
             for key, name in [('tiles_sha256', 'fig-embedded-tiles.png'), ('figure_sha256', 'fig-embedded.png')]}
    assert facts == dict(
        SOFTWARE, name='fig-embedded', source='a test', network='stylegan2-cars-64', network_sha256='5' * 64,
        seeds=[0], psi=0.5, cutoff=None, noise='stored', edits=['target E(v1, 2-4) = 2.0'],
        pca={'estimator': 'ipca', 'n': 2000, 'components': 3, 'batch_size': 100, 'seed': 1},
        crop={'top': 1, 'bottom': 0, 'left': 0, 'right': 0}, tile_height=9, tile_width=7, **files)


def test_equal_drawing_passes(run):
    assert 'there was none before' in run('--reference').output
    result = run('--check')
    assert result.exit_code == 0
    assert 'agrees with' in result.output and 'max 0, RMS 0 levels (same software and processor)' in result.output
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
    assert 'row 0, column 1: max 1, RMS 0.073 levels, 1.59 % of the pixels' in result.output
    monkeypatch.setattr(FakeGenerator, 'brighter', 1)
    result = run('--check')
    assert result.exit_code == 1 and 'processor was abacus, is slide rule' in result.output


def test_every_stack_has_its_own_reference(run, software, tmp_path, monkeypatch):
    run('--reference')
    software.update(stack='tf2', tensorflow='2.21.0')
    monkeypatch.setattr(FakeGenerator, 'brighter', 3)
    run('--reference')
    assert sorted(path.name for path in (tmp_path / 'reference').iterdir()) == [
        'fig-embedded.png', 'fig-embedded.tf1.json', 'fig-embedded.tf1.png', 'fig-embedded.tf2.json', 'fig-embedded.tf2.png']
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


@pytest.mark.parametrize('options, message', [
    (['--networks', 'nowhere.pkl'], 'Error: nowhere.pkl is neither a file nor a registered network'),
    (['--networks-folder', 'nowhere'], 'nowhere'),
    (['--check', '--reference'], 'choose one of --check and --reference'),
])
def test_mistakes_end_with_status_2(run, options, message):
    result = run(*options)
    assert result.exit_code == 2 and message in result.output
    assert 'Traceback' not in result.output


@pytest.mark.parametrize('changes, message', [
    ({'labels': ['only one']}, 'fig-embedded.labels are 1 but there are 2 columns'),
    ({'edits': [{'component': 1, 'start': 9, 'end': 10}], 'seeds': [0]}, 'fig-embedded.edits[0]: E(v1, 9) goes past'),
])
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


def test_figure1_starts_at_the_seed_and_reaches_its_targets(tmp_path, monkeypatch):
    location = importlib.util.spec_from_file_location('figure1', str(models.PROJECT / 'experiments' / 'figure1.py'))
    figure1 = importlib.util.module_from_spec(location)
    location.loader.exec_module(figure1)
    drawn = []

    def render(figure_spec, generator, dlatents):
        drawn.append(dlatents)
        return np.zeros([len(dlatents), 2, 2, 3], np.uint8)
    monkeypatch.setattr(figure, 'render', render)
    variant = spec.load('figure1')['embedded']
    width = variant.pca.components + 1
    generator = FakeGenerator()
    generator.latent_size = width
    ones = np.ones(width - 1)
    basis = Basis(np.zeros(width), np.eye(width - 1, width), 0.5 * ones, ones, ones, ones)
    assert figure1.draw(variant, generator, basis).shape == (1, 5, 2, 2, 3)
    [steps] = drawn                                                              # [edits + 1, L, D]
    z = latents.from_seed(variant.seeds[0], width)
    np.testing.assert_array_equal(steps[0], np.tile(z / 2, [10, 1]))
    for i, edit in enumerate(variant.edits):
        reached = steps[i + 1, edit.start, edit.component] / 0.5
        assert reached == pytest.approx(-np.sign(z[edit.component]) * edit.strength if edit.invert else edit.strength)
