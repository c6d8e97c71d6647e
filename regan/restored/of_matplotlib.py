"""Names that Matplotlib has dropped since 3.0."""

from regan.restored.put_back import put_back


def restore(module):
    """Puts names back in one module of Matplotlib."""
    put_back(module, NAMES[module.__name__])


def get_cmap(name=None, lut=None):
    """The colour map of a name, as `matplotlib.cm.get_cmap` gave it."""
    from matplotlib import pyplot

    return pyplot.get_cmap(name, lut)


def tostring_rgb(canvas):
    """The pixels of a figure that was drawn, as bytes: height, width, RGB."""
    import numpy as np

    return np.asarray(canvas.buffer_rgba())[:, :, :3].tobytes()


def set_window_title(canvas, title):
    """Names the window of a figure, where it has one."""
    if canvas.manager is not None:
        canvas.manager.set_window_title(title)


NAMES = {
    'matplotlib.backend_bases': {'FigureCanvasBase.set_window_title': set_window_title},
    'matplotlib.backends.backend_agg': {'FigureCanvasAgg.tostring_rgb': tostring_rgb},
    'matplotlib.cm': {'get_cmap': get_cmap},
}
