"""What changes while a network trains: level of detail, minibatch, learning rate; all functions of the images shown so
far.

Sources: Karras et al. 2018 (progressive growing), 2019, 2020, and the defaults of the official training programs.
"""

import dataclasses
import math
from typing import Mapping, Optional

import dnnlib
from regan.base.errors import UserError


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


# ------------------------------------------------------------------ the official arguments

_GROWING = dict(lod_training_kimg=600, lod_transition_kimg=600)
_REST = dict(G_lrate_dict={}, D_lrate_dict={}, lrate_rampup_kimg=0)

OFFICIAL_SCHEDULES = {  # Generation -> the arguments of its `training_schedule` and their defaults.
    1: dict(
        _GROWING,
        lod_initial_resolution=4,
        minibatch_base=16,
        minibatch_dict={},
        max_minibatch_per_gpu={},
        G_lrate_base=0.001,
        D_lrate_base=0.001,
        tick_kimg_base=160,
        tick_kimg_dict={4: 160, 8: 140, 16: 120, 32: 100, 64: 80, 128: 60, 256: 40, 512: 30, 1024: 20},
        **_REST,
    ),
    2: dict(
        _GROWING,
        lod_initial_resolution=None,
        minibatch_size_base=32,
        minibatch_size_dict={},
        minibatch_gpu_base=4,
        minibatch_gpu_dict={},
        G_lrate_base=0.002,
        D_lrate_base=0.002,
        tick_kimg_base=4,
        tick_kimg_dict={8: 28, 16: 24, 32: 20, 64: 16, 128: 12, 256: 8, 512: 6, 1024: 4},
        **_REST,
    ),
}


def official_schedule(generation, sched_args, num_gpus=1, network='G'):
    """The Schedule of official `sched_args`.

    Args:
        generation: 1 or 2.
        sched_args: dict, keys as in OFFICIAL_SCHEDULES.
        num_gpus: int; a minibatch of the first generation is a multiple of it.
        network: 'G' or 'D', whose learning rate is meant.
    Raises: UserError for an unknown argument.
    """
    unknown = sorted(set(sched_args) - set(OFFICIAL_SCHEDULES[generation]))
    if unknown:
        raise UserError('sched_args has %s, which StyleGAN%s does not know' % (unknown[0], ['', '2'][generation - 1]))
    args = dnnlib.EasyDict(OFFICIAL_SCHEDULES[generation], **sched_args)
    return Schedule(
        lod_initial_resolution=args.lod_initial_resolution,
        lod_training_kimg=args.lod_training_kimg,
        lod_transition_kimg=args.lod_transition_kimg,
        lrate=args[network + '_lrate_base'],
        lrate_dict=args[network + '_lrate_dict'],
        lrate_rampup_kimg=args.lrate_rampup_kimg,
        tick_kimg=args.tick_kimg_base,
        tick_kimg_dict=args.tick_kimg_dict,
        **(_minibatches(args, num_gpus) if generation == 1 else _minibatches_in_parts(args)),
    )


def _minibatches(args, num_gpus):
    def whole(size):
        return size - size % num_gpus

    sizes = {resolution: whole(size) for resolution, size in args.minibatch_dict.items()}
    for resolution, most in args.max_minibatch_per_gpu.items():
        sizes[resolution] = min(sizes.get(resolution, whole(args.minibatch_base)), most * num_gpus)
    return dict(minibatch_size=whole(args.minibatch_base), minibatch_size_dict=sizes)


def _minibatches_in_parts(args):
    return dict(
        minibatch_size=args.minibatch_size_base,
        minibatch_size_dict=args.minibatch_size_dict,
        minibatch_gpu=args.minibatch_gpu_base,
        minibatch_gpu_dict=args.minibatch_gpu_dict,
    )


def training_schedule(cur_nimg, training_set, num_gpus=None, **sched_args):
    """What holds after `cur_nimg` images (official API of both generations).

    Args:
        cur_nimg: int.
        training_set: of which only `resolution_log2` counts.
        num_gpus: int, as StyleGAN's scripts give it; None: StyleGAN2.
        sched_args: see OFFICIAL_SCHEDULES, which has the defaults, too.
    Returns: EasyDict of kimg, lod, resolution, G_lrate, D_lrate, tick_kimg and, for StyleGAN, minibatch, for
        StyleGAN2 minibatch_size and minibatch_gpu.
    Raises: UserError for an unknown argument.
    """
    generation, gpus = (2, 1) if num_gpus is None else (1, num_gpus)
    stage, of_D = [
        official_schedule(generation, sched_args, gpus, network).at(cur_nimg, 2**training_set.resolution_log2)
        for network in 'GD'
    ]
    sizes = dict(minibatch=stage.minibatch)
    if generation == 2:
        sizes = dict(minibatch_size=stage.minibatch, minibatch_gpu=stage.at_once)
    return dnnlib.EasyDict(
        kimg=cur_nimg / 1000,
        lod=stage.lod,
        resolution=stage.resolution,
        G_lrate=stage.lrate,
        D_lrate=of_D.lrate,
        tick_kimg=stage.tick_kimg,
        **sizes,
    )
