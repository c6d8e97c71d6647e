"""Plots as PNG files."""

import io
from typing import Any, Callable, Tuple

from regan.base import artefacts
from regan.base.typing import PathLike


def save(path: PathLike, draw: Callable[[Any], None], size: Tuple[float, float], dpi: float) -> None:
    """Writes a PNG, atomically; on one stack equal content gives equal bytes.

    Args:
        path: the file.
        draw: callable that gets an empty matplotlib Figure and fills it.
        size: (width, height) in inches.
        dpi: pixels per inch.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # Without pyplot's global state.
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, dpi=dpi)
    FigureCanvasAgg(figure)
    draw(figure)
    figure.tight_layout()
    content = io.BytesIO()  # Pillow would not say why a file takes no more.
    figure.savefig(content, format='png', metadata={'Software': None})
    with artefacts.atomic_path(path) as temporary:
        temporary.write_bytes(content.getvalue())
