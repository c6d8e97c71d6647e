"""Tar archives of unknown origin: however they are made, reading them takes little memory and comes to an end."""

import contextlib
import tarfile
from typing import BinaryIO, Iterator

from dnnlib import file_sample

LARGEST_READ = 1 << 24  # Bytes at a time: tarfile reads a long name, or further headers, in one piece of any size.
MOST_READS = 1 << 17  # Two for each member, and one for each megabyte of what is taken.
LARGEST_ARCHIVE = 8 << 30  # Bytes, unfolded.


@contextlib.contextmanager
def opened(stream: BinaryIO) -> Iterator[tarfile.TarFile]:
    """Context manager: a tar archive, which may be compressed.

    Raises:
        tarfile.TarError: damaged, or larger than any archive of a network.
    """
    kind = file_sample.compression(stream.read(8))
    stream.seek(0)
    try:
        with contextlib.ExitStack() as stack:
            if kind is not None:
                stream = stack.enter_context(file_sample.COMPRESSORS[kind][1](stream))
            bounded = _Bounded(stream)
            yield stack.enter_context(tarfile.open(fileobj=bounded, mode='r:'))  # type: ignore[call-overload]
            while bounded.read(1 << 20):  # To the end, where a compressed file has its checksum.
                pass
    except tarfile.TarError:
        raise
    except file_sample.DAMAGED as error:
        raise tarfile.ReadError('%s: %s' % (type(error).__name__, error)) from None


class _Bounded:
    """A stream with limits.

    Args:
        stream: binary file object that can seek.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._reads = stream, 0

    def read(self, count: int = -1) -> bytes:
        """At most `count` bytes. Raises tarfile.ReadError past a limit."""
        self._reads += 1
        if not 0 <= count <= LARGEST_READ:
            raise tarfile.ReadError('a header of %d bytes' % count)
        if self._reads > MOST_READS:
            raise tarfile.ReadError('far more members than a network has')
        self._check(self.tell() + count)
        return self._stream.read(count)

    def seek(self, place: int, whence: int = 0) -> int:
        """As of a file; past the limit it raises tarfile.ReadError."""
        self._check(place)
        return self._stream.seek(place, whence)

    def tell(self) -> int:
        """As of a file."""
        return self._stream.tell()

    @staticmethod
    def _check(place):
        if place > LARGEST_ARCHIVE:
            raise tarfile.ReadError('it unfolds to more than %d GB' % (LARGEST_ARCHIVE >> 30))
