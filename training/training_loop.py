"""The training of a generator and a discriminator, from data set to network pickles, to be interrupted and resumed
at will.
"""

import contextlib
import dataclasses
import math
import signal
import time
from typing import Callable, Mapping, Optional

import numpy as np
import tqdm

import dnnlib
import dnnlib.tflib as tflib

# isort: split
import tensorflow.compat.v1 as tf  # After dnnlib.tflib, which keeps its start-up notices off the terminal.

from regan.base import artefacts, kept
from regan.base.errors import UserError
from regan.networks import precision
from training import dataset, misc, networks_biggan, official, resumption, state
from training.graph import TrainingGraph, fade, process_reals  # The last one for scripts, which expect it here.
from training.misc import save_image_grid
from training.run_folder import GRID, STATE, RunFolder
from training.schedule import ema_decay, training_schedule


@dataclasses.dataclass
class Progress:
    """Where a run is.

    Attributes:
        images: reals that D has seen.
        stage_images: those when the schedule was last looked at.
        minibatches: so far.
        counter: of the random numbers, one for each part of a minibatch.
        tick_start: images when this tick began.
        seconds: of training so far.
        sums: step name -> [sum, count] of its losses in this tick.
    """

    images: int = 0
    stage_images: int = 0
    minibatches: int = 0
    counter: int = 0
    tick_start: int = 0
    ticks: int = 0
    seconds: float = 0.0
    sums: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Surroundings:
    """What official programs decide besides; the defaults are those of `regan train`.

    Attributes:
        data: further arguments of `TFRecordDataset`.
        grid: arguments size and layout of `setup_snapshot_image_grid` for the sample grids; None: 8 x 4 at random.
        session: settings for `tflib.create_session`.
        kimg, seconds: what a new run counts from, as one that was trained before does.
        shared_folder: the folder of the run may hold other files.
        each_tick: callable (log row) -> bool, whether the training ends here, as if it had come to its end.
    """

    data: Mapping = dataclasses.field(default_factory=dict)
    grid: Optional[Mapping] = None
    session: Mapping = dataclasses.field(default_factory=dict)
    kimg: float = 0.0
    seconds: float = 0.0
    shared_folder: bool = False
    each_tick: Callable = lambda row: False


REGAN = Surroundings()


def train(
    recipe,
    data_dir,
    run_dir,
    total_kimg,
    resolution=None,
    max_label_size=0,
    image_snapshot_ticks=1,
    network_snapshot_ticks=10,
    resume_pkl=None,
    metrics=None,
    threads=None,
    show_progress=True,
    surroundings=REGAN,
):
    """Trains until `total_kimg` thousand reals were shown; goes on where an earlier call on `run_dir` ended.

    A run that was interrupted (SIGTERM, SIGINT, or at a tick by anything else) and resumed ends with the same bits as
    one that was not, on one machine with the same number of threads.

    Args:
        recipe: `training.recipe.Recipe`.
        data_dir: folder of multi-resolution TFRecords.
        run_dir: folder of the run: recipe.json, log.csv, TensorBoard events, reals.png, fakes*.png,
            network-snapshot-* (kimg) and network-final with the ending of the recipe's snapshots (.pkl, unless it is a
            BigGAN), and state.npz, from which it goes on.
        resolution, max_label_size: see `TFRecordDataset`.
        image_snapshot_ticks, network_snapshot_ticks: a grid, and a pickle, every so many ticks; None: only at the ends.
        resume_pkl: pickle (G, D, Gs) whose networks a new run starts from, see `training.resumption`.
        metrics: callable, path of a pickle -> dict of numbers for the log; called for every network snapshot.
        threads: of TensorFlow; default: one for each processor.
        show_progress: a bar on the terminal.
        surroundings: Surroundings.
    Returns: path of the final network, or None if it was interrupted.
    Raises: UserError for bad data, a state of another recipe, a pickle that fits neither data nor recipe, a full disk,
        or a loss that is not finite.
    """
    precision.check_dtype(recipe.precision, tf.__version__)
    resumed = None
    if resume_pkl:  # Compared before anything is built or written.
        data = resumption.facts_of_data(data_dir, resolution, max_label_size)
        resumed = resumption.Resumed(resume_pkl, recipe, data)
        recipe = resumed.recipe
    if recipe.needs_labels:
        networks_biggan.check(recipe.G, resumption.facts_of_data(data_dir, resolution, max_label_size))
    snapshots = dnnlib.util.get_obj_by_name(recipe.snapshots)()
    folder = RunFolder(run_dir, surroundings.shared_folder, snapshots)
    with tf.Graph().as_default(), _session(threads, surroundings):
        training_set = dataset.load_dataset(
            tfrecord_dir=data_dir,
            resolution=resolution,
            max_label_size=max_label_size,
            seed=recipe.seed,
            **surroundings.data,
        )
        with contextlib.closing(training_set):
            networks = resumed.networks() if resumed else None
            ticks = image_snapshot_ticks, network_snapshot_ticks
            run = _Run(recipe, training_set, folder, networks, metrics, ticks, surroundings)
            return run.train(total_kimg, show_progress)


def _session(threads, surroundings):
    config = {} if threads is None else {'intra_op_parallelism_threads': threads, 'inter_op_parallelism_threads': 1}
    return tflib.create_session(dict(config, **surroundings.session))


class _Run:
    """One process's part of a run."""

    def __init__(self, recipe, training_set, folder, networks, metrics, ticks, surroundings):
        self._recipe, self._training_set, self._folder, self._metrics = recipe, training_set, folder, metrics
        self._image_ticks, self._network_ticks = ticks
        self._surroundings = surroundings
        self._facts = dict(
            recipe.facts(),
            data=dict(shape=training_set.shape, images=training_set.num_images, label_size=training_set.label_size),
        )
        saved = (
            state.load(folder.file(STATE), self._facts) if folder.has_state() else None
        )  # Refused before anything is built.
        self._graph = TrainingGraph(recipe, training_set, networks)
        self._networks = self._graph.G, self._graph.D, self._graph.Gs
        self._progress, self._stage = Progress(), None
        self._next_minibatch = training_set.get_minibatch_tf()
        self._grid, reals, self._grid_labels = self._samples()
        if saved:
            self._resume(*saved)
        else:
            self._begin(reals)

    def _samples(self):
        """(columns, rows) of the grids, the reals of the first one, and the labels of all."""
        data, rnd = self._training_set, np.random.RandomState(self._recipe.seed)
        if self._surroundings.grid is not None:
            return misc.setup_snapshot_image_grid(training_set=data, **self._surroundings.grid)
        reals, _ = data.get_minibatch_np(GRID[0] * GRID[1])
        return GRID, reals, data.get_random_labels_np(len(reals), rnd)

    def _begin(self, reals):
        images = int(self._surroundings.kimg * 1000)
        self._progress = Progress(
            images=images, stage_images=images, tick_start=images, seconds=self._surroundings.seconds
        )
        artefacts.write_json(self._folder.file('recipe.json'), self._facts)
        self._folder.save_reals(reals, self._grid)
        self._save_fakes('fakes_init.png')

    def _resume(self, variables, progress):
        try:
            self._graph.set_state(variables)
            self._progress = Progress(**progress)
        except (KeyError, ValueError, TypeError) as error:
            raise UserError(
                '%s does not fit this program: %s; it was saved by another version, so train into another folder'
                % (self._folder.file(STATE), error)
            ) from None
        self._folder.drop_rows_after(self._progress.images / 1000)
        kept.add(self._folder.file(STATE))
        kept.resumable()

    # ---------------------------------------------------------------- the loop

    def train(self, total_kimg, show_progress):
        """Path of the final pickle, or None if a signal came."""
        started = time.time() - self._progress.seconds
        self._enter(self._stage_at(self._progress.stage_images))  # Where an interrupted run was.
        with _interruptible() as interrupted, tqdm.tqdm(
            total=total_kimg * 1000, initial=self._progress.images, unit='img', disable=None if show_progress else True
        ) as bar:
            while self._progress.images < total_kimg * 1000:
                before = self._progress.images
                self._minibatch()
                bar.update(self._progress.images - before)
                self._progress.seconds = time.time() - started
                if interrupted:
                    self._save_state()
                    return None
                if self._progress.images >= self._progress.tick_start + self._stage.tick_kimg * 1000:
                    if self._tick():
                        break
        self._tick()
        return self._folder.save_networks('network-final', self._networks)

    def _minibatch(self):
        p = self._progress
        if p.minibatches % self._recipe.minibatch_repeats == 0:
            p.stage_images = p.images
            self._enter(self._stage_at(p.images))
        if self._recipe.order == 'stylegan':
            for repeat in range(self._recipe.D_repeats):
                if repeat:
                    self._shown()
                self._fetch_all()
                self._step('D')
            self._step('G')
        else:
            self._fetch_all()
            self._step('G')
            self._regularise('G')
            self._step('D')
        self._regularise('D')
        self._shown()
        p.minibatches += 1

    def _fetch_all(self):
        self._reals = [self._fetch() for _ in range(self._stage.rounds)]

    def _shown(self):
        """Counts the reals that were fetched last."""
        self._progress.images += self._stage.minibatch
        self._progress.counter += self._stage.rounds

    def _stage_at(self, images):
        return self._recipe.schedule.at(images, self._training_set.resolution)

    def _enter(self, stage):
        old, self._stage = self._stage, stage
        if old is None or (old.at_once, math.floor(old.lod)) != (stage.at_once, math.floor(stage.lod)):
            self._training_set.configure(stage.at_once, stage.lod, skip_images=self._progress.images)
        self._graph.set_lod(stage.lod)
        another = old is not None and (math.floor(old.lod), math.ceil(old.lod)) != (
            math.floor(stage.lod),
            math.ceil(stage.lod),
        )
        if another and self._recipe.reset_opt_for_new_lod:
            self._graph.reset_optimizers()

    def _regularise(self, name):
        interval = self._recipe.G_reg_interval if name == 'G' else self._recipe.D_reg_interval
        if name + '_reg' in self._graph.step_names() and self._progress.minibatches % interval == 0:
            self._step(name + '_reg')

    def _step(self, name):
        decay = ema_decay(self._stage.minibatch, self._progress.images, self._recipe.ema_kimg, self._recipe.ema_rampup)
        for i, (images, labels) in enumerate(self._reals):
            last = i == self._stage.rounds - 1
            self._note(
                name,
                self._graph.step(name, self._progress.counter + i, self._stage, images, labels, decay if last else 1.0),
            )

    def _fetch(self):
        with self._training_set.explained_errors():
            images, labels = tflib.run(self._next_minibatch)
        return fade(images, self._stage.lod), labels

    def _note(self, name, loss):
        if not math.isfinite(loss):
            raise UserError(
                'the loss of step %s is %s after %.3f kimg, so training stopped and the state of the last tick is kept '
                'in %s; %s' % (name, loss, self._progress.images / 1000, self._folder.path, self._folder.advice())
            )
        entry = self._progress.sums.setdefault(name, [0.0, 0])
        entry[0] += loss
        entry[1] += 1

    # ---------------------------------------------------------------- reports

    def _tick(self):
        """Reports; returns whether the training ends here."""
        p = self._progress
        if p.images == p.tick_start:
            return False
        kimg, row = p.images / 1000, self._row()
        p.ticks += 1
        if self._image_ticks and p.ticks % self._image_ticks == 0:
            self._save_fakes('fakes%06d.png' % kimg)
        if self._network_ticks and p.ticks % self._network_ticks == 0:
            path = self._folder.save_networks('network-snapshot-%06d' % kimg, self._networks)
            row.update(self._metrics(path) if self._metrics else {})
        self._folder.log(row)
        p.tick_start, p.sums = p.images, {}
        self._save_state()
        return self._surroundings.each_tick(row)

    def _row(self):
        p = self._progress
        row = dict(
            kimg=p.images / 1000,
            lod=self._stage.lod,
            minibatch=self._stage.minibatch,
            lrate=self._stage.lrate,
            seconds=p.seconds,
        )
        row.update(('loss_' + name, total / count) for name, (total, count) in sorted(p.sums.items()))
        return row

    def _save_fakes(self, name):
        self._folder.save_fakes(name, self._networks, self._grid_labels, self._recipe.seed, self._grid)

    def _save_state(self):
        state.save(self._folder.file(STATE), self._graph.get_state(), dataclasses.asdict(self._progress), self._facts)
        kept.resumable()


@contextlib.contextmanager
def _interruptible():
    """Yields a list that is no longer empty once SIGTERM or SIGINT came."""
    received = []
    try:
        old = {
            number: signal.signal(number, lambda number, _: received.append(number))
            for number in (signal.SIGTERM, signal.SIGINT)
        }
    except ValueError:  # Not the main thread: the caller's business.
        old = {}
    try:
        yield received
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


# ------------------------------------------------------------------ as official programs call it


def training_loop(submit_config=None, **arguments):
    """Trains as the official program of StyleGAN, StyleGAN2 or StyleGAN2-ADA would with these arguments.

    Which of the three is told from the arguments. The folder of the run gets what `train` leaves there, beside what
    `dnnlib.submit_run` puts into it; a run whose folder has a state goes on from it.

    Args:
        submit_config: dnnlib.SubmitConfig of the run in progress, or None.
        arguments: of an official training loop, see `training.official.DEFAULTS`.
    Returns: path of network-final.pkl.
    Raises: UserError that names an argument that cannot be honoured, before anything starts; and as `train`.
        KeyboardInterrupt if it was interrupted; the state is kept.
    """
    if submit_config is not None:
        arguments['submit_config'] = submit_config
    plan = official.plan(arguments)
    metrics = [official.metric(args) for args in plan.metric_args]

    def measured(pkl):
        found = {}
        for metric in metrics:
            metric.run(pkl, run_dir=plan.run_dir, num_gpus=1, tf_config=dict(plan.session), **plan.metric_data)
            found.update(metric.get_results())
        return found

    def each_tick(row):
        print(official.tick_line(row))
        context = dnnlib.RunContext.get()
        context.update('%.2f' % row['lod'], int(row['kimg']), plan.total_kimg)
        if plan.tell is not None:
            plan.tell(int(row['kimg']), plan.total_kimg)
        return context.should_stop() or (plan.stop is not None and plan.stop())

    path = train(
        plan.recipe,
        plan.data_dir,
        plan.run_dir,
        plan.total_kimg,
        image_snapshot_ticks=plan.image_snapshot_ticks,
        network_snapshot_ticks=plan.network_snapshot_ticks,
        resume_pkl=plan.resume_pkl,
        metrics=measured if metrics else None,
        show_progress=False,
        surroundings=Surroundings(
            plan.data, plan.grid, plan.session, plan.kimg, plan.seconds, shared_folder=True, each_tick=each_tick
        ),
        **plan.fitting,
    )
    if path is None:
        raise KeyboardInterrupt
    return path


def setup_snapshot_image_grid(training_set):
    """The sample grid of StyleGAN2-ADA: (columns, rows), reals, labels for a screen of 8k, a class in each row."""
    layout = 'row_per_class' if training_set.label_size else 'random'
    return misc.setup_snapshot_image_grid(training_set, '8k', layout)
