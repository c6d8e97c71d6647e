"""Truncation, with and without edits: strips as in Figure 5 of RC2021, and the curve that the paper lacks.

python experiments/truncation_study.py                               a StyleGAN and a StyleGAN2 of the zoo (about ten
minutes) python experiments/truncation_study.py --quick                       few images and few psis
python experiments/truncation_study.py --networks stylegan-wikiart   a published network: strips only, as no reader
knows its images
"""

import dataclasses
import pathlib

import checkout
import click
import tqdm

from regan.base import artefacts
from regan.base.command_errors import errors_in_one_line
from regan.base.errors import UserError
from regan.components import pca
from regan.networks import models
from regan.pictures import images
from studies import report, truncation, truncation_spec
from studies import study as studies
from studies.readings import Units

OUT = checkout.OUT / 'truncation'
LEAST = 128  # Pixels of a tile's side; smaller ones are enlarged.


def study(spec, name, folder, out):
    """The strips of a network, and its Points; none without a reader."""
    from regan.networks.generator import Generator

    entry = {**spec.others, **spec.networks}[name]
    with Generator.open(models.resolve(name, folder), noise=entry.noise) as generator:
        for one in entry.edits:
            one.edit.layers(generator.num_layers)
        with tqdm.tqdm(total=spec.pca.fitted_rows, desc='%s, components' % name, leave=False, disable=None) as bar:
            basis = pca.load_or_compute(generator, spec.pca, artefacts.cache_dir(), bar.update)
        blocks = [('no edit', truncation.samples(generator, spec.seeds, spec.strip_psis))]
        blocks += [
            (
                '%s, %s' % (one.name, one.edit),
                truncation.strips(generator, basis, one.edit, one.seed, spec.strip_psis, spec.frames),
            )
            for one in entry.edits
        ]
        path = out / ('strips-%s.png' % pathlib.Path(name).stem)
        images.save_png(path, truncation.page(blocks, spec.strip_psis, max(1, LEAST // generator.resolution)))
        click.echo('wrote %s' % path)
        return curves(spec, pathlib.Path(name).stem, entry, generator, basis) if entry.reader else []


def curves(spec, name, entry, generator, basis):
    """The Points of a network whose factors can be read."""
    from regan.judges.reader import FactorReader
    from regan.metrics import reals

    cache, edited = artefacts.cache_dir(), [(one.name, one.edit, one.factor) for one in entry.edits if one.factor]
    with FactorReader(studies.reader_path(entry.reader)) as reader:
        reader.check(generator.num_channels, generator.resolution)
        source = reals.open_images(reals.WORLD + reader.world, generator.resolution)
        statistics = reals.RealStatistics(
            source,
            lambda tiles: reader.look(truncation.signed(tiles))[1],
            dict(network=reader.sha256, backend=generator.backend),
            spec.n,
            None,
            cache,
        )
        total = spec.n * (1 + 3 * len(edited)) * len(spec.psis) * len(spec.cutoffs)
        with tqdm.tqdm(total=total, desc='%s, curves' % name, unit=' images', leave=False, disable=None) as bar:
            drawn = truncation.Drawn(generator, reader, basis, spec.n, spec.seed, cache / 'claims', bar.update)
            units = Units.of(
                drawn.at(1.0, None)['readings'], reader.factor_names, reader.circular, reader.r2, least_r2=-1
            )
            known = statistics.gaussian(lambda k: None), statistics.neighbours(lambda k: None)
            return truncation.sweep(name, drawn, units, known, spec.psis, spec.cutoffs, edited)


@click.command()
@click.option(
    '--networks',
    multiple=True,
    metavar='NAME',
    help='Of the spec; may be given several times. Default: those of the zoo.',
)
@click.option(
    '--networks-folder',
    type=click.Path(exists=True, file_okay=False),
    help='Folder with network files that you have; default $REGAN_NETWORKS.',
)
@click.option('--n', type=click.IntRange(min=4), help='Images for each point of the curves; default: that of the spec.')
@click.option('--quick', is_flag=True, help='A first look: few images, few psis.')
@click.option(
    '--out',
    type=click.Path(file_okay=False),
    default=str(OUT),
    show_default='figures/out/truncation',
    help='Folder for the files.',
)
@click.option(
    '--spec',
    'spec_path',
    type=click.Path(exists=True, dir_okay=False),
    help='Default: experiments/specs/truncation.json.',
)
def main(networks, networks_folder, n, quick, out, spec_path):
    """Measure and draw what truncation does to images and to edits. Every point is cached; an interrupted run goes
    on.
    """
    out = pathlib.Path(out)
    with errors_in_one_line():
        spec = truncation_spec.load(spec_path or truncation_spec.SPEC)
        if quick:
            spec = dataclasses.replace(spec, psis=spec.quick_psis, n=spec.quick_n)
        spec = dataclasses.replace(spec, n=n or spec.n)
        known = {**spec.others, **spec.networks}
        unknown = [name for name in networks if name not in known]
        if unknown:
            raise UserError(
                'the spec has no edits for the network %s; it has those for %s' % (unknown[0], ', '.join(known))
            )
        points = [point for name in networks or spec.networks for point in study(spec, name, networks_folder, out)]
        if points:
            report.write_csv(out / 'truncation.csv', [point.row() for point in points])
            names = {point.network for point in points}
            report.save_plot(
                out / 'truncation.png',
                lambda figure: truncation.draw_curves(figure, points),
                columns=len(names),
                lines=3,
            )
            click.echo('wrote %s and truncation.png' % (out / 'truncation.csv'))


if __name__ == '__main__':
    main()
