"""The metrics of generators whose images are known functions of z, with judges that need no network."""

import json

import numpy as np
import pytest

from regan.base.errors import UserError
from regan.drawing import modes
from regan.metrics import table
from regan.metrics.evaluate import Judges, Request, evaluate
from regan.networks.latent_traits import MappedTraits


class Generator(MappedTraits):
    """w = 2 z; the first D values of an image are w, at 1/64 so that bytes hold them, around grey; the rest is
    noise.
    """

    path, sha256, backend = 'toy.pkl', 'f00', {'tensorflow': '0.0', 'numpy': '0.0'}
    latent_size = dlatent_size = 5
    num_layers, label_size, num_channels, resolution = 3, 0, 1, 4
    dlatent_avg = np.full(5, 0.25)

    def __init__(self, noise=0.0):
        self._scale, self._noise = noise, np.zeros([4, 4])

    def map(self, z):
        return 2 * z

    def set_noise(self, random):
        self._noise = random.randn(4, 4)

    def render(self, dlatents):
        assert dlatents.shape[1:] == (3, 5)
        images = np.tile(self._scale * self._noise, [len(dlatents), 1, 1, 1])
        images.reshape(-1, 16)[:, :5] = dlatents[:, -1] / 64
        return images

    def synthesize(self, dlatents, conversion='round'):
        return np.clip(np.rint(self.render(dlatents) * 127.5 + 127.5), 0, 255).astype(np.uint8).transpose(0, 2, 3, 1)


class Reader:
    """Features: the first values of the image, 64-fold; factors: their signs' sigmoid."""

    path, sha256, world = 'reader.pkl', 'abc', 'toy'
    factor_names, circular, r2 = ['a', 'b', 'c'], [], [0.95, 0.2, 0.99]

    def check(self, num_channels, resolution):
        if (num_channels, resolution) != (1, 4):
            raise UserError('other images')

    def read(self, images):
        return self.look(images.transpose(0, 3, 1, 2) / 127.5 - 1)[0]

    def look(self, images):
        features = 64 * images.reshape(len(images), -1)[:, :5]
        return 1 / (1 + np.exp(-features[:, [0, 1, 4]])), features


class Normals:
    """Reals whose images would be those of w = 2 z + shift."""

    facts = dict(data='normal')

    def __init__(self, shift=0.0):
        self.shift, self.facts = shift, dict(data='normal', shift=shift)

    def batches(self, n):
        w = 2 * np.random.RandomState(99).randn(n, 5) + self.shift
        for begin in range(0, n, 50):
            yield Generator().synthesize(np.repeat(w[begin : begin + 50, np.newaxis], 3, axis=1))


def values(results):
    return {result.metric: result.value for result in results}


def measure(metrics, n=400, reals=None, judges=None, generator=None, tmp_path=None, **kwargs):
    return evaluate(
        generator or Generator(),
        Request(tuple(metrics.split(',')), n, **kwargs),
        judges or Judges(Reader()),
        reals,
        tmp_path,
    )


def test_frechet_distance_of_shifted_normals(tmp_path):
    found = values(measure('frechet', 3000, Normals(3.0), tmp_path=tmp_path))
    assert list(found) == ['frechet_reader']
    assert found['frechet_reader'] == pytest.approx(5 * 9, rel=0.08)
    assert values(measure('frechet', 3000, Normals(), tmp_path=tmp_path))['frechet_reader'] < 0.3


def test_precision_and_recall(tmp_path):
    near, far = [values(measure('pr', 300, Normals(shift), tmp_path=tmp_path)) for shift in (0.0, 60.0)]
    assert list(near) == ['precision_reader', 'recall_reader'] and min(near.values()) > 0.8
    assert max(far.values()) == 0


def test_truncation_raises_precision_and_lowers_recall(tmp_path):
    full, cut = [values(measure('pr', 300, Normals(), tmp_path=tmp_path, psi=psi)) for psi in (None, 0.3)]
    assert cut['precision_reader'] >= full['precision_reader'] and cut['recall_reader'] < full['recall_reader'] - 0.2


def test_path_lengths_have_their_closed_forms():
    """Features are w = 2 z: four times those of the identity."""
    found = {result.metric: result for result in measure('ppl_zfull,ppl_zend,ppl_segan,ppl_wfull,ppl_wend', 3000)}
    assert list(found) == [
        'ppl_reader_zfull',
        'ppl_reader_zend',
        'ppl_reader_segan',
        'ppl_reader_wfull',
        'ppl_reader_wend',
    ]
    for name in ('zfull', 'zend', 'segan'):
        assert found['ppl_reader_' + name].value == pytest.approx(4 * ((np.pi / 2) ** 2 + 1 / 5), rel=0.05)
    for name in ('wfull', 'wend'):
        assert found['ppl_reader_' + name].value == pytest.approx(4 * 2 * 5, rel=0.05)
    assert found['ppl_reader_segan'].details['epsilon'] == 1e-2 and found['ppl_reader_segan'].details['kept'] == 3000
    assert found['ppl_reader_wend'].standard_error > 0


def test_noise_is_shared_within_a_step():
    """Fresh noise between its ends would add 1 / epsilon^2."""
    quiet, noisy = [
        values(measure('ppl_wend', 100, generator=Generator(noise)))['ppl_reader_wend'] for noise in (0.0, 0.1)
    ]
    assert noisy == pytest.approx(quiet, rel=0.5)


def test_truncation_shortens_paths():
    full, half = [values(measure('ppl_wend', 100, psi=psi))['ppl_reader_wend'] for psi in (None, 0.5)]
    assert half == pytest.approx(full / 4, rel=1e-3)


def test_separability_of_linear_factors():
    """Factors a and c are read well and are linear in w; b is not asked about."""
    found = measure('ls', 1000)
    assert [result.metric for result in found] == ['ls_reader_z', 'ls_reader_w']
    for result in found:
        assert result.value == pytest.approx(1, abs=0.05) and sorted(result.details) == ['a', 'c']


def test_results_depend_on_the_seed_and_not_on_the_company(tmp_path):
    together = values(measure('frechet,pr,ppl_wend,ls', 100, Normals(), tmp_path=tmp_path, generator=Generator(0.1)))
    for name in ('frechet', 'pr', 'ppl_wend', 'ls'):
        alone = values(measure(name, 100, Normals(), tmp_path=tmp_path, generator=Generator(0.1)))
        assert alone == {key: together[key] for key in alone}
    other = values(measure('frechet,pr,ppl_wend', 100, Normals(), tmp_path=tmp_path, seed=1))
    assert all(other[key] != together[key] for key in ('frechet_reader', 'ppl_reader_wend'))


def test_fakes_have_fresh_noise_for_every_minibatch():
    seen = []

    class Recording(Generator):
        def set_noise(self, noise):
            super().set_noise(noise if isinstance(noise, np.random.RandomState) else np.random.RandomState(5))

        def synthesize(self, dlatents, conversion='round'):
            seen.append((len(dlatents), self._noise[0, 0], conversion))
            return super().synthesize(dlatents)

    measure('ls', 40, generator=Recording(0.1))
    assert [call[::2] for call in seen] == [(16, 'round'), (16, 'round'), (8, 'round')]
    assert len({noise for _, noise, _ in seen}) == 3
    seen.clear()
    settings = modes.resolve('ganspace', None, None, 1, 0.5, None)
    [result] = measure('ls', 40, generator=Recording(0.1), settings=settings)[:1]
    assert {call[1:] for call in seen} == {(np.random.RandomState(5).randn(), 'truncate')}
    about = table.facts(Generator(), Request(('ls',), 40, settings=settings), Judges(Reader()), None)
    assert about['drawing']['mode'] == 'ganspace' and about['drawing']['instance_norm_epsilon'] == 1e-5
    assert 'drawing' not in table.facts(Generator(), Request(('ls',), 40), Judges(Reader()), None)


# ------------------------------------------------------------------ official judges


class Official:
    """Stands for the official networks: features are all bytes; the distance is that of the bytes."""

    path, sha256 = 'official.pkl', 'def'

    def __init__(self):
        self.shapes, self.range = set(), []

    def run(self, *images):
        self.shapes.update(batch.shape[1:] for batch in images)
        self.range += [float(np.min(images)), float(np.max(images))]
        flat = [np.asarray(batch, np.float64).reshape(len(batch), -1) for batch in images]
        return flat[0] if len(flat) == 1 else np.square(flat[0] - flat[1]).sum(axis=1)


def test_only_the_official_network_gives_an_fid(tmp_path):
    inception = Official()
    found = values(measure('frechet,pr', 1000, Normals(8.0), Judges(Reader(), inception), tmp_path=tmp_path))
    assert list(found) == ['fid1k', 'precision_inception', 'recall_inception']
    assert found['fid1k'] == pytest.approx(5 * (8 / 64 * 127.5) ** 2, rel=0.1)
    assert inception.shapes == {(1, 4, 4)} and min(inception.range) >= 0 and max(inception.range) <= 255
    assert list(values(measure('frechet', 123, Normals(), Judges(None, inception), tmp_path=tmp_path))) == ['fid123']


def test_lpips_gives_the_published_measure():
    lpips = Official()
    plain = values(measure('ppl_wend,ppl_segan', 200, judges=Judges(Reader(), None, lpips)))
    assert list(plain) == ['ppl2_wend', 'ppl_segan']
    assert plain['ppl2_wend'] == pytest.approx(4 * 2 * 5 * (127.5 / 64) ** 2, rel=0.1)
    assert min(lpips.range) > 90 and max(lpips.range) < 170  # 127.5 (x + 1)


def test_the_crop_belongs_to_lpips():
    class Large(Generator):
        resolution = 16

        def render(self, dlatents):
            return np.kron(super().render(dlatents), np.ones([1, 1, 4, 4]))

    lpips = Official()
    assert list(values(measure('ppl_zfull', 20, judges=Judges(None, None, lpips), generator=Large(), crop=True))) == [
        'ppl_zfull'
    ]
    assert lpips.shapes == {(1, 8, 8)}


# ------------------------------------------------------------------ errors


@pytest.mark.parametrize(
    'arguments, sentence',
    [
        (
            dict(metrics=('frechet', 'fid')),
            "there is no metric 'fid'; choose from frechet, pr, ppl_zfull, ppl_wfull, ppl_zend, ppl_wend, ppl_segan, "
            "ls",
        ),
        (dict(metrics=()), "there is no metric ''"),
        (dict(metrics=('ls', 'ls')), 'a metric is named twice in ls,ls'),
        (dict(metrics=('ls',), n=3), 'n is 3, but no metric means anything with fewer than 4 images'),
    ],
)
def test_requests_that_make_no_sense(arguments, sentence):
    with pytest.raises(UserError) as error:
        Request(**dict(dict(n=10), **arguments))
    assert sentence in str(error.value)


class Dull(Reader):
    r2 = [0.1, 0.89, 0.3]


class Coloured(Generator):
    num_channels = 3


@pytest.mark.parametrize(
    'arguments, sentence',
    [
        (dict(metrics='ls,pr'), 'compare with real images; name them with --data'),
        (dict(metrics='ls', mirror=True), 'mirroring concerns real images'),
        (dict(metrics='frechet', reals=Normals(), judges=Judges()), 'give --reader or --inception'),
        (dict(metrics='ppl_wend', judges=Judges()), 'give --reader or --lpips'),
        (dict(metrics='ppl_wend', crop=True), 'a factor reader needs whole images'),
        (dict(metrics='ls', judges=Judges(None, Official())), r'ls needs a factor reader \(--reader\)'),
        (dict(metrics='ls', judges=Judges(Dull())), 'at least one factor with R2 above 0.9'),
        (dict(metrics='ls', generator=Coloured()), 'other images'),
    ],
)
def test_requests_that_cannot_be_answered(arguments, sentence):
    with pytest.raises(UserError, match=sentence):
        measure(**arguments)


def test_bad_features_are_noticed(tmp_path):
    class Broken(Reader):
        def look(self, images):
            return Reader.look(self, images)[0], np.full([len(images), 5], np.nan)

    for name in ('frechet', 'pr'):
        with pytest.raises(UserError, match='NaN or infinity among the features'):
            measure(name, 30, Normals(), Judges(Broken()), tmp_path=tmp_path)


# ------------------------------------------------------------------ progress and tables


def test_bars_are_filled_and_closed(tmp_path):
    bars = []

    class Bar:
        def __init__(self, description, total):
            self.description, self.total, self.done, self.closed = description, total, 0, False
            bars.append(self)

        def update(self, k):
            self.done += k

        def close(self):
            self.closed = True

    evaluate(Generator(), Request(('frechet', 'pr', 'ppl_wend', 'ls'), 50), Judges(Reader()), Normals(), tmp_path, Bar)
    assert all(bar.closed for bar in bars)
    assert {bar.description: (bar.done, bar.total) for bar in bars if bar.done} == {
        'reals': (50, 50),
        'fakes': (50, 50),
        'neighbours': (150, 150),
        'path length wend': (50, 50),
        'separability in z': (2, 2),
        'separability in w': (2, 2),
    }


def test_tables(tmp_path):
    request, judges, reals = Request(('ppl_wend', 'ls'), 50, psi=0.5), Judges(Reader()), Normals()
    results = evaluate(Generator(), request, judges)
    about = table.facts(Generator(), request, judges, reals)
    table.write(str(tmp_path / 'a.json'), results, about)
    read = json.loads((tmp_path / 'a.json').read_text())
    assert read['network'] == 'toy.pkl' and read['reader_sha256'] == 'abc' and read['inception_sha256'] is None
    assert read['data'] == reals.facts and read['n'] == 50 and read['psi'] == 0.5
    assert [entry['metric'] for entry in read['results']] == ['ppl_reader_wend', 'ls_reader_z', 'ls_reader_w']
    table.write(str(tmp_path / 'a.csv'), results, about)
    rows = (tmp_path / 'a.csv').read_text().splitlines()
    assert rows[0] == 'network,metric,value,standard_error,n,seed,psi,network_sha256'
    assert len(rows) == 4 and rows[1].startswith('toy.pkl,ppl_reader_wend,') and rows[2].endswith(',,50,0,0.5,f00')
