"""Pictures projected one minibatch after the other, and the files of each."""

import json
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence

import numpy as np

from regan.base import artefacts, kept, tables
from regan.base.checkpoint import Checkpoint
from regan.base.typing import PathLike
from regan.pictures import images, pages
from regan.projection import methods
from regan.projection.search import GOING, Search, State
from regan.projection.targets import Target

AT_ONCE = 8 * 64 * 64  # Pixels of a minibatch: larger ones gain no speed.
RESULTS = 'distance', 'steps_done', 'stopped'  # Keys of a sidecar that are not known before.

Show = Callable[[int, float], Any]  # Gets steps times pictures since its last call, and their mean distance.


class Shown(NamedTuple):
    """What is written beside the latents.

    Attributes:
        snapshots: how many pictures on the way.
        plain: whether the strip has no labels.
    """

    snapshots: int = 5
    plain: bool = False


class Result(NamedTuple):
    """One projected picture.

    Attributes:
        name: of its files.
        distance: of the result from the target.
        stopped: the step whose loss was not finite, or None: then all steps were done.
        was_there: whether its files were there already.
    """

    name: str
    distance: float
    stopped: Optional[int]
    was_there: bool


def at_once(resolution: int) -> int:
    """How many pictures of that resolution share a minibatch."""
    return max(1, AT_ONCE // resolution**2)


def project(
    search: Search,
    objective: Any,
    targets: Sequence[Target],
    folder: PathLike,
    facts: Dict[str, Any],
    shown: Shown = Shown(),
    show: Optional[Show] = None,
    starts: Optional[np.ndarray] = None,
) -> List[Result]:
    """Projects pictures into a folder; those whose files are there already, made in the same way, are left as they are.

    For each: NAME.npz with `w` [1, L, D], which is also called `dlatents`, what made it as the text `record`, and the
    noise images noise0, noise1, ... if they were looked for; NAME.csv, the losses of each step; NAME.json;
    NAME-target.png, NAME-stepNNNN.png, NAME-final.png and NAME-progress.png.

    Args:
        search: Search.
        objective: of it.
        targets: list of Target.
        folder: made if missing.
        facts: dict for the JSON of each, which says how it was made.
        shown: Shown.
        show: callable, see `Show`.
        starts: float [L, D] for all, or [N, L, D], where the searches begin; None: where the method does.

    Raises:
        UserError: a file cannot be written; or there is the state of an unfinished search with other settings.
    """
    folder, results = Path(folder), []
    step = at_once(targets[0].image.shape[1])
    for begin in range(0, len(targets), step):
        group = [_Picture(folder, target, facts) for target in targets[begin : begin + step]]
        found = [one.finished() for one in group]
        if all(found):
            kept.resumable()
            if show:
                show(search.steps * len(group), float(np.mean([one.distance for one in found])))
            results += found
        else:
            own = starts if starts is None or starts.ndim == 2 else starts[begin : begin + step]
            results += _project(search, objective, group, (shown, show, own))
    return results


def _project(search, objective, group, how):
    """The Results of the pictures of one minibatch. Args: how, its Shown, Show and starts."""
    shown, show, starts = how
    targets = objective.features(np.stack([one.target.image for one in group]))
    digests = [one.facts['target_sha256'] for one in group]
    common = {key: value for key, value in group[0].facts.items() if key in group[0].common}
    checkpoint = Checkpoint(group[0].path('.checkpoint.npz'), dict(common, targets=digests))
    state = checkpoint.load(State) or search.begin(len(group), starts)
    if show and state.step:
        show(state.step * len(group), float(state.curve[-1, 0].mean()))
    for one in group:
        one.write_picture('target', one.target.picture)
    wanted = methods.snapshot_steps(shown.snapshots, search.steps)

    def states():
        for state, done in search.states(began, targets):
            if state.step in wanted:
                for one, picture in zip(group, search.pictures(state)):
                    one.write_picture('step%04d' % state.step, picture)
            if show:
                show(done * len(group), float(state.curve[-1, 0].mean()))
            yield state, done

    began = state
    state = checkpoint.last(states(), state, lambda done: None)
    pictures, distances = search.pictures(state), search.distances(state, targets)
    results = []
    for row, one in enumerate(group):
        stopped = None if state.stopped[row] == GOING else int(state.stopped[row])
        one.write_picture('final', pictures[row])
        one.write_strip(wanted, shown.plain)
        one.write_numbers(search, state, row)
        results.append(one.finish(float(distances[row]), state.step, stopped))
    checkpoint.remove()
    return results


class _Picture:
    """One picture with its files."""

    def __init__(self, folder, target, common):
        self.target, self.name, self.common = target, target.name, common
        self.facts = dict(common, **target.facts, target_sha256=target.sha256)
        self._folder = folder

    def path(self, ending):
        return self._folder / (self.name + ending)

    def finished(self) -> Optional[Result]:
        """The Result, if its files are there and were made in the same way."""
        try:
            recorded = json.loads(self.path('.json').read_text(encoding='utf-8'))
            found = {key: value for key, value in recorded.items() if key not in RESULTS}
            if found != json.loads(json.dumps(self.facts)) or not self.path('.npz').is_file():
                return None
            distance = recorded['distance']
            return Result(self.name, np.nan if distance is None else distance, recorded['stopped'], True)
        except (OSError, ValueError, KeyError, AttributeError):
            return None

    def write_picture(self, what, picture):
        images.save_png(self.path('-%s.png' % what), picture)

    def write_strip(self, steps, plain):
        """The target, the snapshots that were reached, and the result, side by side."""
        names = ['target'] + ['step%04d' % step for step in steps] + ['final']
        names = [name for name in names if self.path('-%s.png' % name).is_file()]
        tiles = np.stack([images.read_png(self.path('-%s.png' % name)) for name in names])
        labels = [name.replace('step', 'step ') for name in names]
        page = images.strip(tiles) if plain else pages.sheet(tiles, labels, self.name, columns=len(tiles))
        images.save_png(self.path('-progress.png'), page)

    def write_numbers(self, search, state, row):
        dlatents = search.dlatents(state)[row : row + 1]
        # By the names under which the official programs look: those in PyTorch and those in TensorFlow.
        arrays = dict(w=dlatents, dlatents=dlatents, record=np.array(json.dumps(self.facts)))
        if state.noise.shape[1]:
            arrays.update(
                ('noise%d' % i, one[row : row + 1])
                for i, one in enumerate(search.noise(state))  # [1, 1, S, S]
            )
        artefacts.write_npz(self.path('.npz'), arrays)
        tables.write_csv(self.path('.csv'), search.curve(state, row), digits=7)

    def finish(self, distance, steps, stopped):
        """Writes the JSON, by which the picture is finished; returns the Result."""
        known = dict(distance=distance if np.isfinite(distance) else None, steps_done=steps, stopped=stopped)
        artefacts.write_json(self.path('.json'), dict(self.facts, **known))
        return Result(self.name, distance, stopped, False)
