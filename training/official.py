"""What the official training programs ask for, in terms of ours: the arguments of three training loops as one plan."""

import dataclasses
import os
from typing import Callable, Mapping, Optional

import dnnlib
from regan.base.errors import UserError
from training import misc
from training.recipe import Recipe
from training.schedule import OFFICIAL_SCHEDULES, official_schedule

STYLEGAN, STYLEGAN2, ADA = 'StyleGAN', 'StyleGAN2', 'StyleGAN2-ADA'

_ALL = dict(
    G_args={},
    D_args={},
    G_opt_args={},
    D_opt_args={},
    metric_arg_list=(),
    G_smoothing_kimg=10.0,
    minibatch_repeats=4,
)
_BEFORE_ADA = dict(
    _ALL,
    submit_config=None,
    G_loss_args={},
    D_loss_args={},
    dataset_args={},
    sched_args={},
    grid_args={},
    tf_config={},
    data_dir=None,
    reset_opt_for_new_lod=True,
    mirror_augment=False,
    drange_net=(-1, 1),
    save_tf_graph=False,
    save_weight_histograms=False,
    resume_kimg=0.0,
    resume_time=0.0,
)
_LAZY = dict(
    lazy_regularization=True,
    G_reg_interval=4,
    D_reg_interval=16,
    total_kimg=25000,
    image_snapshot_ticks=50,
    network_snapshot_ticks=50,
    resume_pkl=None,
)

DEFAULTS = {  # Of each training loop, by argument.
    STYLEGAN: dict(
        _BEFORE_ADA,
        D_repeats=1,
        total_kimg=15000,
        image_snapshot_ticks=1,
        network_snapshot_ticks=10,
        resume_run_id=None,
        resume_snapshot=None,
    ),
    STYLEGAN2: dict(_BEFORE_ADA, **_LAZY, resume_with_new_nets=False),
    ADA: dict(
        _ALL,
        **_LAZY,
        run_dir='.',
        loss_args={},
        train_dataset_args={},
        metric_dataset_args={},
        augment_args={},
        num_gpus=1,
        minibatch_size=32,
        minibatch_gpu=4,
        G_smoothing_rampup=None,
        kimg_per_tick=4,
        abort_fn=None,
        progress_fn=None,
    ),
}

# Losses that only the first generation has, and arguments of its schedule: they tell a script's generation, too.
_FIRST_LOSSES = ('G_logistic_nonsaturating', 'G_logistic_saturating', 'D_logistic_simplegp', 'D_hinge', 'D_hinge_gp')
_FIRST_SCHEDULE = set(OFFICIAL_SCHEDULES[1]) - set(OFFICIAL_SCHEDULES[2])

_ONLY = {  # Argument -> the one value that can be honoured, and why.
    'drange_net': ([-1, 1], 'networks see images in this range'),
    'save_tf_graph': (False, 'the graph is not written'),
    'save_weight_histograms': (False, 'histograms are not written'),
    'num_gpus': (1, 'training runs on one device'),
    'augment_args': ({}, 'adaptive augmentation is not included; with the official program, --aug=noaug leaves it out'),
}

_ADA_LOSS = {  # Argument of ADA's loss -> (network, argument of ours).
    'r1_gamma': ('D', 'gamma'),
    'pl_minibatch_shrink': ('G', 'pl_minibatch_shrink'),
    'pl_decay': ('G', 'pl_decay'),
    'pl_weight': ('G', 'pl_weight'),
}


@dataclasses.dataclass(frozen=True)
class Plan:
    """A training run as `training_loop.train` makes it.

    Attributes:
        recipe: Recipe.
        data_dir: folder of the data set.
        data: further arguments of `TFRecordDataset`.
        fitting: those that `train` takes itself: resolution, max_label_size.
        metric_data: arguments of the data set that metrics read, and whether it is mirrored.
        run_dir, total_kimg, image_snapshot_ticks, network_snapshot_ticks, resume_pkl: as for `train`.
        metric_args: list of dicts that make metrics.
        grid, session, kimg, seconds: see `training_loop.Surroundings`.
        tell: callable (images so far, total) or None; stop: callable () -> bool or None.
    """

    recipe: Recipe
    data_dir: str
    data: Mapping
    fitting: Mapping
    metric_data: Mapping
    run_dir: str
    total_kimg: float
    image_snapshot_ticks: Optional[int]
    network_snapshot_ticks: Optional[int]
    resume_pkl: Optional[str]
    metric_args: list
    grid: Mapping
    session: Mapping = dataclasses.field(default_factory=dict)
    kimg: float = 0.0
    seconds: float = 0.0
    tell: Optional[Callable] = None
    stop: Optional[Callable] = None


def plan(arguments):
    """The Plan behind the arguments (dict) of an official training loop, whose generation they tell.

    Raises: UserError that names the first argument that cannot be honoured.
    """
    generation = _generation(arguments)
    unknown = sorted(set(arguments) - set(DEFAULTS[generation]))
    if unknown:
        raise UserError("%s's training loop has no argument %s; leave it out" % (generation, unknown[0]))
    values = dnnlib.EasyDict(DEFAULTS[generation], **arguments)
    for name, (value, reason) in _ONLY.items():
        given = values.get(name, value)
        given = list(given) if isinstance(given, tuple) else given
        if given != value and not (given is None and not value):
            raise UserError('%s = %r cannot be honoured, only %r: %s' % (name, given, value, reason))
    for name in ('G_args', 'D_args'):
        if 'func_name' not in values[name]:
            raise UserError("%s has no func_name, such as 'training.networks_stylegan2.G_main'; give one" % name)
    return _plan_of_ada(values) if generation == ADA else _plan_before_ada(values, generation)


def _generation(arguments):
    given = set(arguments)
    if given & (set(DEFAULTS[ADA]) - set(DEFAULTS[STYLEGAN2])):
        return ADA
    losses = [str(arguments.get(name, {}).get('func_name')) for name in ('G_loss_args', 'D_loss_args')]
    of_first = (
        given & (set(DEFAULTS[STYLEGAN]) - set(DEFAULTS[STYLEGAN2]))
        or set(arguments.get('sched_args', {})) & _FIRST_SCHEDULE
        or any(loss.split('.')[-1] in _FIRST_LOSSES for loss in losses)
    )
    return STYLEGAN if of_first else STYLEGAN2


# ------------------------------------------------------------------ StyleGAN and StyleGAN2


def _plan_before_ada(values, generation):
    first = generation == STYLEGAN
    config = values.submit_config if values.submit_config is not None else dnnlib.submit_config
    if config is not None and config.num_gpus != 1:
        raise UserError('num_gpus = %r cannot be honoured, only 1: training runs on one device' % (config.num_gpus,))
    for name in ('G_loss_args', 'D_loss_args'):
        if 'func_name' not in values[name]:
            raise UserError("%s has no func_name, such as 'training.loss.D_logistic_r1'; give one" % name)
    if first:
        _check_rates(values.sched_args)
        if type(values.D_repeats) is not int or values.D_repeats < 1:
            raise UserError('D_repeats = %r is no number of steps; give a whole number from 1' % (values.D_repeats,))
    session = dict(values.tf_config)
    seed = session.pop('rnd.np_random_seed', None)
    lazy = not first and values.lazy_regularization
    recipe = Recipe(
        order='stylegan' if first else 'stylegan2',
        G=dict(values.G_args),
        D=dict(values.D_args),
        G_loss=dict(values.G_loss_args),
        D_loss=dict(values.D_loss_args),
        G_opt=dict(values.G_opt_args),
        D_opt=dict(values.D_opt_args),
        G_reg_interval=values.G_reg_interval if lazy else None,
        D_reg_interval=values.D_reg_interval if lazy else None,
        schedule=official_schedule(1 if first else 2, dict(values.sched_args)),
        ema_kimg=values.G_smoothing_kimg,
        mirror_augment=bool(values.mirror_augment),
        reset_opt_for_new_lod=values.reset_opt_for_new_lod,
        minibatch_repeats=values.minibatch_repeats,
        seed=1000 if seed is None else seed,
        D_repeats=values.D_repeats if first else 1,
    )
    data_dir, data, fitting = _data('dataset_args', values.dataset_args, values.data_dir)
    return Plan(
        recipe=recipe,
        data_dir=data_dir,
        data=data,
        fitting=fitting,
        metric_data=dict(
            data_dir=values.data_dir,
            dataset_args=dict(values.dataset_args, shuffle_mb=0),
            mirror_augment=recipe.mirror_augment,
        ),
        run_dir=dnnlib.make_run_dir_path() if config is None else config.run_dir,
        total_kimg=values.total_kimg,
        image_snapshot_ticks=values.image_snapshot_ticks,
        network_snapshot_ticks=values.network_snapshot_ticks,
        resume_pkl=_resumed(values) if first else values.resume_pkl,
        metric_args=list(values.metric_arg_list),
        grid=dict(dict(size='1080p', layout='random'), **values.grid_args),
        session=session,
        kimg=values.resume_kimg,
        seconds=values.resume_time,
    )


def _check_rates(sched_args):
    """Of StyleGAN2 only G's rates count, which the official program feeds to both networks."""
    for name in ('lrate_base', 'lrate_dict'):
        of_G, of_D = [sched_args.get(n + name, OFFICIAL_SCHEDULES[1][n + name]) for n in ('G_', 'D_')]
        if of_G != of_D:
            raise UserError(
                'sched_args has D_%s = %r, which differs from G_%s = %r; both networks train with one learning rate'
                % (name, of_D, name, of_G)
            )


def _resumed(values):
    if values.resume_run_id is None:
        return None
    try:
        return misc.locate_network_pkl(values.resume_run_id, values.resume_snapshot)
    except OSError as error:
        raise UserError('resume_run_id = %r: %s' % (values.resume_run_id, error)) from error


# ------------------------------------------------------------------ StyleGAN2-ADA


def _plan_of_ada(values):
    rate = _learning_rate(values)
    G_loss, D_loss = _losses(values.loss_args)
    data = dict(values.train_dataset_args)
    mirror = bool(data.pop('mirror_augment', False))
    data_dir, data, fitting = _data('train_dataset_args', data, None)
    lazy = values.lazy_regularization
    recipe = Recipe(
        order='stylegan2',
        G=dict(values.G_args),
        D=dict(values.D_args),
        G_loss=G_loss,
        D_loss=D_loss,
        G_opt=_without_rate(values.G_opt_args),
        D_opt=_without_rate(values.D_opt_args),
        G_reg_interval=values.G_reg_interval if lazy else None,
        D_reg_interval=values.D_reg_interval if lazy else None,
        schedule=official_schedule(
            2,
            dict(
                minibatch_size_base=values.minibatch_size,
                minibatch_gpu_base=values.minibatch_gpu,
                G_lrate_base=rate,
                tick_kimg_base=values.kimg_per_tick,
                tick_kimg_dict={},
            ),
        ),
        ema_kimg=values.G_smoothing_kimg,
        ema_rampup=values.G_smoothing_rampup,
        mirror_augment=mirror,
        minibatch_repeats=values.minibatch_repeats,
    )
    return Plan(
        recipe=recipe,
        data_dir=data_dir,
        data=data,
        fitting=fitting,
        metric_data=dict(dataset_args=dict(values.metric_dataset_args or values.train_dataset_args)),
        run_dir=values.run_dir,
        total_kimg=values.total_kimg,
        image_snapshot_ticks=values.image_snapshot_ticks,
        network_snapshot_ticks=values.network_snapshot_ticks,
        resume_pkl=values.resume_pkl,
        metric_args=list(values.metric_arg_list),
        grid=dict(size='8k', layout='row_per_class' if fitting.get('max_label_size') else 'random'),
        tell=values.progress_fn,
        stop=values.abort_fn,
    )


def _learning_rate(values):
    rates = [opt.get('learning_rate', 0.001) for opt in (values.G_opt_args, values.D_opt_args)]
    if rates[0] != rates[1]:
        raise UserError(
            'D_opt_args has the learning_rate %s, G_opt_args %s; both networks train with one' % (rates[1], rates[0])
        )
    return rates[0]


def _without_rate(opt_args):
    return {name: value for name, value in opt_args.items() if name != 'learning_rate'}


def _losses(loss_args):
    """The arguments of our two losses behind those of ADA's one."""
    given = dict(loss_args)
    name = given.pop('func_name', 'training.loss.stylegan2')
    if name.split('.')[-1] != 'stylegan2':
        raise UserError("loss_args has the func_name %s; only 'training.loss.stylegan2' can be honoured" % name)
    losses = dict(
        G=dict(func_name='training.loss.G_logistic_ns_pathreg'),
        D=dict(func_name='training.loss.D_logistic_r1'),
    )
    for key, value in given.items():
        if key not in _ADA_LOSS:
            raise UserError('loss_args has %s, which cannot be honoured; leave it out' % key)
        network, own = _ADA_LOSS[key]
        losses[network][own] = value
    if losses['G'].get('pl_weight', 2) == 0:
        losses['G'] = dict(func_name='training.loss.G_logistic_ns')
    return losses['G'], losses['D']


# ------------------------------------------------------------------ data


def _data(argument, dataset_args, data_dir):
    """(folder of the data set, further arguments of `TFRecordDataset`, those of them that `train` takes itself)."""
    options = dict(dataset_args)
    name = options.pop('class_name', None)
    if name not in (None, 'training.dataset.TFRecordDataset'):
        raise UserError('%s has the class_name %s; training reads a TFRecordDataset' % (argument, name))
    for fixed in ('verbose', 'repeat', 'seed'):  # Training repeats for ever, and its seed is the recipe's.
        options.pop(fixed, None)
    folder = options.pop('path', None) or options.pop('tfrecord_dir', None)
    if folder is None:
        raise UserError('%s names no data set; give its folder as tfrecord_dir or path' % argument)
    fitting = {name: options.pop(name) for name in ('resolution', 'max_label_size') if name in options}
    return (folder if data_dir is None else os.path.join(data_dir, folder)), options, fitting


# ------------------------------------------------------------------ metrics and reports


def metric(metric_args):
    """The metric of a dict that names its class as func_name or as class_name, with its networks at hand.

    Raises: UserError if a network that it needs is missing.
    """
    found = dnnlib.util.construct_class_by_name(**metric_args)
    found.check_networks()
    return found


def tick_line(row):
    """What is printed at each tick, from a row of the log."""
    return 'tick at kimg %-9.1f lod %-5.2f minibatch %-4d time %s' % (
        row['kimg'],
        row['lod'],
        row['minibatch'],
        dnnlib.util.format_time(row['seconds']),
    )
