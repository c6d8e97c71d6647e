"""The tensors of a network by their names in PyTorch, each taken once and turned as TensorFlow keeps it."""

import collections

import numpy as np

from ..pickled_data import NetworkPickleError


def as_is(tensor):
    """The tensor itself."""
    return tensor


def dense(tensor):
    """[out, in] -> [in, out]."""
    return tensor.T


def convolution(tensor):
    """[out, in, h, w] -> [h, w, in, out]."""
    return tensor.transpose(2, 3, 1, 0)


def reversed_convolution(tensor):
    """[out, in, h, w] -> [h, w, in, out], upside down and mirrored: of layers that enlarge (torch-pickles 4)."""
    return convolution(tensor[:, :, ::-1, ::-1])


def less_one(tensor):
    """The bias of a style, whose 1 TensorFlow adds in the graph."""
    return tensor - np.float32(1)


def scalar(tensor):
    """One number of any shape -> []."""
    return tensor.reshape(())


def noise_image(tensor):
    """[..., H, W] -> [1, 1, H, W]."""
    return tensor.reshape((1, 1) + tensor.shape[-2:])


class Weights:
    """Tensors by name.

    Args:
        tensors: dict of names -> arrays.
        where: the file and the network in it, for messages.
        ignored: function of a name: whether it need not be used.
    """

    def __init__(self, tensors, where, ignored=lambda name: False):
        self._tensors = {name: value for name, value in tensors.items() if not ignored(name)}
        self.where, self._used = where, set()

    def __contains__(self, name):
        return name in self._tensors

    def names(self):
        return list(self._tensors)

    def shape(self, name):
        """The shape of a tensor. Raises NetworkPickleError if there is none."""
        return self._get(name).shape

    def _get(self, name):
        if not isinstance(self._tensors.get(name), np.ndarray):
            raise NetworkPickleError('%s lacks the tensor %s.' % (self.where, name))
        return self._tensors[name]

    def take(self, name, form=as_is, rank=None):
        """A tensor as float32, in the form that TensorFlow has. Raises NetworkPickleError: missing, or another rank."""
        tensor = self._get(name)
        if tensor.dtype.kind != 'f':
            raise NetworkPickleError(
                '%s: the tensor %s has numbers of type %s where those of a network are floats.'
                % (self.where, name, tensor.dtype)
            )
        if rank is not None and tensor.ndim != rank:
            raise NetworkPickleError(
                '%s: the tensor %s has %d axes where %d are expected.' % (self.where, name, tensor.ndim, rank)
            )
        self._used.add(name)
        return np.ascontiguousarray(form(np.asarray(tensor, np.float32))).reshape(form(tensor).shape)

    def check_used(self):
        """Raises NetworkPickleError for tensors that nothing took: another architecture than it seems to be."""
        left = sorted(set(self._tensors) - self._used)
        if left:
            raise NetworkPickleError(
                '%s has %d tensors that no network of this kind has (%s); it is another architecture.'
                % (self.where, len(left), ', '.join(left[:3]))
            )


def widths(maps, resolution, where, given=None):
    """fmap_base and fmap_max, the arguments behind the widths of layers (torch-pickles 3.1).

    Args:
        maps: {R: number of maps at that resolution}.
        resolution: of the network.
        where: for messages.
        given: (channel_base, channel_max) that the file itself names, or None.

    Returns:
        dict(fmap_base, fmap_max).

    Raises:
        NetworkPickleError: no setting gives these widths.
    """
    most = max(maps.values())
    narrower = [r for r in sorted(maps) if maps[r] < most]
    base = maps[narrower[0]] * narrower[0] if narrower else most * resolution
    if given and all(isinstance(n, int) and n > 0 for n in given):
        base, most = given
    if any(maps[r] != min(base // r, most) for r in maps):
        raise NetworkPickleError('%s has layer widths that no StyleGAN2 setting gives (%s).' % (where, maps))
    return collections.OrderedDict(fmap_base=base / 2 if base % 2 else base // 2, fmap_max=most)


def taps(kernel, gain=1):
    """The taps of a resampling filter [n, n], an outer product, or [n]: tuple of floats that add up to 1."""
    kernel = np.asarray(kernel, np.float64) / gain
    return tuple(float(tap) for tap in (kernel.sum(axis=0) if kernel.ndim == 2 else kernel))
