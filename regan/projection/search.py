"""Looking for latents step by step: the state of several pictures, one row each, and what a step makes of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Callable, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from regan.base.errors import UserError
from regan.projection import methods, noise_maps, optimisers
from regan.projection.methods import Method

if TYPE_CHECKING:
    from regan.networks.generator import Generator

SAMPLES, SAMPLES_SEED = 10000, 123  # Of the statistics of w.
GOING = -1  # In `State.stopped`.
CURVE = 'step', 'rate', 'distance', 'noise_loss', 'loss'  # Columns of a curve.


class Statistics(NamedTuple):
    """The mean of w, float32 [D], and the root of the mean squared distance of whole vectors from it."""

    mean: np.ndarray
    deviation: float


def statistics(
    mapped: Callable[[np.ndarray], np.ndarray], latent_size: int, samples: Optional[int] = None
) -> Statistics:
    """The Statistics of w over many latents.

    Args:
        mapped: z float32 [N, Z] -> w [N, D].
        latent_size: Z.
        samples: how many; None: `SAMPLES`.
    """
    samples = samples or SAMPLES
    z = np.random.RandomState(SAMPLES_SEED).randn(samples, latent_size).astype(np.float32)
    w = mapped(z)
    mean = w.mean(axis=0)
    return Statistics(mean, float(np.sqrt(np.square(w - mean, dtype=np.float64).sum() / samples)))


def spread(generator: Generator, method: Method) -> Statistics:
    """The Statistics that a method needs of an open Generator: without samples, the running average of w and no
    deviation.
    """
    if method.start == 'sampled' or method.jitter:
        return statistics(generator.map, generator.latent_size)
    return Statistics(generator.dlatent_avg, 0.0)


class State(SimpleNamespace):
    """How far a search is: arrays with a row for each of N pictures, for `regan.base.checkpoint`.

    Attributes:
        step: how many steps are done, int.
        styles: float32 [N, K, D], K = 1 for W and L for W+.
        noise: noise images as rows, float32 [N, P]; P = 0 if they are those of the pickle.
        first, second: moments of Adam, float32 [N, K * D + P]; of no columns without it.
        best: lowest loss so far, float64 [N]; best_styles and best_noise are where it was.
        stopped: the step whose loss was not finite, int64 [N], or GOING; such a row has its best and stays.
        curve: float64 [step, 3, N]: distance, noise loss and loss of each step.
    """

    step: int
    styles: np.ndarray
    noise: np.ndarray
    first: np.ndarray
    second: np.ndarray
    best: np.ndarray
    best_styles: np.ndarray
    best_noise: np.ndarray
    stopped: np.ndarray
    curve: np.ndarray


class Search:
    """A search by one method.

    Args:
        objective: regan.projection.objective.Objective, or what has its methods.
        method: Method.
        steps: how many in all.
        spread: Statistics of w; of no use to a method without jitter whose start is given or zeros.
        seed: of the first noise images, and of what each step draws: every picture gets the same numbers, and so does
            a search that goes on after an interruption.

    Attributes:
        steps: int.
    """

    steps: int

    def __init__(self, objective: Any, method: Method, steps: int, spread: Statistics, seed: int = 0) -> None:
        self.steps = steps
        self._objective, self._method, self._spread, self._seed = objective, method, spread, seed
        self._sides = list(objective.sides) if method.noise else []

    def begin(self, count: int, start: Optional[np.ndarray] = None, noise: Optional[np.ndarray] = None) -> State:
        """The State before the first step of `count` pictures.

        Args:
            count: N.
            start: float [D], [L, D] or [N, L, D] in place of the method's; None: zeros, or the mean of the Statistics.
            noise: rows float [N, P] in place of new ones.

        Raises:
            UserError: the start has another shape, or it differs from layer to layer and the method has one w for all.
        """
        num_layers, width = self._objective.num_layers, self._objective.dlatent_size
        styles = self._start(count, start, num_layers, width)
        if noise is None:
            sizes = [(1, 1, side, side) for side in self._sides]
            random = np.random.RandomState(self._seed)
            maps = [random.randn(*size).astype(np.float32).repeat(count, axis=0) for size in sizes]
            noise = noise_maps.joined(maps, count)
        columns = styles[0].size + noise.shape[1] if self._method.optimiser == 'adam' else 0
        moments = np.zeros([count, columns], np.float32)
        return State(
            step=0,
            styles=styles,
            noise=noise,
            first=moments,
            second=moments,
            best=np.full(count, np.inf),
            best_styles=styles,
            best_noise=noise,
            stopped=np.full(count, GOING),
            curve=np.zeros([0, 3, count]),
        )

    def _start(self, count, start, num_layers, width):
        if start is None:
            start = np.zeros(width) if self._method.start == 'zeros' else self._spread.mean
        start = np.asarray(start, np.float32)
        if start.shape[-1] != width or start.ndim > 1 and start.shape[-2] not in (1, num_layers):
            raise UserError(
                'the start has shape %s, but the network needs [%d] or [%d, %d]'
                % (list(start.shape), width, num_layers, width)
            )
        start = np.broadcast_to(start if start.ndim > 1 else start[None], (count, num_layers, width))
        if self._method.space == 'w':
            if (start != start[:, :1]).any():
                raise UserError(
                    'the start differs from layer to layer, but one w for all is looked for; choose --space w+'
                )
            start = start[:, :1]
        return np.array(start)

    # ---------------------------------------------------------------- steps

    def states(self, state: State, targets: Sequence[np.ndarray]) -> Iterator[Tuple[State, int]]:
        """Yields pairs (the State after the next step, 1) until all steps are done, or no picture goes on.

        Args:
            state: of the last step that was done.
            targets: of the objective.
        """
        while state.step < self.steps and (state.stopped == GOING).any():
            state = self.next(state, targets)
            yield state, 1

    def next(self, state: State, targets: Sequence[np.ndarray]) -> State:
        """The State after one more step; the one before is left as it is, for an interrupt between the two."""
        step, method = state.step, self._method
        random = np.random.RandomState([self._seed, step])
        moved = state.styles + self._jitter(random, step)
        slope = self._objective.slope(
            self._layers(moved), self._maps(state.noise, len(moved)), targets, by_noise=method.noise
        )
        of_noise, by_noise = noise_maps.loss_and_gradient(state.noise, self._sides)
        losses = np.stack([slope.distance, of_noise, slope.distance + method.noise_weight * of_noise])  # [3, N]
        by_styles = slope.dlatents.sum(axis=1, keepdims=True) if method.space == 'w' else slope.dlatents
        rows = by_styles.reshape(len(moved), -1)  # [N, K D]
        if method.noise:
            by_noise = method.noise_weight * by_noise + noise_maps.joined(slope.noise, len(moved))
            rows = np.concatenate([rows, by_noise], axis=1)  # [N, K D + P]
        going = (state.stopped == GOING) & np.isfinite(losses[2]) & np.isfinite(rows).all(axis=1)
        found = self._moved(state, np.where(going[:, None], rows, 0), random)
        better = going & (losses[2] < state.best)
        best_styles, best_noise = _where(better, state.styles, state.best_styles), state.noise
        if not better.all():
            best_noise = _where(better, state.noise, state.best_noise)
        if not going.all():  # Who has no slope to follow stays at its best.
            found['styles'] = _where(going, found['styles'], best_styles)
            found['noise'] = _where(going, found['noise'], best_noise)
        return State(
            step=step + 1,
            best=np.where(better, losses[2], state.best),
            best_styles=best_styles,
            best_noise=best_noise,
            stopped=np.where(going | (state.stopped != GOING), state.stopped, step),
            curve=np.concatenate([state.curve, losses[None].astype(np.float64)]),
            **found,
        )

    def _jitter(self, random, step):
        """What is added to w before it is drawn, for every picture and layer the same."""
        numbers = random.randn(self._objective.dlatent_size).astype(np.float32)
        return np.float32(self._spread.deviation * methods.jitter(self._method, step, self.steps)) * numbers

    def _moved(self, state, gradient, random):
        """styles, noise and moments after a step along a gradient [N, K D + P]."""
        method, count = self._method, len(gradient)
        rate = methods.learning_rate(method, state.step, self.steps)
        values = np.concatenate([state.styles.reshape(count, -1), state.noise], axis=1)
        moments = optimisers.Moments(state.first, state.second)
        if method.optimiser == 'adam':
            values, moments = optimisers.adam(values, gradient, moments, rate, state.step + 1)
        else:
            values = optimisers.descent(values, gradient, rate)
        styles = values[:, : state.styles[0].size].reshape(state.styles.shape)
        if method.clip == 'stochastic':
            styles = optimisers.clipped(styles, random.randn(*styles.shape[1:]))
        noise = noise_maps.normalised(values[:, state.styles[0].size :], self._sides)
        return dict(styles=styles, noise=noise, first=moments.first, second=moments.second)

    # ---------------------------------------------------------------- results

    def dlatents(self, state: State) -> np.ndarray:
        """The latents of a State without jitter, float32 [N, L, D]."""
        return self._layers(state.styles)

    def noise(self, state: State) -> List[np.ndarray]:
        """The noise images of a State, or those of the pickle: list of float32 [N, 1, S, S]."""
        return self._maps(state.noise, len(state.styles))

    def pictures(self, state: State) -> np.ndarray:
        """The pictures of a State, uint8 [N, R, R, C]."""
        return self._objective.pictures(self.dlatents(state), self.noise(state))

    def distances(self, state: State, targets: Sequence[np.ndarray]) -> np.ndarray:
        """The distances of a State's pictures from the targets, float32 [N]."""
        return self._objective.distances(self.dlatents(state), self.noise(state), targets)

    def curve(self, state: State, row: int) -> List[dict]:
        """The losses of one picture, a dict with the keys of CURVE for each step."""
        rates = [methods.learning_rate(self._method, step, self.steps) for step in range(len(state.curve))]
        numbers = state.curve[:, :, row].tolist()
        return [dict(zip(CURVE, (step, rate, *three))) for step, (rate, three) in enumerate(zip(rates, numbers))]

    def _layers(self, styles):
        """[N, K, D] -> float32 [N, L, D]."""
        shape = (len(styles), self._objective.num_layers, self._objective.dlatent_size)
        return np.broadcast_to(styles, shape)

    def _maps(self, rows, count):
        if self._method.noise:
            return noise_maps.split(rows, self._sides)
        return [one.repeat(count, axis=0) for one in self._objective.stored]


def _where(chosen, new, old):
    """Rows of `new` where `chosen` [N], else of `old`."""
    return np.where(chosen.reshape((-1,) + (1,) * (new.ndim - 1)), new, old)
