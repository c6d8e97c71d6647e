"""Images per second of synthesis networks, and how near that comes to the machine's matrix multiplication.

    python benchmarks/synthesis.py
    python benchmarks/synthesis.py --network my-network.pkl --minibatch 1
    python benchmarks/synthesis.py --random stylegan2:1024 --fmap-base 8192     (configuration E)

The ratio is the network's multiply-adds per second over those of a large float32 matrix product. Counted are the
convolutions that mix channels; FIR filters, noise, biases, activations and modulation are what keeps it below 1.
"""
import os
import re
import statistics

import click

import common
from regan import models
from regan.console import errors_in_one_line

DEFAULT_NETWORKS, DEFAULT_RANDOMS = ['stylegan2-cars-64'], ['stylegan2:256', 'stylegan:256']
FUNCTIONS = {'stylegan': 'nvlabs_stylegan.networks.G_synthesis', 'stylegan2': 'nvlabs_stylegan2.networks.G_synthesis_stylegan2'}
COLUMNS = [
    common.Column('network', 'network', '%-21.21s'),
    common.Column('minibatch', 'minibatch', '%9d'),
    common.Column('GMAC/image', 'gmac_per_image', '%10.3f'),
    common.Column('images/s', 'images_per_second', '%8.2f'),
    common.Column('median', 'images_per_second_median', '%8.2f'),
    common.Column('GMAC/s', 'gmac_per_second', '%6.1f'),
    common.Column('GEMM', 'gemm_gmac_per_second', '%6.1f'),
    common.Column('ratio', 'ratio', '%5.2f'),
    common.Column('peak MB', 'peak_megabytes', '%7.0f'),
]


def measure(name, fmap_base, minibatch, repeats):
    """Times one network, stored noise, from dlatents to uint8 images in NumPy. Returns a dict, see COLUMNS."""
    import numpy as np
    import dnnlib.tflib as tflib
    from regan.generator import PIXELS_AT_ONCE
    with common.session():
        synthesis = network(name, fmap_base)
        count = minibatch or max(1, min(16, PIXELS_AT_ONCE // synthesis.output_shape[-1] ** 2))
        dlatents = np.random.RandomState(0).randn(count, *synthesis.input_shape[1:]).astype(np.float32)
        to_uint8 = dict(func=tflib.convert_images_to_uint8, nchw_to_nhwc=True)
        measured = common.against_gemm(
            lambda: synthesis.run(dlatents, randomize_noise=False, output_transform=to_uint8).shape, repeats)
        work = multiply_adds(synthesis)
    rate = work * count / min(measured.seconds)
    return dict(
        network=os.path.basename(name), fmap_base=synthesis.static_kwargs.get('fmap_base'), minibatch=count, gmac_per_image=work / 1e9,
        images_per_second=count / min(measured.seconds), images_per_second_median=count / statistics.median(measured.seconds),
        gmac_per_second=rate / 1e9, gemm_gmac_per_second=measured.gemm_rate / 1e9, ratio=rate / measured.gemm_rate,
        peak_megabytes=measured.peak_megabytes)


def network(name, fmap_base=None):
    """The synthesis Network of a pickle, or one with random weights if the name is GENERATION:RESOLUTION."""
    import dnnlib.tflib as tflib
    generation, _, resolution = name.partition(':')
    if generation in FUNCTIONS and resolution:
        widths = {} if fmap_base is None else dict(fmap_base=fmap_base)
        return tflib.Network('G_synthesis', func_name=FUNCTIONS[generation], resolution=int(resolution), **widths)
    return common.generator(name).components.synthesis


def multiply_adds(synthesis):
    """Multiply-adds for one image in the convolutions that mix channels.

    These are the network's, not those of the form that computes it: a folded kernel takes more, which is no work done.
    An up-convolution is a transposed one, so it is counted where its input lies; in the first generation its kernel is
    4 x 4 (3 x 3 and nearest-neighbour up-scaling in one).
    """
    first_generation = any(name.endswith('StyleMod/weight') for name in synthesis.vars)
    total = 0
    for name, variable in synthesis.vars.items():
        shape = variable.shape.as_list()
        if len(shape) == 4 and name.endswith('/weight'):
            scope, size = name.rsplit('/', 1)[0], _output_size(name, synthesis.output_shape[-1])
            kernel, fan_in, fan_out = shape[1:]
            if scope.endswith(('Conv0_up', 'Skip')):
                size //= 2
                kernel += 1 if first_generation else 0
            total += (size * kernel) ** 2 * fan_in * fan_out
    return total


def _output_size(name, resolution):
    """Side of a layer's images. Networks that grow have a ToRGB for every resolution, of which the last one runs."""
    grown = re.match(r'ToRGB_lod(\d+)/', name)
    if grown:
        return resolution if grown.group(1) == '0' else 0
    return int(re.match(r'(\d+)x', name).group(1))


def _check_random(ctx, param, values):
    for value in values:
        generation, _, resolution = value.partition(':')
        sizes = [str(2 ** log2) for log2 in range(2, 11)]
        if generation not in FUNCTIONS or resolution not in sizes:
            raise click.BadParameter('%r is not GENERATION:RESOLUTION, with one of %s and one of %s, such as stylegan2:256'
                                     % (value, ', '.join(FUNCTIONS), ', '.join(sizes)))
    return values


@click.command(context_settings=dict(help_option_names=['-h', '--help'], max_content_width=110))
@click.option('--network', 'networks', multiple=True, metavar='NAME_OR_FILE', help='Network pickle; may be given several times.')
@click.option('--random', 'randoms', multiple=True, metavar='GENERATION:RESOLUTION', callback=_check_random,
              help='Random weights, for example stylegan:1024 or stylegan2:512; may be given several times.')
@click.option('--fmap-base', type=click.IntRange(min=1),
              help='Widths of the random networks; default: 8192 for stylegan, 16384 (configuration F; E is 8192) for stylegan2.')
@click.option('--minibatch', type=click.IntRange(min=1), help='Images at a time; default: as many as regan takes.')
@common.options
def main(networks, randoms, fmap_base, minibatch, repeats, out):
    """Time synthesis against the machine's matrix multiplication.

    Without --network and --random: the embedded network, StyleGAN2 and StyleGAN at 256 x 256.
    """
    if not networks + randoms:
        networks, randoms = DEFAULT_NETWORKS, DEFAULT_RANDOMS
    if fmap_base and not randoms:
        raise click.UsageError('--fmap-base is for networks of --random; a pickle has its own widths')
    with errors_in_one_line():
        names = [str(models.resolve(network)) for network in networks] + list(randoms)
        common.run('synthesis', COLUMNS, measure, [(name, fmap_base, minibatch, repeats) for name in names], out)


if __name__ == '__main__':
    main()
