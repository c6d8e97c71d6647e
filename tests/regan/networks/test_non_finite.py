"""Numbers that are not finite: weights, latents, images and arrays in files, said and refused, or let through where
asked for.
"""

import io
import json
import warnings

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from dnnlib import unpickle
from dnnlib.tflib import revival
from regan import cli
from regan.base import finite
from regan.base.errors import UserError
from regan.components.basis import Basis
from regan.data import tfrecords
from regan.editing import boundary
from regan.networks import description, weights
from regan.networks.generator import Generator
from regan.networks.network_file import NetworkFile
from tests import make_pickles, small_networks, small_pickles

WEIGHT = '4x4/Conv/weight'


@pytest.fixture(scope='module')
def files(tmp_path_factory):
    """{what: path}: a generator that is well, one with a NaN in its synthesis, in its mapping, one that overflows."""
    folder = tmp_path_factory.mktemp('networks')
    with small_networks.fresh_session():
        content = small_pickles.write(small_networks.build(small_pickles.MAIN, 'Gs', **small_pickles.SIZES))
    paths = {}
    for what, part, name, value in [
        ('well', 'synthesis', WEIGHT, None),
        ('synthesis', 'synthesis', WEIGHT, np.nan),
        ('mapping', 'mapping', 'Dense0/bias', np.inf),
        ('huge', 'synthesis', '4x4/ToRGB/weight', 1e30),
    ]:
        net = make_pickles.from_data(unpickle.read(io.BytesIO(content)))
        if value is not None:
            variables = [(key, np.array(array)) for key, array in net.components[part].variables]
            dict(variables)[name].reshape(-1)[0] = value
            net.components[part].variables = variables
        paths[what] = folder / (what + '.pkl')
        paths[what].write_bytes(make_pickles.dumps(net, 4))
    np.save(str(folder / 'up.npy'), np.eye(1, 10))
    return paths


def run(*words):
    result = CliRunner().invoke(cli.main, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def refused(tmp_path, *words):
    result = run(*words)
    assert result.exit_code == 2 and 'Error: ' in result.output and not list(tmp_path.glob('out*')), result.output
    return result.output.splitlines()[-1]


# ------------------------------------------------------------------ weights


@pytest.mark.parametrize('what, name', [('synthesis', 'G_synthesis/' + WEIGHT), ('mapping', 'G_mapping/Dense0/bias')])
def test_weights_are_refused_and_named(files, tmp_path, what, name):
    said = refused(tmp_path, 'generate', files[what], '--seeds', 1, '--out', tmp_path / 'out')
    assert '%s.pkl holds weights that are NaN or infinite: %s (1); ' % (what, name) in said
    assert 'NaN or infinite: %s (1)' % name in run('info', files[what]).output
    assert 'non_finite' not in json.dumps(description.describe(files['well']))


@pytest.mark.filterwarnings('ignore:.*NaN or infinity in')
@pytest.mark.parametrize('what', ['synthesis', 'mapping'])
def test_weights_are_used_where_asked_for(files, tmp_path, what):
    words = 'generate', files[what], '--seeds', '1-2', '--out', tmp_path / 'out', '--allow-non-finite'
    assert run(*words).exit_code == 0
    assert np.asarray(Image.open(str(tmp_path / 'out' / 'seed0001.png'))).max() == 0  # NaN is black on every stack.


@pytest.mark.filterwarnings('ignore:.*NaN or infinity in')
def test_components_of_nan_do_not_exist(files, tmp_path, monkeypatch):
    monkeypatch.setenv('REGAN_CACHE_DIR', str(tmp_path / 'cache'))
    words = '--n', 40, '--components', 3, '--allow-non-finite', '--out', tmp_path / 'out.npz'
    assert 'the mapping network gave NaN or infinity' in refused(tmp_path, 'pca', files['mapping'], *words)
    assert run('pca', files['synthesis'], *words).exit_code == 0  # Its w are well.


def test_official_loaders_warn(files):
    with small_networks.fresh_session(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        revival.load_pickle(str(files['synthesis']), build=True)
    said = [str(warning.message) for warning in caught if 'NaN or infinity' in str(warning.message)]
    assert len(said) == 1 and said[0].endswith('(G_synthesis_stylegan2): NaN or infinity in ' + WEIGHT)


def test_every_weight_is_looked_at(files):
    state = unpickle.read(files['well'])
    assert weights.non_finite(state) == {} == weights.non_finite([state, state])
    state.variables['dlatent_avg'] = np.array([1, -np.inf, np.nan, 2], np.float32)
    assert weights.non_finite((state, state)) == {'Gs/dlatent_avg': 2}


@pytest.mark.parametrize('dtype', [np.float16, np.float32, np.float64])
def test_a_sum_that_overflows_is_no_proof(dtype):
    largest = np.full([3, 5], np.finfo(dtype).max, dtype)
    assert finite.is_finite(largest) and finite.is_finite(np.zeros([0, 3], dtype)) and finite.is_finite(np.arange(3))
    for value in (np.nan, np.inf, -np.inf):
        largest[1, 2] = value
        assert not finite.is_finite(largest) and finite.count(largest) == 1


# ------------------------------------------------------------------ latents and images

OUT_OF_RANGE = {
    'generate': ['--seeds', 1],
    'edit': ['--seed', 1, '--edit', 'E(v0, all)'],
    'sweep': ['--seeds', 1, '--vectors', 0],
    'boundary': ['--seeds', 1],
}


@pytest.mark.parametrize(
    'command, psi', [('generate', '1e30'), ('edit', '1e30'), ('sweep', '1e300'), ('boundary', '-1e300')]
)
def test_images_that_overflow(files, tmp_path, monkeypatch, command, psi):
    monkeypatch.setenv('REGAN_CACHE_DIR', str(tmp_path / 'cache'))
    words = [command] + (['edit'] if command == 'boundary' else []) + [files['well']]
    words += [files['well'].with_name('up.npy')] if command == 'boundary' else []
    words += OUT_OF_RANGE[command] + ['--psi', psi]
    words += ['--n', 40, '--components', 3] if command in ('edit', 'sweep') else []
    out = tmp_path / ('out' if command in ('generate', 'sweep') else 'out.png')
    with warnings.catch_warnings():
        warnings.simplefilter('error', RuntimeWarning)
        result = run(*words + ['--out', out])
    assert result.exit_code == 2 and 'well.pkl' in result.output and 'a smaller psi' in result.output, result.output
    assert not list(tmp_path.rglob('*.png')) and not list(tmp_path.glob('out/*.json'))
    if command == 'sweep':
        assert run(*words + ['--out', out, '--allow-non-finite']).exit_code == 0


def test_what_is_not_finite_is_refused_in_python(files):
    with Generator.open(files['well']) as generator:
        dlatents = np.zeros([3, generator.num_layers, generator.dlatent_size], np.float32)
        for value in (np.nan, np.inf):
            dlatents[1, 0, 0] = value
            for draw in (generator.render, generator.synthesize):
                with pytest.raises(UserError, match='the dlatents for .*well.pkl: 1 of'):
                    draw(dlatents)
        dlatents[1] = 1e30
        for draw in (generator.render, generator.synthesize):
            with pytest.raises(UserError, match=r'the dlatents for .*well.pkl go up to 1e.30, where numbers overflow'):
                draw(dlatents)
        with pytest.raises(UserError, match='the w of .*well.pkl: '):
            generator.map(np.full([1, generator.latent_size], np.nan))
    dlatents[1] = 1e10
    with Generator.open(files['huge']) as generator:
        for draw in (generator.render, generator.synthesize):
            with pytest.raises(UserError, match='1 of 3 images of .*huge.pkl hold NaN or infinity'):
                draw(dlatents)
        cut = generator.cut('round')
        for layer in (0, generator.num_layers):
            with pytest.raises(UserError, match='1 of 3 images of'):
                cut.finish(cut.hold(dlatents, layer), dlatents)


@pytest.mark.filterwarnings('ignore:.*NaN or infinity in')
def test_what_is_let_through_is_the_same_everywhere(files):
    dlatents = np.zeros([1, 2, 10], np.float32)
    with Generator.open(NetworkFile(files['synthesis'], allow_non_finite=True)) as generator:
        assert np.isnan(generator.render(dlatents)).all()
        for conversion in ('round', 'truncate'):
            assert generator.synthesize(dlatents, conversion=conversion).max() == 0


# ------------------------------------------------------------------ arrays in files


def basis(**changes):
    return Basis(
        **dict(
            dict(
                mean=np.zeros(5, np.float32),
                components=np.eye(3, 5, dtype=np.float32),
                stdev=np.ones(3, np.float32),
                act_stdev=np.ones(3, np.float32),
                variance_ratio=np.ones(3, np.float32) / 3,
                random_stdevs=np.ones(3, np.float32),
            ),
            **changes,
        )
    )


@pytest.mark.parametrize('name', ['mean', 'components', 'stdev'])
def test_components(tmp_path, name):
    array = getattr(basis(), name).copy()
    array.reshape(-1)[1] = np.nan
    basis(**{name: array}).save(tmp_path / 'a.npz')
    with pytest.raises(UserError, match='a.npz is not a basis .lat_.*: 1 of .* values are NaN or infinite'):
        Basis.load(tmp_path / 'a.npz')


@pytest.mark.parametrize('value', [np.nan, np.inf])
def test_boundaries_codes_and_scores(tmp_path, value):
    path = tmp_path / 'a.npy'
    for read, array in [
        (boundary.load, np.eye(1, 4)),
        (boundary.read_codes, np.ones([3, 4])),
        (boundary.read_scores, np.ones(3)),
        (lambda path: tfrecords.read_table(path, 3), np.ones([3, 2])),
    ]:
        array.reshape(-1)[0] = value
        np.save(str(path), array)
        with pytest.raises(UserError, match='a.npy: 1 of .* values are NaN or infinite'):
            read(path)
    (tmp_path / 'a.csv').write_text('file,score\na,1\nb,%s\n' % value)
    with pytest.raises(UserError, match='a.csv: 1 of 2 values are NaN or infinite'):
        boundary.read_scores(tmp_path / 'a.csv')
