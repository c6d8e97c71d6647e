"""The StyleGAN study (Bhat and Sharma, 2019), measured: own pictures projected, and mixtures of what was found.

    python experiments/study.py                                   three networks, 32 renders each (an hour or two)
    python experiments/study.py --networks stylegan2-cars-64 --n 8 --steps 100     a first look

The study found mixtures of embedded pictures poorer than those of the paper, by eye. Here the pictures are renders of a
world that the network never saw, so that a reader can say what of them is found, and how real mixtures are is the
Frechet distance and precision of their features among those of fresh renders. What is projected is kept in the work
folder; an interrupted study goes on.
"""

import pathlib

import checkout
import click
import numpy as np
import tqdm

from regan.base import artefacts, tables
from regan.base.command_errors import errors_in_one_line
from regan.networks import models
from regan.pictures import images, pages
from studies import intervals, projected

OUT, WORK = checkout.PROJECT / 'figures' / 'study', checkout.OUT / 'study'
READERS = {  # Network -> the reader of its world.
    'stylegan2-cars-64': 'factor-reader-cars-64.pkl',
    'stylegan2-faces-64': 'factor-reader-faces-64.pkl',
    'stylegan2-beetles-64': 'factor-reader-beetles-64.pkl',
}
N, STEPS, REALS, SHOWN = 32, 300, 2000, 8
TEXT = """# The StyleGAN study, measured

%(n)d renders of each world, which no network was trained on, are projected by each method in %(steps)d steps, with the
distance of the network's own discriminator. Errors of factors are those of a reader, between the render and what was
found of it, in variances of the factor: 1 is a constant, 2 another render. %(average)s is the network's average
picture. Mixtures have their first half of the layers from one code and the others from another, for all ordered pairs,
with stored noise; *sampled* codes are those of seeds, without truncation. Their Frechet distance and precision are
those of the reader's features against %(reals)d fresh renders. Brackets are 95 %% intervals: Student's over pictures,
and of a jackknife over codes. Made by `make study`.

## Projection

%(projection)s
## Mixtures

%(mixtures)s"""
AVERAGE, SAMPLED = 'average', 'sampled'


def study(name, n, steps, work):
    """Rows of the two tables for one network, and its page of pictures uint8 [H, W, C]."""
    from regan import worlds
    from regan.judges.reader import FactorReader
    from regan.metrics import neighbours
    from regan.networks.generator import Generator
    from regan.projection.distances import DiscriminatorDistance
    from regan.projection.objective import Objective

    path = models.resolve(name)
    distance = DiscriminatorDistance(path)
    with Generator.open(path) as generator, FactorReader(checkout.NETWORKS / READERS[name]) as reader:
        world = worlds.load(reader.world)

        def rendered(count, seed):
            return world.render(world.sample(count, seed), resolution=generator.resolution)

        fresh, renders = rendered(REALS, projected.SEED + 1), rendered(n, projected.SEED)
        reals, units = _look(reader, fresh)[1], projected.Units.of(reader, _look(reader, fresh)[0])
        judge = _Judge(name, generator, reader, units, _look(reader, renders)[0], reals, neighbours.radii_of(reals))
        with generator.with_synthesis(lambda synthesis: Objective(synthesis, distance)) as objective:
            seen = objective.features(np.stack([one.image for one in projected.targets(renders)]))
            average = np.broadcast_to(generator.dlatent_avg, (n, generator.num_layers, generator.dlatent_size))
            stored = [one.repeat(n, axis=0) for one in objective.stored]
            apart = objective.distances(average, stored, seen)
            rows = [judge.projection(AVERAGE, apart, objective.pictures(average, stored))]
            mixtures = [judge.mixtures(SAMPLED, _sampled(generator, n))]
            shown = [renders]
            for run in projected.RUNS:
                found = _project(run, generator, objective, distance, renders, steps, work / name)
                rows.append(judge.projection(run.name, found[1], found[2]))
                mixtures.append(judge.mixtures(run.name, found[0]))
                shown.append(found[2])
    tiles = np.stack([one[:SHOWN] for one in shown])  # [rows, SHOWN, R, R, C]
    names = ['render'] + [run.name for run in projected.RUNS]
    return rows, mixtures, pages.matrix(tiles, names, ['%d' % i for i in range(tiles.shape[1])], name)


def _look(reader, pictures):
    """Readings and features of pictures uint8 [n, R, R, C]."""
    return reader.look(pictures.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(127.5) - 1)


def _sampled(generator, n):
    """dlatents [n, L, D] of the seeds 0 to n - 1."""
    from regan.sampling import latents

    return latents.broadcast(generator.map(latents.from_seeds(range(n), generator.latent_size)), generator.num_layers)


def _project(run, generator, objective, distance, renders, steps, work):
    """dlatents [n, L, D], distances [n] and pictures uint8 [n, R, R, C] of what one run finds."""
    from regan.projection import project, search

    folder = work / '-'.join([run.method, run.space])
    settings = run.settings
    facts = dict(network_sha256=generator.sha256, steps=steps, **settings._asdict(), **distance.facts)
    one = search.Search(objective, settings, steps, search.spread(generator, settings))
    with tqdm.tqdm(total=steps * len(renders), desc=run.name, leave=False, disable=None) as bar:
        results = project.project(
            one,
            objective,
            projected.targets(renders),
            folder,
            facts,
            project.Shown(1, plain=True),
            lambda done, apart: bar.update(done),
        )
    names = [result.name for result in results]
    dlatents = np.concatenate([artefacts.read_npz(folder / (name + '.npz'))['w'] for name in names])
    pictures = np.stack([images.read_png(folder / (name + '-final.png')) for name in names])
    return dlatents, np.array([result.distance for result in results]), pictures


class _Judge:
    """What one network's results are measured by."""

    def __init__(self, name, generator, reader, units, wanted, reals, radii):
        self._name, self._generator, self._reader, self._units = name, generator, reader, units
        self._wanted, self._reals, self._radii = wanted, reals, radii

    def projection(self, run, distances, pictures):
        """A row of the first table."""
        errors = projected.factor_errors(_look(self._reader, pictures)[0], self._wanted, self._units)
        return dict(
            network=self._name,
            method=run,
            **_cells('distance', intervals.mean(distances)),
            **_cells('factor error', intervals.mean(errors)),
        )

    def mixtures(self, run, dlatents):
        """A row of the second table."""
        mixed, pairs = projected.mixed(np.asarray(dlatents), self._generator.num_layers // 2)
        features = _look(self._reader, self._generator.synthesize(mixed))[1]
        found = projected.realism(features, pairs, self._reals, self._radii)
        return dict(
            network=self._name,
            codes=run,
            **_cells('Frechet distance', found.frechet),
            **_cells('precision', found.precision),
        )


def _cells(name, estimate):
    """An Estimate as three cells of a CSV."""
    return {name: estimate.value, name + ', low': estimate.low, name + ', high': estimate.high}


def _brief(rows):
    """Rows for people: each number with its interval in one cell."""
    return [
        {
            key: '%.3g [%.3g, %.3g]' % (value, row[key + ', low'], row[key + ', high'])
            if key + ', low' in row
            else value
            for key, value in row.items()
            if not key.endswith((', low', ', high'))
        }
        for row in rows
    ]


def write(out, rows, mixtures, n, steps):
    """study.md, projection.csv and mixtures.csv."""
    text = TEXT % dict(
        n=n,
        steps=steps,
        reals=REALS,
        average='*%s*' % AVERAGE,
        projection=tables.markdown(_brief(rows)),
        mixtures=tables.markdown(_brief(mixtures)),
    )
    artefacts.write_text(out / 'study.md', text)
    tables.write_csv(out / 'projection.csv', rows, digits=6)
    tables.write_csv(out / 'mixtures.csv', mixtures, digits=6)


@click.command()
@click.option(
    '--networks',
    multiple=True,
    type=click.Choice(list(READERS)),
    help='May be given several times. Default: all of these.',
)
@click.option('--n', type=click.IntRange(min=3), default=N, show_default=True, help='Renders of each world.')
@click.option('--steps', type=click.IntRange(min=1), default=STEPS, show_default=True, help='Of each projection.')
@click.option(
    '--out', type=click.Path(file_okay=False), default=str(OUT), show_default='figures/study', help='Of the tables.'
)
@click.option(
    '--work',
    type=click.Path(file_okay=False),
    default=str(WORK),
    show_default='figures/out/study',
    help='Folder for what is projected.',
)
def main(networks, n, steps, out, work):
    """Project renders by each method, measure what is found of them, and how real mixtures are."""
    out, rows, mixtures = pathlib.Path(out), [], []
    with errors_in_one_line():
        for name in networks or READERS:
            found, mixed, page = study(name, n, steps, pathlib.Path(work))
            rows, mixtures = rows + found, mixtures + mixed
            images.save_png(out / (name + '.png'), page)
            write(out, rows, mixtures, n, steps)
    click.echo('wrote %s' % (out / 'study.md'))


if __name__ == '__main__':
    main()
