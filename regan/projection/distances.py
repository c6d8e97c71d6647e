"""Distances of pictures that can be followed downhill: what a network makes of both, compared.

A distance takes features of a picture once, and compares them with those of others as often as it is asked: the target
stays, the picture changes. Which distance it was, and whose network, is part of every result.
"""

from typing import Any, Dict, List, NamedTuple, Optional, Sequence

import numpy as np

import dnnlib.tflib as tflib
from dnnlib import contents, unpickle
from dnnlib.tflib.revival import revive
from dnnlib.unpickle import NetworkPickleError
from regan.base import artefacts
from regan.base.errors import UserError
from regan.base.typing import PathLike, Protocol
from regan.judges import distances as judges
from regan.judges import judge_files
from regan.networks import weights

# isort: split
import tensorflow.compat.v1 as tf  # After dnnlib.tflib, which keeps its start-up notices off the terminal.

FROM, DOWN_TO = 256, 8  # Resolutions of the blocks of a discriminator whose outputs are compared.
EPSILON = 1e-10
SMALLEST_OF_VGG, SIDE_OF_VGG = 16, 256  # Pixels a side: what its poolings leave something of, and what it is shown.
ENCODER_SCALE = 82890  # By which stylegan-encoder divides.


class Features(NamedTuple):
    """What a distance sees in images.

    Attributes:
        tensors: list of tensors [N, ...].
        given: {placeholder: array}, values that they depend on.
    """

    tensors: List[Any]
    given: Dict[Any, np.ndarray]


class Distance(Protocol):
    """A distance of images.

    Attributes:
        name: what it is called in results, e.g. 'discriminator'.
        facts: JSON-able dict, which network it is of.
    """

    name: str
    facts: Dict[str, Any]

    def check(self, num_channels: int, resolution: int) -> None:
        """Raises UserError if images of this kind cannot be compared."""

    def features(self, images: tf.Tensor) -> Features:
        """Features of images, float [N, C, R, R] in [-1, 1], as ops of the default graph, which has a session."""

    def between(self, found: Sequence[tf.Tensor], target: Sequence[tf.Tensor]) -> tf.Tensor:
        """Distances [N] of images of which these are the `Features.tensors`."""


class DiscriminatorDistance:
    """The distance of what a discriminator, trained on pictures of the same kind, has after each of its blocks.

    The outputs of the blocks of 256 x 256 (or the largest) to 8 x 8 have unit length over channels at each position;
    d(a, b) is the mean over blocks and positions of |a - b|^2: 0 for equal images, symmetric, at most 4. Nothing of
    one image enters another. It is not LPIPS, and distances by two discriminators cannot be compared.

    Args:
        path: pickle with a discriminator, such as that of the generator; may be compressed.
        trust_embedded_code: True lets the file run code of its own, only if its networks are not among ours.

    Raises:
        UserError: the file is unreadable, or holds no discriminator, or several, or weights that are not finite.
    """

    name = 'discriminator'

    def __init__(self, path: PathLike, trust_embedded_code: bool = False) -> None:
        self._path, self._trust = str(path), trust_embedded_code
        file, choice = contents.split(path)
        self.facts = dict(distance_by=self.name, distance_sha256=artefacts.sha256_file(file))
        try:
            found = contents.in_file(unpickle.read(file), file)
            state = _discriminator(found, file, choice)
        except NetworkPickleError as error:
            raise UserError(str(error)) from None
        if state is None:
            raise UserError(
                '%s holds no discriminator, of which the distance of pictures comes, but %s; give a file with G, D and '
                'Gs, or one with a discriminator as --distance-network' % (file, contents.listed(found))
            )
        weights.check(state, self._path)
        self._state = state
        sizes = state.static_kwargs
        self._channels, self._resolution = sizes.get('num_channels', 3), sizes.get('resolution', 1024)

    def check(self, num_channels: int, resolution: int) -> None:
        """Raises UserError if images of this kind cannot be compared. Larger ones are averaged down."""
        if num_channels != self._channels or resolution % self._resolution:
            raise UserError(
                'the discriminator of %s sees images of %d channels and %d pixels a side (or 2, 4, ... times that), '
                'not of %d channels and %d pixels'
                % (self._path, self._channels, self._resolution, num_channels, resolution)
            )

    def features(self, images: tf.Tensor) -> Features:
        """See `Distance`."""
        try:
            network = revive(self._state, self._path, self._trust)
        except NetworkPickleError as error:
            raise UserError(str(error)) from None
        return discriminator_features(network, averaged(images, self._resolution))

    def between(self, found: Sequence[tf.Tensor], target: Sequence[tf.Tensor]) -> tf.Tensor:
        """See `Distance`."""
        return mean_squares(found, target)


class PerceptualDistance:
    """A distance by VGG16, whose weights the user has.

    `lpips`: LPIPS of images that are averaged down to 256 pixels a side, as StyleGAN2's projector has it. `vgg16`: the
    mean squared difference of conv3_3, divided by 82890, of images brought to 256 pixels a side by their nearest
    pixels, as the first stylegan-encoder has it.

    Args:
        name: 'lpips' or 'vgg16'.
        path: of its file, or of a folder with it; None: see `judge_files.read`.
        trust_embedded_code: True lets a pickle run code of its own.

    Raises:
        UserError: there is no such file, or it holds something else.
    """

    def __init__(self, name: str, path: Optional[PathLike] = None, trust_embedded_code: bool = False) -> None:
        self.name, self._file = name, judge_files.read(name, path, trust_embedded_code)
        self.facts = dict(distance_by=name, distance_files=self._file.facts()['files'])
        self._made: Any = None  # In the graph in which features were last asked for.

    def check(self, num_channels: int, resolution: int) -> None:
        """Raises UserError if images of this kind cannot be compared."""
        if num_channels not in (1, 3) or resolution < SMALLEST_OF_VGG:
            raise UserError(
                'VGG16 sees grey or RGB images of at least %d pixels a side, not of %d channels and %d pixels; choose '
                '--distance discriminator' % (SMALLEST_OF_VGG, num_channels, resolution)
            )

    def features(self, images: tf.Tensor) -> Features:
        """See `Distance`."""
        try:
            self._made = {'lpips': judges.Lpips, 'vgg16': judges.VggFeatures}[self.name](self._file)
        except NetworkPickleError as error:
            raise UserError(str(error)) from None
        prepared = {'lpips': averaged, 'vgg16': _nearest}[self.name](images, SIDE_OF_VGG)
        return Features(self._made.features(prepared), {})

    def between(self, found: Sequence[tf.Tensor], target: Sequence[tf.Tensor]) -> tf.Tensor:
        """See `Distance`."""
        apart = self._made.between(found, target)
        return apart / ENCODER_SCALE if self.name == 'vgg16' else apart


def _nearest(images, resolution):
    """Tensor [N, C, R, R] -> [N, C, r, r] of the nearest pixels."""
    if images.shape.as_list()[2] == resolution:
        return images
    nhwc = tf.image.resize_nearest_neighbor(tf.transpose(images, [0, 2, 3, 1]), [resolution] * 2)
    return tf.transpose(nhwc, [0, 3, 1, 2])


def _discriminator(found, file, choice) -> Optional[unpickle.NetworkState]:
    """The one discriminator of a file, or None."""
    try:
        return contents.official(found, file, choice)[1]
    except NetworkPickleError:  # No generator: a discriminator may be all that the file has.
        judges = {id(place.state): place.state for place in found if contents.is_discriminator(place.state)}
        return next(iter(judges.values())) if len(judges) == 1 else None


def discriminator_features(network: tflib.Network, images: tf.Tensor) -> Features:
    """What `DiscriminatorDistance` compares.

    Args:
        network: the discriminator.
        images: tensor [N, C, R, R] of its own resolution.

    Returns:
        Features, tensors [N, c, h, w] of unit length along c. Needs the network's graph and session as default ones.
    """
    graph, values = tf.get_default_graph(), network.own_values()
    begin = len(graph.get_operations())
    labels = tf.zeros(tf.stack([tf.shape(images)[0], network.static_kwargs.get('label_size', 0)]))
    grown = dict(structure='fixed', unused=['FromRGB_lod']) if values.get('lod') == 0 else dict(structure='linear')
    _, placeholders = network.get_output_with_values(images, labels, **grown)
    outs = _block_outputs([op.name for op in graph.get_operations()[begin:]])
    tensors = [unit_length(tf.cast(graph.get_tensor_by_name(name + ':0'), tf.float32)) for name in outs]
    return Features(tensors, {placeholders[name]: values[name] for name in placeholders})


def _block_outputs(names):
    """The ops that end the blocks from 256 x 256 to 8 x 8, or the last block of smaller ones, the finest first."""
    found, side = [], FROM
    while side >= DOWN_TO:
        for end in ('Skip', 'Conv1_down', 'Conv1'):
            ends = [name for name in names if name.endswith('/%dx%d/%s/out' % (side, side, end))]
            if ends:
                found.append(ends[-1])
                break
        side //= 2
    return found


def unit_length(x: tf.Tensor) -> tf.Tensor:
    """Tensor [N, C, H, W] whose vectors along C have length 1; nearly so where they are nearly 0."""
    return x * tf.rsqrt(tf.reduce_sum(tf.square(x), axis=1, keepdims=True) + EPSILON)


def mean_squares(found: Sequence[tf.Tensor], target: Sequence[tf.Tensor]) -> tf.Tensor:
    """The mean over features of the mean over positions of |a - b|^2, for features [N, C, H, W]: tensor [N]."""
    apart = [tf.reduce_mean(tf.reduce_sum(tf.square(a - b), axis=1), axis=[1, 2]) for a, b in zip(found, target)]
    return tf.add_n(apart) / len(apart)


def averaged(images: tf.Tensor, resolution: int) -> tf.Tensor:
    """Tensor [N, C, R, R], averaged over blocks if R is a multiple of the resolution: [N, C, r, r]."""
    side = images.shape.as_list()[2]
    factor = side // resolution
    if factor <= 1:
        return images
    channels = images.shape.as_list()[1]
    blocks = tf.reshape(images, [-1, channels, resolution, factor, resolution, factor])
    return tf.reduce_mean(blocks, axis=[3, 5])  # [N, C, r, r]
