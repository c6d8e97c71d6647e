"""Principal components of a layer's activations, and the latent directions that move along them.

GANSpace's procedure for layers other than W: incremental PCA (or another of its estimators) of the flattened
activations, then a linear regression from their coordinates back to the latents. The components of the result, which
edits use, are the latent directions.
Layers that are too wide for blocks in memory take randomized PCA in its place, which computes the activations again for
every pass over them. Layers that are affine in the latent are sampled in the plane in which their activations lie, with
the same result up to float rounding, or need no sample at all (`regan.components.affine`).
"""

import contextlib
import dataclasses
import pathlib
from typing import Any, Dict, Optional

import numpy as np
import scipy.linalg
import scipy.linalg.blas
import threadpoolctl

from regan.base import artefacts, background
from regan.base.checkpoint import Checkpoint
from regan.base.errors import UserError
from regan.base.typing import PathLike, Progress
from regan.components import affine, estimators, pca, randomized
from regan.components.basis import SPACES, Basis, fix_signs, largest_cosine, near_ties
from regan.components.interfaces import LayeredGenerator, affine_of, label_facts, prior_of
from regan.components.ipca import IncrementalPCA
from regan.components.moments import Moments
from regan.networks import layer_names
from regan.sampling import latents

ALGORITHM = 2  # raise it whenever the same arguments give another basis
REGRESSION_SEED = 3  # GANSpace's constant
REGRESSION_SAMPLES = 10000  # at least so many
LARGEST_BLOCK = (
    2000 * 64 * 64 * 32 * 4
)  # bytes of a block of float32 activations; three times as much is needed on the way
LARGEST_SKETCH = 2 * 80 * 64 * 64 * 64 * 4  # bytes of a sketch of randomized PCA, which keeps two
EXACT = 10**18  # Rows that leave no error of sampling.
ROWS_IN_PLANE = 8192  # Of coordinates, in place of activations.
LARGEST_COVARIANCE = 8192  # Width of a layer for pca, which keeps a matrix of float64.
ROWS_AT_ONCE, BYTES_AT_ONCE = (
    250,
    2**25,
)  # of activations, at most, while a block is filled, in a pass and in the regression


@dataclasses.dataclass(frozen=True)
class ActivationBasis:
    """Principal components of a layer. All arrays are float32; K components, activations of shape C, H, W.

    Attributes:
        latent: Basis of the matching directions in W or Z, unit rows that are not orthogonal; its `act_stdev`,
            `variance_ratio` and `random_stdevs` are those of the layer. `stdev`, the unit of edits, is the spread of
            5000 latents in W and 1 in Z.
        mean: [C, H, W], of the layer.
        components: [K, C, H, W], unit norm; the entry of largest magnitude is positive.
        layer: our or the original's name of it; '' if a file does not say.

    Of the mapping network, mean and components have the shapes [D] and [K, D].
    """

    latent: Basis
    mean: np.ndarray
    components: np.ndarray
    layer: str = ''

    @classmethod
    def load(cls, path: PathLike) -> 'ActivationBasis':
        """Reads a file of `save` or of GANSpace, which has the layer in its name.

        Raises:
            UserError: the file is missing, damaged or not a basis.
        """
        latent, arrays = Basis.load(path), artefacts.read_npz(path)
        layer = latent.record.get('layer') or layer_names.of_file(pathlib.Path(path).stem)
        try:
            mean, components = arrays['act_mean'], arrays['act_comp']
            if components.shape[1:] != mean.shape or mean.shape[:1] != (1,) or len(components) != len(latent.stdev):
                raise ValueError('act_comp and act_mean do not fit together')
        except (KeyError, ValueError) as error:
            raise UserError('%s has no components of a layer (%s)' % (path, error)) from error
        return cls(latent, mean[0], components[:, 0], layer)

    def save(self, path: PathLike) -> None:
        """Writes GANSpace's .npz atomically. `Basis.load` reads the latent part."""
        artefacts.write_npz(
            path, dict(self.latent.arrays(), act_comp=self.components[:, np.newaxis], act_mean=self.mean[np.newaxis])
        )


def total_rows(spec: pca.PCASpec) -> int:
    """Activations that `compute_into` makes: those of the PCA and those of the regression."""
    if spec.estimator == pca.CLOSED_FORM:
        return 0
    principal = (
        randomized.passes() * spec.fitted_rows + _spread_rows(spec)
        if spec.estimator == 'randomized'
        else spec.fitted_rows
    )
    return principal + _regression_rows(spec)


def fits_ipca(generator: LayeredGenerator, layer: str, spec: pca.PCASpec) -> bool:
    """Whether blocks of this layer are small enough for incremental PCA. UserError if there is no such layer."""
    layer = _resolved(generator, layer)
    found = affine_of(generator, layer)
    width = min(found.kernel.shape) if found else int(np.prod(_shape(generator, layer)))
    return spec.block_rows * width * 4 <= LARGEST_BLOCK


def _resolved(generator, layer):
    """Our name of a layer, by the generator's own names if it has some."""
    if hasattr(generator, 'layer_name'):
        return generator.layer_name(layer)
    return layer_names.resolve(layer, generator.layer_shapes)


def _shape(generator, layer):
    return (generator.dlatent_size,) if layer == layer_names.MAPPING else generator.layer_shapes[layer]


def compute_into(
    path: PathLike,
    generator: LayeredGenerator,
    layer: str,
    spec: pca.PCASpec,
    space: str = 'w',
    progress: Optional[Progress] = None,
    conventions: Optional[Dict[str, Any]] = None,
) -> ActivationBasis:
    """Principal components of a layer's activations for random z and the noise that is set, and their directions in
    latent space.

    The result is saved as `path`. The state of an unfinished run is kept beside it, now and then and on Ctrl-C; what
    goes on from there gives bit for bit the result of a run in one go. The components of
    randomized PCA start again, since its state is two matrices of up to 160 MB each; their regression goes on.

    Args:
        path: of the result, see `ActivationBasis.save`.
        generator: has sha256, backend, latent_size, num_layers, layer_shapes (dict name -> (C, H, W)),
            map(z [n, Z]) -> w [n, D] and activations(dlatents [n, L, D], layer) -> float32 [n, C, H, W].
        layer: a name of layer_shapes, or the original's name of that layer; or 'mapping' (the original's style,
            g_mapping), whose components are those of W and whose directions are in Z.
        spec: PCASpec of one of `pca.LAYER_ESTIMATORS`; for 'mapping' of any that `pca.compute` takes. Only ipca keeps
            the state of its components.
        space: 'w' or 'z', where the directions are.
        progress: callable that gets the number of activations done since its last call, `total_rows(spec)` in all.
        conventions: what the generator was told to draw with, if not as the pickle has it, for the record: JSON-able.

    Returns:
        ActivationBasis.

    Raises:
        UserError: another estimator, an unknown layer, one whose blocks or sketch take more than LARGEST_BLOCK or
            LARGEST_SKETCH, or one whose activations vary in fewer directions than there are components; a checkpoint
            beside `path` is damaged or of a run with other settings; a file cannot be written.
    """
    path, layer = pathlib.Path(path), _resolved(generator, layer)
    known = dict(facts(generator, layer, spec, space), **conventions or {})
    kept = [
        Checkpoint(path.with_name('%s.%s.checkpoint.npz' % (path.name, part)), known)
        for part in ('components', 'regression')
    ]
    result = _compute(generator, layer, spec, space, progress, kept, known)
    result.save(path)
    for checkpoint in kept:
        checkpoint.remove()
    return result


def facts(generator: LayeredGenerator, layer: str, spec: pca.PCASpec, space: str) -> Dict[str, Any]:
    """Everything that the components of a layer depend on, unless the generator was told to draw otherwise than its
    file has it: dict for JSON. Args: as of `compute_into`.
    """
    return dict(
        spec.facts,
        layer=layer,
        space=space,
        latent_size=generator.latent_size,
        dlatent_size=generator.dlatent_size,
        network=generator.sha256,
        backend=generator.backend,
        algorithm=ALGORITHM,
        **prior_of(generator).facts,
        **label_facts(generator),
    )


@threadpoolctl.threadpool_limits.wrap(
    limits=1, user_api='blas'
)  # As in `pca`: last bits do not depend on the number of cores.
def _compute(generator, layer, spec, space, progress, kept, facts):
    _check(generator, layer, spec, space)
    if spec.estimator == pca.CLOSED_FORM:
        return _in_closed_form(generator, layer, spec, _shape(generator, layer), facts)
    sample = _Sampler(generator, layer, spec.batch_size, space, progress or (lambda rows: None))
    principal = {'randomized': _randomized, 'ipca': _principal}.get(spec.estimator, _by_pca)
    if layer == layer_names.MAPPING:
        principal = _by_pca
    mean, components, stdev, ratio, random_stdevs, findings = principal(sample, spec, kept[0])
    components, mean = components.astype(np.float32, copy=False), mean.astype(np.float32)
    centre, directions, latent_stdev = _regress(
        sample, spec, mean, components / stdev.astype(np.float32)[:, np.newaxis], kept[1]
    )
    mean, components, directions = sample.lifted(mean, components, directions)
    latent = Basis(
        mean=centre.astype(np.float32),
        components=directions.astype(np.float32),
        stdev=latent_stdev,
        act_stdev=stdev.astype(np.float32),
        variance_ratio=ratio.astype(np.float32),
        random_stdevs=random_stdevs,
        record=dict(
            facts,
            regression_rows=_regression_rows(spec),
            near_ties=near_ties(stdev, spec.fitted_rows),
            largest_cosine=largest_cosine(directions),
            **dict({'rows': spec.fitted_rows}, **findings),
        ),
        space=space,
    )
    return ActivationBasis(latent, mean.reshape(sample.shape), components.reshape((-1,) + sample.shape), layer)


def _in_closed_form(generator, layer, spec, shape, known):
    """The ActivationBasis of a layer that is affine in z."""
    found: Any = affine_of(generator, layer)  # It is; `_check` has seen it.
    try:
        basis = affine.closed_form(found, prior_of(generator).stdev, spec.components)
    except UserError as error:
        raise UserError('layer %s: %s' % (layer, error)) from None
    directions = latents.random_directions(spec.components, len(basis.mean))
    latent = Basis(
        mean=np.zeros(generator.latent_size, np.float32),
        components=basis.directions.astype(np.float32),
        stdev=np.ones(spec.components, np.float32),
        act_stdev=basis.stdev.astype(np.float32),
        variance_ratio=basis.variance_ratio.astype(np.float32),
        random_stdevs=affine.stdevs_along(found, prior_of(generator).stdev, directions).astype(np.float32),
        record=dict(known, near_ties=near_ties(basis.stdev, EXACT)),
        space='z',
    )
    mean, components = basis.mean.astype(np.float32), basis.components.astype(np.float32)
    return ActivationBasis(latent, mean.reshape(shape), components.reshape((-1,) + shape), layer)


def _check(generator, layer, spec, space):
    if layer == layer_names.MAPPING:
        if space != 'z':
            raise UserError('the components of the mapping network are those of W; they need no layer, or the space z')
        return
    if spec.estimator not in pca.LAYER_ESTIMATORS:
        raise UserError('layers are decomposed by %s, not by %s' % (' or '.join(pca.LAYER_ESTIMATORS), spec.estimator))
    if space not in SPACES:
        raise UserError("there is no latent space '%s'; choose one of %s" % (space, ', '.join(SPACES)))
    width, found = int(np.prod(generator.layer_shapes[layer])), affine_of(generator, layer)
    if found and space != 'z':
        raise UserError('layer %s is affine in z, and its directions are in z; choose the space z' % layer)
    if found and spec.components > min(found.kernel.shape):
        raise UserError(
            'layer %s is affine in z and varies in %d directions only, so %d components are too many'
            % (layer, min(found.kernel.shape), spec.components)
        )
    if not found and spec.estimator == pca.CLOSED_FORM:
        raise UserError(
            'layer %s is not affine in the latent, so its components have no closed form; choose another estimator'
            % layer
        )
    if spec.components > width:
        raise UserError('layer %s has %d values, so %d components are too many' % (layer, width, spec.components))
    if found:
        return
    if spec.estimator == 'randomized':
        _check_sketch(layer, width, randomized.OVERSAMPLING * spec.components)
    elif spec.estimator == 'pca' and width > LARGEST_COVARIANCE:
        raise UserError(
            'layer %s has %d values, and pca takes the covariance of all pairs, of at most %d values; choose the '
            'estimator ipca or randomized' % (layer, width, LARGEST_COVARIANCE)
        )
    elif spec.estimator == 'ipca' and not fits_ipca(generator, layer, spec):
        raise UserError(
            'layer %s has %d values; blocks of %d samples would take %.1f GiB where %.1f are allowed; choose the '
            'estimator '
            'randomized, a layer of lower resolution, or a smaller batch'
            % (layer, width, spec.block_rows, spec.block_rows * width / 2**28, LARGEST_BLOCK / 2**30)
        )


def _check_sketch(layer, width, size):
    if width * size * 4 > LARGEST_SKETCH:
        raise UserError(
            'layer %s has %d values; a sketch of %d directions would take %.1f GiB where %.2f are allowed; ask for at '
            'most %d '
            'components, or choose a layer of lower resolution'
            % (
                layer,
                width,
                size,
                width * size / 2**28,
                LARGEST_SKETCH / 2**30,
                LARGEST_SKETCH // 4 // width // randomized.OVERSAMPLING,
            )
        )


@dataclasses.dataclass(frozen=True)
class _Regression:
    """Sums over `count` latents l and their coordinates x, float64: x^T x [K, K], x^T l [K, D], and of l [D]."""

    count: int
    squares: np.ndarray
    products: np.ndarray
    total: np.ndarray

    def update(self, x, latent):
        return _Regression(
            self.count + len(x),
            self.squares + x.T.dot(x),
            self.products + x.T.dot(latent),
            self.total + latent.sum(axis=0),
        )


class _Sampler:
    """Latents in the chosen space and the activations that they give, flattened; those of an affine layer as
    coordinates of the plane in which they lie.
    """

    def __init__(self, generator, layer, batch_size, space, progress):
        self.generator, self.layer, self.batch_size, self.space, self.progress = (
            generator,
            layer,
            batch_size,
            space,
            progress,
        )
        self.shape = _shape(generator, layer)
        self.plane = affine.plane_of(affine_of(generator, layer))
        self.width = self.plane.width if self.plane else int(np.prod(self.shape))
        rows = ROWS_IN_PLANE if self.plane else ROWS_AT_ONCE
        self.step = max(1, min(rows, BYTES_AT_ONCE // 4 // self.width))

    def directions(self, count):
        """Random directions [count, width] among the layer's numbers, as far as its activations go along them."""
        directions = latents.random_directions(count, int(np.prod(self.shape)))
        return self.plane.onto(directions) if self.plane else directions

    def lifted(self, mean, components, directions):
        """Mean, components, and the directions that belong to them, with the components' signs, in the layer itself."""
        if not self.plane:
            return mean, components, directions
        found = self.plane.vectors(components.astype(np.float64))
        signed = fix_signs(found)
        signs = np.sign(np.sum(found * signed, axis=1, keepdims=True))
        mean = self.plane.point(mean.astype(np.float64))
        return mean.astype(np.float32), signed.astype(np.float32), directions * signs

    def fill_block(self, block, seeds, start):
        """Fills a block with the activations from row `start` on."""
        filled = 0
        for _, rows in self.chunks(seeds, start, start + len(block)):
            block[filled : filled + len(rows)] = rows
            filled += len(rows)
        if not np.ptp(block, axis=0).any():
            raise UserError('layer %s has the same activations for every latent; choose another' % self.layer)

    def chunks(self, seeds, start, stop):
        """Rows start .. stop - 1 of the batches of `seeds` in pieces: (latents [n, D or Z], float32 activations [n,
        C H W]).
        """
        fill = prior_of(self.generator).filler((stop - start) * self.generator.latent_size)
        for first in range(start, stop, self.step):
            last = min(first + self.step, stop)
            z = latents.sample_rows(seeds, self.batch_size, self.generator.latent_size, first, last, fill)
            w = self.generator.map(z)
            yield w if self.space == 'w' else z, self._rows(z, w)
            self.progress(last - first)

    def of(self, z):
        """z [n, Z] -> float32 activations [n, C H W]."""
        if self.plane or self.layer == layer_names.MAPPING:
            return self._rows(z, self.generator.map(z))
        parts = [z[begin : begin + self.step] for begin in range(0, len(z), self.step)]
        return np.concatenate([self._rows(part, self.generator.map(part)) for part in parts])

    def _rows(self, z, w):
        rows = w
        if self.plane:
            rows = self.plane.coordinates(z)
        elif self.layer != layer_names.MAPPING:
            rows = self.generator.activations(latents.broadcast(w, self.generator.num_layers), self.layer)
        if not np.isfinite(rows).all():
            raise UserError('layer %s gave NaN or infinity; the network is damaged or has diverged' % self.layer)
        return rows.reshape(len(rows), -1)


def _principal(sample, spec, kept):
    """Incremental PCA: mean [C H W], components [K, C H W], stdev [K], share [K]; the last block's spread along random
    directions; and what else the record shall say, a dict."""
    seeds = latents.batch_seeds(spec.seed, spec.batches)
    block = np.empty((spec.block_rows, sample.width), np.float32)

    def states(state):
        for first in range(state.count, spec.fitted_rows, spec.block_rows):
            sample.fill_block(block, seeds, first)
            state = state.update(block)
            yield state, 0

    state = kept.load(IncrementalPCA) or IncrementalPCA.start(sample.width, spec.components)
    last = spec.fitted_rows - spec.block_rows
    sample.progress(min(state.count, last))
    if state.count > last:
        sample.fill_block(block, seeds, last)
    state = kept.last(states(state), state, lambda rows: None)
    kept.save(state)
    mean, components, stdev, ratio = state.result()
    if not stdev[-1] > 1e-6 * stdev[0]:
        raise UserError(
            'the activations of layer %s vary in fewer than %d directions; ask for fewer components'
            % (sample.layer, spec.components)
        )
    directions = sample.directions(spec.components)
    block -= mean.astype(np.float32)
    return (
        mean,
        components,
        stdev,
        ratio,
        estimators.spread(block[: pca.SPREAD_SAMPLES], directions).astype(np.float32),
        {},
    )


def _by_pca(sample, spec, _):
    """As `_principal`, by any estimator of w. It keeps no checkpoint."""
    generator = sample.generator
    found = pca.compute(sample.of, generator.latent_size, spec, sample.progress, prior=prior_of(generator))
    random_stdevs = found.random_stdevs
    if sample.plane:  # Those are along directions of the plane.
        random_stdevs = _random_spread(sample, spec, latents.batch_seeds(spec.seed, spec.batches))
    arrays = found.mean, found.components, found.act_stdev, found.variance_ratio, random_stdevs
    return arrays + ({'rows': found.record['rows']},)


def _randomized(sample, spec, _):
    """As `_principal`, by randomized PCA; the spread along random directions is that of the first rows."""
    seeds = latents.batch_seeds(spec.seed, spec.batches)
    random_stdevs = _random_spread(sample, spec, seeds)
    try:
        found = randomized.fit(lambda: (rows for _, rows in sample.chunks(seeds, 0, spec.fitted_rows)), spec.components)
    except UserError as error:
        raise UserError('layer %s: %s' % (sample.layer, error)) from None
    findings = {'missing': found.missing, 'residuals': found.residuals.tolist()}
    return found.mean, found.components, found.stdev, found.variance_ratio, random_stdevs, findings


def _random_spread(sample, spec, seeds):
    directions = sample.directions(spec.components)
    moments = Moments.none(spec.components)
    for _, rows in sample.chunks(seeds, 0, _spread_rows(spec)):
        moments = moments.merge(Moments.of(_coordinates(rows, directions).astype(np.float64)))
    return np.sqrt(np.diagonal(moments.scatter) / moments.count).astype(np.float32)


def _spread_rows(spec):
    return min(pca.SPREAD_SAMPLES, spec.fitted_rows)


def _coordinates(rows, directions):
    """rows [n, F] times directions [K, F] transposed, both float32: [n, K]. SciPy's BLAS, see `moments.half_gram`."""
    return scipy.linalg.blas.sgemm(1.0, rows.T, directions.T, trans_a=True)


def _regression_rows(spec):
    return max(REGRESSION_SAMPLES, spec.n) // spec.batch_size * spec.batch_size


def _regress(sample, spec, mean, scaled, kept):
    """Linear least squares without intercept from coordinates (a - mean) scaled^T to fresh latents.

    The sums of the normal equations, in float64, stand for the original's matrices of all samples: coordinates are
    nearly uncorrelated and of unit variance, so nothing is lost, and memory does not grow with n.

    Returns: mean latent [D], unit directions [K, D], the unit of edits float32 [K].
    """
    rows, generator = _regression_rows(spec), sample.generator
    # The original asks for the width of the latents first, which costs it a draw. The last seed is that of the latents
    # for stdev.
    seeds = latents.batch_seeds(REGRESSION_SEED, 1 + rows // spec.batch_size + 1)[1:]
    count, width = len(scaled), generator.latent_size if sample.space == 'z' else generator.dlatent_size
    state = kept.load(_Regression) or _Regression(
        0, np.zeros((count, count)), np.zeros((count, width)), np.zeros(width)
    )
    sample.progress(state.count)

    def states(state):
        for latent, activations in chunks:
            state = state.update(_coordinates(activations - mean, scaled).astype(np.float64), latent.astype(np.float64))
            yield state, 0

    with contextlib.closing(background.ahead(sample.chunks(seeds, state.count, rows), 1)) as chunks:
        state = kept.last(states(state), state, lambda rows: None)
    directions = scipy.linalg.lstsq(state.squares, state.products, lapack_driver='gelsd')[0]
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    if sample.space == 'z':
        return state.total / rows, directions, np.ones(count, np.float32)
    fresh = prior_of(generator).of_seed(seeds[-1], pca.SPREAD_SAMPLES, generator.latent_size)
    return state.total / rows, directions, estimators.spread(generator.map(fresh), directions).astype(np.float32)
