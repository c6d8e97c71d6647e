"""The reference of a figure: is a drawing still right, and make it the new reference.

There is one reference for each stack, NAME.tf1.png and NAME.tf2.png, each with a sidecar that says
what made it; NAME.png is the whole figure, to look at only. A drawing must equal a reference made by the same
TensorFlow, NumPy and processor exactly; against any other it must stay within the spec's tolerance, because there the
sums of a convolution may run in another order.
"""

import shutil
from pathlib import Path
from typing import List, NamedTuple, Tuple

import numpy as np

from regan.base import artefacts, json_records
from regan.base.errors import UserError
from regan.base.typing import PathLike
from regan.figures.figure_spec import FigureSpec
from regan.pictures import diff, images

STACKS = ('tf1', 'tf2')
SAME_NUMBERS = ('tensorflow', 'numpy', 'processor')  # where these agree, pixels have to
NOT_A_CAUSE = ('source', 'regan', 'python', 'tiles_sha256', 'figure_sha256')
HEADER = '  %-24s  %5s  %12s  %8s  %9s  %s' % ('panel', 'tiles', 'largest', 'RMS', 'changed', 'allowed')


class Drawn(NamedTuple):
    """The files of one figure."""

    figure: Path
    tiles: Path
    sidecar: Path


def check(spec: FigureSpec, drawn: Drawn, folder: PathLike) -> Tuple[bool, List[str]]:
    """Compare a drawing with every reference there is.

    Args:
        spec: FigureSpec, for its name and tolerance.
        drawn: Drawn.
        folder: of the references.

    Returns:
        (passed, lines that say how it went). Of a failure, pictures are in failed/ beside the drawing.

    Raises:
        UserError: there is no reference, its picture is not the one its sidecar describes, or it
            has another size.
    """
    found = [path for path in _paths(spec.name, folder) if path.exists()]
    if not found:
        raise UserError('there is no reference picture of %s in %s; make one with --reference' % (spec.name, folder))
    results = [_check_one(spec, drawn, path) for path in found]
    return all(passed for passed, _ in results), [line for _, lines in results for line in lines]


def replace(name: str, drawn: Drawn, folder: PathLike) -> str:
    """Make a drawing the reference of its stack in a folder of references. Returns a line that says what changed."""
    facts = json_records.load(drawn.sidecar)
    path = dict(zip(STACKS, _paths(name, folder)))[facts['stack']]
    change = _change(path, drawn, facts) if path.exists() else 'there was none before'
    Path(folder).mkdir(parents=True, exist_ok=True)
    for_the_eye = Path(folder) / (name + '.png')
    for source, target in [
        (drawn.figure, for_the_eye),
        (drawn.tiles, path),
        (drawn.sidecar, path.with_suffix('.json')),
    ]:
        with artefacts.atomic_path(target) as temporary:
            shutil.copyfile(str(source), str(temporary))
    return 'new reference %s; %s' % (path, change)


def _paths(name, folder):
    return [Path(folder) / ('%s.%s.png' % (name, stack)) for stack in STACKS]


def _change(path, drawn, facts):
    try:
        worst = [diff.worst(tiles) for tiles in _differences(path, drawn, facts)]
        return 'against the old one, worst tile: %s' % diff.worst(worst)
    except UserError as error:
        return 'the old one cannot be compared: %s' % error


def _differences(path, drawn, facts):
    """For each panel, its list of TileDifference."""
    expected, actual = images.read_png(path), images.read_png(drawn.tiles)
    try:
        diff.check_sizes(expected, actual)
        return [
            diff.compare(_cut(expected, panel), _cut(actual, panel), panel['tile_height'], panel['tile_width'])
            for panel in facts['panels']
        ]
    except UserError as error:
        raise UserError('%s against %s: %s' % (drawn.tiles, path, error))


def _cut(page, panel):
    return page[
        panel['top'] : panel['top'] + panel['rows'] * panel['tile_height'], : panel['columns'] * panel['tile_width']
    ]


def _check_one(spec, drawn, path):
    facts, expected = json_records.load(drawn.sidecar), json_records.load(path.with_suffix('.json'))
    if artefacts.sha256_file(path) != expected['tiles_sha256']:
        raise UserError('%s is not the picture that its .json describes; restore both from the repository' % path)
    same = all(facts[key] == expected[key] for key in SAME_NUMBERS)
    allowed = [diff.EXACT if same else panel.tolerance for panel in spec.panels]
    differences = _differences(path, drawn, facts)
    passed = all(tolerance.allows(tile) for tolerance, tiles in zip(allowed, differences) for tile in tiles)
    lines = ['%s: %s %s' % (spec.name, 'agrees with' if passed else 'DIFFERS from', path), HEADER]
    lines += [_row(i, *panel) for i, panel in enumerate(zip(spec.panels, allowed, differences), 1)]
    worst = diff.worst([diff.worst(tiles) for tiles in differences])
    return passed, lines if passed else lines + ['  worst tile: %s' % worst] + _explain(
        spec.name, drawn, path, facts, expected
    )


def _row(number, panel, tolerance, tiles):
    share = np.mean([tile.share for tile in tiles])
    return '  %-24s  %5d  %5d levels  %8.4f  %7.3f %%  max %g, RMS %g levels (%s)' % (
        (panel.heading or str(number))[:24],
        len(tiles),
        max(tile.max for tile in tiles),
        max(tile.rms for tile in tiles),
        100 * share,
        tolerance.max,
        tolerance.rms,
        tolerance.reason,
    )


def _explain(name, drawn, path, facts, expected):
    """The settings that differ, and the paths of the pictures that show how."""
    lines = [
        '  %s was %s, is %s' % (key, before.get(key), now[key])
        for now, before in zip([facts] + facts['panels'], [expected] + expected['panels'])
        for key in now
        if key not in NOT_A_CAUSE + ('panels',) and now[key] != before.get(key)
    ]
    pictures = diff.save_failure(
        drawn.tiles.parent / 'failed', path.stem, images.read_png(path), images.read_png(drawn.tiles)
    )
    return lines + ['  %s' % picture for picture in pictures]
