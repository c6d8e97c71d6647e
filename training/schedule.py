"""What changes while a network trains: level of detail, minibatch, learning rate; all functions of the images shown so
far.

Sources: Karras et al. 2018 (progressive growing), 2019, 2020, and the defaults of the official training programs.
"""

import dataclasses
import math
from typing import Mapping, Optional


def lazy_correction(interval):
    """Adam's correction where a regulariser has a step of its own every k minibatches (Karras et al. 2020, appendix B).

    c = k / (k + 1): the learning rate is multiplied by it, beta1 and beta2 are raised to it. None: 1.
    """
    return 1.0 if interval is None else interval / (interval + 1)


@dataclasses.dataclass(frozen=True)
class Schedule:
    """The official `sched_args`.

    Attributes:
        lod_initial_resolution: int; None: no progressive growing.
        lod_training_kimg, lod_transition_kimg: thousands of images at each resolution, and while fading to the next.
        minibatch_size: images of one step; minibatch_gpu: of these at a time, the gradients are summed (None: all).
        minibatch_size_dict, minibatch_gpu_dict, lrate_dict: exceptions by resolution.
        lrate: learning rate of both networks; lrate_rampup_kimg: it grows linearly over so many kimg.
        tick_kimg: thousands of images between two reports; tick_kimg_dict: exceptions by resolution.
    """

    lod_initial_resolution: Optional[int] = None
    lod_training_kimg: float = 600
    lod_transition_kimg: float = 600
    minibatch_size: int = 32
    minibatch_size_dict: Mapping = dataclasses.field(default_factory=dict)
    minibatch_gpu: Optional[int] = None
    minibatch_gpu_dict: Mapping = dataclasses.field(default_factory=dict)
    lrate: float = 0.002
    lrate_dict: Mapping = dataclasses.field(default_factory=dict)
    lrate_rampup_kimg: float = 0
    tick_kimg: float = 4
    tick_kimg_dict: Mapping = dataclasses.field(default_factory=dict)

    def at(self, images, resolution):
        """The `Stage` after so many images, for a network of this resolution.

        lod = max(0, log2(R) - floor(log2(initial)) - p - max(q - training, 0) / transition), where the time is p phases
        of training + transition, and q kimg.
        Raises: ValueError if minibatch_gpu does not divide the minibatch.
        """
        kimg = images / 1000
        lod = self._lod(kimg, resolution)
        current = 2 ** (int(math.log2(resolution)) - int(math.floor(lod)))
        minibatch = self.minibatch_size_dict.get(current, self.minibatch_size)
        at_once = self.minibatch_gpu_dict.get(current, self.minibatch_gpu) or minibatch
        if minibatch % at_once:
            raise ValueError('the minibatch of %d images cannot be made of parts of %d' % (minibatch, at_once))
        lrate = self.lrate_dict.get(current, self.lrate)
        if self.lrate_rampup_kimg > 0:
            lrate *= min(kimg / self.lrate_rampup_kimg, 1.0)
        return Stage(lod, current, minibatch, at_once, lrate, self.tick_kimg_dict.get(current, self.tick_kimg))

    def _lod(self, kimg, resolution):
        if self.lod_initial_resolution is None:
            return 0.0
        length = self.lod_training_kimg + self.lod_transition_kimg
        phase = math.floor(kimg / length) if length > 0 else 0
        rest = kimg - phase * length
        lod = math.log2(resolution) - math.floor(math.log2(self.lod_initial_resolution)) - phase
        if self.lod_transition_kimg > 0:
            lod -= max(rest - self.lod_training_kimg, 0.0) / self.lod_transition_kimg
        return max(lod, 0.0)


@dataclasses.dataclass(frozen=True)
class Stage:
    """What holds for one minibatch: level of detail (0: full), resolution, minibatch and part of it that is computed at
    a time, learning rate, length of a tick in kimg."""

    lod: float
    resolution: int
    minibatch: int
    at_once: int
    lrate: float
    tick_kimg: float

    @property
    def rounds(self):
        """Parts of a minibatch."""
        return self.minibatch // self.at_once


def ema_decay(minibatch, images, half_life_kimg=10.0, rampup=None):
    """Decay of the average of the generator's weights over one minibatch: 0.5^(minibatch / half-life).

    Args:
        rampup: None, or the largest part of the images so far that the half-life may be (0.05: StyleGAN2-ADA).
    """
    half_life = half_life_kimg * 1000
    if rampup is not None:
        half_life = min(half_life, max(images, 1) * rampup)
    return 0.5 ** (minibatch / max(half_life, 1e-8))
