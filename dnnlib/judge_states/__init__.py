"""Networks that judge images, as data: what files of several programs hold -> the NetworkState of a network of ours.

A pickle of an official judge names a build function that only its own source text defines. Where the names and shapes
of its variables say which network it is, `rebuilt` gives the state of ours that computes the same. Nothing of a file
is executed, and neither TensorFlow nor PyTorch is needed.
"""

from ..pickled_data import NetworkPickleError
from . import classifier, inception_v3, layers, vgg16

_KINDS = {'VGG16': vgg16, 'Inception-v3': inception_v3}


def rebuilt(state, as_classifier=False):
    """The state of one of our judges that a pickled state stands for; None if it looks like none.

    Args:
        state: NetworkState of a network that stands alone.
        as_classifier: whether it is a classifier of faces if it looks like a discriminator. Only whoever wants one
            knows: forks have other discriminators whose variables are called alike.
    Raises: NetworkPickleError for one that is nearly such a network; the message says what differs.
    """
    try:
        made = _classifier(state) if as_classifier else _rebuilt(state)
    except NetworkPickleError as error:
        raise NetworkPickleError('network %r (%s) %s' % (state.name, state.build_func_name, error)) from None
    if made is not None:
        made.name = state.name
    return made


def _classifier(state):
    return classifier.of_state(state) if classifier.looks_like(state) else None


def _rebuilt(state):
    found = None if state.components else layers.of(state.variables)
    for name, kind in _KINDS.items():
        if found and kind.looks_like(found):
            try:
                layers.check_order(found)
                return kind.of_layers(found)
            except NetworkPickleError as error:
                raise NetworkPickleError('looks like %s, but %s' % (name, error)) from None
    return None
