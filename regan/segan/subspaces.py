"""Which subspaces a SEGAN generator has, what enters them, and how strongly each dimension acts.

N images or latents, D width of w, q coordinates of a subspace (D; in mode 4 fewer), S subspaces.
"""

import dataclasses

import numpy as np

from regan.base.errors import UserError
from regan.sampling import latents

STATISTICS_SAMPLES = 5000  # The unit of control is a coordinate's standard deviation over so many latents.
STATISTICS_SEED = 0


@dataclasses.dataclass(frozen=True)
class Subspace:
    """One subspace by its public address.

    Attributes:
        layer: block, 0 at 4 x 4.
        position: within the block; 0 Conv and 1 ToRGB in block 0, else 0 Conv0_up, 1 Conv1, 2 ToRGB.
        scope: of the layer's variables, e.g. '8x8/Conv1'.
        slot: index of the dlatent that the layer sees. A ToRGB shares it with the next block's first layer.
    """

    layer: int
    position: int
    scope: str
    slot: int

    @property
    def number(self):
        """Index among all subspaces, in the order of the layers."""
        return self.slot + self.layer

    @property
    def name(self):
        return 'L%dN%d' % (self.layer, self.position)


class Subspaces:
    """The subspaces of an open generator.

    Attributes:
        mode: 0 (no subspace: the styles of the layers), 1, 2, 3 or 4.
        size: q.
        all: tuple of Subspace.
    Raises: UserError if the generator is none of SEGAN's.
    """

    def __init__(self, generator):
        if generator.build_function != 'G_segan':
            raise UserError(
                '%s holds a generator without subspaces (%s, not G_segan); give one trained as SEGAN'
                % (generator.path, generator.build_function)
            )
        self._generator = generator
        self.mode = generator.static_kwargs.get('mode', 0)
        self.all = tuple(_subspaces(generator.resolution))
        self.size = (
            generator.variable(self.all[0].scope + '/Subspace/U').shape[1] if self.mode == 4 else generator.dlatent_size
        )

    def at(self, layer, position):
        """The Subspace with this address. Raises UserError that says which there are."""
        found = [s for s in self.all if s.layer == layer]
        if not found:
            raise UserError(
                'there is no layer %d; %s has the layers 0 to %d' % (layer, self._generator.path, self.all[-1].layer)
            )
        if not 0 <= position < len(found):
            raise UserError(
                'layer %d has no subspace %d but %s'
                % (layer, position, ', '.join('%d (%s)' % (s.position, s.scope.split('/')[1]) for s in found))
            )
        return found[position]

    def check_dimension(self, dimension):
        """Raises UserError unless a subspace has this dimension."""
        if not 0 <= dimension < self.size:
            raise UserError(
                'there is no dimension %d; the subspaces of %s have the dimensions 0 to %d'
                % (dimension, self._generator.path, self.size - 1)
            )

    def coordinates(self, subspace, w):
        """What enters a subspace: w float [N, D] -> float [N, q]. w itself; in mode 4 U^T w."""
        return w @ self._variable(subspace, 'U') if self.mode == 4 else w

    def sample_w(self):
        """Latents to take statistics over: float32 [STATISTICS_SAMPLES, D]."""
        z = latents.sample_batch(STATISTICS_SEED, STATISTICS_SAMPLES, self._generator.latent_size)
        return self._generator.map(z)

    def statistics(self, subspace, w):
        """Mean and standard deviation of each coordinate over w [N, D]: two float64 [q]."""
        coordinates = np.asarray(self.coordinates(subspace, w), np.float64)
        return coordinates.mean(axis=0), coordinates.std(axis=0)

    def strength(self, subspace, stdev):
        """How far one standard deviation of each coordinate moves what the layer does: float64 [q].

        The norm of the change of the layer's feature map (mode 1), or of its modulation, the affine image of the style
        (others).
        """
        gain = np.ones(self.size) if self.mode == 0 else np.abs(self._variable(subspace, 'L'))
        if self.mode == 2:
            gain = gain * np.abs(self._column_sums(subspace))
        if self.mode == 1:
            return stdev * gain * np.linalg.norm(self._variable(subspace, 'U').reshape(-1, self.size), axis=0)
        affine = self._generator.variable(subspace.scope + '/mod_weight') / np.sqrt(
            self._generator.dlatent_size
        )  # [D, in]
        if self.mode == 4:
            affine = self._variable(subspace, 'U').T @ affine  # [q, in]
        return stdev * gain * np.linalg.norm(affine, axis=1)

    def controls(self, subspace, dimension, scale, shift):
        """Inputs of the synthesis network that make coordinate c of K images c * scale + shift.

        Args:
            scale, shift: float [K].
        Returns: dict of control_scale and control_shift, float32 [K, S, q].
        """
        shape = (len(scale), len(self.all), self.size)
        inputs = dict(control_scale=np.ones(shape, np.float32), control_shift=np.zeros(shape, np.float32))
        inputs['control_scale'][:, subspace.number, dimension] = scale
        inputs['control_shift'][:, subspace.number, dimension] = shift
        return inputs

    def _column_sums(self, subspace):
        if self._generator.static_kwargs.get('collapse_mode2'):
            return self._variable(subspace, 's')
        return self._variable(subspace, 'U').reshape(-1, self.size).sum(axis=0, dtype=np.float64)

    def _variable(self, subspace, name):
        return self._generator.variable('%s/Subspace/%s' % (subspace.scope, name))


def _subspaces(resolution):
    for layer in range(int(resolution).bit_length() - 2):
        side = 4 << layer
        parts = ('Conv0_up', 'Conv1', 'ToRGB') if layer else ('Conv', 'ToRGB')
        for position, part in enumerate(parts):
            yield Subspace(layer, position, '%dx%d/%s' % (side, side, part), 2 * layer + 2 - len(parts) + position)
