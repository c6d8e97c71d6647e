"""What a sweep gains by computing common layers once, and by being one process.

    python benchmarks/sweep.py
    python benchmarks/sweep.py --random stylegan2:512 --layer 4 --layer 8

Two latents, two edits from some layer on, eight frames each (two from 256 x 256 on). The peer draws every frame in
full, with the same graph and minibatch, in turn with the sweep: the ratio is its time over the sweep's. Latents as they
are, which both need, are not counted as frames. The last case sets one `regan sweep` against a `regan edit` for each
edit.
"""

import os
import tempfile

import click
import common
import random_networks
import start_up

from regan.base.command_errors import errors_in_one_line
from regan.networks import models

SEEDS, EDITS, FRAMES = [1, 2], 2, 8  # An even number of frames: none is the latent as it is.
LARGE, FRAMES_OF_LARGE = 256, 2  # Seconds for an image are enough to wait.
DEFAULT_NETWORKS, DEFAULT_RANDOMS, DEFAULT_LAYERS = (
    ['stylegan2-cars-64', 'stylegan-faces-64'],
    ['stylegan2:256', 'stylegan2:512'],
    [0, 4, 8],
)
COMMANDS = 4  # Edits of the last case.
COLUMNS = [
    common.Column('network', 'network', '%-21.21s'),
    common.Column('from layer', 'layer', '%10s'),
    common.Column('images/s', 'images_per_second', '%8.2f'),
    common.Column('in full', 'images_per_second_in_full', '%7.2f'),
    common.Column('gain', 'gain', '%5.2f'),
    common.Column('largest difference', 'largest_difference', '%18d'),
    common.Column('held MB', 'held_megabytes', '%7.1f'),
    common.Column('peak MB', 'peak_megabytes', '%7.0f'),
]
FIGURES = [
    common.Figure('sweep of %(network)s from layer %(layer)s on', 'gain', "time of drawing in full over the sweep's"),
    common.Figure(
        '`regan sweep` of %(network)s, %(edits)s edits',
        'commands_gain',
        "time of `regan edit` for each edit over the sweep's",
    ),
]


def measure(name, path, layer, repeats):
    """Times a sweep of edits from a layer on, and the same frames in full. Returns a dict, see COLUMNS."""
    import numpy as np

    from regan.networks.generator import Generator

    with Generator.open(path) as generator:
        layer = min(layer, generator.num_layers - 1)
        sweep, cells = _sweep(generator, layer)
        dlatents = np.concatenate([sweep._strip(*cell) for cell in cells])

        def drawn():
            sweep._kept._held.clear()  # What is computed once is part of the time.
            found = {(index, frame): image for batch in sweep.draw(cells) for index, frame, image in batch}
            return np.stack([found[key] for key in sorted(found)])

        difference = np.abs(drawn().astype(int) - generator.synthesize(dlatents)).max()  # Also the warm-up.
        held = sum(held.nbytes for held in sweep._kept._held.values())
        runs = [
            (common.timed(drawn)[0], common.timed(lambda: generator.synthesize(dlatents))[0]) for _ in range(repeats)
        ]
    seconds, in_full = [min(run[i] for run in runs) for i in range(2)]
    return dict(
        network=name,
        layer=str(layer),
        images_per_second=len(dlatents) / seconds,
        images_per_second_in_full=len(dlatents) / in_full,
        gain=in_full / seconds,
        largest_difference=int(difference),
        held_megabytes=held / 1e6,
        peak_megabytes=common.peak_megabytes(),
    )


def _sweep(generator, layer):
    """A Sweep of random directions, and its cells."""
    from regan.drawing import sweep
    from regan.drawing.modes import Settings
    from regan.editing import edits

    moves = [
        edits.Edit(i, layer, generator.num_layers, 2.0) if layer else edits.Edit(i, strength=2.0) for i in range(EDITS)
    ]
    frames = FRAMES_OF_LARGE if generator.resolution >= LARGE else FRAMES
    made = sweep.Sweep(generator, _basis(generator), moves, SEEDS, frames, Settings(None, 'stored', 'round', 0.7, None))
    return made, [(i, j) for i in range(EDITS) for j in range(len(SEEDS))]


def _basis(generator):
    import numpy as np

    from regan.components.basis import Basis
    from regan.sampling import latents

    rows, ones = latents.random_directions(COMMANDS, generator.dlatent_size), np.ones(COMMANDS, np.float32)
    return Basis(np.asarray(generator.dlatent_avg), rows, ones, ones, ones, ones)


def measure_commands(name, path, repeats):
    """Times one `regan sweep` of some edits and, in turn with it, as many `regan edit`. Returns a dict, see COLUMNS."""
    from regan.networks.generator import Generator

    with tempfile.TemporaryDirectory() as folder:
        basis = os.path.join(folder, 'basis.npz')
        with Generator.open(path) as generator:
            layers = '4-%d' % (generator.num_layers - 1)
            _basis(generator).save(basis)
        common_words = [path, '--seeds', '1,2', '--frames', str(FRAMES), '--basis', basis]
        moves = ['E(v%d, %s) * 2' % (i, layers) for i in range(COMMANDS)]
        one = (
            start_up.REGAN
            + ['sweep']
            + common_words
            + [word for move in moves for word in ('--edit', move)]
            + ['--out', 'FOLDER']
        )
        many = [
            start_up.REGAN + ['edit'] + common_words + ['--edit', move, '--out', os.path.join(folder, 'strip.png')]
            for move in moves
        ]
        runs = [(start_up.run(one), [start_up.run(words) for words in many]) for _ in range(repeats)]
    seconds, apart = min(run[0][0] for run in runs), min(sum(one[0] for one in run[1]) for run in runs)
    images = COMMANDS * FRAMES * 2
    return dict(
        network=name,
        layer='as process',
        edits=COMMANDS,
        images_per_second=images / seconds,
        images_per_second_in_full=images / apart,
        gain=None,
        commands_gain=apart / seconds,
        largest_difference=None,
        held_megabytes=None,
        peak_megabytes=max(run[0][1] for run in runs),
    )


def _measure(function, *arguments):
    return {'layers': measure, 'commands': measure_commands}[function](*arguments)


@common.command
@common.network_option
@random_networks.option
@click.option(
    '--layer',
    'layers',
    type=click.IntRange(min=0),
    multiple=True,
    help='First layer of the edits; may be given several times.',
)
@click.option(
    '--commands/--no-commands',
    default=True,
    show_default=True,
    help='Also set `regan sweep` against `regan edit`, on the first network.',
)
@common.options
def main(networks, randoms, layers, commands, repeats, out):
    """Time sweeps against drawing every frame in full.

    Without --network and --random: two embedded networks, and StyleGAN2 (configuration F) at 256 x 256 and 512 x 512.
    """
    if not networks + randoms:
        networks, randoms = DEFAULT_NETWORKS, DEFAULT_RANDOMS
    with errors_in_one_line(), tempfile.TemporaryDirectory() as folder:
        paths = [(os.path.basename(network), str(models.resolve(network))) for network in networks]
        paths += [(name, random_networks.make(folder, name, random_networks.write_all)) for name in randoms]
        cases = [('layers', name, path, layer, repeats) for name, path in paths for layer in layers or DEFAULT_LAYERS]
        if commands:
            cases.append(('commands',) + paths[0] + (min(repeats, 2),))
        common.run('sweep', COLUMNS, _measure, cases, out, FIGURES)


if __name__ == '__main__':
    main()
