"""A BigGAN-deep generator as the NetworkState of other networks, whatever container it came in, and back."""

from typing import Any, Dict, List

import numpy as np

from dnnlib.network_state import NetworkState
from regan.base.errors import UserError
from regan.biggan.configuration import FIRST_RESOLUTION, Configuration
from regan.biggan.weights import Weights

FUNCTION = 'G_biggan_deep'  # Of `regan.biggan.network`.
VERSION = 4


def arguments(configuration: Configuration) -> Dict[str, Any]:
    """The static arguments of the build function that stand for a Configuration."""
    return dict(
        num_channels=3,
        resolution=configuration.resolution,
        label_size=configuration.classes,
        latent_size=configuration.z_size,
        blocks=[list(block) for block in configuration.blocks],
        width=configuration.width,
        attention=configuration.attention,
        epsilon=configuration.epsilon,
        rows=configuration.rows,
    )


def configuration_of(static_kwargs: Dict[str, Any], where: str) -> Configuration:
    """The Configuration that static arguments stand for.

    Args:
        static_kwargs: of `arguments`.
        where: the network, for messages.

    Raises:
        UserError: an argument is missing or makes no sense.
    """
    try:
        found = Configuration(
            tuple((bool(up), entering, leaving) for up, entering, leaving in static_kwargs['blocks']),
            static_kwargs['width'],
            static_kwargs['latent_size'],
            static_kwargs['label_size'],
            static_kwargs['attention'],
            float(static_kwargs['epsilon']),
            static_kwargs['rows'],
        )
    except (KeyError, TypeError, ValueError, UserError) as error:
        raise UserError('%s: its arguments describe no BigGAN-deep (%s)' % (where, error)) from None
    if static_kwargs.get('resolution') != found.resolution:
        raise UserError(
            '%s says images of %s pixels, but its blocks make %d'
            % (where, static_kwargs.get('resolution'), found.resolution)
        )
    return found


def layers(configuration: Configuration) -> List[Dict[str, Any]]:
    """What the latent of each layer drives: list of dict(index, resolution, scopes)."""
    found, size = [dict(index=0, resolution=FIRST_RESOLUTION, scopes=['gen_z'])], FIRST_RESOLUTION
    for i, block in enumerate(configuration.blocks):
        size *= 2 if block[0] else 1
        found.append(dict(index=i + 1, resolution=size, scopes=['block_%02d' % i]))
    return found


def to_state(weights: Weights, name: str = 'Gs') -> NetworkState:
    """The NetworkState of Weights; its arrays are theirs."""
    variables = list(weights.tensors.items())
    return NetworkState.from_dict(
        dict(
            version=VERSION,
            name=name,
            static_kwargs=arguments(weights.configuration),
            build_func_name=FUNCTION,
            variables=variables,
        )
    )


def from_state(state: NetworkState, where: str) -> Weights:
    """The Weights of a NetworkState; its arrays are the state's.

    Args:
        state: of `to_state`.
        where: its file, for messages.

    Raises:
        UserError: arguments or tensors that are no BigGAN-deep's.
    """
    configuration = configuration_of(state.static_kwargs, where)
    shapes, tensors = configuration.shapes, {}
    for name in state.variables:
        if name not in shapes:
            raise UserError('%s has the tensor %s, which no BigGAN-deep has' % (where, name))
    for name, shape in shapes.items():
        value = state.variables.get(name)
        if value is None or value.shape != shape:
            found = 'lacks it' if value is None else 'has %s' % list(value.shape)
            raise UserError('a BigGAN-deep has %s of shape %s, but %s %s' % (name, list(shape), where, found))
        tensors[name] = np.asarray(value, np.float32)
    return Weights(configuration, tensors, {}, 'state')
