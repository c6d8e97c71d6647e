"""A generator as a PyTorch file with its configuration beside it, under the names that the published ones have."""

import pathlib
from typing import Mapping, Tuple

import numpy as np

from dnnlib.torch_files import writing
from regan.base import artefacts
from regan.base.typing import PathLike
from regan.biggan import configuration, weights

WEIGHTS, FACTS = 'pytorch_model.bin', 'config.json'


def facts_path(path: PathLike) -> pathlib.Path:
    """The configuration that belongs to NAME-pytorch_model.bin, or pytorch_model.bin: NAME-config.json, config.json."""
    path = pathlib.Path(path)
    return path.with_name(path.name[: -len(WEIGHTS)] + FACTS)


def save(
    path: PathLike,
    shape: configuration.Configuration,
    tensors: Mapping[str, np.ndarray],
    vectors: Mapping[str, Tuple[np.ndarray, np.ndarray]],
) -> None:
    """Writes weights and configuration; each file appears when it is complete, the weights last.

    Args:
        path: of the weights, ends with WEIGHTS.
        shape: Configuration.
        tensors, vectors: see `weights.to_pytorch`.

    Raises:
        UserError: a file cannot be written.
    """
    artefacts.write_json(facts_path(path), configuration.to_json(shape))
    with artefacts.atomic_path(path) as temporary:
        writing.write(temporary, weights.to_pytorch(shape, tensors, vectors))
