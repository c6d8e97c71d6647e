"""Options that several commands share, and the checks of their values."""
import math
from pathlib import Path

import click


def finite(ctx, param, value):
    if value is not None and not math.isfinite(value):
        raise click.BadParameter('%r is not a finite number' % value)
    return value


def png(ctx, param, value):
    if Path(value).suffix.lower() != '.png':
        raise click.BadParameter('%s must end in .png' % value)
    return value


def network_options(command):
    for option in [
            click.option('--networks-folder', type=click.Path(exists=True, file_okay=False),
                         help='Folder with network files that you have; default $REGAN_NETWORKS.'),
            click.option('--trust-embedded-code', is_flag=True,
                         help='Run the Python code inside the pickle for networks that are not among ours. It can do anything you can.')]:
        command = option(command)
    return command


PSI = click.option('--psi', type=float, default=0.7, show_default=True, callback=finite, help='Truncation; 1 for none.')
CUTOFF = click.option('--cutoff', type=click.IntRange(min=0), help='Truncate only layers below this one; default: all.')


def pca_options(command):
    for option in [
            click.option('--pca-seed', type=click.IntRange(0, 2 ** 32 - 1), default=1, show_default=True, help='Seed of the sampling.'),
            click.option('--batch-size', type=click.IntRange(min=1), default=20, show_default=True,
                         help='Latents that share one seed; the components depend on it slightly.'),
            click.option('--estimator', type=click.Choice(['ipca', 'pca']), default='ipca', show_default=True,
                         help='ipca is GANSpace\'s; pca is exact.'),
            click.option('--components', type=click.IntRange(min=1), default=80, show_default=True),
            click.option('--n', type=click.IntRange(min=1), default=1000000, show_default=True, help='Number of latents.')]:
        command = option(command)
    return command


def check_cutoff(cutoff, generator):
    if cutoff is not None and cutoff > generator.num_layers:
        raise click.BadParameter('%d is past the last layer; this network has layers 0-%d' % (cutoff, generator.num_layers - 1),
                                 param_hint='--cutoff')


def one_hot(label, generator):
    """[1, label_size] or None (all zeros)."""
    import numpy as np
    if label is None:
        return None
    if label >= generator.label_size:
        raise click.BadParameter('%d, but this network has %s' % (
            label, 'classes 0-%d' % (generator.label_size - 1) if generator.label_size else 'no classes'), param_hint='--class')
    return np.eye(generator.label_size, dtype=np.float32)[[label]]
