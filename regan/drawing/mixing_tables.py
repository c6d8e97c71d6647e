"""Style mixing as a table of images: the sources above the columns, the destinations left of the rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Dict, List, NamedTuple, Optional, Sequence

import numpy as np

from regan.base.errors import UserError
from regan.base.typing import PathLike, Progress
from regan.drawing import captions, edit_images, modes, starts
from regan.drawing.starts import Saved, Start
from regan.editing import mixing
from regan.pictures import images, pages

if TYPE_CHECKING:
    from regan.networks.generator import Generator

LARGEST = 2**28  # Pixels of a table; 800 MB in memory.


class Named(NamedTuple):
    """A latent of a row or column.

    Attributes:
        caption: what a page calls it.
        stem: its part of the name of a file.
        dlatents: float32 [L, D], not truncated.
    """

    caption: str
    stem: str
    dlatents: np.ndarray


class Table(NamedTuple):
    """The images of a table.

    Attributes:
        rows: uint8 [R, H, W, C], the destinations as they are.
        columns: uint8 [K, H, W, C], the sources as they are.
        mixed: uint8 [R, K, H, W, C].
    """

    rows: np.ndarray
    columns: np.ndarray
    mixed: np.ndarray

    def tiles(self, corner: int = images.WHITE) -> np.ndarray:
        """All in one: uint8 [R + 1, K + 1, H, W, C], with a corner of that colour, opaque."""
        blank = np.full_like(self.rows[0], corner)
        blank[..., 3:] = images.WHITE
        first = np.concatenate([blank[np.newaxis], self.columns])[np.newaxis]  # [1, K + 1, H, W, C]
        return np.concatenate([first, np.concatenate([self.rows[:, np.newaxis], self.mixed], axis=1)])


def named(generator: Generator, some: Sequence[Start]) -> List[Named]:
    """Starts with what they are called: of seeds, files bear the number alone, as those of StyleGAN2's command do.

    A latent that is there twice has one name.
    """
    distinct = list(dict.fromkeys(some))
    stems = [stem if isinstance(one, Saved) else str(one) for one, stem in zip(distinct, starts.stems(distinct))]
    stems = ['file' + stem if isinstance(one, Saved) and stem.isdigit() else stem for one, stem in zip(distinct, stems)]
    found = {
        one: Named(captions.of_start(one), stem, starts.w(generator, one)[0]) for one, stem in zip(distinct, stems)
    }
    return [found[one] for one in some]


def official_psi(generation: int) -> float:
    """The truncation of the official commands: none in StyleGAN's figure, 0.5 in StyleGAN2's command."""
    return 1.0 if generation == 1 else 0.5


def official_corner(generation: int) -> int:
    """The corner of the official tables: white (255) in StyleGAN's figure, black (0) in StyleGAN2's command."""
    return images.WHITE if generation == 1 else 0


def check_size(generator: Generator, rows: int, columns: int) -> None:
    """Raises UserError if a table of so many rows and columns, without the sources, has more than LARGEST pixels."""
    size = generator.resolution
    if (rows + 1) * (columns + 1) * size**2 > LARGEST:
        raise UserError(
            'a table of %d rows and %d columns of %dx%d pixels is too large for one picture; take fewer'
            % (rows, columns, size, size)
        )


def mixed(rows: Sequence[Named], columns: Sequence[Named], layers: Sequence[mixing.Layers]) -> np.ndarray:
    """The latents of a table, not truncated: float32 [R, K, L, D]. Args: as of `draw`."""
    down, across = (np.stack([one.dlatents for one in side]) for side in (rows, columns))  # [., L, D]
    return mixing.mixed(down, across, layers)


def draw(
    generator: Generator,
    rows: Sequence[Named],
    columns: Sequence[Named],
    layers: Sequence[mixing.Layers],
    settings: modes.Settings = modes.Settings(),
    progress: Optional[Progress] = None,
) -> Table:
    """The Table of some latents; each distinct latent is drawn once.

    Args:
        generator: open Generator.
        rows, columns: lists of Named.
        layers: a set for each row, see `mixing.for_rows`: what it takes of the columns.
        settings: modes.Settings; truncation comes after the mixing.
        progress: callable that gets the number of images done since its last call.

    Raises:
        UserError: as `Generator.synthesize`.
    """
    table = mixed(rows, columns, layers)  # [R, K, L, D]
    alone = np.stack([one.dlatents for one in list(rows) + list(columns)])
    dlatents = np.concatenate([alone, table.reshape((-1,) + table.shape[2:])])  # [N, L, D]
    keys = [one.tobytes() for one in dlatents]
    first_of = {key: i for i, key in reversed(list(enumerate(keys)))}
    once = sorted(first_of.values())
    rank = {keys[i]: index for index, i in enumerate(once)}
    drawn = edit_images.draw(generator, dlatents[once], settings, progress)
    drawn = drawn[[rank[key] for key in keys]]  # [N, H, W, C]
    first, second, rest = np.split(drawn, [len(rows), len(rows) + len(columns)])
    return Table(first, second, rest.reshape(table.shape[:2] + drawn.shape[1:]))


def page(table: Table, rows: Sequence[Named], columns: Sequence[Named], layers: Sequence[mixing.Layers]) -> np.ndarray:
    """A page that says whose images they are, and which layers come from where: uint8 [H', W', C]."""
    sets = [mixing.notation(one) for one in layers]
    if len(set(sets)) == 1:
        title, names = 'layers %s of the columns, all others of the rows' % sets[0], [one.caption for one in rows]
    else:
        title = 'the layers beside each row are those of the columns, all others those of the row'
        names = ['%s: layers %s' % (one.caption, own) for one, own in zip(rows, sets)]
    return pages.matrix(table.tiles(), [''] + names, [''] + [one.caption for one in columns], title, whole=True)


def save(
    folder: PathLike,
    table: Table,
    rows: Sequence[Named],
    columns: Sequence[Named],
    grid: np.ndarray,
    texts: Optional[Dict[str, str]] = None,
) -> int:
    """Writes the files of StyleGAN2's command: ROW-COLUMN.png for each mixture, NAME-NAME.png for each latent as it is,
    and grid.png.

    Args:
        folder: path, made if missing.
        table, rows, columns: of `draw`.
        grid: uint8 [H', W', C], the picture of all.
        texts: that the grid carries, see `images.png`.

    Returns:
        How many files there are.
    """
    files = {}
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            files['%s-%s.png' % (row.stem, column.stem)] = table.mixed[i, j]
    for sources, drawn in ((rows, table.rows), (columns, table.columns)):
        files.update(('%s-%s.png' % (one.stem, one.stem), image) for one, image in zip(sources, drawn))
    for name, image in files.items():
        images.save_png(Path(folder) / name, image)
    images.save_png(Path(folder) / 'grid.png', grid, texts)
    return len(files) + 1
