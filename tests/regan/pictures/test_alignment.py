"""Faces cut out by landmarks, against cases that are known by hand."""

import sys

import numpy as np
import pytest
from PIL import Image

from regan.base.errors import UserError
from regan.pictures import alignment


def face(centre=(100.0, 80.0), apart=20.0, down=30.0, angle=0.0):
    """Landmarks: eyes around `centre`, `apart` from each other, the mouth so far below; all turned by `angle`."""
    points = np.zeros([68, 2])
    points[36:42] = [-apart / 2, 0]
    points[42:48] = [apart / 2, 0]
    points[48], points[54] = [-apart / 4, down], [apart / 4, down]
    cos, sin = np.cos(angle), np.sin(angle)
    return points @ np.array([[cos, sin], [-sin, cos]]) + centre


def test_the_square_of_an_upright_face():
    """Eyes 20 apart, mouth 30 below: half a side is max(2 x 20, 1.8 x 30) = 54, around (100, 80 + 3)."""
    found = alignment.square(face())
    np.testing.assert_allclose(found.corners, [[46, 29], [46, 137], [154, 137], [154, 29]])
    assert found.side == pytest.approx(108)
    wide = alignment.square(face(apart=40.0, down=10.0))
    assert wide.side == pytest.approx(160)


def test_the_square_turns_with_the_face():
    angle = 0.3
    found = alignment.square(face((0, 0), angle=angle))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    np.testing.assert_allclose(found.corners, alignment.square(face((0, 0))).corners @ turn, atol=1e-9)


def test_a_plain_square_is_cut_out():
    """A side of 96, sampled exactly at its pixels: the same as a crop, but for resampling of a smooth picture."""
    rows, columns = np.indices([200, 220])
    image = Image.fromarray(np.stack([rows, columns, (rows + columns) // 2], axis=2).astype(np.uint8))
    landmarks = face((100.0, 87.0), apart=24.0, down=10.0)  # Half a side: 48, around (100, 88).
    found = np.asarray(alignment.aligned(image, landmarks, 96)).astype(int)
    assert abs(found - np.asarray(image.crop((52, 40, 148, 136))).astype(int)).max() <= 1


def test_a_large_photo_is_reduced():
    rows, columns = np.indices([800, 880]) // 4
    image = Image.fromarray(np.stack([rows, columns, rows], axis=2).astype(np.uint8))
    found = np.asarray(alignment.aligned(image, face((400.0, 348.0), 96.0, 40.0), 96)).astype(int)
    assert abs(found[:, :, 0] - np.arange(40, 136)[:, None]).max() <= 1
    assert abs(found[:, :, 1] - np.arange(52, 148)[None]).max() <= 1


def test_what_is_outside_is_filled():
    image = Image.fromarray(np.full([60, 60], 90, np.uint8))
    found = np.asarray(alignment.aligned(image, face((10.0, 10.0), apart=20.0), 32))
    assert found.shape == (32, 32) and (found == 90).all()
    with pytest.raises(UserError, match='lie outside'):
        alignment.aligned(image, face((900.0, 10.0)), 32)


def test_landmarks_are_read_from_every_format(tmp_path):
    points = face(angle=0.2)
    text = '\n'.join('%r %r' % tuple(point) for point in points.tolist())
    (tmp_path / 'a.txt').write_text(text.replace(' ', ', '))
    (tmp_path / 'a.pts').write_text('version: 1\nn_points: 68\n{\n%s\n}\n' % text)
    (tmp_path / 'a.json').write_text(str(points.tolist()))
    np.save(str(tmp_path / 'a.npy'), points)
    for ending in alignment.Aligner.ENDINGS:
        np.testing.assert_array_equal(alignment.read_landmarks(tmp_path / ('a' + ending)), points)


@pytest.mark.parametrize(
    'name, text, message',
    [
        ('a.txt', '1 2 3\n' * 68, r'shape \[68, 3\], not 68 points'),
        ('a.txt', '1 2\n' * 5, 'holds 5 landmarks'),
        ('a.txt', '1 2\n' * 67 + 'nan 1\n', 'NaN or infinite'),
        ('a.txt', '1\n2 3\n', 'holds no landmarks'),
        ('a.pts', '1 2\n', 'holds no landmarks'),
        ('a.json', '{"a": 1}', 'holds no landmarks'),
        ('b.txt', '', 'cannot read the landmarks'),
    ],
)
def test_wrong_landmarks_are_refused(tmp_path, name, text, message):
    if name[0] == 'a':
        (tmp_path / name).write_text(text)
    with pytest.raises(UserError, match=message):
        alignment.read_landmarks(tmp_path / name)


def test_an_aligner_has_the_landmarks_of_each_picture(tmp_path):
    np.save(str(tmp_path / 'one.npy'), face())
    aligner = alignment.Aligner(tmp_path)
    assert not aligner.is_for_one and alignment.Aligner(tmp_path / 'one.npy').is_for_one
    found, where = aligner.faces('photos/one.jpg', None)
    np.testing.assert_array_equal(found[0], face())
    assert where == str(tmp_path / 'one.npy')
    with pytest.raises(UserError, match='no landmarks of two.png: it needs two.txt'):
        aligner.faces('two.png', None)


def test_a_face_of_one_point_is_refused():
    with pytest.raises(UserError, match='lie on one point'):
        alignment.square(np.ones([68, 2]))


def test_dlib_is_asked_for_where_it_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'dlib', None)
    (tmp_path / 'model.dat').write_bytes(b'')
    with pytest.raises(UserError, match='the package dlib is needed'):
        alignment.Aligner(tmp_path / 'model.dat')
