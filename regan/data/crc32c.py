"""CRC-32C (Castagnoli) of many byte strings of one length at once; the checksum in TFRecord files.

A CRC is linear over GF(2): the register after A followed by B is the register after A, pushed through len(B) zero
bytes, XOR the register after B alone. So a string is cut into about sqrt(length) pieces, all pieces of all strings
advance together two bytes at a time, and then the pieces are joined: a few hundred NumPy operations where a loop over
the bytes takes thousands.
"""

import functools

import numpy as np

_POLYNOMIAL = np.uint32(0x82F63B78)  # 0x1EDC6F41 with its bits reversed
_ONE, _SIXTEEN, _LOW = np.uint32(1), np.uint32(16), np.uint32(0xFFFF)


def crc32c(strings):
    """Args: uint8 [N, L], L >= 4. Returns: uint32 [N]."""
    strings = np.asarray(strings)
    count, length = strings.shape
    words = int(np.ceil(np.sqrt(length) / 2))  # of two bytes, in a piece
    pieces = -(-length // (2 * words))
    padded = np.zeros([count, pieces * words * 2], np.uint8)  # Zeros in front do not move a register that is zero.
    padded[:, -length:] = strings
    padded[:, padded.shape[1] - length :][:, :4] ^= 0xFF  # The same as a register that starts with all ones.
    columns = padded.view('<u2').reshape(count, pieces, words).transpose(2, 1, 0)  # [words, pieces, N]
    registers = np.zeros([pieces, count], np.uint32)
    for column in np.ascontiguousarray(columns):
        registers = _after_two_zeros(registers ^ column)
    joined = registers[0]
    for register in registers[1:]:
        joined = _after_zeros(joined, words) ^ register
    return ~joined


def masked_crc32c(strings):
    """As TFRecord files store it: rotated right by 15 bits, plus a constant (so that checksums of checksums stay
    useful).
    """
    crc = crc32c(strings)
    return (crc >> np.uint32(15) | crc << np.uint32(17)) + np.uint32(0xA282EAD8)


@functools.lru_cache(maxsize=None)
def _table():
    """Registers 0 to 65535 after two zero bytes: uint32 [65536]."""
    table = np.arange(1 << 16, dtype=np.uint32)
    for _ in range(16):
        table = np.where(table & _ONE, table >> _ONE ^ _POLYNOMIAL, table >> _ONE)
    return table


def _after_two_zeros(registers):
    return _table().take(registers & _LOW) ^ registers >> _SIXTEEN


@functools.lru_cache(maxsize=32)
def _zeros_table(words):
    """Registers 0 to 65535, and these shifted left by 16 bits, after 2 * words zero bytes: uint32 [2, 65536]."""
    single_bits = np.left_shift(_ONE, np.arange(32, dtype=np.uint32))
    for _ in range(words):
        single_bits = _after_two_zeros(single_bits)
    table = np.zeros([2, 1], np.uint32)
    for low, high in zip(single_bits[:16], single_bits[16:]):
        table = np.concatenate([table, table ^ np.array([[low], [high]])], axis=1)
    return table


def _after_zeros(registers, words):
    low, high = _zeros_table(words)
    return low.take(registers & _LOW) ^ high.take(registers >> _SIXTEEN)
