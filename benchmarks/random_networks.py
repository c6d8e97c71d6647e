"""Networks with random weights, named GENERATION:RESOLUTION, in pickles of the official form."""

import os

import click
import common

FUNCTIONS = {
    'stylegan': ('nvlabs_stylegan.networks.G_style', 'nvlabs_stylegan.networks.D_basic'),
    'stylegan2': ('nvlabs_stylegan2.networks.G_main', 'nvlabs_stylegan2.networks.D_stylegan2'),
}
SIZES = [str(2**log2) for log2 in range(2, 11)]


def option(command):
    """Decorator: --random, the names of any number of such networks."""
    return click.option(
        '--random',
        'randoms',
        multiple=True,
        metavar='GENERATION:RESOLUTION',
        callback=_check,
        help='Random weights, for example stylegan:1024 or stylegan2:512; may be given several times.',
    )(command)


def _check(ctx, param, values):
    for value in values:
        generation, _, resolution = value.partition(':')
        if generation not in FUNCTIONS or resolution not in SIZES:
            raise click.BadParameter(
                '%r is not GENERATION:RESOLUTION, with one of %s and one of %s, such as '
                'stylegan2:256' % (value, ', '.join(FUNCTIONS), ', '.join(SIZES))
            )
    return values


def make(folder, name, write, *arguments):
    """Makes a file in a process of its own: returns its path, str.

    Args:
        folder: where it will be.
        name: GENERATION:RESOLUTION.
        write: `write_all` or `write_generator`.
        arguments: further ones of `write`.
    """
    path = os.path.join(folder, name.replace(':', '-') + '.pkl')
    common.in_child(write, name, path, *arguments)
    return path


def write_all(name, path):
    """Pickles G, D and Gs, so a file of the official size."""
    _write(name, path, True, dict(label_size=0))


def write_generator(name, path, fmap_base):
    """Pickles Gs alone; fmap_base is that of the network, or None for its default."""
    _write(name, path, False, {} if fmap_base is None else dict(fmap_base=fmap_base))


def _write(name, path, with_all, widths):
    import dnnlib.tflib as tflib
    from dnnlib import portable_pickle

    generation, _, resolution = name.partition(':')
    sizes = dict(widths, num_channels=3, resolution=int(resolution))
    with common.session(), open(path, 'wb') as file:
        if with_all:
            G, D = [
                tflib.Network(kind, func_name=function, **sizes) for kind, function in zip('GD', FUNCTIONS[generation])
            ]
            portable_pickle.dump((G, D, G.clone('Gs')), file)
        else:
            portable_pickle.dump(tflib.Network('Gs', func_name=FUNCTIONS[generation][0], **sizes), file)
