"""Optimizers for one loss on several devices, with loss scaling and gradient accumulation (official dnnlib API)."""

import collections
import numbers

import numpy as np
import tensorflow.compat.v1 as tf

from dnnlib import util
from dnnlib.tflib import tfutil
from dnnlib.tflib.autosummary import autosummary


class Optimizer:
    """Averages gradients, skips those that are not finite, and applies the others with a TensorFlow optimizer.

    Args:
        name: str; also the beginning of the names of the statistics.
        tf_optimizer: dotted name of the class that makes the step.
        learning_rate: float, or tensor [].
        minibatch_multiplier: int, or int tensor []: make a step after so many executions, with their mean gradient.
        share: another Optimizer of the same class, learning rate and arguments, whose state is used.
        use_loss_scaling: multiply losses by 2^s, and gradients by 2^-s, so that float16 gradients do not vanish.
        loss_scaling_init: initial s.
        loss_scaling_inc: added to s at each step.
        loss_scaling_dec: subtracted from s when a gradient was not finite.
        report_mem_usage: must be False; TensorFlow 2 has no op for it.
        kwargs: for the class, e.g. beta1, beta2, epsilon.
    """

    def __init__(
        self,
        name='Train',
        tf_optimizer='tf.train.AdamOptimizer',
        learning_rate=0.001,
        minibatch_multiplier=None,
        share=None,
        use_loss_scaling=False,
        loss_scaling_init=64.0,
        loss_scaling_inc=0.0005,
        loss_scaling_dec=1.0,
        report_mem_usage=False,
        **kwargs,
    ):
        if report_mem_usage:
            raise ValueError('Optimizer %s: report_mem_usage is not supported.' % name)
        self.name = name
        self.id = name.replace('/', '.')
        self.learning_rate = learning_rate
        self.minibatch_multiplier = minibatch_multiplier
        self.use_loss_scaling = use_loss_scaling
        self.loss_scaling_init = loss_scaling_init
        self.loss_scaling_inc = loss_scaling_inc
        self.loss_scaling_dec = loss_scaling_dec
        self.optimizer_class = util.get_obj_by_name(tf_optimizer)
        self.optimizer_kwargs = kwargs
        self._share = share
        self._devices = collections.OrderedDict()  # device name -> _Device
        self._applied = False
        if share is not None:
            self._check_share(share)

    def _check_share(self, other):
        rate, other_rate = self.learning_rate, other.learning_rate
        same_rate = rate is other_rate or (
            isinstance(rate, numbers.Number) and isinstance(other_rate, numbers.Number) and rate == other_rate
        )
        if (
            self.optimizer_class is not other.optimizer_class
            or not same_rate
            or self.optimizer_kwargs != other.optimizer_kwargs
        ):
            raise ValueError(
                'Optimizer %s cannot share the state of %s: class, learning rate and arguments must be the same.'
                % (self.name, other.name)
            )

    def _device(self, name):
        if name not in self._devices:
            self._devices[name] = _Device(
                name, self._share._device(name).optimizer if self._share else self._make_optimizer()
            )
        return self._devices[name]

    def _make_optimizer(self):
        return self.optimizer_class(name=self.id, learning_rate=self.learning_rate, **self.optimizer_kwargs)

    # -------------------------------------------------------------- gradients

    def register_gradients(self, loss, trainable_vars):
        """Adds the gradients of a loss; to be called for each device, before `apply_updates`.

        Args:
            loss: float tensor; its device is where the variables are trained.
            trainable_vars: list of variables, or dict such as `Network.trainables`; for every device the same shapes
                in the same order.
        Raises: ValueError, RuntimeError after `apply_updates`.
        """
        variables = list(trainable_vars.values()) if isinstance(trainable_vars, dict) else list(trainable_vars)
        self._check_registration(loss, variables)
        device = self._device(loss.device)
        device.variables = variables
        with tf.name_scope(self.id + '_grad'), tf.device(device.name or None):
            gradients = tf.gradients(self.apply_loss_scaling(tf.cast(loss, tf.float32)), variables)
            gradients = [
                tf.zeros(v.shape) if g is None else tf.cast(g, tf.float32) for g, v in zip(gradients, variables)
            ]
            device.registrations.append([self.undo_loss_scaling(g) for g in gradients])

    def _check_registration(self, loss, variables):
        if self._applied:
            raise RuntimeError('Optimizer %s: register_gradients() was called after apply_updates().' % self.name)
        if not variables:
            raise ValueError('Optimizer %s: no variables to train.' % self.name)
        shapes = [v.shape.as_list() for v in variables]
        for device in self._registered():
            if shapes != [v.shape.as_list() for v in device.variables]:
                raise ValueError(
                    'Optimizer %s: the variables have other shapes than those registered before.' % self.name
                )

    def _registered(self):
        return [d for d in self._devices.values() if d.registrations]

    def apply_updates(self, allow_no_op=False):
        """The op that makes a training step; to be called once, after all registrations.

        The gradients are averaged over all registrations. If any element of them is not finite nothing is trained.
        allow_no_op: without registrations, return an op that does nothing (default: RuntimeError).
        """
        if self._applied:
            raise RuntimeError('Optimizer %s: apply_updates() was called twice.' % self.name)
        self._applied = True
        devices = self._registered()
        if not devices and allow_no_op:
            return tf.no_op(name=self.id)
        if not devices:
            raise RuntimeError('Optimizer %s: no gradients are registered.' % self.name)
        with tf.name_scope(self.id + '_update'):
            due, gradients, bookkeeping = self._accumulate(_mean([r for d in devices for r in d.registrations]))
            finite = tf.reduce_all([tf.reduce_all(tf.math.is_finite(g)) for g in gradients])
            steps = [self._step(d, gradients, due, finite) for d in devices]
            training_op = tf.group(*(bookkeeping + steps + self._statistics(devices[0], due, finite)))
        tfutil.init_uninitialized_vars([v for d in devices for v in d.optimizer.variables() + d.scaling_vars()])
        return training_op

    def _accumulate(self, gradients):
        """(whether a step is due: bool tensor, mean gradients since the last step, ops that must run)."""
        if self.minibatch_multiplier is None:
            return tf.constant(True), gradients, []
        count = tf.Variable(0, trainable=False, name='count')
        sums = [tf.Variable(tf.zeros(g.shape), trainable=False, name='sum') for g in gradients]
        tfutil.init_uninitialized_vars([count] + sums)
        new_count = count + 1
        new_sums = [s + g for s, g in zip(sums, gradients)]
        due = new_count >= self.minibatch_multiplier
        ops = [
            tf.assign(var, tf.where(due, tf.zeros_like(new), new))
            for var, new in zip([count] + sums, [new_count] + new_sums)
        ]
        return due, [s / tf.cast(new_count, tf.float32) for s in new_sums], ops

    def _step(self, device, gradients, due, finite):
        """The op that trains one device's variables, if the step is due and the gradients are finite."""

        def apply():
            return tf.group(
                device.optimizer.apply_gradients(
                    [(tf.cast(g, v.dtype.base_dtype), v) for g, v in zip(gradients, device.variables)]
                )
            )

        with tf.device(device.name or None):
            ops = [tf.cond(tf.logical_and(due, finite), apply, tf.no_op)]
            for var in device.scaling_vars():
                change = tf.where(finite, self.loss_scaling_inc, -self.loss_scaling_dec)
                ops.append(tf.assign_add(var, change * tf.cast(due, tf.float32)))
        return tf.group(*ops)

    def _statistics(self, device, due, finite):
        values = [('learning_rate', self.learning_rate), ('overflow_frequency', 1 - tf.cast(finite, tf.float32))]
        values += [('loss_scaling_log2', var) for var in device.scaling_vars()]
        return [autosummary('%s/%s' % (self.name, key), tf.convert_to_tensor(v), condition=due) for key, v in values]

    def reset_optimizer_state(self):
        """Gives the state of the TensorFlow optimizers (e.g. Adam's moments) its initial values, also where it is
        shared.
        """
        tfutil.run([v.initializer for d in self._devices.values() for v in d.optimizer.variables()])

    # -------------------------------------------------------------- loss scaling

    def get_loss_scaling_var(self, device):
        """The variable s of a device (its name), or None without loss scaling."""
        if not self.use_loss_scaling:
            return None
        entry = self._device(device)
        if entry.loss_scaling_var is None:
            with tf.init_scope(), tf.device(device or None):
                entry.loss_scaling_var = tf.Variable(
                    np.float32(self.loss_scaling_init), trainable=False, name=self.id + '_loss_scaling'
                )
        return entry.loss_scaling_var

    def apply_loss_scaling(self, value):
        """value * 2^s; the value itself without loss scaling."""
        if not self.use_loss_scaling:
            return value
        return value * tfutil.exp2(self.get_loss_scaling_var(value.device))

    def undo_loss_scaling(self, value):
        """value * 2^-s; the value itself without loss scaling."""
        if not self.use_loss_scaling:
            return value
        return value * tfutil.exp2(-self.get_loss_scaling_var(value.device))


class _Device:
    """What an Optimizer knows of one device."""

    def __init__(self, name, optimizer):
        self.name = name
        self.optimizer = optimizer
        self.variables = []
        self.registrations = []  # Each a list of float32 gradients, one for each variable.
        self.loss_scaling_var = None

    def scaling_vars(self):
        return [] if self.loss_scaling_var is None else [self.loss_scaling_var]


def _mean(registrations):
    return [tf.add_n(list(gradients)) / len(registrations) for gradients in zip(*registrations)]


class SimpleAdam:
    """Adam (Kingma and Ba, 2015) as plain graph operations; the arguments and methods of tf.train.AdamOptimizer that
    `Optimizer` uses.
    """

    def __init__(self, name='Adam', learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
        self.name = name
        self.learning_rate = learning_rate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self._state = collections.OrderedDict()  # name -> variable

    def variables(self):
        """List of the state variables."""
        return list(self._state.values())

    def compute_gradients(self, loss, var_list, gate_gradients=tf.train.Optimizer.GATE_NONE):
        """List of (gradient, variable); the gradient is None where the loss does not depend on the variable."""
        return list(
            zip(tf.gradients(loss, var_list, gate_gradients=gate_gradients != tf.train.Optimizer.GATE_NONE), var_list)
        )

    def apply_gradients(self, grads_and_vars):
        """The op that changes each variable by -lr * sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + epsilon)."""
        with tf.name_scope(self.name):
            power1 = self._variable('beta1_power', 1.0) * self.beta1
            power2 = self._variable('beta2_power', 1.0) * self.beta2
            rate = self.learning_rate * tf.sqrt(1 - power2) / (1 - power1)
            ops = [tf.assign(self._state['beta1_power'], power1), tf.assign(self._state['beta2_power'], power2)]
            for gradient, var in grads_and_vars:
                if gradient is not None:
                    ops += self._apply(gradient, var, rate)
        return tf.group(*ops)

    def _apply(self, gradient, var, rate):
        m, v = [self._variable(var.op.name + suffix, np.zeros(var.shape.as_list())) for suffix in ('/m', '/v')]
        new_m = self.beta1 * m + (1 - self.beta1) * gradient
        new_v = self.beta2 * v + (1 - self.beta2) * tf.square(gradient)
        return [
            tf.assign(m, new_m),
            tf.assign(v, new_v),
            tf.assign_sub(var, rate * new_m / (tf.sqrt(new_v) + self.epsilon)),
        ]

    def _variable(self, name, value):
        if name not in self._state:
            with tf.init_scope():
                self._state[name] = tf.Variable(np.float32(value), trainable=False, name=name)
        return self._state[name]
