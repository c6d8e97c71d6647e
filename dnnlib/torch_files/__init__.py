"""Files of PyTorch programs, read as data: no torch, and nothing of a file is executed.

Bytes -> values (`containers`) -> which program's network that is (`kinds`) -> NetworkStates as of a TensorFlow pickle
(`ada`, `rosinality`, `genforce`). Names are those of the programs: NVlabs/stylegan2-ada-pytorch (and the StyleGAN2
networks of stylegan3), rosinality/stylegan2-pytorch, genforce.
"""

from ..pickled_data import NetworkPickleError
from . import containers, kinds


def read(stream, path):
    """The networks of a PyTorch file.

    Args:
        stream: binary file object that can seek, at its beginning.
        path: how error messages call the file.

    Returns:
        ((G, D, Gs), notes): NetworkStates or None, and a list of sentences about what the file lacks.

    Raises:
        NetworkPickleError: damaged, of another kind, or it asks for more than data; the message says which.
    """
    value = containers.read(stream, path)
    try:
        return kinds.networks(value, path)
    except NetworkPickleError:
        raise
    except Exception as error:  # Attributes and tensors of any type raise nearly any error.
        raise NetworkPickleError(
            '%s holds a network that is damaged: what it says of itself is of no kind that programs write (%s: %s).'
            % (path, type(error).__name__, str(error)[:200])
        ) from None
