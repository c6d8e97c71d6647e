"""Names of types that many modules use in their annotations."""

import os
from typing import TYPE_CHECKING, Any, Callable, Union

if TYPE_CHECKING:
    from typing import Protocol as Protocol
else:
    Protocol = object  # Python 3.7 has none; only a type checker needs it.

PathLike = Union[str, os.PathLike]
Progress = Callable[[int], Any]  # Gets how many things were done since its last call, as the `update` of a tqdm.
