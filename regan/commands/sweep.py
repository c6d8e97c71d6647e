"""`regan sweep`: many edits of many latents, drawn together."""

from typing import NamedTuple, Optional

import click

from regan.commands import options, progress


def _numbers(ctx, param, value):
    """'0-2,7' -> [0, 1, 2, 7]; None stays."""
    from regan.base.errors import UserError
    from regan.sampling import latents

    try:
        return value and latents.parse_seeds(value)
    except UserError:
        raise click.BadParameter('%r is no list of numbers such as 0-2,7' % value)


def _choices(texts, edits_file, vectors, layers, strength):
    """List of EditChoice: those of --edit, then those of --vectors."""
    from regan.editing import edit_choices

    if not (texts or vectors):
        raise click.UsageError('give --edit or --vectors, what to sweep over')
    if not vectors:
        options.refuse(['layers', 'strength'], 'is for --vectors; an --edit has its own')
    ranges = [part.strip() for part in (layers or 'all').split(',')]
    return edit_choices.choose(texts, edits_file) + edit_choices.combinations(vectors or (), ranges, strength)


class _Arrangement(NamedTuple):
    """How a sweep is shown.

    Attributes:
        layout: 'strips' or 'grid'.
        pages: the layout of `sweep.pages` that this means.
        frames: of each cell.
        fps: frames per second of the videos, or None for none.
        plain: pictures without labels.
    """

    layout: str
    pages: str
    frames: int
    fps: Optional[float]
    plain: bool


def _arrangement(layout, by, video, fps, frames, plain):
    if by and layout == 'grid':
        raise click.UsageError('--by is for strips; a grid has all edits and latents')
    if not video:
        options.refuse(['fps'], 'is for --video')
    if layout == 'grid' and not video:
        options.refuse(['frames'], 'is for strips and videos; a grid shows the latents at full strength')
        frames = 2  # It shows the last one only.
    pages = 'grid' if layout == 'grid' else {'edit': 'edits', 'seed': 'seeds'}[by or 'edit']
    return _Arrangement(layout, pages, frames, fps if video else None, plain)


@click.command()
@click.argument('network')
@options.starts(
    click.option(
        '--seeds',
        '--seed',
        'seeds',
        metavar='LIST',
        help='Latents to edit, for example 7 or 1-4. Needed unless there are --latents or a named edit brings some.',
    )
)
@options.group(
    'choices',
    _choices,
    click.option(
        '--edit',
        'texts',
        multiple=True,
        metavar='EDIT',
        help='As for `regan edit`: in notation, by name, or from a file. May be given several times.',
    ),
    options.EDITS_FILE,
    click.option(
        '--vectors',
        metavar='LIST',
        callback=_numbers,
        help='Further edits, for example 0-9: each of these components, in each range of --layers, by --strength.',
    ),
    click.option(
        '--layers', metavar='RANGES', help='Of --vectors: ranges of layers, for example 0-3,4-7; default: all.'
    ),
    click.option(
        '--strength',
        type=options.number(),
        default=2.0,
        show_default=True,
        help='Of --vectors: so many standard deviations.',
    ),
)
@click.option(
    '--frames',
    type=click.IntRange(min=2),
    default=5,
    show_default=True,
    help='Of each edit, from -strength to +strength, or from the latent as it is to a target. A grid without '
    'a video has none.',
)
@options.PSI_OF_EDIT
@options.CUTOFF
@options.drawing
@options.group(
    'arrangement',
    _arrangement,
    click.option(
        '--layout',
        type=click.Choice(['strips', 'grid']),
        default='strips',
        show_default=True,
        help='strips: pictures whose rows are the frames of an edit. grid: one picture, edits x latents at '
        'full strength, below the latents as they are.',
    ),
    click.option(
        '--by',
        type=click.Choice(['edit', 'seed']),
        help='Strips: a picture for each edit, with a row for each latent (the default), or the other way round.',
    ),
    click.option(
        '--video',
        is_flag=True,
        help='Also write an MP4 for each picture, in which all of its rows move to and fro at the same time.',
    ),
    click.option(
        '--fps',
        type=options.number(1, 120),
        default=12,
        show_default=True,
        help='Frames per second of the videos.',
    ),
    options.PLAIN,
    also=['frames'],
)
@click.option(
    '--out',
    type=click.Path(file_okay=False),
    required=True,
    help='Folder. A .json beside each picture says what made it.',
)
@options.PRECISION
@options.basis
@options.network
def sweep(network, starts, choices, drawing, arrangement, out, basis):
    """Draw many edits of many latents: strips, a grid, and videos.

    What an edit leaves alone, below its first layer, is computed once for each latent. Pictures that are there already,
    made with the same options, are kept; an interrupted sweep goes on where it stopped.
    """
    from regan.base import provenance
    from regan.drawing import sweep as module
    from regan.editing import edit_choices
    from regan.views import carriers, made

    starts = starts.or_those_of(choices, '--seeds')
    options.notice_transfer(choices, network.name)
    network = options.with_class_of(choices, network)
    with network.open() as generator:
        some = list(dict.fromkeys(starts.on(generator)))  # Each once.
        settings = starts.truncated(drawing, generator, choices).settings(generator)
        edit_choices.check(choices, generator.num_layers, basis.count, basis.space(choices, generator.latent_space))
        settings.prepare(generator)
        components = basis.of(generator, choices)
        pages = module.pages(arrangement.pages, [choice.file_stem for choice in choices], some)
        origin = made.Origin(network.name, generator, settings, components)
        views = {page.name: _view(page, origin, choices, some, arrangement.frames) for page in pages}
        facts = _facts(
            pages,
            views,
            choices,
            some,
            provenance.made_by('sweep', network.name, generator),
            dict(
                settings.facts(),
                frames=arrangement.frames,
                layout=arrangement.layout,
                pca=components.record,
                basis_file=basis.path,
                **options.said_space(components),
                precision=network.precision,
                fps=arrangement.fps,
                **({} if arrangement.plain else {'labelled': True}),  # Plain pictures of earlier versions stay.
            ),
        )
        along, moves = edit_choices.placed(choices, components)
        cells = module.Sweep(generator, along, moves, some, arrangement.frames, settings)
        options.report_precision(generator, cells.bases, settings.conversion)
        if arrangement.fps and generator.num_channels == 4:
            click.echo('note: videos have no transparency; in them the images are on white', err=True)
        with progress.bar(arrangement.frames * sum(len(page.cells) for page in pages)) as bar:
            texts = {name: carriers.texts(view) for name, view in views.items()}
            labels = None if arrangement.plain else _labels(pages, choices, some, arrangement)
            paths, kept = module.write(cells, pages, out, facts, arrangement.fps, bar.update, texts, labels)
    there = ': %d of %d pictures were there already' % (kept, len(pages)) if kept else ''
    click.echo('wrote %d files to %s%s' % (len(paths), out, there))


def _labels(pages, choices, some, arrangement):
    """{name of a page: its Labels}."""
    from regan.drawing import captions
    from regan.drawing.sweep import Labels

    found = {}
    for page in pages:
        shown, present = _shown(page, choices, some)
        names, latents = [captions.of_edit(*choice[:2]) for choice in shown], [captions.of_start(j) for j in present]
        if page.still:
            found[page.name] = Labels([captions.UNEDITED] + names, latents, '')
            continue
        columns = captions.of_frames([choice.edit for choice in shown], arrangement.frames)
        if arrangement.pages == 'edits':
            found[page.name] = Labels(latents, columns, names[0])
        else:
            found[page.name] = Labels(names, columns, latents[0])
    return found


def _shown(page, choices, some):
    """(choices, starts) that a page has, in order."""
    edits, latents = (dict.fromkeys(indices) for indices in zip(*page.cells))
    return [choices[i] for i in edits if i is not None], [some[j] for j in latents]


def _view(page, origin, choices, some, frames):
    """The view that a page carries, or None."""
    from regan.views import made

    choices, some = _shown(page, choices, some)
    return made.tables(origin, some, choices) if page.still else made.rows(origin, some, choices, frames)


def _facts(pages, views, choices, some, made, common):
    """{name of a page: dict for its JSON}: the edits and starts that the page has, in order, between what all have."""
    from regan.drawing import starts
    from regan.views import carriers

    facts = {}
    for page in pages:
        shown, present = _shown(page, choices, some)
        facts[page.name] = dict(
            made,
            edits=[str(choice.edit) for choice in shown],
            names=[choice.name for choice in shown],
            **starts.facts(present),
            **common,
            **carriers.sidecar(views[page.name]),
        )
    return facts
