"""The readers of BigGAN's containers, which `dnnlib.file_kinds` names: a source -> the NetworkState in it.

A reader gets what is to be read and how messages call it, and gives (networks, notes) as `dnnlib.torch_files.read`
does: (G, D, Gs), of which only Gs is there, and a list of sentences about what the file lacks.
"""

import json
import pathlib
from typing import Any, BinaryIO, List, NoReturn, Optional, Tuple

import numpy as np

from dnnlib.network_state import NetworkState
from dnnlib.pickled_data import NetworkPickleError
from dnnlib.torch_files import containers
from regan.base.errors import UserError
from regan.biggan import configuration, hub, states, weights

Networks = Tuple[Tuple[None, None, NetworkState], List[str]]

LARGEST_CONFIGURATION = 1 << 20  # Bytes.


def read_pytorch(stream: BinaryIO, path: str) -> Networks:
    """The network in the weights of the public PyTorch code (biggan 10); `config.json` is looked for beside the file.

    Raises:
        NetworkPickleError: damaged, of another kind, or it asks for more than data; the message says which.
    """
    tensors = containers.read(stream, path)
    tensors = tensors if isinstance(tensors, dict) else {}
    tensors = {name: value for name, value in tensors.items() if isinstance(value, np.ndarray)}
    try:
        beside = configuration_beside(path)
        described = None if beside is None else configuration.from_json(_json(beside), str(beside))
        found = weights.from_pytorch(tensors, path, described)
    except UserError as error:
        _refuse(error)
    notes = [] if beside else ['there is no config.json beside it; what shapes do not tell is as in the published ones']
    return _networks(found, notes)


def configuration_beside(path: str) -> Optional[pathlib.Path]:
    """The configuration of a file of weights: its own (X-config.json of X-pytorch_model.bin), or config.json; None."""
    place = pathlib.Path(path)
    names = ['config.json']
    for ending in ('pytorch_model.bin', place.suffix):
        if ending and place.name.endswith(ending):
            start = place.name[: -len(ending)]
            names = [start + 'config.json', start + '.config.json'] + names
    return next((place.with_name(name) for name in names if place.with_name(name).is_file()), None)


def _json(path: pathlib.Path) -> Any:
    try:
        if path.stat().st_size > LARGEST_CONFIGURATION:
            raise UserError('%s is too long for the configuration of a BigGAN; give the config.json beside it' % path)
        return json.loads(path.read_text(encoding='utf-8'))
    except (OSError, ValueError) as error:
        raise UserError('%s cannot be read (%s); fetch it again' % (path, error)) from None


def read_archive(stream: BinaryIO, path: str) -> Networks:
    """The network in the archive of a TF-Hub module. Raises NetworkPickleError as `read_pytorch`."""
    try:
        return _networks(hub.read_archive(stream, path), [])
    except UserError as error:
        _refuse(error)


def read_folder(folder: str, path: str) -> Networks:
    """The network in the folder of a TF-Hub module. Raises NetworkPickleError as `read_pytorch`."""
    try:
        return _networks(hub.read(folder), [])
    except UserError as error:
        _refuse(error)


def _networks(found: weights.Weights, notes: List[str]) -> Networks:
    return (None, None, states.to_state(found)), notes


def _refuse(error: UserError) -> NoReturn:
    raise NetworkPickleError(str(error)) from None
