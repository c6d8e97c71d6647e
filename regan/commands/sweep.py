"""`regan sweep`: many edits of many latents, drawn together."""
import re

import click

from regan.components import cached
from regan.commands import edit_choices as choices
from regan.commands import options


def _numbers(ctx, param, value):
    """'0-2,7' -> [0, 1, 2, 7]; None stays."""
    from regan.sampling import latents
    from regan.base.errors import UserError
    try:
        return value and latents.parse_seeds(value)
    except UserError:
        raise click.BadParameter('%r is no list of numbers such as 0-2,7' % value)


@click.command()
@click.argument('network')
@click.option('--seeds', '--seed', 'seeds', metavar='LIST', help='Latents to edit, for example 7 or 1-4. Needed unless a named edit brings its own.')
@click.option('--edit', 'texts', multiple=True, metavar='EDIT',
              help='As for `regan edit`: in notation, by name, or from a file. May be given several times.')
@choices.EDITS_FILE
@click.option('--vectors', metavar='LIST', callback=_numbers, help='Further edits, for example 0-9: each of these components, in each range of --layers, by --strength.')
@click.option('--layers', metavar='RANGES', help='Of --vectors: ranges of layers, for example 0-3,4-7; default: all.')
@click.option('--strength', type=float, default=2.0, show_default=True, callback=options.finite, help='Of --vectors: so many standard deviations.')
@click.option('--frames', type=click.IntRange(min=2), default=5, show_default=True,
              help='Of each edit, from -strength to +strength, or from the latent as it is to a target. A grid without a video has none.')
@click.option('--psi', type=float, callback=options.finite, help='Truncation; 1 for none. Default: that of a named edit, else 0.7.')
@options.CUTOFF
@options.noise_options
@click.option('--layout', type=click.Choice(['strips', 'grid']), default='strips', show_default=True,
              help='strips: pictures whose rows are the frames of an edit. grid: one picture, edits x latents at full strength, below '
                   'the latents as they are.')
@click.option('--by', type=click.Choice(['edit', 'seed']),
              help='Strips: a picture for each edit, with a row for each latent (the default), or the other way round.')
@click.option('--video', is_flag=True, help='Also write an MP4 for each picture, in which all of its rows move to and fro at the same time.')
@click.option('--fps', type=click.FloatRange(min=1, max=120), default=12, show_default=True, help='Frames per second of the videos.')
@click.option('--out', type=click.Path(file_okay=False), required=True, help='Folder. A .json beside each picture says what made it.')
@options.PRECISION
@choices.BASIS
@options.pca_options
@options.network_options
def sweep(network, seeds, texts, edits_file, vectors, layers, strength, frames, psi, cutoff, mode, noise, conversion, layout, by, video, fps,
          out, precision, basis_file, n, components, estimator, batch_size, pca_seed, sparsity, networks_folder, trust_embedded_code):
    """Draw many edits of many latents: strips, a grid, and videos.

    What an edit leaves alone, below its first layer, is computed once for each latent. Pictures that are there already, made with the same
    options, are kept; an interrupted sweep goes on where it stopped.
    """
    from regan.drawing import sweep as module
    from regan.networks import models
    from regan.sampling import latents
    from regan.networks.network_file import NetworkFile
    from regan.components.pca import PCASpec
    _check_options(texts, vectors, layers, layout, by, video)
    chosen = choices.choose(texts, edits_file) + _combined(vectors, layers, strength)
    seeds = list(dict.fromkeys(latents.parse_seeds(seeds) if seeds else choices.agreed(chosen, 'seeds', '--seeds')))
    frames = frames if layout == 'strips' or video else 2  # A grid shows the last one only.
    psi = choices.agreed(chosen, 'psi', '--psi', 0.7) if psi is None else psi
    spec = PCASpec(n, components, estimator=estimator, batch_size=batch_size, seed=pca_seed, sparsity=sparsity)
    basis = choices.read_basis(basis_file) if basis_file else None
    choices.notice_transfer(chosen, network)
    file = NetworkFile(models.resolve(network, networks_folder))
    from regan.networks.generator import Generator  # It imports TensorFlow; the file is read meanwhile.
    with Generator.open(file, trust_embedded_code=trust_embedded_code, precision=precision) as generator:
        options.check_cutoff(cutoff, generator)
        settings = options.resolve(mode, noise, conversion, generator.generation, psi, cutoff)
        choices.check(chosen, generator, len(basis.components) if basis else components)
        generator.set_noise(settings.noise)
        basis = basis or cached.basis(generator, spec)
        pages = module.pages({None: layout, 'edit': 'edits', 'seed': 'seeds'}[by or (layout == 'strips' and 'edit' or None)],
                             [_file_name(one) for one in chosen], seeds)
        facts = _facts(pages, chosen, seeds, network, generator, dict(
            settings._asdict(), frames=frames, layout=layout, pca=basis.record, basis_file=basis_file, precision=precision,
            fps=fps if video else None))
        options.report_precision(generator, _truncated(generator, seeds[:options.PRECISION_IMAGES], settings), settings.conversion)
        paths, kept = _write(module, module.Sweep(generator, *choices.placed(chosen, basis), seeds=seeds, frames=frames, settings=settings),
                             pages, out, facts, fps if video else None)
    click.echo('wrote %d files to %s%s' % (len(paths), out, ': %d of %d pictures were there already' % (kept, len(pages)) if kept else ''))


def _check_options(texts, vectors, layers, layout, by, video):
    if not (texts or vectors):
        raise click.UsageError('give --edit or --vectors, what to sweep over')
    if not vectors:
        options.refuse(['layers', 'strength'], 'is for --vectors; an --edit has its own')
    if by and layout == 'grid':
        raise click.UsageError('--by is for strips; a grid has all edits and latents')
    if not video:
        options.refuse(['fps'], 'is for --video')
    if layout == 'grid' and not video:
        options.refuse(['frames'], 'is for strips and videos; a grid shows the latents at full strength')


def _combined(vectors, layers, strength):
    """The Chosen of components x ranges of layers."""
    from regan.editing import edits
    ranges = [part.strip() for part in (layers or 'all').split(',')]
    return [choices.Chosen(edits.parse('E(v%d, %s) * %r' % (vector, part, strength))) for vector in vectors or () for part in ranges]


def _truncated(generator, seeds, settings):
    """dlatents [N, L, D] of the seeds, before any edit."""
    from regan.sampling import latents
    w = generator.map(latents.from_seeds(seeds, generator.latent_size))
    return latents.truncate(latents.broadcast(w, generator.num_layers), generator.dlatent_avg, settings.psi, settings.cutoff)


def _file_name(one):
    """What stands for an edit in the name of a file."""
    return re.sub('[^A-Za-z0-9.-]+', '-', one.name or str(one.edit)).strip('-.').lower()


def _facts(pages, chosen, seeds, network, generator, common):
    """{name of a page: dict for its JSON}, with the edits and seeds that the page has, in order."""
    from regan.base import provenance
    made, facts = provenance.made_by('sweep', network, generator), {}
    for page in pages:
        shown = [chosen[i] for i in dict.fromkeys(i for i, _ in page.cells) if i is not None]
        facts[page.name] = dict(made, edits=[str(one.edit) for one in shown], names=[one.name for one in shown],
                                seeds=[seeds[j] for j in dict.fromkeys(j for _, j in page.cells)], **common)
    return facts


def _write(module, sweep, pages, out, facts, fps):
    import tqdm
    with tqdm.tqdm(total=sweep.num_frames * sum(len(page.cells) for page in pages), unit=' images', leave=False, disable=None) as bar:
        return module.write(sweep, pages, out, facts, fps, bar.update)
