"""Caches that are bounded in bytes: what was not used for the longest time leaves first."""

import collections
from typing import Any, Callable, Hashable


class Cache:
    """A dict that holds so many bytes at most. Safe for one thread.

    Args:
        limit: bytes.
        size: function of a value to its bytes.
    Attributes:
        nbytes: of all values now.
    """

    def __init__(self, limit: int, size: Callable[[Any], int]) -> None:
        self._limit, self._size, self.nbytes = limit, size, 0
        self._values: collections.OrderedDict = collections.OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: Hashable) -> Any:
        """The value of a key, or None."""
        if key in self._values:
            self._values.move_to_end(key)
        return self._values.get(key)

    def put(self, key: Hashable, value: Any) -> None:
        """Keeps a value, unless it alone is more than the limit."""
        self.drop(key)
        size = self._size(value)
        if size > self._limit:
            return
        self._values[key] = value
        self.nbytes += size
        while self.nbytes > self._limit:
            self.drop(next(iter(self._values)))

    def clear(self) -> None:
        """Forgets everything."""
        self._values.clear()
        self.nbytes = 0

    def drop(self, key: Hashable) -> None:
        """Forgets a key, if it is there."""
        if key in self._values:
            self.nbytes -= self._size(self._values.pop(key))
