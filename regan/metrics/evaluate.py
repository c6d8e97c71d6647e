"""The metrics of a generator: draws its images, asks the networks that judge them, and applies the formulas.

All images of a conditional network are of the class it was opened with. Unless asked otherwise, images are not
truncated. New noise images are drawn for every minibatch of 16 from the metric's
own RandomState, so results are functions of the seed on any TensorFlow. The official code draws new noise for every
single image from TensorFlow's generator. Each image has the same distribution either way; here the 16 of a minibatch
share their noise. (For path lengths the official code, too, draws noise once for each minibatch.)

Names tell what was judged by what. With the official Inception network the Frechet distance is `fid50k` (for 50,000
images); with a factor reader it is `frechet_reader`, a distance in another space, whose numbers only compare among
networks that one and the same reader has judged. So with path lengths: `ppl_zfull` is the official one with LPIPS and
the crop for faces, `ppl2_zfull` without crop, `ppl_reader_zfull` takes the squared distance of the reader's features.
"""

import contextlib
import copy
import dataclasses
from typing import Optional

import numpy as np

from regan.base.errors import UserError
from regan.drawing import modes
from regan.metrics import factors, frechet, neighbours, path_length, separability
from regan.metrics.reals import RealStatistics
from regan.metrics.samples import MINIBATCH, Drawing

PATHS = tuple('ppl_' + name for name in path_length.SPECS)
METRICS = ('frechet', 'pr') + PATHS + ('ls',)
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
        metrics: names from METRICS.
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
        unknown = [name for name in self.metrics if name not in METRICS]
        if unknown or not self.metrics:
            raise UserError(
                'there is no metric %r; choose from %s' % (unknown[0] if unknown else '', ', '.join(METRICS))
            )
        if len(set(self.metrics)) != len(self.metrics):
            raise UserError('a metric is named twice in %s; name each once' % ','.join(self.metrics))
        if self.n < 4:
            raise UserError('n is %d, but no metric means anything with fewer than 4 images; raise it' % self.n)

    @property
    def compares(self):
        return 'frechet' in self.metrics or 'pr' in self.metrics

    @property
    def walks(self):
        return any(name in PATHS for name in self.metrics)


@dataclasses.dataclass(frozen=True)
class Judges:
    """The networks that look at images, each None if there is none.

    Attributes:
        reader: regan.networks.judges.FactorReader.
        inception, lpips: regan.networks.judges.OfficialNetwork of that kind.
    """

    reader: object = None
    inception: object = None
    lpips: object = None

    def check(self, request, generator, has_reals):
        """Raises UserError if a request cannot be answered, before minutes are spent."""
        if request.compares and not has_reals:
            raise UserError('frechet and pr compare with real images; name them with --data')
        if request.mirror and not request.compares:
            raise UserError('mirroring concerns real images, which only frechet and pr look at')
        if request.compares and not (self.reader or self.inception):
            raise UserError('frechet and pr need a network that judges images; give --reader or --inception')
        if request.walks and not (self.reader or self.lpips):
            raise UserError('path lengths need a network that judges images; give --reader or --lpips')
        if request.crop and not (request.walks and self.lpips):
            raise UserError('the crop for faces belongs to path lengths by LPIPS; a factor reader needs whole images')
        if 'ls' in request.metrics and not (self.reader and _visible(self.reader)):
            raise UserError(
                'ls needs a factor reader (--reader) that reads at least one factor with R2 above %s' % VISIBLE
            )
        if self.reader:
            self.reader.check(generator.num_channels, generator.resolution)
        if (self.inception or self.lpips) and generator.num_channels not in (1, 3):
            raise UserError(
                '%s draws images with %d channels, but the official networks look at RGB, and at grey as RGB; judge it '
                'with --reader' % (generator.path, generator.num_channels)
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
    return [result for name in request.metrics for result in run.measure(name)]


class _Run:
    """What the metrics of one request share: the fakes and the statistics of the reals, made when first needed."""

    def __init__(self, drawing, reals, cache_dir, progress, farm):
        self._drawing, self._progress, self._farm = drawing, progress, farm
        self._request, self._judges = request, judges = drawing.request, drawing.judges
        self._fakes = None
        if request.compares:
            network = judges.inception or judges.reader
            facts = dict(network=network.sha256, backend=drawing.generator.backend)
            mirror_seed = request.seed if request.mirror else None
            self._statistics = RealStatistics(
                reals,
                drawing.features,
                facts,
                request.n,
                mirror_seed,
                cache_dir,
                self._farmed_features if farm else map,
            )

    def measure(self, name):
        if name in PATHS:
            return [self._path(name[len('ppl_') :])]
        return dict(frechet=self._frechet, pr=self._precision_recall, ls=self._separability)[name]()

    # -------------------------------------------------------------- metrics

    def _frechet(self):
        with self._bar('reals') as update:
            reals = self._statistics.gaussian(update)
        value = frechet.distance(reals, frechet.fit([self._drawn()['features']]))
        name = 'fid' + _count(self._request.n) if self._judges.inception else 'frechet_reader'
        return [Result(name, value, self._request.n)]

    def _precision_recall(self):
        with self._bar('reals') as update:
            reals = self._statistics.neighbours(update)
        fakes = self._drawn()['features']
        with self._bar('neighbours', 3 * self._request.n) as update:
            values = neighbours.precision_recall(reals.features, fakes, reals.radii, progress=update)
        judge = 'inception' if self._judges.inception else 'reader'
        return [
            Result('%s_%s' % (name, judge), value, self._request.n)
            for name, value in zip(('precision', 'recall'), values)
        ]

    def _separability(self):
        reader, drawn = self._judges.reader, self._drawn()
        visible = _visible(reader)
        logits = factors.attribute_logits(drawn['factors'], reader.circular)[:, visible]
        results = []
        for space in ('z', 'w'):
            with self._bar('separability in ' + space, len(visible)) as update:
                bits = separability.entropies(drawn[space], logits, update)
            details = {reader.factor_names[i]: round(float(value), 4) for i, value in zip(visible, bits)}
            results.append(Result('ls_reader_' + space, separability.score(bits), self._request.n, details=details))
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

    def _farmed_features(self, _, batches):
        """Yields the features of batches of images, which are sent in minibatches."""
        pieces = (images[begin : begin + MINIBATCH] for images in batches for begin in range(0, len(images), MINIBATCH))
        return self._farm('features', ((piece,) for piece in pieces))

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
