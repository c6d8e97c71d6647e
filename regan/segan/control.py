"""Semantic control: one coordinate of one subspace runs over some values, all else stays."""

import math

import numpy as np

from regan.base.errors import UserError
from regan.sampling import latents

OPERATIONS = ('set', 'scale', 'add')


def parse_values(text):
    """`a:b:k` as k equally spaced numbers from a to b, float64 [k].

    >>> parse_values('-3:3:5')
    array([-3. , -1.5,  0. ,  1.5,  3. ])

    Raises:
        UserError: anything else; one value needs a = b.
    """
    parts = text.split(':')
    try:
        first, last, count = float(parts[0]), float(parts[1]), int(parts[2])
    except (ValueError, IndexError):
        first = math.nan
    if (
        len(parts) != 3
        or not (math.isfinite(first) and math.isfinite(last))
        or count < 1
        or (count == 1 and first != last)
    ):
        raise UserError("cannot read values from '%s'; write first:last:count, for example -3:3:5" % text)
    return np.linspace(first, last, count)


def affine(operation, values, mean, stdev):
    """What an operation does to a coordinate c, as c * scale + shift: two float64 [K].

    Args:
        operation: 'set': the coordinate becomes mean + value * stdev. 'add': value * stdev is added to it. 'scale': it
            is multiplied by the value (SEGAN's factor).
        values: float [K], in standard deviations (scale: plain factors).
        mean, stdev: of the coordinate.
    """
    values = np.asarray(values, np.float64)
    if operation == 'scale':
        return values, np.zeros_like(values)
    if operation == 'add':
        return np.ones_like(values), values * stdev
    if operation == 'set':
        return np.zeros_like(values), mean + values * stdev
    raise UserError('there is no operation %r; choose one of %s' % (operation, ', '.join(OPERATIONS)))


def strips(generator, subspaces, subspace, dimension, values, operation, seeds, progress=None, conversion='round'):
    """One row of images for each seed: the same z and the same noise along the row.

    Args:
        generator: open Generator.
        subspaces: its Subspaces.
        subspace: one of them.
        values: float [K].
        progress: callable that gets the number of images done since its last call.
        conversion: see `Generator.synthesize`.
    Returns: uint8 [seeds, K, H, W, C].
    Raises: UserError for a dimension that is not there.
    """
    subspaces.check_dimension(dimension)
    mean, stdev = subspaces.statistics(subspace, subspaces.sample_w())
    controls = subspaces.controls(subspace, dimension, *affine(operation, values, mean[dimension], stdev[dimension]))
    w = generator.map(latents.from_seeds(seeds, generator.latent_size))  # [seeds, D]
    dlatents = np.repeat(latents.broadcast(w, generator.num_layers), len(values), axis=0)  # [seeds K, L, D]
    controls = {name: np.tile(value, [len(seeds), 1, 1]) for name, value in controls.items()}
    tiles = generator.synthesize(dlatents, progress, conversion, **controls)
    return tiles.reshape((len(seeds), len(values)) + tiles.shape[1:])
