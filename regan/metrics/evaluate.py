"""The metrics of a generator: draws its images, asks the networks that judge them, and applies the formulas.

All images of a conditional network are of the class it was opened with. Unless asked otherwise, images are not
truncated. New noise images are drawn for every minibatch of 16 from the metric's
own RandomState, so results are functions of the seed on any TensorFlow. The official code draws new noise for every
single image from TensorFlow's generator. Each image has the same distribution either way; here the 16 of a minibatch
share their noise. (For path lengths the official code, too, draws noise once for each minibatch.)

Names tell what was judged by what. With the official Inception network the Frechet distance is `fid50k` (for 50,000
images); with a factor reader it is `frechet_reader`, a distance in another space, whose numbers only compare among
networks that one and the same reader has judged. So with path lengths: `ppl_zfull` is the official one with LPIPS and
the crop for faces, `ppl2_zfull` without crop, `ppl_reader_zfull` takes the squared distance of the reader's features;
with precision and recall, `pr50k3_precision` is by VGG16; and with separability, `ls_z` is by the official classifiers.
"""

import contextlib
import copy
import dataclasses
import functools
from typing import Optional

import numpy as np

from regan.base.errors import UserError
from regan.drawing import modes
from regan.metrics import factors, frechet, inception, neighbours, path_length, separability
from regan.metrics.reals import RealStatistics
from regan.metrics.samples import MINIBATCH, Drawing

PATHS = tuple('ppl_' + name for name in path_length.SPECS)
METRICS = ('frechet', 'pr') + PATHS + ('ls',)
# By the official names, with the official judges: name -> (what it measures, field of Judges that it needs).
OFFICIAL = {
    'fid50k': ('frechet', 'inception'),
    'is50k': ('is', 'softmax'),
    'pr50k3': ('pr', 'vgg16'),
    'ppl2_wend': ('ppl_wend', 'lpips'),
}
OFFICIAL_COUNT = 50000  # Images, where a name says so.
SPLITS = 10  # Of the Inception score.
VISIBLE = 0.9  # R2 on held-out renders above which a factor counts as an attribute for linear separability.


@dataclasses.dataclass(frozen=True)
class Result:
    """One number. `standard_error` is None where the measure has none, `details` a dict of JSON values."""

    metric: str
    value: float
    n: int
    standard_error: Optional[float] = None
    details: Optional[dict] = None


@dataclasses.dataclass(frozen=True)
class Request:
    """What to measure.

    Attributes:
        metrics: names from METRICS or OFFICIAL.
        n: number of images (of each side), or of pairs for path lengths.
        seed: every metric starts from RandomState(seed) of its own, so it does not matter which others are asked for.
        psi: truncation, or None.
        mirror: flip the reals at random.
        crop: crop the images to the face for path lengths (official; LPIPS only).
        settings: how to draw, as of `modes.resolve`, whose noise may be NEW_NOISE; None: as published numbers are made,
            with psi.
    Raises: UserError.
    """

    metrics: tuple
    n: int
    seed: int = 0
    psi: Optional[float] = None
    mirror: bool = False
    crop: bool = False
    settings: Optional[modes.Settings] = None

    def __post_init__(self):
        known = METRICS + tuple(OFFICIAL)
        unknown = [name for name in self.metrics if name not in known]
        if unknown or not self.metrics:
            raise UserError('there is no metric %r; choose from %s' % (unknown[0] if unknown else '', ', '.join(known)))
        if self.crop and 'ppl2_wend' in self.metrics:
            raise UserError('ppl2_wend is the path length of whole images; leave the crop away, or ask for ppl_wend')
        if len(set(self.measured)) != len(self.metrics):
            raise UserError('a metric is named twice in %s; name each once' % ','.join(self.metrics))
        if self.n < 4:
            raise UserError('n is %d, but no metric means anything with fewer than 4 images; raise it' % self.n)

    @property
    def measured(self):
        """The metrics by what they measure: list of names from METRICS, and 'is'."""
        return [OFFICIAL[name][0] if name in OFFICIAL else name for name in self.metrics]

    @property
    def compares(self):
        return 'frechet' in self.measured or 'pr' in self.measured

    @property
    def walks(self):
        return any(name in PATHS for name in self.measured)


@dataclasses.dataclass(frozen=True)
class Judges:
    """The networks that look at images, each None if there is none.

    Attributes:
        reader: regan.judges.reader.FactorReader.
        inception, lpips, softmax, vgg16: regan.judges.official.OfficialNetwork of that kind.
        classifiers: regan.judges.official.FaceClassifiers.
    """

    reader: object = None
    inception: object = None
    lpips: object = None
    softmax: object = None
    vgg16: object = None
    classifiers: object = None

    def of(self, measured):
        """Which judge's features a metric compares: 'vgg16', 'inception' or 'reader'."""
        known = dict(frechet=('inception', 'reader'), pr=('vgg16', 'inception', 'reader'))[measured]
        return next((name for name in known if getattr(self, name)), None)

    def check(self, request, generator, has_reals):
        """Raises UserError if a request cannot be answered, before minutes are spent."""
        for name in request.metrics:
            needed = OFFICIAL.get(name, (None, None))[1]
            if needed and not getattr(self, needed):
                raise UserError('%s is a measure by a published network; name its folder with --judges' % name)
        if request.compares and not has_reals:
            raise UserError('frechet and pr compare with real images; name them with --data')
        if request.mirror and not request.compares:
            raise UserError('mirroring concerns real images, which only frechet and pr look at')
        if not all(self.of(name) for name in ('frechet', 'pr') if name in request.measured):
            raise UserError('frechet and pr need a network that judges images; give --reader or --inception')
        if request.walks and not (self.reader or self.lpips):
            raise UserError('path lengths need a network that judges images; give --reader or --lpips')
        if request.crop and not (request.walks and self.lpips):
            raise UserError('the crop for faces belongs to path lengths by LPIPS; a factor reader needs whole images')
        if 'ls' in request.measured and not self.classifiers and not (self.reader and _visible(self.reader)):
            raise UserError(
                'ls needs a factor reader (--reader) that reads at least one factor with R2 above %s' % VISIBLE
            )
        if self.reader:
            self.reader.check(generator.num_channels, generator.resolution)
        if 'is' in request.measured and request.n < SPLITS:
            raise UserError('an inception score in %d parts needs as many images; raise n' % SPLITS)
        if 'ls' in request.measured and self.classifiers:
            self._check_faces(generator)
        published = (self.inception, self.softmax, self.vgg16, self.lpips, self.classifiers)
        if any(published) and generator.num_channels not in (1, 3):
            raise UserError(
                '%s draws images with %d channels, but the official networks look at RGB, and at grey as RGB; judge it '
                'with --reader' % (generator.path, generator.num_channels)
            )

    def _check_faces(self, generator):
        resolution = self.classifiers.RESOLUTION
        if generator.resolution < resolution:
            raise UserError(
                'the classifiers of faces look at %d pixels a side, but %s draws %d; judge it with --reader'
                % (resolution, generator.path, generator.resolution)
            )


def evaluate(generator, request, judges, reals=None, cache_dir=None, progress=None, farm=None):
    """The results of a request, in its order: list of Result.

    Args:
        generator: regan.networks.generator.Generator.
        request: Request.
        judges: Judges.
        reals: FolderImages or WorldImages, for frechet and pr.
        cache_dir: folder for the statistics of the reals.
        progress: callable (description, total) that gives an object with update(k) and close(), such as a tqdm.
        farm: callable (name of a method of Drawing, iterable of its arguments) -> iterable of its results in order,
            computed by others; see `regan.scale.shared_metrics`. The results are the same.
    Raises: UserError.
    """
    judges.check(request, generator, reals is not None)
    run = _Run(Drawing(generator, judges, request), reals, cache_dir, progress, farm)
    return [result for name in request.measured for result in run.measure(name)]


class _Run:
    """What the metrics of one request share: the fakes and the statistics of the reals, made when first needed."""

    def __init__(self, drawing, reals, cache_dir, progress, farm):
        self._drawing, self._progress, self._farm = drawing, progress, farm
        self._request, self._judges = drawing.request, drawing.judges
        self._fakes = None
        self._reals, self._cache_dir, self._statistics = reals, cache_dir, {}

    def measure(self, name):
        if name in PATHS:
            return [self._path(name[len('ppl_') :])]
        known = {
            'frechet': self._frechet,
            'is': self._inception_score,
            'pr': self._precision_recall,
            'ls': self._separability,
        }
        return known[name]()

    def _of_reals(self, judge):
        """RealStatistics of the features of a judge, by its name in Judges; made once."""
        if judge not in self._statistics:
            facts = dict(network=getattr(self._judges, judge).sha256, backend=self._drawing.generator.backend)
            self._statistics[judge] = RealStatistics(
                self._reals,
                functools.partial(self._drawing.features, judge=judge),
                facts,
                self._request.n,
                self._request.seed if self._request.mirror else None,
                self._cache_dir,
                functools.partial(self._farmed_features, judge) if self._farm else map,
            )
        return self._statistics[judge]

    # -------------------------------------------------------------- metrics

    def _frechet(self):
        judge = self._judges.of('frechet')
        with self._bar('reals') as update:
            reals = self._of_reals(judge).gaussian(update)
        value = frechet.distance(reals, frechet.fit([self._drawn()['features_' + judge]]))
        name = 'fid' + _count(self._request.n) if self._judges.inception else 'frechet_reader'
        return [Result(name, value, self._request.n)]

    def _inception_score(self):
        mean, deviation = inception.score(self._drawn()['softmax'], SPLITS)
        name, n = 'is' + _count(self._request.n), self._request.n
        return [Result(name + '_mean', mean, n), Result(name + '_std', deviation, n)]

    def _precision_recall(self):
        judge = self._judges.of('pr')
        with self._bar('reals') as update:
            reals = self._of_reals(judge).neighbours(update)
        fakes = self._drawn()['features_' + judge]
        with self._bar('neighbours', 3 * self._request.n) as update:
            values = neighbours.precision_recall(reals.features, fakes, reals.radii, progress=update)
        official = 'pr%s%d' % (_count(self._request.n), neighbours.NEIGHBOUR)
        names = [(official, one) if judge == 'vgg16' else (one, judge) for one in ('precision', 'recall')]
        return [Result('%s_%s' % name, value, self._request.n) for name, value in zip(names, values)]

    def _separability(self):
        reader, drawn = self._judges.reader, self._drawn()
        if self._judges.classifiers:
            kind, names, logits = 'ls_', self._judges.classifiers.names, drawn['attributes']
        else:
            visible = _visible(reader)
            kind, names = 'ls_reader_', [reader.factor_names[i] for i in visible]
            logits = factors.attribute_logits(drawn['factors'], reader.circular)[:, visible]
        results = []
        for space in ('z', 'w'):
            with self._bar('separability in ' + space, len(names)) as update:
                bits = separability.entropies(drawn[space], logits, update)
            details = {name: round(float(value), 4) for name, value in zip(names, bits)}
            results.append(Result(kind + space, separability.score(bits), self._request.n, details=details))
        return results

    def _path(self, name):
        spec, lpips = path_length.SPECS[name], self._judges.lpips
        with self._bar('path length ' + name) as update:
            values = np.concatenate(list(self._minibatches('steps', path_length.PAIRS_AT_ONCE, update, name)))
        length = path_length.summarize(values, spec.reject)
        kind = ('ppl_' if self._request.crop or name == 'segan' else 'ppl2_') if lpips else 'ppl_reader_'
        return Result(
            kind + name,
            length.mean,
            self._request.n,
            length.standard_error,
            dict(dataclasses.asdict(spec), kept=length.kept),
        )

    # -------------------------------------------------------------- images

    def _drawn(self):
        """Of n fakes: z, w, and what the judges say (features, factors), as dict of float arrays [n, ...]."""
        if self._fakes is None:
            with self._bar('fakes') as update:
                pieces = list(self._minibatches('fakes', MINIBATCH, update))
            self._fakes = {key: np.concatenate([piece[key] for piece in pieces]) for key in pieces[0]}
        return self._fakes

    def _minibatches(self, method, size, update, *arguments):
        """Yields drawing.<method>(random, k, *arguments) for n things, `size` at a time, with one RandomState for
        all.
        """
        sizes = path_length.minibatches(self._request.n, size)
        random = np.random.RandomState(self._request.seed)
        if self._farm is None:
            pieces = (getattr(self._drawing, method)(random, k, *arguments) for k in sizes)
        else:
            pieces = self._farm(
                method, self._beginnings(random, sizes, getattr(self._drawing, 'skip_' + method), arguments)
            )
        for k, piece in zip(sizes, pieces):
            update(k)
            yield piece

    @staticmethod
    def _beginnings(random, sizes, skip, arguments):
        """Yields the arguments of each minibatch, with a RandomState that is where the minibatch before left it."""
        for k in sizes:
            yield (copy.deepcopy(random), k) + arguments
            skip(random, k, *arguments)

    def _farmed_features(self, judge, _, batches):
        """Yields the features of batches of images, which are sent in minibatches."""
        pieces = (images[begin : begin + MINIBATCH] for images in batches for begin in range(0, len(images), MINIBATCH))
        return self._farm('features', ((piece, judge) for piece in pieces))

    @contextlib.contextmanager
    def _bar(self, description, total=None):
        if self._progress is None:
            yield lambda k: None
            return
        bar = self._progress(description, total or self._request.n)
        try:
            yield bar.update
        finally:
            bar.close()


def _visible(reader):
    """Indices of the factors that the reader reads well."""
    return [i for i, r2 in enumerate(reader.r2) if r2 >= VISIBLE]


def _count(n):
    """50000 -> '50k', 1234 -> '1234'."""
    return str(n) if n % 1000 else '%dk' % (n // 1000)
