"""Both scripts from end to end on toy networks."""

import csv
import json
import pathlib
import shutil

import numpy as np
import pytest
from click.testing import CliRunner

from regan.metrics import evaluate, reals
from regan.pictures import images
from studies import truncation
from tests import tiny_network, tiny_reader

EXPERIMENTS = pathlib.Path(__file__).parents[2] / 'experiments'
SIZES = dict(
    samples=40,
    latents=22,
    per_latent=3,
    layer_latents=6,
    layer_components=4,
    layer_per_latent=2,
    edit_latents=7,
    pilot_latents=2,
    transfer_candidates=2,
    bases=3,
    per_base=3,
    variations=['seed 2', 'exact PCA'],
)
PCA = dict(estimator='ipca', n=3000, batch_size=20, seed=1)


@pytest.fixture(scope='module')
def toys(tmp_path_factory, tiny_pickle):
    """A StyleGAN, a StyleGAN2 and a reader of theirs; the folder has a cache, too."""
    folder = tmp_path_factory.mktemp('toys')
    tiny_network.write(folder / 'toy1.pkl', generation=1)
    shutil.copyfile(str(tiny_pickle), str(folder / 'toy2.pkl'))
    tiny_reader.write(folder / 'reader.pkl', world='stripes')
    return folder


@pytest.fixture
def script(toys, monkeypatch):
    """Callable (name of a script, words) -> click's result."""
    monkeypatch.setenv('REGAN_CACHE_DIR', str(toys / 'cache'))
    monkeypatch.syspath_prepend(str(EXPERIMENTS))

    def run(name, *words):
        return CliRunner().invoke(__import__(name).main, [str(word) for word in words])

    return run


def _claims_spec(toys):
    one, two = [str(toys / ('toy%d.pkl' % generation)) for generation in (1, 2)]
    edits = [{'name': 'Brighten', 'factor': 'grey', 'edit': 'E(v0, 0-3) * 3.0'}]
    path = toys / 'claims.json'
    path.write_text(
        json.dumps(
            dict(
                networks={
                    one: {'reader': str(toys / 'reader.pkl'), 'edits': edits},
                    two: {'reader': str(toys / 'reader.pkl'), 'edits': []},
                },
                full=dict(SIZES, networks=[one, two], mappings=[one, 'random, 16']),
                small=dict(SIZES, networks=[one], mappings=[one]),
                groups={'stripes': {'pose': ['grey'], 'style': ['hue', 'none']}},
                geometry=['pose'],
                pose=['pose'],
                style=['style'],
                bands=[[0, 4], [4, 128]],
                layers=[[0, 2], [2, 6]],
                pca=PCA,
                psi=1.0,
                seed=5,
                least_r2=0.5,
                boundary_ratio=0.3,
                first=3,
                transfers=[{'source': one, 'target': two}],
                transfer_components=6,
                least_effect=0.5,
                stability=dict(
                    reference=dict(PCA, components=8),
                    variations={'seed 2': {'seed': 2}, 'exact PCA': {'estimator': 'pca'}},
                    random={'random, 16': {'width': 16, 'layers': 3, 'seed': 0, 'n': 3000}},
                    least_cosine=0.9,
                ),
            )
        )
    )
    return path


def test_report_and_the_check_that_finds_a_planted_number(script, toys, tmp_path):
    spec, out = _claims_spec(toys), tmp_path / 'claims'
    result = script('claims', '--spec', spec, '--out', out)
    assert result.exit_code == 0, result.output
    names = 'importance control order resampling transfer stability'.split()
    assert sorted(path.name for path in out.iterdir()) == sorted(
        ['numbers.csv', 'report.json', 'report.md'] + [name + end for name in names for end in ('.csv', '.png')]
    )
    facts = json.loads((out / 'report.json').read_text())
    assert list(facts['networks']) == ['toy1', 'toy2'] and facts['networks']['toy1']['left_out'] == ['none']
    with open(str(out / 'importance.csv'), newline='') as file:
        rows = list(csv.DictReader(file))
    assert [row['component'] for row in rows] == [str(i) for i in range(11)] * 2 and {
        row['latents'] for row in rows
    } == {'6'}
    text = (out / 'report.md').read_text()
    assert 'toy1 -> toy2: mean success source' in text and 'random, 16, 3000 samples: indices' in text

    table = out / 'numbers.csv'
    lines = table.read_text().split('\n')
    planted = next(i for i, line in enumerate(lines) if 'selectivity of Brighten (grey), named edit' in line)
    head, sample = lines[planted].rsplit(',', 1)
    lines[planted] = '%s,%.6g' % (head, 2 * float(sample))
    table.write_text('\n'.join(lines))
    checked = script('claims', '--spec', spec, '--out', out, '--check')
    assert checked.exit_code == 1
    differing = [line.split(': ')[1] for line in checked.output.split('\n') if 'DIFFERS' in line]
    assert differing == ['selectivity of Brighten (grey), named edit']


def test_a_factor_that_the_reader_does_not_know_is_refused(script, toys, tmp_path):
    spec = json.loads(_claims_spec(toys).read_text())
    next(iter(spec['networks'].values()))['edits'][0]['factor'] = 'smile'
    path = tmp_path / 'claims.json'
    path.write_text(json.dumps(spec))
    result = script('claims', '--spec', path, '--out', tmp_path / 'out')
    assert result.exit_code == 2
    assert 'names the factor smile; stripes have grey, hue, none' in result.output
    assert not (tmp_path / 'out').exists()


class Stripes:
    """A world whose images show the first factor as grey."""

    def sample(self, n, seed):
        return np.random.RandomState(seed).rand(n, 3).astype(np.float32)

    def render(self, factors, resolution, supersampling):
        grey = (255 * factors[:, 0]).astype(np.uint8)
        return np.tile(grey[:, None, None, None], (1, resolution, resolution, 3))


def _truncation_spec(toys):
    one, two = [str(toys / ('toy%d.pkl' % generation)) for generation in (1, 2)]
    edits = [
        {'name': 'Brighten', 'factor': 'grey', 'edit': 'E(v0, 0-3) * 3.0', 'seed': 3},
        {'name': 'Other', 'edit': 'centred E(v1, all)', 'seed': 4},
    ]
    path = toys / 'truncation.json'
    path.write_text(
        json.dumps(
            dict(
                networks={one: {'reader': str(toys / 'reader.pkl'), 'edits': edits}},
                others={two: {'noise': {'numpy_seed': 0}, 'edits': edits[1:]}},
                pca=dict(PCA, components=4),
                frames=3,
                strip_psis=[0.25, 0.7, 1.0],
                seeds=[1, 2],
                psis=[0.0, 0.3, 1.0],
                cutoffs=[None, 2],
                n=20,
                seed=0,
                quick_psis=[0.5, 1.0],
                quick_n=8,
            )
        )
    )
    return path


@pytest.fixture
def stripes(monkeypatch):
    monkeypatch.setattr('regan.worlds.load', {'stripes': Stripes()}.get, raising=False)


def test_truncation_study(script, toys, tmp_path, stripes):
    result = script('truncation_study', '--spec', _truncation_spec(toys), '--out', tmp_path)
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ['strips-toy1.png', 'truncation.csv', 'truncation.png']
    with open(str(tmp_path / 'truncation.csv'), newline='') as file:
        rows = {(row['psi'], row['cutoff'], row['edit']): row for row in csv.DictReader(file)}
    assert len(rows) == 3 * 2 * 2
    assert float(rows['0', '', 'Brighten']['strength']) == 0 and float(rows['1', '', 'Brighten']['strength']) > 0
    assert rows['0', '', '']['strength'] == '' and rows['0', '', '']['recall'] == '0'
    for edit in ('', 'Brighten'):  # Without truncation there is nothing to cut off.
        assert dict(rows['1', '', edit], cutoff='') == dict(rows['1', '2', edit], cutoff='')
        assert rows['0.3', '', edit]['frechet'] != rows['0.3', '2', edit]['frechet']
    assert images.read_png(tmp_path / 'strips-toy1.png').shape[2] == 3


def test_unedited_images_are_those_of_the_metrics(toys, stripes, tmp_path):
    from regan.judges.reader import FactorReader
    from regan.networks.generator import Generator

    source = reals.open_images('world:stripes', 16)
    with Generator.open(toys / 'toy1.pkl') as generator, FactorReader(toys / 'reader.pkl') as reader:
        results = evaluate.evaluate(
            generator, evaluate.Request(('frechet', 'pr'), 20, psi=0.3), evaluate.Judges(reader), source, tmp_path
        )
        drawn = truncation.Drawn(generator, reader, None, n=20, seed=0, cache=tmp_path).at(0.3, None)['features']
        statistics = reals.RealStatistics(
            source,
            lambda tiles: reader.look(truncation.signed(tiles))[1],
            dict(network=reader.sha256, backend=generator.backend),
            20,
            None,
            tmp_path,
        )
        found = truncation.judge((statistics.gaussian(print), statistics.neighbours(print)), drawn)
    np.testing.assert_allclose(found, [result.value for result in results])


def test_a_network_without_a_reader_gets_strips_only(script, toys, tmp_path):
    result = script(
        'truncation_study',
        '--spec',
        _truncation_spec(toys),
        '--networks',
        toys / 'toy2.pkl',
        '--quick',
        '--out',
        tmp_path,
    )
    assert result.exit_code == 0, result.output
    assert [path.name for path in tmp_path.iterdir()] == ['strips-toy2.png']
    page = images.read_png(tmp_path / 'strips-toy2.png')
    assert page.shape[0] == 2 * (28 + 3 * 16 * 8)  # Two headings, and three psis each, of 16 pixels enlarged 8 times.


def test_an_unknown_network_is_refused(script, toys, tmp_path):
    result = script('truncation_study', '--spec', _truncation_spec(toys), '--networks', 'stylegan3', '--out', tmp_path)
    assert result.exit_code == 2 and 'no edits for the network stylegan3; it has those for' in result.output


def test_the_committed_specs_are_read():
    from studies import claims_spec, truncation_spec

    assert set(claims_spec.load().full.networks) == set(claims_spec.load().networks)
    assert list(truncation_spec.load().others) == ['stylegan-wikiart']
