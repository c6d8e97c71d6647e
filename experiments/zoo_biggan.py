"""The class-conditional network of the zoo: BigGAN-deep at 64 x 64, whose classes are the worlds.

python experiments/zoo_biggan.py train         data and network, into build/zoo/biggan/ (days; the same command goes on)
python experiments/zoo_biggan.py export [RUN]  what a run has learnt so far, into networks/: weights, card, samples
"""

import json
import pathlib

import click
import numpy as np
from checkout import NETWORKS, PROJECT, SPECS
from zoo import reader_of, regan, write

from regan.base import artefacts, json_records, places, tables
from regan.base.command_errors import errors_in_one_line

places.official_modules()  # `training` is one.
SPEC = SPECS / 'zoo_biggan.json'
BUILD = PROJECT / 'build' / 'zoo' / 'biggan'
TRUNCATIONS = (1.0, 0.5)  # Of the rows of samples, a pair for each class.
COLUMNS = 8
SAMPLES_AT_ONCE = 50


def train():
    """Renders the worlds and trains; what is done already is not done again."""
    spec, data, run = json_records.load(SPEC), BUILD / 'data', BUILD / 'run'
    if not data.exists():
        classes = [word for name in spec['classes'] for word in ('--world', name)]
        regan('dataset', 'create', data, *classes, *_words(spec['data']))
    regan('train', *spec['train'], '--data', data, '--out', run, '--kimg', spec['kimg'])


def _words(options):
    return [word for name, value in options.items() for word in ('--' + name, value)]


# ------------------------------------------------------------------ export


def export(run, folder, passes, with_distances=True):
    """Writes NAME-pytorch_model.bin, NAME-config.json, NAME.png and NAME.md.

    Args:
        run: folder of the run.
        folder: where they go.
        passes: minibatches behind each row of statistics.
        with_distances: whether every class is compared with fresh renders of its world, which takes minutes.
    """
    from training import snapshots_biggan

    spec = json_records.load(SPEC)
    path = folder / (spec['name'] + snapshots_biggan.Containers.ENDING)
    kimg = snapshots_biggan.export(run, path, passes)
    click.echo('wrote %s' % path)
    with _Generator(path) as generator:
        _draw_samples(folder / (spec['name'] + '.png'), generator, len(spec['classes']))
        compared = enumerate(spec['classes'] if with_distances else [])
        distances = [_distance(generator, i, name, spec['metrics']['n']) for i, name in compared]
    _write_card(folder / (spec['name'] + '.md'), spec, path, kimg, passes, distances)


class _Generator:
    """The network in a file, as anybody reads it."""

    def __init__(self, path):
        import tensorflow.compat.v1 as tf

        from dnnlib import tflib
        from dnnlib.torch_files import containers
        from regan.biggan import configuration, graph, saving, weights

        facts = saving.facts_path(path)
        made = configuration.from_json(json_records.load(facts), str(facts))
        with open(str(path), 'rb') as stream:
            found = weights.from_pytorch(containers.read(stream, str(path)), str(path), made)
        with tf.Graph().as_default(), tflib.create_session():
            self._frozen = graph.build(found)
        self._made = made

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._frozen.close()

    def images(self, number, seed, n, truncation):
        """n images of a class, float32 [n, 64, 64, 3] in [-1, 1]."""
        from regan.biggan import latents, statistics

        z = latents.from_seed(seed, n, self._made.z_size, truncation)
        y = np.zeros([n, self._made.classes], np.float32)
        y[:, number] = 1
        z, y = [np.repeat(x[np.newaxis], self._made.num_latents, axis=0) for x in (z, y)]
        return self._frozen.run('image', z=z, y=y, rows=statistics.row_weights(truncation, self._made.rows))


def _draw_samples(path, generator, classes):
    """Two rows for each class, one for each truncation, enlarged twice."""
    from regan.pictures import images

    rows = [generator.images(i, 0, COLUMNS, truncation) for i in range(classes) for truncation in TRUNCATIONS]
    tiles = np.clip(np.rint(np.stack(rows) * 127.5 + 127.5), 0, 255).astype(np.uint8)  # [rows, columns, H, W, 3]
    tiles = images.enlarge(tiles.reshape((-1,) + tiles.shape[2:]), 2)
    images.save_png(path, images.grid(tiles.reshape((len(rows), COLUMNS) + tiles.shape[1:])))
    click.echo('wrote %s' % path)


def _distance(generator, number, world, n):
    """The Frechet distance between n images of a class and fresh renders, by the features of the world's reader."""
    from regan.metrics import frechet, reals
    from regan.networks.judges import FactorReader

    def fakes():
        for seed in range(n // SAMPLES_AT_ONCE):
            yield generator.images(number, seed, SAMPLES_AT_ONCE, 1.0).transpose(0, 3, 1, 2)

    with FactorReader(reader_of(world)) as reader:
        renders = reals.WorldImages(world, reader.resolution)
        of_reals = frechet.fit(
            reader.look(batch.transpose(0, 3, 1, 2) / np.float32(127.5) - 1)[1] for batch in renders.batches(n)
        )
        of_fakes = frechet.fit(reader.look(batch)[1] for batch in fakes())
    return frechet.distance(of_reals, of_fakes)


def _write_card(path, spec, weights, kimg, passes, distances):
    made = json.loads(weights.with_name(spec['name'] + '-config.json').read_text(encoding='utf-8'))
    lines = [
        '# ' + spec['name'],
        '',
        '![samples of each class](%s.png)' % spec['name'],
        '',
        'BigGAN-deep at 64 x 64 in the published form, trained from scratch for %.0f thousand images with `regan '
        'train`. Licence: Apache-2.0. Rows: %s; each at truncation %s.'
        % (kimg, ', '.join(spec['classes']), ', then '.join('%g' % one for one in TRUNCATIONS)),
        '',
        '| | |',
        '|---|---|',
        '| data | %(n)d renders of each world, %(resolution)d x %(resolution)d |' % spec['data'],
        '| recipe | `regan train %s` |' % ' '.join(spec['train']),
        '| classes | %s |' % ', '.join('%d %s' % item for item in enumerate(spec['classes'])),
        '| network | width %(channel_width)d, z and embedding %(z_dim)d, %(n_stats)d rows of statistics' % made
        + ' over %d minibatches each |' % passes,
        '| SHA-256 | `%s` |' % artefacts.sha256_file(weights),
        '',
    ]
    write(path, lines + (_table(spec, distances) if distances else []))


def _table(spec, distances):
    rows = [{'class': name, 'frechet_reader': '%.4g' % distance} for name, distance in zip(spec['classes'], distances)]
    return tables.markdown(rows).splitlines() + [
        '',
        'Frechet distances are of %d images at truncation 1 against fresh renders of the world, judged by its factor '
        'reader: they are not the FID.' % spec['metrics']['n'],
    ]


# ------------------------------------------------------------------ command line


@click.group()
def main():
    """The class-conditional network of the zoo."""


@main.command('train')
def train_command():
    """Train it into build/zoo/biggan/; an interrupted run goes on."""
    with errors_in_one_line():
        train()


@main.command('export')
@click.argument('run', type=click.Path(exists=True, file_okay=False), default=str(BUILD / 'run'))
@click.option('--out', 'folder', type=click.Path(), default=str(NETWORKS), show_default=True)
@click.option(
    '--passes',
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    help='Minibatches behind each row of statistics.',
)
@click.option('--distances/--no-distances', default=True, show_default=True, help='Compare with fresh renders.')
def export_command(run, folder, passes, distances):
    """Write what a run has learnt so far, its card and its samples; the run may be going on."""
    with errors_in_one_line():
        export(pathlib.Path(run), pathlib.Path(folder), passes, distances)


if __name__ == '__main__':
    main()
