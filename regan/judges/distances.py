"""How far apart images are as a network sees them: functions of tensors, which gradients flow through.

with graph.as_default(), session.as_default():
    lpips = distances.Lpips(judge_files.read('lpips'))     # Or read('lpips', 'vgg16_zhang_perceptual.pkl').
    target = lpips.features(target_images)                 # Once.
    loss = lpips.between(lpips.features(images), target)   # [N]; or lpips.distance(images, target_images).
"""

import abc
from typing import Any, List, Sequence

import tensorflow.compat.v1 as tf

from dnnlib.judge_states.vgg16 import NAMES
from regan.base.errors import UserError
from regan.judges import vgg16
from regan.judges.judge_files import JudgeFile

Tensor = Any


class ImageDistance(abc.ABC):
    """A distance of images in the graph and the session that are the default ones when it is made.

    Images are float tensors [N, C, H, W] (C is 3, or 1 for grey), range [-1, 1], of any size that the network takes.

    Attributes:
        name: how results call it, such as 'lpips'.
    """

    name: str

    @abc.abstractmethod
    def features(self, images: Tensor) -> List[Tensor]:
        """What the network sees in images [N, C, H, W], range [-1, 1]: tensors with N first, for `between`."""

    @abc.abstractmethod
    def between(self, features: Sequence[Tensor], others: Sequence[Tensor]) -> Tensor:
        """Distances float32 [N] of two lists that `features` gave; one of a single image is compared with all."""

    def distance(self, images_a: Tensor, images_b: Tensor) -> Tensor:
        """Distances float32 [N] of images [N, C, H, W] and others, range [-1, 1]."""
        return self.between(self.features(images_a), self.features(images_b))


class Lpips(ImageDistance):
    """LPIPS on VGG16 (Zhang et al., 2018): the perceptual distance of the official projector and of path lengths.

    Args:
        file: JudgeFile of LPIPS; images have 16 pixels a side at least.
    """

    name: str = 'lpips'

    def __init__(self, file: JudgeFile) -> None:
        self._network = file.network()
        self._is_ours = file.state.build_func_name == 'LPIPS'  # Code of the file tells nothing but distances.

    def features(self, images: Tensor) -> List[Tensor]:
        seen = in_bytes(images, least=2 ** (len(vgg16.BLOCKS) - 1))
        return list(self._network.get_output_for(seen, seen, return_features=True)) if self._is_ours else [seen]

    def between(self, features: Sequence[Tensor], others: Sequence[Tensor]) -> Tensor:
        if not self._is_ours:
            return self._network.get_output_for(features[0], others[0])
        return vgg16.compare(features, others, [self._network.find_var('lin%d/weight' % i) for i in range(5)])


class VggFeatures(ImageDistance):
    """Mean squared difference of one layer's activations of VGG16, as the first stylegan-encoder has it.

    Args:
        file: JudgeFile of VGG16.
        layer: 'conv1_1' ... 'conv5_3', after its ReLU; stylegan-encoder takes conv3_3 of images of 256 pixels.
    Raises: UserError for another layer.
    """

    name: str

    def __init__(self, file: JudgeFile, layer: str = 'conv3_3') -> None:
        if layer not in NAMES:
            raise UserError('VGG16 has no layer %r; choose from %s' % (layer, ', '.join(NAMES)))
        self.name, self._layer = 'vgg16-' + layer, layer
        self._network = file.network()

    def features(self, images: Tensor) -> List[Tensor]:
        seen = in_bytes(images, least=2 ** (int(self._layer[len('conv')]) - 1))
        return [self._network.get_output_for(seen, layers=[self._layer])]

    def between(self, features: Sequence[Tensor], others: Sequence[Tensor]) -> Tensor:
        return tf.reduce_mean(tf.square(features[0] - others[0]), axis=[1, 2, 3])


def in_bytes(images: Tensor, least: int = 1) -> Tensor:
    """Images [N, C, H, W], range [-1, 1], as judges see them: RGB, float32, range [0, 255], neither rounded nor
    clipped.

    Raises: UserError if they have another number of channels than 1 or 3, or fewer than `least` pixels a side.
    """
    images = tf.cast(images, tf.float32)
    _, channels, *sizes = images.shape.as_list()
    if channels not in (1, 3) or any(size is not None and size < least for size in sizes):
        raise UserError(
            'VGG16 compares images of 1 or 3 channels and at least %d pixels a side there; found %s'
            % (least, images.shape.as_list()[1:])
        )
    images = tf.tile(images, [1, 3, 1, 1]) if images.shape.as_list()[1] == 1 else images
    return (images + 1) * 127.5
