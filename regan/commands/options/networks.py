"""The network that a command works on, and who shares the work."""

import contextlib
import dataclasses
from typing import Optional, Tuple, Union

import click

from regan.base.errors import UserError
from regan.commands.options.groups import group

NETWORKS_FOLDER = click.option(
    '--networks-folder',
    type=click.Path(exists=True, file_okay=False),
    help='Folder with network files that you have; default $REGAN_NETWORKS.',
)
TRUST = click.option(
    '--trust-embedded-code',
    is_flag=True,
    help='Run the Python code inside the pickle for networks that are not among ours. It can do anything you can.',
)


def _class(ctx, param, value):
    """The number of a class, or a text that says which; None stays."""
    if value is None or not value.strip('+-').isdigit():
        return value
    return click.IntRange(min=0).convert(value, param, ctx)


CLASS = click.option(
    '--class',
    'label',
    metavar='CLASS',
    callback=_class,
    help="Class of a conditional network: its number, from 0; of a BigGAN also a name or WordNet id, and other classes "
    "for some layers, such as 'barn, 4-9: castle'. Default: a label of zeros.",
)
ALLOW_NON_FINITE = click.option(
    '--allow-non-finite',
    is_flag=True,
    help='Use weights that are NaN or infinite, and draw images that are; NaN becomes black.',
)
PRECISION = click.option(
    '--precision',
    type=click.Choice(['float32', 'bf16']),
    default='float32',
    show_default=True,
    help='Of the convolutions; bf16 is faster where the processor has it, needs TensorFlow 2, and '
    'changes pixels: by how much is printed.',
)
SCHEDULER = click.option(
    '--scheduler',
    metavar='ADDRESS',
    help='Share the work: local:N with N processes on this machine, or tcp://HOST:PORT with the '
    'workers of a Dask scheduler. The result is the same.',
)


@dataclasses.dataclass(frozen=True)
class Network:
    """A network as it was asked for.

    Attributes:
        name: registered name, or file; None where a command can do without.
        folder: with files that the user has, or None.
        trusted: whether code in the pickle may run.
        precision: 'float32' or 'bf16'.
        allow_non_finite: whether NaN and infinity are let through.
        label: class of a conditional network, a number or as `labels.resolve` reads it, or None.
    """

    name: Optional[str]
    folder: Optional[str] = None
    trusted: bool = False
    precision: str = 'float32'
    allow_non_finite: bool = False
    label: Union[int, str, Tuple[int, ...], None] = None

    def open(self, noise='stored'):
        """The open generator; see `by_name.open_generator`."""
        from regan.networks import by_name

        return by_name.open_generator(
            self.name, self.folder, noise, self.trusted, self.precision, self.allow_non_finite, self.label
        )

    def open_with_w(self):
        """As `open`. Raises UserError for a network without W, where a command is of no use."""
        generator = self.open()
        if getattr(generator, 'latent_space', 'w') == 'w':
            return generator
        generator.close()
        raise UserError(
            '%s is a %s, which has no W, and this command needs it; give a StyleGAN'
            % (generator.path, generator.architecture)
        )


def asked_network(network, networks_folder=None, trust_embedded_code=False, **others):
    """The Network of the options' values; the environment may trust its file, too. Args: others: precision,
    allow_non_finite and label.
    """
    from dnnlib import trust

    return Network(network, networks_folder, trust_embedded_code or trust.by_environment(), **others)


# Hands the command a Network. The argument NETWORK is declared by the command, and PRECISION where there is a choice.
network = group(
    'network', asked_network, CLASS, TRUST, NETWORKS_FOLDER, ALLOW_NON_FINITE, also=['network', 'precision']
)


def workers(scheduler):
    """Context manager: the Cluster of a value of SCHEDULER, or None where there is none. Raises UserError."""
    if scheduler is None:
        return contextlib.nullcontext()
    from regan.scale import cluster

    return cluster.connect(scheduler)
