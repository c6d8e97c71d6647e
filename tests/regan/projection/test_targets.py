"""Pictures of users as squares of a network's size, and what is said of them."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from regan.base.errors import UserError
from regan.projection import targets
from tests.regan.pictures.test_alignment import face

PIXELS = np.random.RandomState(0).randint(0, 256, [16, 16, 3]).astype(np.uint8)


def saved(path, pixels=PIXELS, mode=None, **how):
    image = Image.fromarray(pixels)
    image.convert(mode or image.mode).save(str(path), **how)
    return path


def test_a_square_of_the_right_size_stays_as_it_is(tmp_path):
    (found,) = targets.read([saved(tmp_path / 'a.png')], 16, 3)
    np.testing.assert_array_equal(found.picture, PIXELS)
    assert found.name == 'a' and found.said == '' and found.facts['size'] == [16, 16]
    assert found.image.min() >= -1 and found.image.max() <= 1


def test_everything_else_is_brought_to_it_and_said(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    wide = np.zeros([8, 32, 3], np.uint8)
    paths = [
        saved(tmp_path / 'wide.png', wide),
        saved(tmp_path / 'grey.png', mode='L'),
        saved(tmp_path / 'clear.png', PIXELS, 'RGBA'),
        saved(tmp_path / 'ink.jpg', PIXELS, 'CMYK'),
        saved(tmp_path / 'turned.jpg', PIXELS, exif=exif.tobytes()),
        saved(tmp_path / 'deep.png', PIXELS[:, :, 0].astype(np.uint16) * 257),
    ]
    said = {one.name: one.said for one in targets.read(paths, 16, 3)}
    assert said['wide'] == 'wide: middle square of 32 x 8, enlarged from 8 to 16 pixels'
    assert said['grey'] == 'grey: grey to RGB' and 'alpha' in said['clear'] and 'CMYK to RGB' in said['ink']
    assert 'turned upright' in said['turned'] and '16 bits to 8, grey to RGB' in said['deep']
    (grey,) = targets.read(paths[:1], 16, 1)
    assert grey.image.shape == (1, 16, 16) and 'colours to grey' in grey.said


def test_folders_and_zip_files_are_looked_through(tmp_path):
    saved(tmp_path / 'b.png')
    (tmp_path / 'more').mkdir()
    saved(tmp_path / 'more' / 'c.png')
    content = io.BytesIO()
    Image.fromarray(PIXELS).save(content, format='PNG')
    with zipfile.ZipFile(str(tmp_path / 'd.zip'), 'w') as archive:
        archive.writestr('in/e.png', content.getvalue())
    found = targets.read([tmp_path, tmp_path / 'd.zip'], 16, 3)
    assert [one.name for one in found] == ['b', 'c', 'e']
    assert found[2].facts['image'] == str(tmp_path / 'd.zip' / 'in/e.png')


def test_faces_are_aligned(tmp_path):
    rows, columns = np.indices([200, 220])
    photo = saved(tmp_path / 'one.png', np.stack([rows, columns, rows], axis=2).astype(np.uint8))
    np.save(str(tmp_path / 'one.npy'), face((100.0, 87.0), apart=24.0, down=10.0))
    (found,) = targets.read([photo], 96, 3, tmp_path)
    assert found.said == 'one: aligned by landmarks' and found.facts['landmarks'] == str(tmp_path / 'one.npy')
    assert abs(found.picture[:, :, 0].astype(int) - np.arange(40, 136)[:, None]).max() <= 1


def test_what_cannot_be_is_refused(tmp_path):
    saved(tmp_path / 'a.png')
    saved(tmp_path / 'a.jpg')
    for paths, resolution, channels, align, message in [
        ([tmp_path / 'a.png'], 16, 4, None, 'images with 4 channels'),
        ([tmp_path / 'a.png', tmp_path / 'a.jpg'], 16, 3, None, 'two pictures are called a'),
        ([tmp_path / 'a.png'], 256, 3, None, 'a.png: it has 16 x 16 pixels, too few .* at least 32 pixels'),
        ([tmp_path / 'a.png', tmp_path / 'b.png'], 16, 3, None, 'there is no picture .*b.png'),
        ([tmp_path / 'a.png', tmp_path / 'a.jpg'], 16, 3, tmp_path / 'a.jpg', 'landmarks of one picture, .* 2'),
    ]:
        with pytest.raises(UserError, match=message):
            targets.read(paths, resolution, channels, align)
