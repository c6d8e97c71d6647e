"""The parts of a file that tell what it is: its first bytes, what is in an archive, what a pickle names.

Everything is data here: bytes are compared, lists of contents are read, and a pickle's opcodes are looked at one by one
without being followed, so nothing of a file is executed or built.
"""

import ast
import bz2
import collections
import contextlib
import gzip
import io
import itertools
import json
import lzma
import os
import re
import struct
import sys
import tarfile
import zipfile
import zlib

if sys.version_info < (3, 8):
    from pickle5 import pickletools  # Which knows the opcodes of protocol 5.
else:
    import pickletools

_HEAD = 1 << 16  # Bytes at the start that tell most kinds.
_MOST_MEMBERS = 1000  # Looked at of an archive.
_MOST_OPCODES = 200000  # Looked at of a pickle: the names of classes and the first keys come early.

COMPRESSORS = {'xz': (b'\xfd7zXZ\x00', lzma.open), 'gzip': (b'\x1f\x8b', gzip.open), 'bzip2': (b'BZh', bz2.open)}
NPY = b'\x93NUMPY'
TORCH = b'\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19'  # Its older form begins with a pickled magic number.

# What damaged and hostile files make the modules raise that look into them.
DAMAGED = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    OSError,
    EOFError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    lzma.LZMAError,
    struct.error,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)


class Sample:
    """The parts of a file that tell what it is, each looked at when it is first asked for.

    Args:
        stream: seekable binary file object.
        suffix: of the file's name, such as '.onnx', for the few kinds whose content alone does not tell.
    Attributes:
        head: the first bytes.
        tail: the last 8 bytes.
        size: in bytes.
        text: the first bytes as a str without a byte order mark; '' if they are no text.
        value: of a JSON file; None if it is none.
        members: names in a zip or tar archive.
        arrays: of .npy and .npz: ordered name -> (type, shape); the name of the one in a .npy is ''.
        names: dotted names of classes and functions that a pickle asks for.
        words: texts in a pickle, such as the keys of dicts.
    """

    def __init__(self, stream, suffix=''):
        self._stream, self.suffix = stream, suffix.lower()
        self.size = stream.seek(0, os.SEEK_END)
        stream.seek(max(self.size - 8, 0))
        self.tail = stream.read()
        stream.seek(0)
        self.head = stream.read(_HEAD)

    def __getattr__(self, name):  # Reached only for what was not asked for before.
        look = _LOOKS.get(name)
        if look is None:
            raise AttributeError(name)
        try:
            self._stream.seek(0)
            found = look(self, self._stream)
        except DAMAGED:
            found = None
        return self.__dict__.setdefault(name, _NOTHING.get(name, ()) if found is None else found)


def _text(sample, _):
    text = sample.head.decode('utf-8-sig', 'strict' if len(sample.head) == sample.size else 'ignore')
    return '' if re.search('[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]', text) else text.lstrip()


def _value(sample, stream):
    if sample.text[:1] in ('{', '[') and sample.size < 1 << 26:
        return json.loads(stream.read().decode('utf-8-sig'))
    return None


def _members(sample, stream):
    if sample.head.startswith(b'PK'):
        return zipfile.ZipFile(stream).namelist()
    names = []
    if sample.head[257:262] == b'ustar':
        with contextlib.suppress(*DAMAGED), tarfile.open(fileobj=io.BytesIO(sample.head)) as archive:
            for member in archive:
                names.append(member.name)
    return names


def _arrays(sample, stream):
    if sample.head.startswith(NPY):
        return {'': _type_and_shape(sample.head)}
    found = collections.OrderedDict()
    names = [name for name in sample.members if name.endswith('.npy')][:_MOST_MEMBERS]
    if names:
        archive = zipfile.ZipFile(stream)
        for member in names:
            with archive.open(member) as file:
                found[member[: -len('.npy')]] = _type_and_shape(file.read(_HEAD))
    return found


def _type_and_shape(npy):
    """(type, shape) of the array in a .npy that begins so."""
    width = 2 if npy[6:7] == b'\x01' else 4
    length = int.from_bytes(npy[8 : 8 + width], 'little')
    facts = ast.literal_eval(npy[8 + width : 8 + width + length].decode('latin1').strip())
    kind = {'f': 'float', 'i': 'int', 'u': 'uint', 'c': 'complex'}.get(facts['descr'].lstrip('<>|=')[:1])
    bits = facts['descr'].lstrip('<>|=')[1:]
    return '%s%d' % (kind, 8 * int(bits)) if kind else facts['descr'], list(facts['shape'])


def _pickled(sample, stream):
    """(names, words) of the pickle in a file, or of that in PyTorch's archives."""
    member = next((name for name in sample.members if name.endswith('data.pkl')), None)
    if member is not None:
        stream = io.BytesIO(zipfile.ZipFile(stream).open(member).read(_HEAD << 8))
    names, words = collections.OrderedDict(), collections.OrderedDict()
    with contextlib.suppress(*DAMAGED):  # What was seen until then tells.
        for _ in range(5 if sample.head.startswith(TORCH) else 1):  # Its older files are five pickles in a row.
            _look_at_opcodes(stream, names, words)
    return list(names), list(words)


def _look_at_opcodes(stream, names, words):
    """Adds the names and texts of a pickle to two dicts, as their keys."""
    stored, memoized, recent = {}, 0, collections.deque(['', ''], 2)
    for opcode, argument, _ in itertools.islice(pickletools.genops(stream), _MOST_OPCODES):
        if opcode.name in ('GLOBAL', 'INST'):
            names[argument.replace(' ', '.', 1)] = None
        elif opcode.name == 'STACK_GLOBAL':
            names['.'.join(recent)] = None
        elif isinstance(argument, str):
            recent.append(argument[:200])
            words[argument[:200]] = None
        elif opcode.name == 'MEMOIZE':
            stored[memoized] = recent[-1]
            memoized += 1
        elif opcode.name.endswith('PUT'):
            stored[argument] = recent[-1]
        elif opcode.name.endswith('GET'):
            recent.append(stored.get(argument, ''))


_LOOKS = {
    'text': _text,
    'value': _value,
    'members': _members,
    'arrays': _arrays,
    'pickled': _pickled,
    'names': lambda sample, _: sample.pickled[0],
    'words': lambda sample, _: sample.pickled[1],
}
_NOTHING = {'text': '', 'value': None, 'arrays': {}, 'pickled': ((), ())}


def compression(head):
    """Which of COMPRESSORS made a file that begins so: its name, or None."""
    return next((name for name, (magic, _) in COMPRESSORS.items() if head.startswith(magic)), None)


def beginning_of(stream):
    """The first bytes of what is in a compressed stream. Damaged ones raise one of DAMAGED."""
    stream.seek(0)
    _, open_compressed = COMPRESSORS[compression(stream.read(8))]
    stream.seek(0)
    with open_compressed(stream) as file:
        return file.read(_HEAD << 4)
