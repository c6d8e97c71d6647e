"""Principal components of W from a stream of mapped latents (GANSpace's procedure, one block in memory at a time).

Estimators:

* `ipca`: GANSpace's default. Blocks of max(B, 2000, 3 K) rows go through `regan.components.ipca`; the last block is
  full even if that means rows beyond n.
* `pca`: exact, through `regan.components.moments`. It sees rows 0 .. N - 1 and nothing beyond, with N = n cut to a
  multiple of B.
* `random`: random orthonormal directions and the spread of the rows of `pca` along them.
* `sefa`: what moves the styles of some layers most, by `regan.components.sefa`, and the spread of the rows of `pca`
  along it. The sample decides about the mean and about spreads only, not about the directions.
* `fbpca`, `ica`, `spca`: GANSpace's, through `regan.components.estimators`, which holds the rows of `pca` in memory.

GANSpace fits its `pca`, `fbpca`, `ica` and `spca` to other rows than these: its last block is full, as that of `ipca`,
and its matrix has N + NB rows, NB those of a block, of which the unused ones stay zero. `PCASpec.zero_rows` repeats
both. NB rows of zeros are few among a million and move the components of small n beyond recognition.

Latents are drawn as `latents.sample_rows` says. The next blocks are drawn in one thread and earlier ones fed to the
estimator in another, while the network maps in the caller's. Products of float32 w are float32, sums of them float64;
`moments.Moments.of` bounds the error. An interrupted run of the first four that goes on from its checkpoint gives, on
the same machine, bit for bit the basis of a run in one go; the others start again.
"""

import contextlib
import dataclasses
import functools
import math
import pathlib
from typing import Any, Callable, ClassVar, Dict, Generator, Optional, Sequence, Tuple

import numpy as np
import threadpoolctl

from regan.base import artefacts, background, cache, finite
from regan.base.checkpoint import Checkpoint
from regan.base.errors import UserError
from regan.base.typing import PathLike, Progress
from regan.components import estimators, sefa
from regan.components.basis import Basis, largest_cosine, near_ties
from regan.components.interfaces import LatentMapper, label_facts
from regan.components.ipca import IncrementalPCA
from regan.components.moments import BLOCKS_PER_SHARD, ExactPCA, Moments, RandomDirections, along
from regan.sampling import latents, priors

MapW = Callable[[np.ndarray], np.ndarray]  # z float32 [n, Z] -> w float [n, D]
Spread = Callable[['PCASpec', int, np.ndarray, int], Generator[Moments, None, None]]  # See `compute`.

ALGORITHM = 2  # raise it whenever the same spec gives another basis
STREAMED: Dict[str, Any] = {'ipca': IncrementalPCA, 'pca': ExactPCA, 'random': RandomDirections, 'sefa': ExactPCA}
PRINCIPAL = ('ipca', 'pca', 'fbpca')  # whose rows are eigenvectors of the covariance
ESTIMATORS = ('ipca', 'pca') + tuple(estimators.FITS) + ('sefa', 'random')
CLOSED_FORM = 'closed-form'  # No sample: what the distribution itself has.
# Of regan.components.activations.
LAYER_ESTIMATORS = ('ipca', 'pca') + tuple(estimators.FITS) + ('randomized', CLOSED_FORM)
SIGNS = ('fixed', 'found')
ORTHOGONAL = 1e-4  # a larger cosine between two components goes into the record
SPREAD_SAMPLES = 5000  # latents behind stdev and random_stdevs


@dataclasses.dataclass(frozen=True)
class PCASpec:
    """What to compute; the defaults are those of the published figures.

    Attributes:
        n: samples asked for.
        components: K.
        batch_size: B, rows that share one seed. Results depend on it.
        estimator: one of ESTIMATORS, or for a layer's activations one of LAYER_ESTIMATORS.
        seed: S, seed of the batches' seeds, 0 .. 2**32 - 1.
        sparsity: of spca, the weight of its L1 penalty; None: 1.0. Others have none.
        signs: of components, 'fixed': the entry of largest magnitude is positive; or for FREE_SIGNS 'found': as the
            library of the estimator gives them, which is what GANSpace takes.
        layers: of sefa, those whose styles it factorises: a range as in edits, '0-4' or '8', or 'all'.
        zero_rows: whether one of WHOLE_SAMPLE fits GANSpace's rows, the last block filled up and zeros behind it.

    Raises:
        UserError: a value that makes no sense, on construction.
    """

    n: int = 1000000
    components: int = 80
    batch_size: int = 20
    estimator: str = 'ipca'
    seed: int = latents.PCA_SEED
    sparsity: Optional[float] = None
    signs: str = 'fixed'
    zero_rows: bool = False
    layers: str = sefa.ALL

    FREE_SIGNS: ClassVar[Tuple[str, ...]] = tuple(estimators.FITS)
    WHOLE_SAMPLE: ClassVar[Tuple[str, ...]] = ('pca',) + tuple(estimators.FITS)

    def __post_init__(self) -> None:
        if self.estimator not in ESTIMATORS + LAYER_ESTIMATORS:
            raise UserError("there is no estimator '%s'; choose one of %s" % (self.estimator, ', '.join(ESTIMATORS)))
        if self.sparsity is not None:
            _check_sparsity(self.sparsity, self.estimator)
        _check_conventions(self)
        sefa.layers_of(self.layers)
        for name, low, high in [
            ('components', 1, None),
            ('batch_size', 1, None),
            ('n', 1, None),
            ('seed', 0, latents.LARGEST_SEED),
        ]:
            _check_whole(name, getattr(self, name), low, high)
        if self.n < self.batch_size:
            raise UserError('n is %d, less than one batch of %d (batch_size); raise n' % (self.n, self.batch_size))
        if self.fitted_rows <= self.components:
            raise UserError('%d samples cannot give %d components; raise n' % (self.fitted_rows, self.components))

    @property
    def facts(self) -> Dict[str, Any]:
        """What the result depends on, as a dict: all attributes, but `sparsity` for spca and `layers` for sefa only,
        and `signs` and `zero_rows` only where they are GANSpace's; nothing of a sample where there is none.
        """
        facts = dataclasses.asdict(self)
        facts.pop('sparsity')
        if self.estimator != 'sefa':
            facts.pop('layers')
        if self.estimator == CLOSED_FORM:
            return {name: facts[name] for name in ('components', 'estimator')}
        for name, usual in (('signs', 'fixed'), ('zero_rows', False)):
            if facts[name] == usual:
                del facts[name]
        return dict(facts, sparsity=self.alpha) if self.estimator == 'spca' else facts

    @property
    def alpha(self) -> float:
        """The sparsity that applies."""
        return estimators.SPARSITY if self.sparsity is None else float(self.sparsity)

    @property
    def block_rows(self) -> int:
        """NB, rows of a block."""
        return max(self.batch_size, 2000, 3 * self.components)

    @property
    def fitted_rows(self) -> int:
        """Rows of latents that the estimator sees in all."""
        whole = self.n // self.batch_size * self.batch_size
        return -(-whole // self.block_rows) * self.block_rows if self.estimator == 'ipca' or self.zero_rows else whole

    @property
    def num_zero_rows(self) -> int:
        """Rows of zeros that it sees behind them."""
        whole = self.n // self.batch_size * self.batch_size
        return whole + self.block_rows - self.fitted_rows if self.zero_rows else 0

    @property
    def random_stdevs_rows(self) -> Tuple[int, int]:
        """(first, end) of the rows behind random_stdevs: of the last block that the original has in memory."""
        first = self.fitted_rows - self.block_rows if self.estimator == 'ipca' else 0
        return first, min(first + SPREAD_SAMPLES, self.fitted_rows)

    @property
    def random_stdevs_zeros(self) -> int:
        """Rows of zeros behind those."""
        first, end = self.random_stdevs_rows
        return min(SPREAD_SAMPLES - (end - first), self.num_zero_rows)

    @property
    def batches(self) -> int:
        """Seeds that GANSpace draws before that of the latents for `stdev`; the last ones may be unused."""
        whole = self.n // self.batch_size * self.batch_size
        return (whole + self.block_rows - 1) // self.batch_size + 1


def _check_whole(name, value, low, high):
    if type(value) is not int or value < low or (high is not None and value > high):
        limits = 'from %d to %d' % (low, high) if high is not None else 'of at least %d' % low
        raise UserError('%s is %r but must be a whole number %s' % (name, value, limits))


def _check_conventions(spec):
    if spec.signs not in SIGNS:
        raise UserError('signs is %r but must be one of %s' % (spec.signs, ', '.join(SIGNS)))
    for name, asked, able in (
        ('signs', spec.signs != 'fixed', spec.FREE_SIGNS),
        ('zero_rows', spec.zero_rows, spec.WHOLE_SAMPLE),
        ('layers', spec.layers != sefa.ALL, ('sefa',)),
    ):
        if asked and spec.estimator not in able:
            raise UserError('%s is a choice for %s only; leave it out for %s' % (name, ', '.join(able), spec.estimator))


def _check_sparsity(value, estimator):
    if estimator != 'spca':
        raise UserError('sparsity is for the estimator spca; %s has none' % estimator)
    if type(value) not in (int, float) or not 0 < value < math.inf:
        raise UserError('sparsity is %r but must be a number above 0' % (value,))


def compute(
    map_w: MapW,
    width: int,
    spec: PCASpec,
    progress: Optional[Progress] = None,
    checkpoint: Optional[PathLike] = None,
    spread: Optional[Spread] = None,
    styles: Sequence[np.ndarray] = (),
    prior: priors.Prior = priors.NORMAL,
) -> Basis:
    """The principal components of map_w(z) for random z. Those of a network's W: `load_or_compute`, which records it.

    Args:
        map_w: callable, z float32 [n, width] -> w float [n, D]. It gets about `spec.block_rows` rows at a time.
        width: latent size Z.
        spec: PCASpec.
        progress: callable that gets the number of rows done since its last call, such as `update` of a
            tqdm(total=spec.fitted_rows).
        checkpoint: file for the state of an unfinished run, or None. It is written now and then and
            on Ctrl-C, read at the start, and removed at the end.
        spread: function that computes shards elsewhere, for estimators of STREAMED; the result is the same to the last
            bit. It gets (spec, width, seeds, first) and is a generator of the Moments of `shard_moments` for the shards
            first .. shards(spec) - 1 in order. None: all is computed here.
        styles: for sefa, the matrices [D, C_l] through which layers 0 .. L - 1 see w.
        prior: what z is drawn from; with `spread`, normal numbers.

    Returns:
        Basis of width D.

    Raises:
        UserError: more components than D, NaN or infinity among w, a checkpoint that does not belong here, a sample
            that is too large for the estimator, or one on which it fails.
    """
    facts = _facts(spec, width, None, {'numpy': np.__version__})
    kept = _checkpoint(checkpoint, spec, facts)
    basis = _compute(map_w, width, spec, facts, progress, kept, spread, styles, prior)
    kept.remove()
    return basis


def load_or_compute(
    generator: LatentMapper,
    spec: PCASpec,
    cache_dir: PathLike,
    progress: Optional[Progress] = None,
    spread: Optional[Spread] = None,
) -> Basis:
    """The Basis of a network's W from the cache, else computed and put there.

    Args:
        generator: has sha256, latent_size, dlatent_size, backend (versions of what computes w, which decide about its
            last bits) and map(z [n, Z]) -> w [n, D].
        spec, progress, spread: see `compute`.
        cache_dir: folder; the file name has a key of everything that the result depends on. An unfinished run
            leaves a checkpoint beside it. Where it cannot be written, this is said, and nothing is kept.

    Raises:
        UserError: see `compute`; or a file of the cache is damaged or not what its name says.
    """
    found = cached(generator, spec, cache_dir)
    if found is not None:
        return found
    path, facts = _place(generator, spec, cache_dir)
    usable = artefacts.is_usable(path.parent)  # Said before the work.
    kept = path.with_name(path.stem + '.checkpoint.npz') if usable else None
    checkpoint = _checkpoint(kept, spec, facts, in_cache=True)
    styles = _styles(generator) if spec.estimator == 'sefa' else ()
    basis = _compute(generator.map, generator.latent_size, spec, facts, progress, checkpoint, spread, styles)
    if usable:
        cache.keep(path, lambda: basis.save(path))
    if cache.has(path):
        checkpoint.remove()  # Only now: a full disk must not cost the work.
    return basis


def cached(generator: LatentMapper, spec: PCASpec, cache_dir: PathLike) -> Optional[Basis]:
    """The Basis of a network's W if the cache has it, else None. Args and Raises: see `load_or_compute`."""
    path, facts = _place(generator, spec, cache_dir)
    if not cache.has(path):
        return None
    basis = Basis.load(path)
    if {key: basis.record.get(key) for key in facts} != facts:
        raise UserError('%s was not made from what its name says; delete it and run again' % path)
    return basis


def _place(generator, spec, cache_dir):
    """(path in the cache, everything that the result depends on)."""
    facts = dict(
        _facts(spec, generator.latent_size, generator.sha256, generator.backend),
        dlatent_size=generator.dlatent_size,
        **label_facts(generator),
    )
    name = '%s-c%d-n%d-%s' % (spec.estimator, spec.components, spec.n, artefacts.cache_key(facts))
    return pathlib.Path(cache_dir) / (name + '.npz'), facts


def _facts(spec, width, network, backend):
    backend = dict(backend, **estimators.versions(spec.estimator))
    return dict(spec.facts, space='w', latent_size=width, network=network, algorithm=ALGORITHM, backend=backend)


def _checkpoint(path, spec, facts, in_cache=False):
    return Checkpoint(path if spec.estimator in STREAMED else None, facts, in_cache)


# One thread for NumPy's matrices: they are so small that more gain little and wait for each other on a busy
# machine, and so the last bits do not depend on the number of cores.
@threadpoolctl.threadpool_limits.wrap(limits=1, user_api='blas')
def _compute(map_w, width, spec, facts, progress, checkpoint, spread, styles, prior=priors.NORMAL):
    if spec.estimator not in ESTIMATORS:
        raise UserError(
            '%s is for the activations of a layer; for w choose one of %s' % (spec.estimator, ', '.join(ESTIMATORS))
        )
    if spread and spec.estimator not in STREAMED:
        raise UserError(
            '%s needs all samples in one place; only %s can be spread over workers'
            % (spec.estimator, ', '.join(STREAMED))
        )
    favoured = _favoured(spec, styles) if spec.estimator == 'sefa' else None  # Before the work.
    random = np.random.RandomState(spec.seed)  # GANSpace's global generator
    seeds = latents.draw_seeds(random, spec.batches)
    arguments = map_w, width, spec, seeds, random, progress or (lambda rows: None), checkpoint
    state = _fit_shards(*arguments, spread) if spread else _fit(*arguments, prior)
    if spec.num_zero_rows:
        state = state.update(np.zeros((spec.num_zero_rows, len(state.mean)), np.float32))
    if not state.total > 0:
        raise UserError('every latent has the same w, so there are no principal components; check the network')
    mean, components, stdev, ratio = state.result() if favoured is None else along(state.moments, favoured[0])
    components = components.astype(np.float32)
    first, end = spec.random_stdevs_rows
    z = latents.sample_rows(seeds, spec.batch_size, width, first, end, prior.filler(0))
    rows = np.pad(_mapped(map_w, z), [(0, spec.random_stdevs_zeros), (0, 0)], 'constant')
    fresh = prior.of_seed(latents.draw_seeds(random, 1)[0], SPREAD_SAMPLES, width)  # after what fbpca has drawn
    return Basis(
        mean=mean.astype(np.float32),
        components=components,
        stdev=_spread(_mapped(map_w, fresh), components),
        act_stdev=stdev.astype(np.float32),
        variance_ratio=ratio.astype(np.float32),
        random_stdevs=_spread(rows, latents.random_directions(*components.shape)),
        record=dict(
            facts,
            dlatent_size=len(mean),
            rows=state.count,
            **_findings(spec, components, stdev, state.count),
            **({} if favoured is None else {'eigenvalues': favoured[1].tolist()}),
        ),
    )


def _styles(generator):
    """The style matrices of a generator. Raises UserError if it has none."""
    if not hasattr(generator, 'style_matrices'):
        raise UserError('sefa factorises the styles of a StyleGAN, and this network has none; choose another estimator')
    return generator.style_matrices()


def _favoured(spec, styles):
    """(directions [K, D], eigenvalues [K]) of sefa."""
    if not styles:
        raise UserError('sefa needs the style matrices of a network; choose another estimator for what has none')
    return sefa.factorise([styles[layer] for layer in sefa.layers_of(spec.layers, len(styles))], spec.components)


def _findings(spec, components, stdev, rows):
    """What the record says about the components: near ties of principal ones, and how far from orthogonal they are."""
    cosine = largest_cosine(components)
    return dict(
        {'near_ties': near_ties(stdev, rows) if spec.estimator in PRINCIPAL else []},
        **({'largest_cosine': cosine} if cosine > ORTHOGONAL else {}),
    )


def _fit(map_w, width, spec, seeds, random, progress, checkpoint, prior):
    """The estimator's state after all rows. `state` always covers whole blocks, whenever an interrupt comes."""
    state = checkpoint.load(STREAMED.get(spec.estimator))
    start = state.count if state else 0
    progress(start)
    z = background.ahead(_blocks(spec, width, seeds, start // spec.block_rows, blocks(spec), prior))
    fold = _Fold(state, lambda columns: _start(spec, columns, random))
    with contextlib.closing(z):
        return checkpoint.last(background.behind(fold, (_mapped(map_w, block) for block in z)), state, progress)


class _Fold:
    """Feeds blocks of w to an estimator. Called with one after the other, it returns the state after it and its
    number of rows.
    """

    def __init__(self, state, start):
        self.state, self.start = state, start

    def __call__(self, w):
        self.state = (self.state or self.start(w.shape[1])).update(w)
        return self.state, len(w)


def blocks(spec: PCASpec) -> int:
    """Number of blocks; all have spec.block_rows rows, but perhaps the last one."""
    return -(-spec.fitted_rows // spec.block_rows)


def _blocks(spec, width, seeds, first, end, prior=priors.NORMAL):
    """Yields z float32 [n, width] of the blocks first .. end - 1."""
    fill = prior.filler(spec.fitted_rows * width)
    for begin in range(first * spec.block_rows, min(end * spec.block_rows, spec.fitted_rows), spec.block_rows):
        yield latents.sample_rows(
            seeds, spec.batch_size, width, begin, min(begin + spec.block_rows, spec.fitted_rows), fill
        )


def shards(spec: PCASpec) -> int:
    """Number of shards, the pieces of work of a run that is spread over machines: BLOCKS_PER_SHARD blocks, or for
    ipca one block.
    """
    return -(-blocks(spec) // _shard_blocks(spec))


def shard_rows(spec: PCASpec, index: int) -> int:
    """Fitted rows of a shard."""
    size = _shard_blocks(spec) * spec.block_rows
    return min((index + 1) * size, spec.fitted_rows) - index * size


def _shard_blocks(spec):
    return 1 if spec.estimator == 'ipca' else BLOCKS_PER_SHARD


# One thread, as in `_compute`.
@threadpoolctl.threadpool_limits.wrap(limits=1, user_api='blas')
def shard_moments(map_w: MapW, spec: PCASpec, width: int, seeds: np.ndarray, index: int) -> Moments:
    """Moments of one shard of the fitted rows, which depend on the arguments alone, to the last bit.

    Args:
        map_w: callable, z float32 [n, width] -> w float32 [n, D]; called with one block after the other.
        spec: PCASpec of an estimator of STREAMED.
        width: latent size Z.
        seeds: latents.batch_seeds(spec.seed, spec.batches).
        index: 0 .. shards(spec) - 1.

    Raises:
        UserError: NaN or infinity among w.
    """
    first = index * _shard_blocks(spec)
    z = _blocks(spec, width, seeds, first, first + _shard_blocks(spec))
    return functools.reduce(Moments.merge, (Moments.of(_mapped(map_w, block)) for block in z))


def _fit_shards(map_w, width, spec, seeds, random, progress, checkpoint, spread):
    """As `_fit`, with the moments of shards from elsewhere: the same state to the last bit."""
    state = checkpoint.load(STREAMED[spec.estimator])
    state = state and state.without_open_shard()
    start = state.count if state else 0
    progress(start)
    first = start // (_shard_blocks(spec) * spec.block_rows)

    def states(state):
        for index, moments in enumerate(found, first):
            state = state or _start(spec, len(moments.mean), random)
            state = state.add_shard(
                moments, lambda: _mapped(map_w, next(_blocks(spec, width, seeds, index, index + 1)))
            )
            yield state, moments.count

    with contextlib.closing(spread(spec, width, seeds, first)) as found:
        return checkpoint.last(states(state), state, progress)


def _start(spec, width, random):
    if spec.components > width:
        raise UserError(
            'this network has %d-dimensional w, so %d components are too many; ask for at most %d'
            % (width, spec.components, width)
        )
    if spec.estimator in STREAMED:
        return STREAMED[spec.estimator].start(width, spec.components)
    rows = spec.fitted_rows + spec.num_zero_rows
    return estimators.WholeSample(
        spec.estimator, (rows, width), spec.components, random, spec.alpha, spec.signs == 'fixed'
    )


def _mapped(map_w, z):
    w = np.asarray(map_w(z))  # [n, D]
    if not finite.is_finite(w):
        raise UserError(
            'the mapping network gave NaN or infinity among %d latents; its file is damaged or the '
            'network has diverged' % len(z)
        )
    return w


def _spread(rows, directions):
    """Standard deviation (denominator n) of rows [n, D] along directions [K, D], float32 [K]."""
    return np.dot(rows, directions.T.astype(np.float64)).std(axis=0).astype(np.float32)
