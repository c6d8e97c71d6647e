"""Writes a blended network, checked first."""

from __future__ import annotations

from typing import Any, Dict

from regan.base import artefacts
from regan.base.typing import PathLike
from regan.conversion import blending, formats, graphs, pickles, probes, source


def write(
    a: PathLike, b: PathLike, recipe: blending.Recipe, out: PathLike, allow_non_finite: bool = False
) -> Dict[str, Any]:
    """Writes the blend of two networks as an official pickle (G, D, Gs), in which G is Gs and there is no D.

    Args:
        a, b: files of the networks, or FILE::NAME.
        recipe: what comes from whom.
        out: the pickle.
        allow_non_finite: whether weights that are NaN or infinite are let through.

    Returns:
        Facts for the JSON beside it: parents, settings, generation, and check as of `formats.convert`.

    Raises:
        UserError: a network cannot be read, they are of two architectures, or the recipe does not fit them.
    """
    parents = [source.read(one, allow_non_finite) for one in (a, b)]
    state = blending.blend(*parents, recipe)
    with graphs.Graph(state, parents[0].generation, str(out)) as graph:
        probe = probes.measure(graph)
    with formats.staged(out) as target:
        with artefacts.writing(out):
            pickles.dump((state, None, state), str(out), target)
        deltas = probes.compare(pickles.drawn(target, probe), probe, out)
    return dict(
        state.made_from,
        generation=parents[0].generation,
        check={key: delta._asdict() for key, delta in deltas.items()},
    )
