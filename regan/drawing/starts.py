"""Where a picture begins: the latent of a seed, or one that was saved.

A *start* is an int, a seed, or a `Saved`. A seed is drawn and mapped; what was saved is taken as it is.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Sequence, Union

import numpy as np

from regan.base import names
from regan.base.errors import UserError
from regan.sampling import latents

if TYPE_CHECKING:
    from regan.networks.base_generator import BaseGenerator


@dataclasses.dataclass(frozen=True, eq=False)
class Saved:
    """One latent of a file.

    Attributes:
        file: name of the file, without its folder.
        sha256: of the file.
        row: which latent of the file.
        codes: float32 [1, D], the w of all layers; [L, D], one for each; or [1, Z], a z to be mapped.
        space: None: a row of the file's array, w or W+; 'w+': all of its rows; 'z': a row, which is a z.
        alone: whether the file has no other.
    """

    file: str
    sha256: str
    row: int
    codes: np.ndarray
    space: Optional[str] = None
    alone: bool = False


Start = Union[int, Saved]


def seeds(some: Sequence[Start]) -> List[int]:
    """The seeds among some starts."""
    return [start for start in some if not isinstance(start, Saved)]


def saved(some: Sequence[Start]) -> List[Saved]:
    """Those of some starts that come from files."""
    return [start for start in some if isinstance(start, Saved)]


def w(generator: BaseGenerator, start: Start) -> np.ndarray:
    """The latent of a start in every layer, float32 [1, L, D], not truncated.

    It is mapped alone, since a product of many rows has other last bits.
    """
    if isinstance(start, Saved) and start.space != 'z':
        return np.broadcast_to(start.codes, (1, generator.num_layers) + start.codes.shape[1:]).copy()
    return latents.broadcast(generator.map(z(generator, start)), generator.num_layers)


def z(generator: BaseGenerator, start: Start) -> np.ndarray:
    """The z of a start, float32 [1, Z]. Raises UserError: what was saved is a w, which does not say its z."""
    if not isinstance(start, Saved):
        return generator.z_of([start])
    if start.space != 'z' and (generator.latent_space != 'z' or len(start.codes) > 1):
        raise UserError(
            '%s holds w, from which no z can be had; take seeds, or save z (as the array z of an .npz)' % start.file
        )
    return start.codes


def codes(generator: BaseGenerator, start: Start, space: str) -> np.ndarray:
    """What edits in a space move: in that of the layers `w`, else z of a start for every layer, float32 [1, L, Z]."""
    if space == generator.latent_space:
        return w(generator, start)
    return latents.broadcast(z(generator, start), generator.num_layers)


def together(generator: BaseGenerator, some: Sequence[Start], space: Optional[str] = None) -> np.ndarray:
    """The `codes` of many starts, float32 [N, L, D] or [N, L, Z]. Seeds are mapped in one go: fast, and with other last
    bits than each alone.
    """
    space = generator.latent_space if space is None else space
    alone = {i: codes(generator, start, space) for i, start in enumerate(some) if isinstance(start, Saved)}
    found: Iterator[np.ndarray] = iter(())
    if len(alone) < len(some):
        of_seeds = generator.z_of(seeds(some))
        mapped = generator.map(of_seeds) if space == generator.latent_space else of_seeds
        found = iter(latents.broadcast(mapped, generator.num_layers))
    return np.stack([alone[i][0] if i in alone else next(found) for i in range(len(some))])


def fact(start: Start) -> Dict[str, Any]:
    """What a view or a JSON says of a start: a dict.

    >>> fact(7)
    {'seed': 7}
    """
    if not isinstance(start, Saved):
        return dict(seed=int(start))
    space = {} if start.space is None else dict(space=start.space)
    return dict(file=start.file, sha256=start.sha256, row=start.row, **space)


def facts(some: Sequence[Start]) -> Dict[str, Any]:
    """The part of a JSON that says which starts there are: the seeds, and the latents of files where there are any."""
    from_files = [fact(start) for start in saved(some)]
    return dict(dict(seeds=seeds(some)), **(dict(latents=from_files) if from_files else {}))


def stems(some: Sequence[Start]) -> List[str]:
    """What the files of some starts are called, without suffix: each name once.

    >>> stems([7, 12345, Saved('my face.npy', '', 0, None, alone=True), Saved('many.npz', '', 3, None)])
    ['seed0007', 'seed12345', 'my_face', 'many-0003']
    """
    found: List[str] = []
    for start in some:
        stem = 'seed%04d' % start if not isinstance(start, Saved) else _stem(start)
        if isinstance(start, Saved):
            tries = (stem if number == 1 else '%s-%d' % (stem, number) for number in range(1, len(some) + 2))
            stem = next(name for name in tries if name not in found)
        found.append(stem)
    return found


def _stem(start):
    stem = names.for_file(Path(start.file).stem)
    return stem if start.alone else '%s-%04d' % (stem, start.row)
