"""regan.data.creation, regan.data.label_tables and `regan dataset`: made from worlds and images, described,
extracted; one sentence for bad input.
"""

import json
import os
import subprocess
import sys
import zipfile

import click
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from regan import worlds
from regan.base import artefacts
from regan.base.command_errors import errors_in_one_line
from regan.base.errors import UserError
from regan.commands.dataset import dataset as command
from regan.data import creation, label_tables, tfrecords
from regan.pictures import images
from tests import plain_tfrecords


class ToyWorld:
    """A picture of one colour: red, green and blue are the factors 0, 1, 2."""

    name, factor_names = 'toys', ('red', 'green', 'blue', 'size')

    def __init__(self):
        self.calls = []

    def sample(self, n, seed):
        return np.random.RandomState(seed).rand(n, 4).astype(np.float32)

    def render(self, factors, resolution=128, supersampling=2):
        self.calls.append((len(factors), supersampling))
        colours = np.rint(factors[:, None, None, :3] * 255).astype(np.uint8)
        return np.broadcast_to(colours, [len(factors), resolution, resolution, 3])


@pytest.fixture
def world(monkeypatch):
    toy = ToyWorld()

    def load(name):
        if name != 'toys':
            raise UserError('there is no world %s; there are: toys' % name)
        return toy

    monkeypatch.setattr(worlds, 'load', load)
    return toy


class Regan(click.Group):
    """As the command `regan`."""

    def invoke(self, ctx):
        with errors_in_one_line():
            return super().invoke(ctx)


def run(*words):
    return CliRunner().invoke(Regan(commands=dict(dataset=command)), ['dataset'] + [str(word) for word in words])


def run_well(*words):
    result = run(*words)
    assert result.exit_code == 0, result.output
    return result.output


def fails(sentence, *words):
    result = run(*words)
    assert result.exit_code == 2 and sentence in result.output, result.output
    assert 'Traceback' not in result.output
    return result.output


def noise(*shape, **options):
    return np.random.RandomState(options.get('seed', 0)).randint(0, 256, shape).astype(np.uint8)


def stored(folder, log2):
    path = folder / ('%s-r%02d.tfrecords' % (folder.name, log2))
    return np.array([plain_tfrecords.image(payload) for payload in plain_tfrecords.read(path)])


def save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(str(path))


@pytest.fixture
def pictures(tmp_path):
    """Seven images whose order on disk is not that of their paths; and files that are no images."""
    folder = tmp_path / 'pictures'
    images = {
        '%s.png' % name: noise(8, 8, 3, seed=i) for i, name in enumerate(['b/z', 'a', 'b/k', 'c', 'b/a', 'B', '0'])
    }
    for name, pixels in images.items():
        save(folder / name, pixels)
    (folder / 'notes.txt').write_text('no image')
    (folder / '.hidden').mkdir()
    (folder / '.hidden' / 'thumbnail.png').write_text('no image either')
    return folder


def expected(folder, shuffle=True):
    """The images as the data set must hold them: [7, 3, 8, 8]."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob('*.png') if '.hidden' not in path.parts)
    images = np.array([np.asarray(Image.open(str(folder / name))).transpose(2, 0, 1) for name in names])
    return images[tfrecords.shuffled_order(len(names))] if shuffle else images


# ------------------------------------------------------------------ worlds


def test_a_world(world, tmp_path):
    said = run_well(
        'create',
        tmp_path / 'toyset',
        '--world',
        'toys',
        '--n',
        13,
        '--resolution',
        8,
        '--seed',
        5,
        '--supersampling',
        3,
    )
    folder, factors = tmp_path / 'toyset', world.sample(13, 5)
    assert sorted(os.listdir(str(folder))) == [
        'toyset-r02.tfrecords',
        'toyset-r03.tfrecords',
        'toyset.factors.npy',
        'toyset.json',
    ]
    kept = np.load(str(folder / 'toyset.factors.npy'))
    assert kept.dtype == np.float32 and np.array_equal(kept, factors)
    for log2 in (2, 3):
        assert np.array_equal(stored(folder, log2)[:, :, 0, 0], np.rint(kept[:, :3] * 255))
    facts = json.loads((folder / 'toyset.json').read_text())
    software = facts.pop('software')
    assert facts == dict(
        source='world',
        world='toys',
        factor_names=['red', 'green', 'blue', 'size'],
        seed=5,
        n=13,
        resolution=8,
        channels=3,
        supersampling=3,
        renderer=worlds.RENDERER_VERSION,
    )
    assert software['numpy'] == np.__version__
    assert world.calls == [(13, 3)]
    assert '13 images, 8x8, RGB' in said and 'red, green, blue, size' in said


def test_several_worlds_are_classes(world, tmp_path):
    other = ToyWorld()
    other.name = 'games'
    creation.create_from_worlds(tmp_path / 'both', [world, other], 3, 8, seed=5)
    pixels = np.rint(world.sample(3, 5)[:, :3] * 255)
    assert np.array_equal(stored(tmp_path / 'both', 3)[:, :, 0, 0], np.concatenate([pixels, pixels]))
    assert np.array_equal(np.load(str(tmp_path / 'both' / 'both-rxx.labels')), np.eye(2).repeat(3, axis=0))
    assert json.loads((tmp_path / 'both' / 'both.json').read_text())['classes'] == ['toys', 'games']
    words = ['create', tmp_path / 'x', '--world', 'toys', '--world', 'toys', '--n', 3]
    fails('each world can be one class only, but they are toys, toys', *words)


def test_a_world_is_rendered_in_batches(world, tmp_path, monkeypatch):
    monkeypatch.setattr(tfrecords, 'BATCH_BYTES', 5 * 3 * 8 * 8)
    done = []
    creation.create_from_world(tmp_path / 'toyset', world, 13, 8, seed=5, progress=done.append)
    assert [count for count, _ in world.calls] == [5, 5, 3] == done
    assert np.array_equal(stored(tmp_path / 'toyset', 3)[:, :, 0, 0], np.rint(world.sample(13, 5)[:, :3] * 255))


def test_a_world_interrupted_leaves_nothing(world, tmp_path):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    world.render = interrupted
    result = run('create', tmp_path / 'toyset', '--world', 'toys', '--n', 3)
    assert result.exit_code == 130 and 'Interrupted; nothing was kept, so' in result.output
    assert os.listdir(str(tmp_path)) == []


def test_bad_worlds(world, tmp_path):
    fails('there is no world cats; there are: toys', 'create', tmp_path / 'x', '--world', 'cats')
    fails(
        'resolution 12; the sides of the images must be a power of two',
        'create',
        tmp_path / 'x',
        '--world',
        'toys',
        '--resolution',
        12,
    )
    assert os.listdir(str(tmp_path)) == []


def test_no_room_is_said_before_the_work(world, tmp_path):
    world.sample = lambda n, seed: np.zeros([1, 4], np.float32)
    said = fails(
        'make room or choose another place',
        'create',
        tmp_path / 'x',
        '--world',
        'toys',
        '--n',
        10**12,
        '--resolution',
        1024,
    )
    assert 'needs 4.2e+06 TB' in said and world.calls == [] and os.listdir(str(tmp_path)) == []


# ------------------------------------------------------------------ images


def test_images_in_the_official_order(pictures, tmp_path):
    said = run_well('create', tmp_path / 'mine', '--images', pictures)
    assert np.array_equal(stored(tmp_path / 'mine', 3), expected(pictures))
    facts = json.loads((tmp_path / 'mine' / 'mine.json').read_text())
    assert (facts['source'], facts['images'], facts['n'], facts['shuffled'], facts['resized']) == (
        'images',
        'pictures',
        7,
        True,
        False,
    )
    assert '7 images, 8x8, RGB' in said


def test_images_sorted_by_path(pictures, tmp_path):
    run_well('create', tmp_path / 'mine', '--images', pictures, '--no-shuffle', '--resolution', 8)
    assert np.array_equal(stored(tmp_path / 'mine', 3), expected(pictures, shuffle=False))


def test_grey_images(tmp_path):
    for i in range(3):
        save(tmp_path / 'grey' / ('%d.png' % i), noise(8, 8, seed=i))
    run_well('create', tmp_path / 'mine', '--images', tmp_path / 'grey', '--no-shuffle')
    assert np.array_equal(stored(tmp_path / 'mine', 3)[:, 0], [noise(8, 8, seed=i) for i in range(3)])


def test_resize_takes_the_central_square(tmp_path):
    wide, tall = noise(10, 21, 3), noise(33, 16, 3, seed=1)
    save(tmp_path / 'photos' / 'a.png', wide)
    save(tmp_path / 'photos' / 'b.png', tall)
    run_well(
        'create', tmp_path / 'mine', '--images', tmp_path / 'photos', '--no-shuffle', '--resize', '--resolution', 8
    )
    squares = [wide[:, 5:15], tall[8:24]]
    resized = [
        np.asarray(Image.fromarray(square).resize((8, 8), Image.LANCZOS)).transpose(2, 0, 1) for square in squares
    ]
    assert np.array_equal(stored(tmp_path / 'mine', 3), resized)


def test_bad_folders(pictures, tmp_path):
    (tmp_path / 'empty').mkdir()
    fails('empty holds no images', 'create', tmp_path / 'x', '--images', tmp_path / 'empty')
    fails('there is no folder', 'create', tmp_path / 'x', '--images', tmp_path / 'missing')
    fails('exists already', 'create', tmp_path / 'empty', '--images', pictures)
    assert sorted(os.listdir(str(tmp_path))) == ['empty', 'pictures'] and os.listdir(str(tmp_path / 'empty')) == []


def test_images_unlike_the_others(pictures, tmp_path):
    save(pictures / 'd.png', noise(16, 16, 3))
    save(pictures / 'b' / 'e.png', noise(12, 12, 3))
    said = fails(
        '2 of 9 images in %s cannot be used: b/e.png (12x12 pixels, not square with a side of 4, 8, 16, ...), d.png '
        '(16x16 pixels, not the 8x8 of 0.png); let them be resized (--resize --resolution R)\n' % pictures,
        'create',
        tmp_path / 'x',
        '--images',
        pictures,
    )
    assert said.startswith('Error: ') and said.count('\n') == 1
    assert os.listdir(str(tmp_path)) == ['pictures']
    run_well('create', tmp_path / 'x', '--images', pictures, '--resize', '--resolution', 8)  # The hint is true.


@pytest.mark.parametrize('pixels', [noise(12, 12, 3), noise(8, 16, 3), noise(2, 2, 3)])
def test_sizes_that_no_network_takes(pictures, tmp_path, pixels):
    save(pictures / '0.png', pixels)
    fails(
        '0.png (%dx%d pixels, not square with a side of 4, 8, 16, ...)' % (pixels.shape[1], pixels.shape[0]),
        'create',
        tmp_path / 'x',
        '--images',
        pictures,
    )


def test_all_damaged_images_are_listed_at_once(pictures, tmp_path):
    data = (pictures / 'c.png').read_bytes()
    (pictures / 'c.png').write_bytes(data[: len(data) // 2])  # Only decoding tells.
    (pictures / 'B.png').write_bytes(b'')
    (pictures / 'b' / 'k.png').write_bytes(b'words')
    save(pictures / 'd.png', noise(4, 4, 3))
    said = fails('4 of 8 images in', 'create', tmp_path / 'x', '--images', pictures)
    for text in (
        'B.png (no image)',
        'b/k.png (no image)',
        'c.png (damaged: ',
        'd.png (4x4 pixels, not the 8x8 of 0.png)',
    ):
        assert text in said
    assert 'repair or remove' in said and 'a.png' not in said and os.listdir(str(tmp_path)) == ['pictures']


def test_images_that_end_early_are_listed_at_once(pictures, tmp_path, monkeypatch):
    """Found while the data set is being written: in different batches, and the first one is not the last."""
    monkeypatch.setattr(tfrecords, 'BATCH_BYTES', 2 * 3 * 8 * 8)
    for name in ('c.png', 'a.png', '0.png'):
        data = (pictures / name).read_bytes()
        (pictures / name).write_bytes(data[: len(data) // 2])
    said = fails('3 of 7 images in', 'create', tmp_path / 'x', '--images', pictures)
    assert all('%s.png (damaged: ' % name in said for name in 'ac0') and os.listdir(str(tmp_path)) == ['pictures']


# ------------------------------------------------------------------ images of other kinds


@pytest.fixture
def odd(tmp_path):
    """One image of every kind that cameras and programs write, and the colours it is to have: {name: [8, 8, 3]}."""
    folder, colours = tmp_path / 'odd', {}
    folder.mkdir()
    rgb, alpha = noise(8, 8, 3), noise(8, 8, seed=1)
    grey3 = rgb[..., :1].repeat(3, axis=2)

    def put(name, image, expected, **options):
        image.save(str(folder / name), **options)
        colours[name] = expected

    exif = Image.Exif()
    exif[0x0112] = 6  # The camera was turned; what is stored lies on its side.
    put('a-turned.png', Image.fromarray(np.rot90(rgb).copy()), rgb, exif=exif)
    rgba = np.dstack([rgb, alpha])
    on_white = images.on_white(rgba)
    put('b-rgba.png', Image.fromarray(rgba), on_white)
    put('c-opaque.png', Image.fromarray(np.dstack([rgb, np.full([8, 8], 255, np.uint8)])), rgb)
    put('d-la.png', Image.fromarray(np.dstack([rgb[..., 0], alpha])), images.on_white(np.dstack([grey3, alpha])))
    few = rgb // 128 * 255
    palette = Image.fromarray(few).convert('P', palette=Image.ADAPTIVE)
    put('e-palette.png', palette, few)
    put(
        'f-clear.png',
        palette,
        np.where((few == few[0, 0]).all(axis=2, keepdims=True), 255, few),
        transparency=palette.getpixel((0, 0)),
    )
    put('g-grey.png', Image.fromarray(rgb[..., 0]), grey3)
    put('h-bits.png', Image.fromarray(rgb[..., 0] > 127), (grey3 > 127) * 255)
    put('i-16.png', Image.fromarray(rgb[..., 0].astype(np.uint16) * 257), grey3)
    put('j-float.tif', Image.fromarray(rgb[..., 0].astype(np.float32) / 255), grey3)
    put('k-float.tif', Image.fromarray(rgb[..., 0].astype(np.float32)), grey3)
    put(
        'l-cmyk.tif',
        Image.merge('CMYK', [Image.fromarray(255 - rgb[..., i]) for i in range(3)] + [Image.new('L', (8, 8))]),
        rgb,
    )
    put('m-frames.gif', palette, few, save_all=True, append_images=[Image.new('P', (8, 8))])
    put('n-plain.bmp', Image.fromarray(rgb), rgb)
    return folder, colours


def test_images_of_all_kinds_are_converted_and_counted(odd, tmp_path):
    folder, colours = odd
    (folder / 'notes.txt').write_text('no image')
    said = run_well('create', tmp_path / 'mine', '--images', folder, '--no-shuffle')
    for name, found in zip(sorted(colours), stored(tmp_path / 'mine', 3)):
        difference = np.abs(found.transpose(1, 2, 0).astype(int) - colours[name]).max()
        assert difference <= (1 if name in ('b-rgba.png', 'd-la.png') else 0), name
    facts = json.loads((tmp_path / 'mine' / 'mine.json').read_text())
    assert facts['changed'] == 13 and facts['left_out'] == {'.txt': 1}
    assert facts['changes'] == {
        'turned upright': 1,
        'transparency on white': 3,
        'alpha, opaque everywhere, left out': 1,
        'palette': 3,
        'grey to RGB': 6,
        '1 bit to 8': 1,
        '16 bits to 8': 1,
        'floating point to 8 bits': 2,
        'CMYK to RGB': 1,
        'first frame of several': 1,
    }
    assert 'changed      13' in said and 'floating point to 8 bits: 2' in said and 'left_out     .txt: 1' in said


def test_strict_lists_all_that_would_be_converted(odd, tmp_path):
    said = fails('12 of 14 images in', 'create', tmp_path / 'x', '--images', odd[0], '--strict')
    assert 'b-rgba.png (transparency on white), ' in said and 'd-la.png (transparency on white, grey to RGB)' in said
    assert 'a-turned' not in said and 'n-plain' not in said and 'leave --strict out to have them converted' in said
    assert said.count('\n') == 1 and os.listdir(str(tmp_path)) == ['odd']


def test_grey_stays_grey_where_all_are(odd, tmp_path):
    for path in odd[0].iterdir():
        if path.name[0] not in 'dghijk':
            path.unlink()
    run_well('create', tmp_path / 'mine', '--images', odd[0])
    assert stored(tmp_path / 'mine', 3).shape == (6, 1, 8, 8)


@pytest.mark.parametrize(
    'numbers, why',
    [
        (np.full([8, 8], 256, np.float32), 'values from 256 to 256, and not from 0 to 1 or 255'),
        (np.full([8, 8], -1, np.float32), 'values from -1 to -1'),
        (np.full([8, 8], np.nan, np.float32), 'values that are NaN or infinite'),
        (np.full([8, 8], 70000, np.int32), 'values from 70000 to 70000, and not from 0 to 65535'),
    ],
)
def test_numbers_that_are_no_levels(tmp_path, numbers, why):
    save(tmp_path / 'odd' / 'a.tif', numbers)
    fails('a.tif (%s' % why, 'create', tmp_path / 'x', '--images', tmp_path / 'odd')


def test_what_is_around_the_pixels_does_no_harm(tmp_path):
    """A damaged EXIF is left out of account, and a drawing program's code is no image, whatever its name."""
    (tmp_path / 'odd').mkdir()
    Image.fromarray(noise(8, 8, 3)).save(str(tmp_path / 'odd' / 'a.jpg'), exif=b'Exif\0\0MM\0*' + b'\xff' * 30)
    run_well('create', tmp_path / 'mine', '--images', tmp_path / 'odd')
    (tmp_path / 'odd' / 'b.png').write_text(
        '%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\nshowpage\n'
    )
    fails('b.png (no image)', 'create', tmp_path / 'x', '--images', tmp_path / 'odd')


def test_photos_are_turned_before_they_are_cut(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 8
    upright = noise(16, 8, 3)
    (tmp_path / 'photos').mkdir()
    Image.fromarray(np.rot90(upright, -1).copy()).save(str(tmp_path / 'photos' / 'a.png'), exif=exif)
    run_well('create', tmp_path / 'mine', '--images', tmp_path / 'photos', '--resize', '--resolution', 8)
    assert np.array_equal(stored(tmp_path / 'mine', 3)[0].transpose(1, 2, 0), upright[4:12])


def zipped(folder, path, **more):
    with zipfile.ZipFile(str(path), 'w') as archive:
        for file in sorted(folder.rglob('*')):
            archive.write(str(file), str(file.relative_to(folder)))
        for name, content in more.items():
            archive.writestr(name.replace('__', '/'), content)
    return path


def test_a_zip_file_is_as_a_folder(pictures, tmp_path):
    path = zipped(pictures, tmp_path / 'pictures.zip', __MACOSX__a='')
    run_well('create', tmp_path / 'mine', '--images', path)
    assert np.array_equal(stored(tmp_path / 'mine', 3), expected(pictures))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    fails('pictures.zip is neither a folder nor a readable zip file', 'create', tmp_path / 'x', '--images', path)
    at = content.index(b'IDAT')
    path.write_bytes(content[:at] + b'IDOT' + content[at + 4 :])
    fails('1 of 7 images', 'create', tmp_path / 'x', '--images', path)


def test_options_that_do_not_go_together(pictures, tmp_path):
    fails('give either --world or --images', 'create', tmp_path / 'x')
    fails('give either --world or --images', 'create', tmp_path / 'x', '--world', 'toys', '--images', pictures)
    fails('--seed does not go with --images', 'create', tmp_path / 'x', '--images', pictures, '--seed', 1)
    fails('--shuffle does not go with --world', 'create', tmp_path / 'x', '--world', 'toys', '--no-shuffle')
    fails('which resolution', 'create', tmp_path / 'x', '--images', pictures, '--resize')
    fails('which resolution', 'create', tmp_path / 'x', '--images', pictures, '--resolution', 12)
    fails('0.png (8x8 pixels, not the 16x16)', 'create', tmp_path / 'x', '--images', pictures, '--resolution', 16)


# ------------------------------------------------------------------ labels

NAMES = ['a.png', 'b/k.png', 'c.png']


def table(tmp_path, content):
    if isinstance(content, str):
        path = tmp_path / 'labels.csv'
        path.write_text(content)
    else:
        path = tmp_path / 'labels.npy'
        np.save(str(path), content)
    return path


@pytest.mark.parametrize(
    'content, rows',
    [
        ('c.png,2\na.png,0\nb/k.png,2\n', [[1, 0, 0], [0, 0, 1], [0, 0, 1]]),
        ('File,length,width\na.png,1.5,2\n\nc.png,3,4\nb/k.png,5,6e1\n', [[1.5, 2], [5, 60], [3, 4]]),
        ('a.png,0.5\nc.png,0\nb/k.png,1\n', [[0.5], [1], [0]]),
        ('./a.png,0\nc.png,0\nb\\k.png,1\n', [[1, 0], [0, 1], [1, 0]]),
        (np.array([1, 0, 1]), [[0, 1], [1, 0], [0, 1]]),
        (np.array([[0.25, 1], [2, 3], [4, 5]]), [[0.25, 1], [2, 3], [4, 5]]),
    ],
)
def test_tables_of_labels(tmp_path, content, rows):
    found = label_tables.read(table(tmp_path, content), NAMES)
    assert found.dtype == np.float32 and found.tolist() == rows


@pytest.mark.parametrize(
    'content, sentence',
    [
        ('a.png,1\nc.png,1\n', 'no row for the image b/k.png'),
        (
            'A.png,1\nc.png,1\nd.png,1',
            'no row for the images a.png, b/k.png, and rows for A.png, d.png, which are not there',
        ),
        ('a.png,1\n./a.png,1\n', 'two rows for ./a.png'),
        ('a.png,1\nc.png,1\nb/k.png,1\nd.png,1\n', 'a row for d.png, which is not there'),
        ('a.png,1\na.png,1\n', 'two rows for a.png'),
        ('a.png,1\nc.png,cat\nb/k.png,1\n', 'labels.csv, row 2: cat are not all numbers'),
        ('a.png,1\nc.png,1,2\nb/k.png,1\n', 'the same number of labels'),
        ('a.png\nc.png\nb/k.png\n', 'the same number of labels'),
        ('a.png,1\nc.png,nan\nb/k.png,1\n', 'NaN or infinite'),
        ('a.png,1\nc.png,20191105\nb/k.png,1\n', 'a class 20191105 for 3 images; number the classes from 0'),
        (np.zeros([2, 2]), 'one row for each of the 3 images'),
        (np.zeros([3, 2, 2]), 'one row for each of the 3 images'),
        (np.array(['a', 'b', 'c']), 'an array of numbers'),
    ],
)
def test_tables_that_do_not_fit(tmp_path, content, sentence):
    with pytest.raises(UserError) as caught:
        label_tables.read(table(tmp_path, content), NAMES)
    assert sentence in str(caught.value)


def test_tables_that_cannot_be_read(tmp_path):
    (tmp_path / 'labels.npy').write_text('words')
    for name, sentence in [
        ('labels.npy', 'not a .npy file with a plain array; write it'),
        ('missing.npy', 'there is no file .*missing.npy'),
        ('missing.csv', 'no readable .csv'),
        ('labels.txt', '.npy, .csv or .json'),
        ('missing.json', 'cannot read .*missing.json'),
    ]:
        with pytest.raises(UserError, match=sentence):
            label_tables.read(tmp_path / name, NAMES)


@pytest.mark.parametrize('option', ['--shuffle', '--no-shuffle'])
def test_labels_follow_their_images(pictures, tmp_path, option):
    values = np.arange(14).reshape(7, 2) / 10
    run_well('create', tmp_path / 'mine', '--images', pictures, '--labels', table(tmp_path, values), option)
    kept = np.load(str(tmp_path / 'mine' / 'mine-rxx.labels'))
    sources, order = expected(pictures, shuffle=False), [int(value) for value in np.rint(kept[:, 0] * 5)]
    assert kept.dtype == np.float32 and sorted(order) == list(range(7))
    assert np.array_equal(stored(tmp_path / 'mine', 3), sources[order])
    assert 'labels       2\n' in run_well('info', tmp_path / 'mine')


LABELLED = [['c.png', 6], ['a.png', 0], ['b/k.png', 2]]


@pytest.mark.parametrize(
    'data, rows',
    [
        (dict(labels=LABELLED), np.eye(7)[[0, 2, 6]]),
        (dict(labels=[['./c.png', 1], ['a.png', 0], ['b\\k.png', 0]], other=3), np.eye(2)[[0, 0, 1]]),
        (dict(labels=dict(LABELLED)), np.eye(7)[[0, 2, 6]]),
        (dict(LABELLED), np.eye(7)[[0, 2, 6]]),
        (LABELLED, np.eye(7)[[0, 2, 6]]),
        (dict(labels=[[name, [label, 0.5]] for name, label in LABELLED]), [[0, 0.5], [2, 0.5], [6, 0.5]]),
        (dict(labels=[[name, [label]] for name, label in LABELLED]), [[0], [2], [6]]),
        (dict(labels=[[name, label / 4] for name, label in LABELLED]), [[0], [0.5], [1.5]]),
        (dict(labels=None), None),
        (dict(labels=[]), None),
        (dict(labels=[[name, None] for name, _ in LABELLED]), None),
    ],
)
def test_labels_of_the_official_tools(tmp_path, data, rows):
    path = tmp_path / 'dataset.json'
    path.write_text(json.dumps(data))
    found = label_tables.read(path, NAMES)
    assert found is None if rows is None else found.dtype == np.float32 and np.array_equal(found, rows)


@pytest.mark.parametrize(
    'content, sentence',
    [
        ('{', 'is no JSON'),
        ('7', 'has no labels as'),
        ('{"labels": [["a.png"]]}', 'has no labels as'),
        ('{"labels": [[1, 2]]}', 'has no labels as'),
        ('{"labels": [["a.png", "cat"]]}', 'the label of a.png is "cat", and no number'),
        ('{"labels": [["a.png", true]]}', 'the label of a.png is true'),
        ('{"labels": [["a.png", 1], ["a.png", 2]]}', 'two rows for a.png'),
        ('{"labels": [["a.png", 1], ["c.png", NaN], ["b/k.png", 1]]}', 'NaN or infinite'),
        ('{"labels": [["a.png", 1], ["c.png", [1]], ["b/k.png", [1, 2]]]}', 'the same number of labels'),
        (
            '{"labels": [["k.png", 1], ["a.png", 1], ["c.png", null], ["x/c.png", 1]]}',
            'no row for the images b/k.png, c.png, and rows for k.png, x/c.png, which are not there',
        ),
    ],
)
def test_labels_of_the_official_tools_that_do_not_fit(tmp_path, content, sentence):
    (tmp_path / 'dataset.json').write_text(content)
    with pytest.raises(UserError) as caught:
        label_tables.read(tmp_path / 'dataset.json', NAMES)
    assert sentence in str(caught.value) and 'dataset.json' in str(caught.value)


@pytest.mark.parametrize('kind', ['folder', 'zip'])
def test_a_dataset_json_among_the_images_is_read(pictures, tmp_path, kind):
    names = sorted(path.relative_to(pictures).as_posix() for path in pictures.rglob('*.png') if '.h' not in str(path))
    content = json.dumps(dict(labels=[[name, i] for i, name in enumerate(names)]))
    (pictures / 'dataset.json').write_text(content)
    source = pictures if kind == 'folder' else zipped(pictures, tmp_path / 'pictures.zip')
    said = run_well('create', tmp_path / 'mine', '--images', source)
    assert 'labels       7\n' in said and 'labels_from  dataset.json' in said and '.json: 1' not in said
    kept = np.load(str(tmp_path / 'mine' / 'mine-rxx.labels'))
    assert np.array_equal(kept, np.eye(7)[tfrecords.shuffled_order(7)])
    assert 'labels       none' in run_well('create', tmp_path / 'bare', '--images', source, '--labels', 'none')


def test_a_dataset_json_that_does_not_fit_says_how_to_leave_it_out(pictures, tmp_path):
    (pictures / 'dataset.json').write_text('{"labels": [["z.png", 1]]}')
    fails('; --labels none leaves it out of account', 'create', tmp_path / 'x', '--images', pictures)
    assert os.listdir(str(tmp_path)) == ['pictures']


def test_folders_as_classes(pictures, tmp_path):
    fails(
        'has images that lie in no folder and so have no class: 0.png, B.png, a.png, c.png; move them',
        'create',
        tmp_path / 'x',
        '--images',
        pictures,
        '--labels',
        'folders',
    )
    for name in ('0', 'B', 'a', 'c'):
        (pictures / 'Z' / 'deep').mkdir(parents=True, exist_ok=True)
        (pictures / (name + '.png')).rename(pictures / 'Z' / 'deep' / (name + '.png'))
    said = run_well('create', tmp_path / 'mine', '--images', pictures, '--labels', 'folders', '--no-shuffle')
    assert 'classes      Z, b' in said and 'labels       2\n' in said
    assert np.load(str(tmp_path / 'mine' / 'mine-rxx.labels')).tolist() == [[1, 0]] * 4 + [[0, 1]] * 3


# ------------------------------------------------------------------ info and extract


@pytest.fixture
def toyset(tmp_path, world):
    creation.create_from_world(tmp_path / 'toyset', world, 13, 16, seed=5)
    return tmp_path / 'toyset'


def test_info(toyset):
    size = sum(path.stat().st_size for path in toyset.glob('*.tfrecords'))
    facts = json.loads(run_well('info', toyset, '--json'))
    assert facts['facts'].pop('software')
    assert facts == dict(
        folder=str(toyset),
        images=13,
        resolution=16,
        channels=3,
        resolutions=[16, 8, 4],
        bytes=size,
        label_size=0,
        factors=4,
        facts=dict(
            source='world',
            world='toys',
            factor_names=['red', 'green', 'blue', 'size'],
            seed=5,
            n=13,
            resolution=16,
            channels=3,
            supersampling=2,
            renderer=worlds.RENDERER_VERSION,
        ),
    )
    said = run_well('info', toyset, '--check')
    assert (
        'resolutions  16, 8, 4' in said
        and 'factors      4' in said
        and 'all 13 records of each resolution are intact' in said
    )


def test_info_of_a_data_set_of_the_official_tool(toyset):
    for name in ['toyset.json', 'toyset.factors.npy']:
        (toyset / name).unlink()
    said = run_well('info', toyset)
    assert 'factors      none' in said and 'labels       none' in said


def test_check_names_the_damaged_record(toyset):
    path = toyset / 'toyset-r03.tfrecords'
    data = bytearray(path.read_bytes())
    data[11 * len(data) // 13 + 100] ^= 1
    path.write_bytes(bytes(data))
    run_well('info', toyset)
    fails('toyset-r03.tfrecords: record 11 (counted from 0) is damaged', 'info', toyset, '--check')


def test_companions_of_another_set(toyset):
    np.save(str(toyset / 'toyset.factors.npy'), np.zeros([12, 4], np.float32))
    fails('toyset.factors.npy must hold an array of numbers with 2 axes and 13 rows', 'info', toyset)
    (toyset / 'toyset.factors.npy').unlink()
    (toyset / 'toyset.json').write_text('{')
    fails('toyset.json is no JSON', 'info', toyset)


def test_extract_gives_the_images_back(toyset, tmp_path):
    run_well('extract', toyset, tmp_path / 'out')
    names = sorted(os.listdir(str(tmp_path / 'out')))
    assert names == ['img%08d.png' % i for i in range(13)]
    run_well('create', tmp_path / 'again', '--images', tmp_path / 'out', '--no-shuffle')
    for log2 in (2, 3, 4):
        assert artefacts.sha256_file(tmp_path / 'again' / ('again-r%02d.tfrecords' % log2)) == artefacts.sha256_file(
            toyset / ('toyset-r%02d.tfrecords' % log2)
        )


def test_extract_leaves_nothing_half_written(toyset, tmp_path):
    (tmp_path / 'out').mkdir()
    fails('out exists already', 'extract', toyset, tmp_path / 'out')
    path = toyset / 'toyset-r04.tfrecords'
    data = bytearray(path.read_bytes())
    data[-50] ^= 1
    path.write_bytes(bytes(data))
    fails('record 12', 'extract', toyset, tmp_path / 'new')
    assert sorted(os.listdir(str(tmp_path))) == ['out', 'toyset']


def test_folders_that_are_no_data_sets(tmp_path):
    fails('holds no .tfrecords files', 'info', tmp_path)
    fails('there is no folder', 'extract', tmp_path / 'missing', tmp_path / 'out')


def test_nothing_here_needs_tensorflow():
    script = (
        'import sys; from regan.commands import dataset; from regan.data import creation, label_tables; '
        'print("tensorflow" in sys.modules)'
    )
    assert subprocess.run([sys.executable, '-c', script], stdout=subprocess.PIPE, check=True).stdout.strip() == b'False'
