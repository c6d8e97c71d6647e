"""`regan reader`: trains the network that reads a world's factors from images."""

import pathlib

import click

from regan.commands import progress


@click.command()
@click.option(
    '--data',
    type=click.Path(exists=True, file_okay=False),
    required=True,
    help='Folder of a data set made from a world, with its NAME.factors.npy and NAME.json.',
)
@click.option('--steps', type=click.IntRange(min=1), default=2750, show_default=True)
@click.option(
    '--precision',
    type=click.Choice(['float32', 'bfloat16']),
    default='float32',
    show_default=True,
    help='Of the convolutions while training; bfloat16 needs TensorFlow 2, and is twice as fast where the '
    'processor has AMX.',
)
@click.option(
    '--held-out',
    type=click.IntRange(min=2),
    default=1000,
    show_default=True,
    help='Images at the end of the data set that only test.',
)
@click.option('--seed', type=click.IntRange(0, 2**32 - 1), default=0, show_default=True)
@click.option(
    '--out',
    type=click.Path(dir_okay=False),
    required=True,
    help='Network pickle. While training, its state is beside it; an interrupted run goes on.',
)
def reader(data, steps, precision, held_out, seed, out):
    """Train a factor reader, and print how well it reads each factor from held-out images (R2)."""
    from regan.base import artefacts, places
    from regan.metrics import factor_images

    places.official_modules()
    from training import reader as module

    images, factors, facts = factor_images.load(data)
    spec = module.ReaderSpec(steps=steps, precision=precision, held_out=held_out, seed=seed)
    checkpoint = pathlib.Path(out + '.checkpoint.npz')
    with progress.bar(steps, ' steps') as bar:

        def show(done, loss):
            bar.update(done)
            bar.set_postfix(loss='%.3f' % loss)

        pickled, r2 = module.train(images, factors, facts, spec, checkpoint, show)
    with artefacts.atomic_path(out) as temporary:
        temporary.write_bytes(pickled)
    checkpoint.unlink()  # Only now: a full disk must not cost the work.
    for name, value in zip(facts['factor_names'], r2):
        click.echo('%-20s R2 %.4f' % (name, value))
    click.echo('wrote %s' % out)
