"""What metrics have in common, and the first generation's own settings (official StyleGAN, StyleGAN2 and ADA API).

A metric is made with its settings and run on network pickles:

    metric = dnnlib.util.call_func_by_name(**metric_defaults['fid50k'])
    metric.run('network.pkl', data_dir='datasets', dataset_args=dict(tfrecord_dir='ffhq'))

A subclass has `_evaluate`, which calls `_report_result`.
"""

import hashlib
import inspect
import os
import time
import warnings

import numpy as np

import config
import dnnlib
from dnnlib import tflib

# isort: split
import tensorflow.compat.v1 as tf  # After dnnlib.tflib, which keeps its start-up notices off the terminal.

from dnnlib.tflib.autosummary import autosummary
from metrics import judges
from regan.base.errors import UserError
from training import dataset, misc

_FIRST = dnnlib.EasyDict(num_samples=100000, epsilon=1e-4, minibatch_per_gpu=16)

# The settings that scripts of the first generation name here; those of the others are in metric_defaults.
fid50k = dnnlib.EasyDict(
    func_name='metrics.frechet_inception_distance.FID', name='fid50k', num_images=50000, minibatch_per_gpu=8
)
ppl_zfull, ppl_wfull, ppl_zend, ppl_wend = [
    dnnlib.EasyDict(
        _FIRST,
        func_name='metrics.perceptual_path_length.PPL',
        name='ppl_' + space + sampling,
        space=space,
        sampling=sampling,
    )
    for sampling in ('full', 'end')
    for space in 'zw'
]
ls = dnnlib.EasyDict(
    func_name='metrics.linear_separability.LS',
    name='ls',
    num_samples=200000,
    num_keep=100000,
    attrib_indices=range(40),
    minibatch_per_gpu=4,
)
dummy = dnnlib.EasyDict(func_name='metrics.metric_base.DummyMetric', name='dummy')


class MetricBase:
    """A number, or several, that a network pickle gets.

    Args:
        name: how the numbers are called.
        force_dataset_args: arguments of the data set that override those given to `run`.
        force_G_kwargs: arguments of the generator that override the others.

    Attributes:
        name: the same.
        judge_files: names of the published networks that it needs, see `metrics.judges`.
    """

    judge_files = ()

    def __init__(self, name, force_dataset_args=None, force_G_kwargs=None):
        self.name = name
        self._force_dataset_args, self._force_G_kwargs = dict(force_dataset_args or {}), dict(force_G_kwargs or {})
        self._configured = {}
        self._dataset_obj = None
        self._progress_lo = self._progress_hi = self._progress_max = self._progress_sec = None
        self._progress_time = None
        self._reset()

    def close(self):
        """Forgets the last run."""
        self._reset()

    def check_networks(self):
        """Raises UserError if a published network that the metric needs is not there and cannot be fetched."""
        for file in self.judge_files:
            judges.locate(file, self.name)

    # ---------------------------------------------------------------- what it is run on

    def configure(self, dataset_args=None, run_dir=None):
        """Arguments for each later `run` that does not give its own (StyleGAN2-ADA)."""
        self._configured = dict(dataset_args=dataset_args, run_dir=run_dir)

    def configure_progress_range(self, plo, phi, pmax, psec=15):
        """Makes `_report_progress` tell the run context how far the metric is.

        Args:
            plo, phi: where this metric begins and ends.
            pmax: the end of all.
            psec: seconds between two reports at least.
        """
        self._progress_lo, self._progress_hi, self._progress_max, self._progress_sec = plo, phi, pmax, psec

    def _reset(self, network_pkl=None, run_dir=None, data_dir=None, dataset_args=None, mirror_augment=None):
        if self._dataset_obj is not None:
            self._dataset_obj.close()
        self._dataset_obj, self._progress_time = None, None
        self._network_pkl, self._data_dir = network_pkl, data_dir
        self._dataset_args, self._mirror_augment = dataset_args, mirror_augment
        self._results, self._eval_time = [], 0.0
        if dataset_args is None and run_dir is not None:
            self._take_from_run(run_dir)

    def _take_from_run(self, run_dir):
        """The data and the mirroring of the training in a folder, where it tells."""
        try:
            earlier = misc.parse_config_for_previous_run(run_dir)
        except FileNotFoundError:
            return
        self._dataset_args = dict(earlier.dataset) or None
        self._data_dir = earlier.train.get('data_dir', self._data_dir)
        if self._mirror_augment is None:
            self._mirror_augment = earlier.train.get('mirror_augment', False)

    def run(
        self,
        network_pkl,
        run_dir=None,
        data_dir=None,
        dataset_args=None,
        mirror_augment=None,
        num_gpus=1,
        tf_config=None,
        log_results=True,
        Gs_kwargs=None,
    ):
        """Measures the averaged generator of a pickle, in a graph and a session of its own.

        Args:
            network_pkl: path or URL of a pickle (G, D, Gs).
            run_dir: folder of a run; gets the result in metric-<name>.txt. Without dataset_args the data is that of
                its training.
            data_dir: folder below which the data set lies; default: as given, else below `config.data_dir`.
            dataset_args: arguments of `dataset.load_dataset`, for metrics that look at real images.
            mirror_augment: flip the real images at random.
            num_gpus: GPUs that share each minibatch.
            tf_config: settings for `tflib.create_session`.
            log_results: print the result.
            Gs_kwargs: arguments of the generator; default: is_validation=True, that is no truncation.
        Raises: UserError for missing data or networks.
        """
        run_dir = self._configured.get('run_dir') if run_dir is None else run_dir
        dataset_args = self._configured.get('dataset_args') if dataset_args is None else dataset_args
        self._reset(network_pkl, run_dir, data_dir, dataset_args, mirror_augment)
        begin = time.time()
        kwargs = dict(dict(is_validation=True) if Gs_kwargs is None else Gs_kwargs, **self._force_G_kwargs)
        with tf.Graph().as_default(), tflib.create_session(tf_config).as_default():
            self._report_progress(0, 1)
            _G, _D, Gs = misc.load_pkl(network_pkl)
            self._call_evaluate(Gs, kwargs, num_gpus)
            self._report_progress(1, 1)
            if self._dataset_obj is not None:
                self._dataset_obj.close()
                self._dataset_obj = None
        self._eval_time = time.time() - begin
        if log_results:
            self._log(run_dir)

    def _call_evaluate(self, Gs, kwargs, num_gpus):
        """Calls `_evaluate` with what it asks for: subclasses differ in this between the generations."""
        offered = dict(Gs=Gs, Gs_kwargs=kwargs, G_kwargs=kwargs, num_gpus=num_gpus)
        wanted = inspect.signature(self._evaluate).parameters
        self._evaluate(**{name: value for name, value in offered.items() if name in wanted})

    def _evaluate(self, Gs, Gs_kwargs, num_gpus):
        """Measures a generator, calling `_report_result`; a subclass may leave out what it does not use."""
        raise NotImplementedError

    # ---------------------------------------------------------------- results

    def _report_result(self, value, suffix='', fmt='%-10.4f'):
        """Notes a number.

        Args:
            value: the number.
            suffix: of its name.
            fmt: how `get_result_str` writes it.
        """
        self._results.append(dnnlib.EasyDict(value=value, suffix=suffix, fmt=fmt))

    def report_result(self, value, suffix='', fmt='%-10.4f'):
        """`_report_result`, for whoever measures from outside."""
        self._report_result(value, suffix, fmt)

    def get_results(self):
        """The numbers of the last run: dict of name -> float."""
        return {self.name + result.suffix: float(result.value) for result in self._results}

    def get_result_str(self):
        """The last run in one line: network, time, and each number after its name."""
        name = '' if self._network_pkl is None else os.path.splitext(os.path.basename(str(self._network_pkl)))[0]
        if len(name) > 29:
            name = '...' + name[-26:]
        line = '%-30s time %-12s' % (name, dnnlib.util.format_time(self._eval_time))
        for result in self._results:
            line += ' ' + self.name + result.suffix + ' ' + result.fmt % result.value
        return line

    def update_autosummaries(self):
        """Counts the numbers of the last run for TensorBoard, as Metrics/<name>."""
        for name, value in self.get_results().items():
            autosummary('Metrics/' + name, value)

    def _log(self, run_dir):
        if run_dir is None:
            print(self.get_result_str().strip())
            return
        with dnnlib.util.Logger(os.path.join(run_dir, 'metric-%s.txt' % self.name), 'a'):
            print(self.get_result_str().strip())

    def _report_progress(self, pcur, pmax, status_str=''):
        """Tells the run context that pcur of pmax parts are done, if `configure_progress_range` was called."""
        if self._progress_max is None:
            return
        now = time.time()
        waits = self._progress_sec is not None and self._progress_time is not None
        if waits and pcur < pmax and now < self._progress_time + self._progress_sec:
            return
        self._progress_time = now
        done = self._progress_lo + (pcur / pmax) * (self._progress_hi - self._progress_lo)
        dnnlib.RunContext.get().update(status_str, int(done), self._progress_max)

    # ---------------------------------------------------------------- images and labels

    def _get_dataset_obj(self):
        """The data set, in the order of its files; made when first asked for. Raises UserError."""
        if self._dataset_obj is None:
            if self._dataset_args is None:
                raise UserError('%s looks at a data set; give dataset_args, such as tfrecord_dir' % self.name)
            args = dict(self._dataset_args, **self._force_dataset_args)
            folder, data_dir = args.get('tfrecord_dir'), self._data_dir
            if folder is not None and data_dir is None and not os.path.isdir(folder):
                data_dir = config.data_dir
            if folder is not None or 'path' in args:
                args['shuffle_mb'] = 0
            self._dataset_obj = dataset.load_dataset(data_dir=data_dir, **args)
        return self._dataset_obj

    def _iterate_reals(self, minibatch_size):
        """Yields minibatches of real images, [N, C, H, W], without end where the data set has none."""
        data = self._get_dataset_obj()
        while True:
            images, _labels = data.get_minibatch_np(minibatch_size)
            yield misc.apply_mirror_augment(images) if self._mirror_augment else images

    def _iterate_fakes(self, Gs, minibatch_size, num_gpus):
        """Yields minibatches of fakes, uint8 [N, H, W, C], without end, truncation, or labels."""
        transform = dict(func=tflib.convert_images_to_uint8, nchw_to_nhwc=True)
        while True:
            latents = np.random.randn(minibatch_size, *Gs.input_shape[1:])
            yield Gs.run(latents, None, output_transform=transform, is_validation=True, num_gpus=num_gpus)

    def _get_random_labels_tf(self, minibatch_size):
        """Tensor [minibatch_size, label_size] of the labels of images drawn at random."""
        return self._get_dataset_obj().get_random_labels_tf(minibatch_size)

    def _get_random_labels_np(self, Gs, minibatch_size):
        """Labels [minibatch_size, label_size] as a generator takes them; None for one without classes.

        Raises: UserError if the data set's labels are others.
        """
        size = Gs.input_shapes[1][1] if Gs.num_inputs > 1 else 0
        if size == 0:
            return None
        labels = self._get_dataset_obj().get_random_labels_np(minibatch_size)
        if labels.shape[1] != size:
            raise UserError(
                "%s has %d classes, but the labels of the data set are %d wide; give max_label_size='full' in "
                'dataset_args' % (self._network_pkl, size, labels.shape[1])
            )
        return labels

    # ---------------------------------------------------------------- what is kept of the reals

    def _get_cache_file_for_reals(self, extension='pkl', **kwargs):
        """Path of a file for what the metric computes of the reals; another one for other data or settings.

        Args:
            extension: of the file.
            kwargs: settings that the content depends on.
        """
        facts = dict(kwargs, metric=self.name, mirror_augment=bool(self._mirror_augment), data=self._facts_of_data())
        key = hashlib.md5(repr(sorted(facts.items())).encode('utf-8')).hexdigest()
        return os.path.join(misc.CACHE_DIR, '%s-%s.%s' % (self.name, key, extension))

    def _facts_of_data(self):
        """What tells a data set from others: the arguments, and the files' sizes and times."""
        data = self._get_dataset_obj()
        args = dict(self._dataset_args, **self._force_dataset_args)
        files, folder = [], getattr(data, 'tfrecord_dir', None)
        for name in sorted(os.listdir(folder)) if folder else []:
            status = os.stat(os.path.join(folder, name))
            files.append((name, status.st_size, status.st_mtime_ns))
        return [sorted((name, repr(value)) for name, value in args.items()), list(data.shape), files]

    def _cached(self, path, compute):
        """What a cache file holds; else what `compute` returns, which is saved there if that is possible."""
        if os.path.isfile(path):
            return misc.load_pkl(path)
        value = compute()
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            misc.save_pkl(value, path)
        except OSError as error:
            warnings.warn('%s: statistics of the real images are not kept: %s' % (self.name, error))
        return value


class MetricGroup:
    """Several metrics that run one after the other.

    Args:
        metric_kwarg_list: dicts that make them, as `metric_defaults` has them.
    """

    def __init__(self, metric_kwarg_list):
        self.metrics = [dnnlib.util.construct_class_by_name(**kwargs) for kwargs in metric_kwarg_list]

    def run(self, *args, **kwargs):
        """Runs all; arguments as of `MetricBase.run`."""
        for metric in self.metrics:
            metric.run(*args, **kwargs)

    def get_result_str(self):
        """The lines of all, in one."""
        return ' '.join(metric.get_result_str() for metric in self.metrics)

    def update_autosummaries(self):
        """Counts the numbers of all for TensorBoard."""
        for metric in self.metrics:
            metric.update_autosummaries()


class DummyMetric(MetricBase):
    """Always 0, to try what runs metrics."""

    def _evaluate(self, Gs, Gs_kwargs, num_gpus):
        self._report_result(0.0)
