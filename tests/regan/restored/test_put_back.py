"""Older names of libraries: tables that are put back, and functions with the results of then."""

import collections
import inspect
import io
import sys
import types

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont
import pytest
from matplotlib import figure
from matplotlib.backends import backend_agg

from regan.restored import of_matplotlib, of_numpy, of_pillow, of_scipy, of_standard_library
from regan.restored.put_back import find, put_back


def test_only_what_is_missing_is_put_back():
    thread = type('Thread', (), dict(is_alive=lambda self: True))
    module = types.SimpleNamespace(there=1, today=types.SimpleNamespace(name=2), Thread=thread)
    names = {'there': 9, 'gone': 'today.name', 'value': 3.5, 'Thread.isAlive': 'Thread.is_alive'}
    put_back(module, dict(names, **{'nowhere': 'today.nothing', 'Process.isAlive': 1}))
    assert (module.there, module.gone, module.value, module.Thread().isAlive()) == (1, 2, 3.5, True)
    assert not hasattr(module, 'nowhere') and not hasattr(module, 'Process')


def table(module):
    """What `put_back` gives a module without any of the names, but with today's."""
    names = {name: find(module, name) for name in dir(module) if name not in of_numpy.NAMES}
    old = types.SimpleNamespace(**names)
    put_back(old, of_numpy.NAMES)
    return old


@pytest.mark.parametrize(
    'call, expected',
    [
        ('np.float(1)', 1.0),
        ('np.zeros(2, np.bool).dtype.name', 'bool'),
        ('np.zeros(2, np.int).dtype.kind', 'i'),
        ('np.array([1, "a"], np.object).dtype.name', 'object'),
        ('np.str(5)', '5'),
        ('np.complex_(1).dtype.name', 'complex128'),
        ('np.float_(1).dtype.name', 'float64'),
        ('np.isinf([np.Inf, np.NINF, np.PINF, np.infty, np.Infinity]).all()', True),
        ('np.isnan(np.NaN)', True),
        ('np.product([2, 3, 5])', 30),
        ('np.cumproduct([2, 3, 5]).tolist()', [2, 6, 30]),
        ('np.alltrue([True, False])', False),
        ('np.sometrue([True, False])', True),
        ('np.in1d([[1, 2], [3, 4]], [2, 4]).tolist()', [False, True, False, True]),
        ('np.in1d([1, 2], [2], invert=True).tolist()', [True, False]),
        ('np.asfarray([1, 2]).dtype.name', 'float64'),
        ('np.asfarray([1, 2], np.float32).dtype.name', 'float32'),
        ('np.asfarray([1, 2], int).dtype.name', 'float64'),
        ('np.asscalar(np.array([7]))', 7),
        ('np.alen(np.zeros([5, 2]))', 5),
        ('np.msort(np.array([[3, 1], [2, 9]])).tolist()', [[2, 1], [3, 9]]),
        ('np.rank(np.zeros([5, 2]))', 2),
        ('np.round_(2.345, 1)', 2.3),
        ('np.row_stack([[1, 2], [3, 4]]).shape', (2, 2)),
        ('np.find_common_type([np.float32, np.int64], []).name', 'float64'),
        ('np.find_common_type([np.float32], [np.int64, np.float64]).name', 'float32'),
        ('np.find_common_type([np.int8], [np.float64]).name', 'float64'),
        ('np.mat([[1, 2]]).T.shape', (2, 1)),
        ('np.float32 in np.sctypes["float"]', True),
        ('np.issubclass_(5, int), np.issubclass_(bool, int)', (False, True)),
        ('np.issubsctype(np.float32, np.floating)', True),
        ('[np.string_.__name__, np.unicode_.__name__]', ['bytes_', 'str_']),
        ('[one.__name__ for one in (np.bool, np.int, np.float, np.long)]', ['bool', 'int', 'float', 'int']),
    ],
)
def test_names_of_numpy(call, expected):
    assert eval(call, dict(np=table(np))) == expected


@pytest.mark.skipif(np.__version__ < '2', reason='NumPy 1 has what the table stands for')
def test_each_name_of_numpy_stands_for_something():
    assert [name for name in of_numpy.NAMES if not hasattr(table(np), name)] == []


@pytest.mark.parametrize('name', of_numpy.TAKE_ITERATORS)
def test_functions_of_numpy_take_iterators(name):
    module = types.SimpleNamespace(**{name: np.vstack if name == 'row_stack' else getattr(np, name)})
    function, arrays = of_numpy.taking_iterators(getattr(module, name)), [np.arange(3.0), np.arange(3.0) + 1]
    for given in (arrays, tuple(arrays), (one for one in arrays), iter(arrays), dict(enumerate(arrays)).values()):
        np.testing.assert_array_equal(function(given), getattr(module, name)(arrays))
    np.testing.assert_array_equal(function(np.eye(2)), getattr(module, name)(np.eye(2)))


def test_sums_and_bytes():
    total = of_numpy.summing_generators(np.sum)
    assert total(x * x for x in [1, 2, 3]) == 14 and total([[1, 2], [3, 4]], axis=0).tolist() == [4, 6]
    read = of_numpy.reading_bytes(np.fromstring)
    array = read(b'\x01\x02\x03', np.uint8, 2)
    array[0] = 9
    assert array.tolist() == [9, 2] and read('1 2 3', int, sep=' ').tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    'name, arguments, expected',
    [
        ('tostring', [], np.arange(6, dtype=np.int16).tobytes()),
        ('tostring', ['F'], np.arange(6, dtype=np.int16).reshape(2, 3).tobytes('F')),
        ('ptp', [], 5),
        ('ptp', [0], [3, 3, 3]),
        ('newbyteorder', [], (np.arange(6).reshape(2, 3) * 256).tolist()),
        ('itemset', [4, 50], [[0, 1, 2], [3, 50, 5]]),
        ('itemset', [(0, 2), 50], [[0, 1, 50], [3, 4, 5]]),
        ('itemset', [1, 0, 50], [[0, 1, 2], [50, 4, 5]]),
    ],
)
def test_methods_of_arrays(name, arguments, expected):
    array = np.arange(6, dtype='<i2').reshape(2, 3)
    found = of_numpy.METHODS[name](array, *arguments)
    found = array if found is None else found
    assert (found.tolist() if isinstance(found, np.ndarray) else found) == expected
    if hasattr(np.ndarray, name):  # NumPy 1 has them still.
        theirs = np.arange(6, dtype='<i2').reshape(2, 3)
        result = getattr(theirs, name)(*arguments)
        np.testing.assert_array_equal(theirs if result is None else result, found)


def test_a_number_is_set():
    array = np.zeros([])
    of_numpy.METHODS['itemset'](array, 3)
    assert array == 3


# ------------------------------------------------------------------ Python


def test_arguments_of_functions():
    def function(a, b=2, *args, **kwargs):
        pass

    assert of_standard_library.getargspec(function) == (['a', 'b'], 'args', 'kwargs', (2,))
    if hasattr(inspect, 'getargspec'):  # Up to Python 3.10.
        assert tuple(inspect.getargspec(function)) == tuple(of_standard_library.getargspec(function))

    def with_annotation(a: int, *, b=2):
        pass

    with pytest.raises(ValueError, match='use inspect.signature'):
        of_standard_library.getargspec(with_annotation)


def test_source_files_are_loaded(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'loaded_by_name', None)
    (tmp_path / 'file.py').write_text('answer = 42')
    module = of_standard_library.load_source('loaded_by_name', str(tmp_path / 'file.py'))
    assert module.answer == 42 and sys.modules['loaded_by_name'] is module


def test_abstract_classes_of_collections():
    names = of_standard_library.NAMES['collections']
    assert names['Mapping'] is collections.abc.Mapping and {'Iterable', 'Sequence', 'Callable'} < set(names)


# ------------------------------------------------------------------ Pillow

FONT = PIL.ImageFont.load_default()
DRAW = PIL.ImageDraw.Draw(PIL.Image.new('L', (200, 100)))


@pytest.mark.parametrize('text', ['', 'x', 'A line of text', 'two\nlines', 'three\n\nlines of text'])
def test_sizes_of_texts(text):
    """A rectangle of that size holds all ink of the text, and where Pillow has its own function, it says the same."""
    width, height = of_pillow.textsize(DRAW, text)
    image = PIL.Image.new('L', (200, 100))
    PIL.ImageDraw.Draw(image).text((0, 0), text, fill=255, font=DRAW.getfont())
    ink = image.getbbox() or (0, 0, 0, 0)
    assert ink[2] <= width <= ink[2] + 6 and ink[3] <= height + 4 and isinstance(width, int)
    if hasattr(DRAW, 'textsize'):
        with pytest.warns(DeprecationWarning):
            assert (width, height) == tuple(DRAW.textsize(text))


def test_sizes_by_font():
    assert of_pillow.getsize(FONT, 'text')[0] == of_pillow.textsize(DRAW, 'text')[0]
    assert of_pillow.getsize_multiline(FONT, 'a\ntext')[0] == of_pillow.getsize_multiline(FONT, 'text')[0]
    assert len(of_pillow.getoffset(FONT, 'text')) == 2
    assert of_pillow.is_image_type(PIL.Image.new('L', (1, 1))) and not of_pillow.is_image_type(5)


# ------------------------------------------------------------------ SciPy


def test_scaling_to_bytes():
    assert of_scipy.bytescale(np.array([[-1.0, 0.0], [0.5, 1.0]])).tolist() == [[0, 128], [191, 255]]
    assert of_scipy.bytescale(np.array([[0, 300]]), cmin=100, cmax=200).tolist() == [[0, 255]]
    assert of_scipy.bytescale(np.array([[0.0, 1.0]]), high=200, low=100).tolist() == [[100, 200]]
    assert of_scipy.bytescale(np.array([[5.0, 5.0]])).tolist() == [[0, 0]]
    bytes_ = np.array([[7, 9]], np.uint8)
    assert of_scipy.bytescale(bytes_) is bytes_
    with pytest.raises(ValueError, match='larger'):
        of_scipy.bytescale(np.array([[1.0]]), cmin=2, cmax=1)


def test_images_of_files(tmp_path):
    pixels = np.random.RandomState(0).randint(256, size=[5, 7, 3]).astype(np.uint8)
    path = str(tmp_path / 'a.png')
    of_scipy.imsave(path, pixels)
    np.testing.assert_array_equal(of_scipy.imread(path), pixels)
    grey = of_scipy.imread(path, flatten=True)
    assert grey.dtype == np.float32 and grey.shape == (5, 7)
    np.testing.assert_allclose(grey, pixels @ [0.299, 0.587, 0.114], atol=1e-3)
    assert of_scipy.imread(path, mode='L').shape == (5, 7)
    of_scipy.imsave(path, pixels[:, :, 0] / 255.0 * 2 - 1)  # Scaled.
    assert of_scipy.imread(path).min() == 0 and of_scipy.imread(path).max() == 255
    PIL.Image.fromarray(pixels).convert('P').save(path)
    assert of_scipy.imread(path).shape == (5, 7, 3)
    PIL.Image.fromarray(pixels[:, :, 0] > 128).save(path)
    assert set(of_scipy.imread(path).ravel()) == {0, 255}
    stream = io.BytesIO()
    of_scipy.imsave(stream, pixels, 'png')
    stream.seek(0)
    np.testing.assert_array_equal(of_scipy.imread(stream), pixels)


def test_images_of_arrays():
    pixels = np.random.RandomState(0).randint(256, size=[5, 7, 3]).astype(np.uint8)
    np.testing.assert_array_equal(np.array(of_scipy.toimage(pixels.transpose(2, 0, 1))), pixels)
    assert of_scipy.toimage(np.zeros([5, 7, 4], np.uint8)).mode == 'RGBA'
    assert of_scipy.toimage(pixels, mode='L').mode == 'L'
    np.testing.assert_array_equal(np.array(of_scipy.toimage(pixels[:, :, 0] * 1.5, mode='F')), pixels[:, :, 0] * 1.5)
    palette = np.stack([np.arange(256)] * 3, axis=1)[::-1]
    assert of_scipy.toimage(pixels[:, :, 0], pal=palette).convert('RGB').getpixel((0, 0))[0] == 255 - pixels[0, 0, 0]
    with pytest.raises(ValueError, match='suitable'):
        of_scipy.toimage(np.zeros([5, 7, 2]))


@pytest.mark.parametrize('size, shape', [((4, 9), (4, 9)), (0.5, (5, 10)), (50, (5, 10)), (np.float32(2), (20, 40))])
def test_resized_arrays(size, shape):
    array = np.random.RandomState(0).randint(256, size=[10, 20, 3]).astype(np.uint8)
    found = of_scipy.imresize(array, size)
    assert found.shape == shape + (3,) and found.dtype == np.uint8
    expected = PIL.Image.fromarray(array).resize(shape[::-1], PIL.Image.BILINEAR)
    np.testing.assert_array_equal(found, np.array(expected))


def test_turned_arrays():
    array = np.arange(16, dtype=np.uint8).reshape(4, 4)
    np.testing.assert_array_equal(of_scipy.imrotate(array, 90, 'nearest'), np.rot90(array))
    np.testing.assert_array_equal(of_scipy.imresize(array, 200, 'nearest'), array.repeat(2, 0).repeat(2, 1))


def test_functions_that_moved_within_scipy():
    import scipy.integrate
    import scipy.signal

    assert set(of_scipy.NAMES['scipy.signal']()) > {'gaussian', 'hann', 'hamming', 'kaiser'}
    assert set(of_scipy.NAMES['scipy.misc']()) > {'imread', 'imsave', 'imresize', 'logsumexp', 'comb'}
    for name in ('scipy.integrate', 'scipy.signal'):
        module, names = sys.modules[name], of_scipy.NAMES[name]()
        assert [one for one in names.values() if isinstance(one, str) and find(module, one) is None] == []


def test_an_integral():
    assert of_scipy.simps([0, 1, 4], [0, 1, 2]) == pytest.approx(8 / 3)  # Exact for a parabola.


# ------------------------------------------------------------------ Matplotlib


def test_pixels_and_titles_of_figures():
    canvas = backend_agg.FigureCanvasAgg(figure.Figure(figsize=(2, 1), dpi=10, facecolor=(1, 0, 0)))
    canvas.draw()
    assert of_matplotlib.tostring_rgb(canvas) == bytes([255, 0, 0]) * 200
    of_matplotlib.set_window_title(canvas, 'no window')
    canvas.manager = types.SimpleNamespace(set_window_title=lambda title: setattr(canvas, 'named', title))
    of_matplotlib.set_window_title(canvas, 'title')
    assert canvas.named == 'title' and of_matplotlib.get_cmap('gray')(1.0) == (1, 1, 1, 1)
