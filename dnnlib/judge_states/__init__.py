"""Networks that judge images, as data: what files of several programs hold -> the NetworkState of a network of ours.

A pickle of an official judge names a build function that only its own source text defines. Where the names and shapes
of its variables say which network it is, `rebuilt` gives the state of ours that computes the same. Nothing of a file
is executed, and neither TensorFlow nor PyTorch is needed.
"""

from ..pickled_data import NetworkPickleError
from . import layers, vgg16

_KINDS = dict(VGG16=vgg16)


def rebuilt(state):
    """The state of one of our judges that a pickled state stands for; None if it looks like none.

    Args:
        state: NetworkState of a network that stands alone.
    Raises: NetworkPickleError for one that is nearly such a network; the message says what differs.
    """
    found = None if state.components else layers.of(state.variables)
    for name, kind in _KINDS.items():
        if found and kind.looks_like(found):
            try:
                layers.check_order(found)
                made = kind.of_layers(found)
            except NetworkPickleError as error:
                raise NetworkPickleError(
                    'network %r (%s) looks like %s, but %s' % (state.name, state.build_func_name, name, error)
                ) from None
            made.name = state.name
            return made
    return None
