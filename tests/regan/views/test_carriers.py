"""regan.views.carriers: a view into files and back, and files that mean harm."""

import json
import struct
import tracemalloc
import zlib

import numpy as np
import pytest

from regan.base.errors import UserError
from regan.pictures import images, video
from regan.views import carriers, document, links
from tests.regan.views import random_views

VIEW = document.parse(
    {
        'regan_view': 1,
        'network': {'name': 'cars \u4e2d', 'sha256': 'a' * 64},
        'latents': [{'seed': 7}],
        'edits': [{'direction': {'component': 15}, 'amount': 2.5, 'name': '\u00e9\U0001f600"\\;=#'}],
        'show': {'kind': 'strip'},
    }
)
IMAGE = np.random.RandomState(0).randint(0, 256, (5, 7, 3)).astype(np.uint8)
PLAIN = images.png(IMAGE)


def chunk(kind, body):
    return struct.pack('>I', len(body)) + kind + body + struct.pack('>I', zlib.crc32(kind + body))


def with_chunks(*added):
    end = 8 + 12 + 13  # Behind IHDR.
    return PLAIN[:end] + b''.join(added) + PLAIN[end:]


def international(text, compressed=False, keyword=b'regan_view'):
    body = zlib.compress(text) if compressed else text
    return chunk(b'iTXt', keyword + b'\0' + bytes([compressed, 0]) + b'\0\0' + body)


TEXT = document.canonical(VIEW).encode('utf-8')


def test_a_png_carries_a_view_and_is_otherwise_the_same(tmp_path):
    images.save_png(tmp_path / 'a.png', IMAGE, carriers.texts(VIEW))
    assert carriers.read(tmp_path / 'a.png') == VIEW
    np.testing.assert_array_equal(images.read_png(tmp_path / 'a.png'), IMAGE)
    content = (tmp_path / 'a.png').read_bytes()
    assert content == images.png(IMAGE, carriers.texts(VIEW)) == with_chunks(international(TEXT))
    assert content.replace(international(TEXT), b'') == PLAIN
    images.save_png(tmp_path / 'b.png', IMAGE, carriers.texts(None))
    assert (tmp_path / 'b.png').read_bytes() == PLAIN


def test_another_program_reads_the_chunk(tmp_path):
    from PIL import Image

    images.save_png(tmp_path / 'a.png', IMAGE, carriers.texts(VIEW))
    with Image.open(str(tmp_path / 'a.png')) as picture:
        assert picture.text['regan_view'] == document.canonical(VIEW)
        picture.save(str(tmp_path / 'b.png'), pnginfo=_info(picture.text))
    assert carriers.read(tmp_path / 'b.png') == VIEW


def _info(texts):
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    for key, text in texts.items():
        info.add_itxt(key, text, zip=True)
    return info


def test_a_view_survives_every_carrier(tmp_path):
    for facts in random_views.many(12, seed=5):
        view = document.parse(facts)
        path = tmp_path / 'view.json'
        path.write_text(document.canonical(view), encoding='utf-8')
        again = carriers.read(links.to_link(carriers.read(path)))
        again = carriers.read_bytes(images.png(IMAGE, carriers.texts(again)), 'a.png')
        path.write_text(json.dumps(dict(carriers.sidecar(again), psi=0.7, seeds=[2**64])), encoding='utf-8-sig')
        assert carriers.read(path) == view


def test_a_video_carries_a_view(tmp_path):
    pytest.importorskip('imageio_ffmpeg')
    frames = [np.full((16, 16, 3), level, np.uint8) for level in (0, 100, 200)]
    for name in ('a.mp4', 'b.mp4'):
        video.save_mp4(tmp_path / name, frames, 12, carriers.comment(VIEW))
    assert carriers.read(tmp_path / 'a.mp4') == VIEW
    assert (tmp_path / 'a.mp4').read_bytes() == (tmp_path / 'b.mp4').read_bytes()
    content = (tmp_path / 'a.mp4').read_bytes()
    refused = 0
    for end in range(12, len(content), 61):
        try:
            carriers.read_bytes(content[:end], 'cut.mp4')
        except UserError as error:
            assert 'cut.mp4 is a damaged video' in str(error) or 'is a video without a view' in str(error)
            refused += 1
    assert refused
    video.save_mp4(tmp_path / 'c.mp4', frames, 12)
    with pytest.raises(UserError, match='is a video without a view; give one that regan wrote'):
        carriers.read(tmp_path / 'c.mp4')


def test_a_long_view_fits_a_video(tmp_path):
    pytest.importorskip('imageio_ffmpeg')
    edit = {'direction': {'component': 1}, 'amount': 1, 'name': '\u4e2d' * 64, 'tags': ['\u4e2d' * 64] * 3}
    view = document.parse(dict(document.to_dict(VIEW), edits=[edit] * 64))
    assert len(document.canonical(view)) > 20000
    video.save_mp4(tmp_path / 'a.mp4', [np.zeros((16, 16, 3), np.uint8)] * 2, 12, carriers.comment(view))
    assert carriers.read(tmp_path / 'a.mp4') == view


def box(kind, body):
    return struct.pack('>I', 8 + len(body)) + kind + body


def movie(data):
    comment = box(b'\xa9cmt', data)
    return box(b'ftyp', b'isom\0\0\0\0') + box(b'moov', box(b'udta', box(b'meta', b'\0' * 4 + box(b'ilst', comment))))


HUGE_HEADER = PLAIN[:16] + struct.pack('>II', 2**31 - 1, 2**31 - 1) + PLAIN[24:]


@pytest.mark.parametrize(
    'content, message',
    [
        (PLAIN, 'x is a PNG without a view'),
        (HUGE_HEADER, 'x is a PNG without a view'),
        (with_chunks(international(TEXT, keyword=b'other')), 'x is a PNG without a view'),
        (with_chunks(chunk(b'zTXt', b'regan_view\0\0' + zlib.compress(TEXT))), 'x is a PNG without a view'),
        (with_chunks(international(TEXT), international(TEXT)), 'x carries several views'),
        (with_chunks(international(b'{')), 'the view in x is not valid JSON'),
        (with_chunks(international(b'\xff')), 'x is a damaged PNG'),
        (with_chunks(international(b' ' * 70000)), 'the view in x has more than 65536 bytes'),
        (with_chunks(international(b' ' * 2**26, compressed=True)), 'the view in x has more than 65536 bytes'),
        (with_chunks(chunk(b'iTXt', b'regan_view\0\1\0\0\0nonsense')), 'x is a damaged PNG'),
        (with_chunks(chunk(b'iTXt', b'regan_view\0')), 'x is a damaged PNG'),
        (with_chunks(chunk(b'iTXt', b'regan_view\0\0\0no ends')), 'x is a damaged PNG'),
        (with_chunks(international(TEXT)[:-1] + b'\0'), 'x is a damaged PNG'),
        (with_chunks(struct.pack('>I', 2**31 - 1) + b'iTXtregan_view\0'), 'the view in x has more than|damaged PNG'),
        (PLAIN[:8] + chunk(b'tEXt', b'a\0b') + PLAIN[8:], 'x is a damaged PNG'),
        (PLAIN[:8] + chunk(b'IHDR', b'') * 2, 'x is a damaged PNG'),
        (b'\x89PNG\r\n\x1a\n', 'x is a damaged PNG'),
        (movie(b''), 'x is a video without a view'),
        (movie(box(b'data', b'')), 'x is a video without a view'),
        (movie(box(b'data', b'\0' * 8 + b'a fine film')), 'x is a video without a view'),
        (movie(box(b'data', b'\0' * 8 + b'{"regan_view"')), 'the view in x is not valid JSON'),
        (movie(box(b'data', b'\0' * 8 + b'"regan_view"\xff')), 'x is a damaged video'),
        (movie(box(b'data', b'\0' * 8 + b'"regan_view"' + b' ' * 70000)), 'the view in x has more than 65536'),
        (movie(b'')[:-1], 'x is a damaged video'),
        (box(b'ftyp', b'isom') + struct.pack('>I', 3) + b'moov', 'x is a damaged video'),
        (box(b'ftyp', b'isom') + struct.pack('>I', 1) + b'moov', 'x is a damaged video'),
        (box(b'ftyp', b'isom') + struct.pack('>I4sQ', 1, b'moov', 2**63), 'x is a damaged video'),
        (box(b'ftyp', b'isom') + b'\0\0\0\0moov' * 40000, 'x is a video without a view|damaged video'),
        (b'', 'x is not valid JSON'),
        (b'\xff\xfe', 'x is no view: neither JSON nor a PNG or MP4'),
        (b' ' * (2**22 + 1), 'x is too large for a view'),
        (b'{"view": {"regan_view": 1}}', r"x.view lacks the key 'latents'"),
        (b'{"view": {"regan_view": 1, "regan_view": 1}}', r"x has the key 'regan_view' twice"),
        (b'{"seeds": [1]}', "x lacks the key 'regan_view', so it is no view"),
        (b'[' * 2**21, 'x has more than 8 objects|not valid JSON'),
        (b'http://127.0.0.1/#view=e30', "the view in the link lacks the key 'regan_view'"),
    ],
    ids=lambda value: '' if isinstance(value, bytes) else value,
)
def test_what_is_refused_within_a_bound_of_memory(content, message):
    tracemalloc.start()
    try:
        with pytest.raises(UserError, match=message) as caught:
            carriers.read_bytes(content, 'x')
        assert tracemalloc.get_traced_memory()[1] < len(content) * 4 + 2**20
    finally:
        tracemalloc.stop()
    assert len(str(caught.value)) < 400 and '\n' not in str(caught.value)


def test_a_png_that_is_cut_off_is_refused():
    content = images.png(IMAGE, carriers.texts(VIEW))
    for end in range(12, len(content) - 12, 7):
        with pytest.raises(UserError, match='x is a damaged PNG'):
            carriers.read_bytes(content[:end], 'x')


def test_a_file_that_is_not_there():
    with pytest.raises(UserError, match='cannot read nowhere.png: No such file'):
        carriers.read('nowhere.png')
    with pytest.raises(UserError, match='cannot read .: Is a directory'):
        carriers.read('.')
