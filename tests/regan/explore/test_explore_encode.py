"""What is exact comes back to the bit, whatever the size and the number of channels."""

import numpy as np
import pytest

from regan.explore import encode


@pytest.mark.parametrize('channels', [1, 3])
@pytest.mark.parametrize('size', [(5, 7), (128, 128), (131, 257), (3, 16400)])
def test_exact_is_exact(size, channels):
    image = np.random.RandomState(0).randint(256, size=size + (channels,)).astype(np.uint8)
    made = encode.encode(image, exact=True)
    assert made.exact and made.codec in encode.codecs()
    assert made.codec == ('raw' if size[0] * size[1] <= 128 * 128 else made.codec) != 'jpeg'
    assert np.array_equal(encode.decode(made.codec, made.data, image.shape), image)


def test_a_large_preview_is_small():
    image = np.zeros((256, 256, 3), np.uint8) + np.arange(256, dtype=np.uint8)[:, None]
    made = encode.encode(image, exact=False)
    assert made.codec == 'jpeg' and not made.exact and len(made.data) < 10000
    assert np.abs(encode.decode('jpeg', made.data).astype(int) - image).max() < 16
    assert encode.encode(image[:8, :8], exact=False).exact


def test_frames():
    header, data = {'kind': 'picture', 'name': 'ä'}, b'\x00\x01'
    assert encode.read_frame(encode.frame(header, data)) == (header, data)
    assert encode.frame({}, b'x') == b'\x01\x00\x00\x00\x02{}x'
    for wrong in (b'', b'\x02\x00\x00\x00\x02{}', b'\x01\x00\x00\x00\x09{'):
        with pytest.raises(ValueError):
            encode.read_frame(wrong)
