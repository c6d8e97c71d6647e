"""`regan mix`: style mixing, latents with some layers of others."""

import dataclasses
from pathlib import Path

import click

from regan.commands import options, progress


def _layers(layers, col_styles):
    """The text of the sets of layers, or None."""
    if layers and col_styles:
        raise click.UsageError('give --layers or --col-styles, not both')
    return layers or (col_styles and col_styles.replace(',', '+'))


@click.command()
@click.argument('network')
@click.option(
    '--rows',
    '--row-seeds',
    'rows',
    required=True,
    metavar='LIST',
    help='The latents that keep most of themselves, for example 85,100,75: a row for each.',
)
@click.option(
    '--columns',
    '--cols',
    '--col-seeds',
    'columns',
    required=True,
    metavar='LIST',
    help='The latents whose layers are taken: a column for each.',
)
@options.group(
    'layers',
    _layers,
    click.option(
        '--layers',
        metavar='SETS',
        help='What the rows take of the columns: one set for all rows, for example 0-6, or one for each, for example '
        '0-3,4-7,8-17. A set may have several parts, 0-3+8, and be coarse (0-3), middle (4-7), fine (from 8 on) or '
        'all. Default: 0-6, or the first half of fewer than 14 layers.',
    ),
    click.option(
        '--col-styles',
        metavar='LIST',
        help="The same as StyleGAN2's command has it, for all rows: 0-6, or a list of layers such as 0,1,5.",
    ),
)
@click.option(
    '--psi',
    '--truncation-psi',
    'psi',
    type=options.number(),
    help='Truncation; 1 for none. Default: that of the official commands, none for a StyleGAN and 0.5 for a StyleGAN2.',
)
@options.CUTOFF
@options.drawing
@options.PLAIN
@click.option(
    '--out',
    type=click.Path(),
    required=True,
    help="PNG of the table, and beside it a .json that says what made it; or a folder for the files of StyleGAN2's "
    'command, ROW-COLUMN.png and grid.png, and mix.json.',
)
@options.PRECISION
@options.network
def mix(network, rows, columns, layers, drawing, plain, out):
    """Mix styles: each row's latent with some layers of each column's.

    Layers are counted from 0 and inclusive. StyleGAN's figure is --rows 888,829,1898,1733,1614,845 --columns
    639,701,687,615,2268 --layers 0-3,0-3,0-3,4-7,4-7,8-17 --plain. The arguments of StyleGAN2's style-mixing-example
    are taken as they are, and --plain gives its grid.
    """
    from regan.base import artefacts, provenance
    from regan.drawing import mixing_tables
    from regan.editing import mixing
    from regan.pictures import images
    from regan.sampling import latents
    from regan.views import carriers, made

    row_seeds, column_seeds, out = latents.parse_seeds(rows), latents.parse_seeds(columns), Path(out)
    with network.open() as generator:
        if drawing.psi is None:
            drawing = dataclasses.replace(drawing, psi=mixing_tables.official_psi(generator.generation))
        settings = drawing.settings(generator)
        sets = mixing.parse_layers(layers or mixing.usual(generator.num_layers), generator.num_layers)
        sets = mixing.for_rows(sets, len(row_seeds))
        mixing_tables.check_size(generator, len(row_seeds), len(column_seeds))
        rows, columns = ([_source(generator, seed) for seed in seeds] for seeds in (row_seeds, column_seeds))
        with progress.bar(len(rows) + len(columns) + len(rows) * len(columns)) as bar:
            table = mixing_tables.draw(generator, rows, columns, sets, settings, bar.update)
        if plain:
            page = images.grid(table.tiles(mixing_tables.official_corner(generator.generation)))
        else:
            page = mixing_tables.page(table, rows, columns, sets)
        view = made.mixtures(made.Origin(network.name, generator, settings), row_seeds, column_seeds, sets)
        if out.suffix.lower() == '.png':
            images.save_png(out, page, carriers.texts(view))
            count, sidecar = 1, out.with_suffix('.json')
        else:
            count, sidecar = mixing_tables.save(out, table, rows, columns, page, carriers.texts(view)), out / 'mix.json'
        artefacts.write_json(
            sidecar,
            dict(
                provenance.made_by('mix', network.name, generator),
                rows=row_seeds,
                columns=column_seeds,
                layers=[mixing.notation(own) for own in sets],
                precision=network.precision,
                plain=plain,
                **settings.facts(),
                **carriers.sidecar(view),
            ),
        )
    click.echo(
        'wrote %s%s: %d rows, %d columns, psi %g'
        % ('' if count == 1 else '%d pictures to ' % count, out, len(rows), len(columns), settings.psi)
    )


def _source(generator, seed):
    """The mixing_tables.Source of a seed."""
    from regan.drawing import captions, edit_images, mixing_tables

    return mixing_tables.Source(captions.of_seed(seed), str(seed), edit_images.start(generator, seed)[0])
