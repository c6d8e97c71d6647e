"""`regan reader`: trains the network that reads a world's factors from images."""
import pathlib

import click


@click.command()
@click.option('--data', type=click.Path(exists=True, file_okay=False), required=True,
              help='Folder of a data set made from a world, with its NAME.factors.npy and NAME.json.')
@click.option('--steps', type=click.IntRange(min=1), default=2750, show_default=True)
@click.option('--precision', type=click.Choice(['float32', 'bfloat16']), default='float32', show_default=True,
              help='Of the convolutions while training; bfloat16 needs TensorFlow 2, and is twice as fast where the processor has AMX.')
@click.option('--held-out', type=click.IntRange(min=2), default=1000, show_default=True, help='Images at the end of the data set that only test.')
@click.option('--seed', type=click.IntRange(0, 2 ** 32 - 1), default=0, show_default=True)
@click.option('--out', type=click.Path(dir_okay=False), required=True,
              help='Network pickle. While training, its state is beside it; an interrupted run goes on.')
def reader(data, steps, precision, held_out, seed, out):
    """Train a factor reader, and print how well it reads each factor from held-out images (R2)."""
    from regan.base import artefacts, places
    places.official_modules()
    from training import reader as module
    import tqdm
    images, factors, facts = _data_set(data)
    spec = module.ReaderSpec(steps=steps, precision=precision, held_out=held_out, seed=seed)
    checkpoint = pathlib.Path(out + '.checkpoint.npz')
    with tqdm.tqdm(total=steps, unit=' steps', leave=False, disable=None) as bar:
        def progress(done, loss):
            bar.update(done)
            bar.set_postfix(loss='%.3f' % loss)
        pickled, r2 = module.train(images, factors, facts, spec, checkpoint, progress)
    with artefacts.atomic_path(out) as temporary:
        temporary.write_bytes(pickled)
    for name, value in zip(facts['factor_names'], r2):
        click.echo('%-20s R2 %.4f' % (name, value))
    click.echo('wrote %s' % out)


def _data_set(folder):
    """All images uint8 [n, H, W, C] of a data set, their factors float32 [n, F], and the facts that the reader carries."""
    import numpy as np
    from regan.base import json_records
    from regan.base.errors import UserError
    from regan.metrics.reals import FolderImages
    from regan.data import tfrecords
    levels = tfrecords.open_levels(folder)
    resolution, path = levels[0].shape[1], levels[0].path
    for level in levels:
        level.close()
    stem = path.name[:-len('-rXX.tfrecords')]
    factors_path, facts_path = path.with_name(stem + '.factors.npy'), path.with_name(stem + '.json')
    facts = json_records.load(facts_path) if facts_path.exists() and factors_path.exists() else {}
    if not {'world', 'factor_names'} <= set(facts):
        raise UserError('%s has no %s and %s, so its factors are not known; make it from a world' % (folder, factors_path.name, facts_path.name))
    source = FolderImages(folder, min(resolution, 64))
    images = np.concatenate(list(source.batches(source.num_images)))
    source.close()
    names = list(facts['factor_names'])
    return images, np.load(str(factors_path)), dict(world=facts['world'], factor_names=names, circular=_circular(facts['world'], names))


def _circular(world, names):
    """Indices of the factors whose ends 0 and 1 look the same."""
    from regan.metrics.factors import CIRCULAR
    return [i for i, name in enumerate(names) if name in CIRCULAR.get(world, ())]
