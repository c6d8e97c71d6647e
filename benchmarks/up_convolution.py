"""Which form of StyleGAN2's up-convolution is the fastest: the measurement behind FOLD_UP_TO_CHANNELS.

    python benchmarks/up_convolution.py
    python benchmarks/up_convolution.py --shape 512x64x32 --minibatch 4

The three forms give the same images from a 3 x 3 kernel and the FIR filter [1, 3, 3, 1]:

* filtered: transposed convolution, then the filter for each channel;
* 6x6: one transposed convolution with the kernel that is the convolution of both;
* subpixel: one convolution at the low resolution with four times as many outputs, which are then interleaved.
"""

import os
import re
from unittest import mock

import click
import common

from regan.base.command_errors import errors_in_one_line

# Doubling layers of the 1024 network in configuration F, then narrower ones of E and of the embedded network.
DEFAULT_SHAPES = [
    '32x512x512',
    '64x512x256',
    '128x256x128',
    '256x128x64',
    '512x64x32',
    '512x32x16',
    '16x128x64',
    '32x64x32',
]
TAPS = (1, 3, 3, 1)
FORMS = ('filtered', '6x6', 'subpixel')
COLUMNS = [
    common.Column('H x in x out', 'shape', '%-14s'),
    common.Column('minibatch', 'minibatch', '%9d'),
    common.Column('filtered ms', 'filtered', '%11.1f'),
    common.Column('6x6 ms', '6x6', '%8.1f'),
    common.Column('subpixel ms', 'subpixel', '%11.1f'),
    common.Column('fastest', 'fastest', '%9s'),
    common.Column('layers.py', 'chosen', '%9s'),
]


def measure(shape, minibatch, repeats):
    """Times the three forms of one layer in turn. Returns a dict, see COLUMNS: the least milliseconds of each."""
    os.environ['CUDA_VISIBLE_DEVICES'] = '-1'  # The choice is one for CPUs.
    import dnnlib.tflib as tflib

    # isort: split
    import tensorflow.compat.v1 as tf

    from nvlabs_stylegan2 import layers

    size, fan_in, fan_out = map(int, shape.split('x'))
    with common.session():
        x, w = [
            tf.get_variable(name, dims, initializer=tf.initializers.random_normal())
            for name, dims in [('x', [minibatch, size, size, fan_in]), ('w', [3, 3, fan_in, fan_out])]
        ]
        ops = {form: images(form, x, w).op for form in FORMS}
        tflib.run([x.initializer, w.initializer])
        tflib.run(list(ops.values()))
        rounds = [{form: common.timed(lambda: tflib.run(op))[0] for form, op in ops.items()} for _ in range(repeats)]
    least = {form: 1000 * min(times[form] for times in rounds) for form in FORMS}
    return dict(
        least,
        shape=shape,
        minibatch=minibatch,
        fastest=min(least, key=least.get),
        chosen='subpixel' if layers.folds(fan_out) else 'filtered',
    )


def images(form, x, w):
    """x [N, H, H, in], w [3, 3, in, out] -> [N, 2 H, 2 H, out] in one of FORMS."""
    from dnnlib.tflib.primitives.convolution import scatter_convolve
    from nvlabs_stylegan2 import layers

    if form == '6x6':
        return scatter_convolve(x, folded_kernel(w), 2 * x.shape.as_list()[1], 'SAME')
    with mock.patch.object(layers, 'folds', lambda channels: form == 'subpixel'):
        return layers.up_convolve(x, w, TAPS)


def folded_kernel(w):
    """w [3, 3, in, out] -> [6, 6, in, out], its convolution with the filter: one product with a constant matrix."""
    import numpy as np
    import tensorflow.compat.v1 as tf

    from nvlabs_stylegan2 import layers

    fir = layers.fir_kernel(TAPS, gain=4)
    # Tap (a, b) shifts the filter. The stored kernel is correlated, so its scatter form is reversed in space.
    shifted = [np.pad(fir, [(2 - a, a), (2 - b, b)], mode='constant').ravel() for a in range(3) for b in range(3)]
    fan_in, fan_out = w.shape.as_list()[2:]
    return tf.reshape(tf.matmul(np.stack(shifted, axis=1), tf.reshape(w, [9, -1])), [6, 6, fan_in, fan_out])


def _check_shapes(ctx, param, values):
    for value in values:
        if not re.match(r'^[1-9]\d*x[1-9]\d*x[1-9]\d*$', value):
            raise click.BadParameter('%r is not HxINxOUT, such as 256x128x64' % value)
    return values


@common.command
@click.option(
    '--shape',
    'shapes',
    multiple=True,
    metavar='HxINxOUT',
    callback=_check_shapes,
    help='A layer that doubles images of H x H, with so many channels in and out; may be given several times.',
)
@click.option('--minibatch', type=click.IntRange(min=1), default=1, show_default=True, help='Images at a time.')
@common.options
def main(shapes, minibatch, repeats, out):
    """Time three forms of the up-convolution on layers from 32x512x512 to 512x64x32, and narrower ones."""
    cases = [(shape, minibatch, repeats) for shape in shapes or DEFAULT_SHAPES]
    with errors_in_one_line():
        common.run('up_convolution', COLUMNS, measure, cases, out)


if __name__ == '__main__':
    main()
