"""TFRecord files and tf.train.Example once more, the slow and plain way, to hold ours against."""

import struct

import numpy as np


def crc32c(data):
    register = 0xFFFFFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0x82F63B78 if register & 1 else 0)
    return register ^ 0xFFFFFFFF


def masked(data):
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def frame(payload):
    length = struct.pack('<Q', len(payload))
    return length + struct.pack('<I', masked(length)) + payload + struct.pack('<I', masked(payload))


def write(path, payloads):
    with open(str(path), 'wb') as file:
        for payload in payloads:
            file.write(frame(payload))


def read(path):
    """The payloads of a file; every checksum is compared."""
    with open(str(path), 'rb') as file:
        data = file.read()
    payloads = []
    while data:
        (size,) = struct.unpack('<Q', data[:8])
        assert struct.unpack('<I', data[8:12])[0] == masked(data[:8])
        payload, data = data[12 : 12 + size], data[12 + size :]
        assert len(payload) == size and struct.unpack('<I', data[:4])[0] == masked(payload)
        payloads.append(payload)
        data = data[4:]
    return payloads


def image(payload):
    """The image [C, H, W] in a serialised Example."""
    (features,) = [value for _, value in fields(payload)]
    found = {}
    for _, entry in fields(features):
        entry = dict(fields(entry))
        ((kind, values),) = fields(entry[2])
        found[entry[1]] = kind, values
    assert sorted(found) == [b'data', b'shape']
    assert found[b'data'][0] == 1 and found[b'shape'][0] == 3  # bytes_list, int64_list
    ((number, pixels),) = fields(found[b'data'][1])
    ((packed_number, packed),) = fields(found[b'shape'][1])
    assert number == packed_number == 1
    shape = []
    while packed:
        value, packed = varint(packed)
        shape.append(value)
    return np.frombuffer(pixels, np.uint8).reshape(shape)


def fields(message):
    """(number, bytes) of each length-delimited field; there are no others in these messages."""
    found = []
    while message:
        key, message = varint(message)
        assert key & 7 == 2
        size, message = varint(message)
        found.append((key >> 3, message[:size]))
        message = message[size:]
    return found


def varint(data):
    value = 0
    for i, byte in enumerate(data):
        value += (byte & 127) << 7 * i
        if byte < 128:
            return value, data[i + 1 :]
    raise ValueError('cut off')
