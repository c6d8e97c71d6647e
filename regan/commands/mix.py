"""`regan mix`: style mixing, latents with some layers of others."""

from pathlib import Path

import click

from regan.base.errors import UserError
from regan.commands import options, progress


def _sources(ctx, param, value):
    """Seeds and files, in order: list of int and saved.Source."""
    found = []
    for text in value:
        found += [_file(text)] if Path(text).is_file() else [one for part in text.split(',') for one in _part(part)]
    return found


def _part(text):
    from regan.sampling import latents

    if Path(text.strip()).is_file():
        return [_file(text.strip())]
    try:
        return latents.parse_seeds(text)
    except UserError:
        raise UserError(
            "'%s' is neither a list of seeds, such as 1-3,7, nor a file of latents; check the path" % text.strip()
        )


def _file(path):
    from regan.views import saved

    return saved.read(path)


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
    multiple=True,
    metavar='LIST',
    callback=_sources,
    help='The latents that keep most of themselves, a row for each: seeds and files, for example 85,100,me.npy. A file '
    'is whatever --latents of other commands takes. May be given several times.',
)
@click.option(
    '--columns',
    '--cols',
    '--col-seeds',
    'columns',
    required=True,
    multiple=True,
    metavar='LIST',
    callback=_sources,
    help='The latents whose layers are taken, a column for each.',
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
    help='Truncation; 1 for none. Default: that of the official commands, none for a StyleGAN and 0.5 for a StyleGAN2; '
    'of latents from files what they say, else 1.',
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
@options.SAVE
@options.PRECISION
@options.network
def mix(network, rows, columns, layers, drawing, plain, out, save_latents):
    """Mix styles: each row's latent with some layers of each column's.

    Layers are counted from 0 and inclusive. StyleGAN's figure is --rows 888,829,1898,1733,1614,845 --columns
    639,701,687,615,2268 --layers 0-3,0-3,0-3,4-7,4-7,8-17 --plain. The arguments of StyleGAN2's style-mixing-example
    are taken as they are, and --plain gives its grid.
    """
    from regan.base import artefacts, provenance
    from regan.drawing import edit_images, mixing_tables, starts
    from regan.editing import mixing
    from regan.pictures import images
    from regan.views import carriers, made

    out = Path(out)
    with network.open() as generator:
        psi = mixing_tables.official_psi(generator.generation)
        settings = _asked(rows + columns).truncated(drawing, generator, usual=psi).settings(generator)
        sets = mixing.parse_layers(layers or mixing.usual(generator.num_layers), generator.num_layers)
        down, across = _starts(generator, rows, columns)
        sets = mixing.for_rows(sets, len(down))
        mixing_tables.check_size(generator, len(down), len(across))
        named = mixing_tables.named(generator, down + across)
        rows, columns = named[: len(down)], named[len(down) :]
        with progress.bar(len(named) + len(down) * len(across)) as bar:
            table = mixing_tables.draw(generator, rows, columns, sets, settings, bar.update)
        mixed = mixing_tables.mixed(rows, columns, sets)
        truncated = edit_images.truncated(generator, mixed[0], settings)
        options.report_precision(generator, truncated, settings.conversion)
        corner = mixing_tables.official_corner(generator.generation)
        page = images.grid(table.tiles(corner)) if plain else mixing_tables.page(table, rows, columns, sets)
        view = made.mixtures(made.Origin(network.name, generator, settings), down, across, sets)
        if out.suffix.lower() == '.png':
            images.save_png(out, page, carriers.texts(view))
            count, sidecar = 1, out.with_suffix('.json')
        else:
            count, sidecar = mixing_tables.save(out, table, rows, columns, page, carriers.texts(view)), out / 'mix.json'
        made_by = provenance.made_by('mix', network.name, generator)
        options.save_latents(save_latents, mixed, made_by, down + across, settings)
        artefacts.write_json(
            sidecar,
            dict(
                made_by,
                rows=[starts.fact(start) for start in down],
                columns=[starts.fact(start) for start in across],
                layers=[mixing.notation(own) for own in sets],
                precision=network.precision,
                plain=plain,
                **settings.facts(),
                **carriers.sidecar(view),
            ),
        )
    pictures = '' if count == 1 else '%d pictures to ' % count
    click.echo('wrote %s%s: %d rows, %d columns, psi %g' % (pictures, out, len(down), len(across), settings.psi))


def _asked(sources):
    """The options.Starts of seeds and files, each file once."""
    seeds = [source for source in sources if isinstance(source, int)]
    files = {source.sha256: source for source in sources if not isinstance(source, int)}
    return options.Starts(seeds or None, tuple(files.values()))


def _starts(generator, *sides):
    """For each list of seeds and files, the list of its Starts; a latent of a file is the same one in all of them."""
    from regan.views import saved

    files = {source.sha256: source for side in sides for source in side if not isinstance(source, int)}
    on = {sha256: saved.on(source, generator) for sha256, source in files.items()}
    return [
        [start for source in side for start in ([source] if isinstance(source, int) else on[source.sha256])]
        for side in sides
    ]
