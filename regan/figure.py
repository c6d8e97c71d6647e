"""From a spec and a function that draws to the files of a figure.

A figure leaves three files, NAME being figure and variant: NAME.png for the eye (title, enlarged
tiles, labels), NAME-tiles.png with the tiles at native size, which is what is compared, and
NAME.json that says what made them.

`main` is the command line of the scripts in experiments/.
"""
import dataclasses
import sys
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np

from regan import artefacts, console, edits, images, latents, models, provenance, references
from regan import spec as specs
from regan.errors import UserError

OUT = models.PROJECT / 'figures' / 'out'
LETTERS = 28  # height in pixels of the title; labels have two thirds of it


class Drawn(NamedTuple):
    """The files of one figure."""

    figure: Path
    tiles: Path
    sidecar: Path


def render(spec, generator, dlatents):
    """Truncate, synthesize and crop: dlatents [N, L, D] -> uint8 [N, H, W, C].

    Truncation follows the edit, as in GANSpace.
    """
    truncated = latents.truncate(dlatents, generator.dlatent_avg, spec.psi, spec.cutoff)
    return images.crop(generator.synthesize(truncated), **dataclasses.asdict(spec.crop))


def run(spec, draw, out_dir, folder=None, open_generator=None, quiet=True):
    """Draw a figure and write its files.

    Args:
        spec: FigureSpec.
        draw: callable (spec, generator, basis) -> tiles uint8 [rows, columns, H, W, C].
        out_dir: folder for the files, made if missing.
        folder: with network files that the user already has, see `models.resolve`.
        open_generator: callable (path, noise=...) -> context manager; default Generator.open.
        quiet: no progress bar.

    Returns:
        Drawn, the paths of the files.

    Raises:
        UserError: from the network, the basis, the edits or the files.
    """
    path = models.resolve(spec.network, folder)
    with (open_generator or _generator_class().open)(path, noise=spec.noise) as generator:
        specs.check_network(spec, generator.resolution, generator.num_layers, spec.name)
        basis = console.components(generator, spec.pca, quiet)
        tiles = images.check(draw(spec, generator, basis), rank=5)
        facts = dict(_settings(spec, generator), **provenance.software(generator.backend))
    return _save(spec, tiles, facts, Path(out_dir))


def _generator_class():
    from regan.generator import Generator  # TensorFlow takes seconds to load
    return Generator


def _settings(spec, generator):
    return {
        'name': spec.name,
        'source': spec.source,
        'network': spec.network,
        'network_sha256': generator.sha256,
        'seeds': list(spec.seeds),
        'psi': spec.psi,
        'cutoff': spec.cutoff,
        'noise': spec.noise,
        'pca': dataclasses.asdict(spec.pca),
        'edits': [edits.notation(edit) for edit in spec.edits],
        'crop': dataclasses.asdict(spec.crop),
    }


def _save(spec, tiles, facts, folder):
    large = compose(spec, tiles)
    drawn = Drawn(folder / (spec.name + '.png'), folder / (spec.name + '-tiles.png'), folder / (spec.name + '.json'))
    images.save_png(drawn.tiles, images.grid(tiles))
    images.save_png(drawn.figure, large)
    artefacts.write_json(drawn.sidecar, dict(
        facts, tile_height=tiles.shape[2], tile_width=tiles.shape[3],
        tiles_sha256=artefacts.sha256_file(drawn.tiles), figure_sha256=artefacts.sha256_file(drawn.figure)))
    return drawn


def compose(spec, tiles):
    """The figure for the eye: title, enlarged tiles [R, K, H, W, C], labels. Returns uint8 [H', W', C].

    Raises UserError when there are labels, but not one for each column.
    """
    if spec.labels and len(spec.labels) != tiles.shape[1]:
        raise UserError('%s.labels are %d but there are %d columns' % (spec.name, len(spec.labels), tiles.shape[1]))
    page = images.grid(images.enlarge(tiles, spec.enlarge.factor, spec.enlarge.method), spec.gap)
    rows = [images.text_row([spec.title], page.shape[1], LETTERS, page.shape[2]), page]
    if spec.labels:
        rows.append(images.text_row(spec.labels, page.shape[1], LETTERS * 2 // 3, page.shape[2]))
    return np.concatenate(rows)  # [H', W', C]


def command(figure, draw, specs_folder=specs.SPECS, references_folder=references.FOLDER, open_generator=None):
    """The click command of one figure; the defaults are the project's own folders and generator."""

    @click.command(help='Draw %s. What it shows and reproduces is in experiments/specs/%s.json.' % (figure, figure))
    @click.option('--networks', default='embedded', show_default=True, metavar='embedded|official|NAME|PATH',
                  help='The network that ships with the project, the published one, or any other.')
    @click.option('--networks-folder', type=click.Path(exists=True, file_okay=False),
                  help='Folder with network files that you have; default $REGAN_NETWORKS.')
    @click.option('--out', type=click.Path(file_okay=False), default=str(OUT), show_default='figures/out',
                  help='Folder for the files.')
    @click.option('--check', is_flag=True, help='Then compare with the references; exit 1 on a difference.')
    @click.option('--reference', is_flag=True, help='Then make this drawing the reference of its stack.')
    @click.option('--quiet', is_flag=True, help='Print nothing but failures.')
    def draw_figure(networks, networks_folder, out, check, reference, quiet):
        if check and reference:
            raise click.UsageError('choose one of --check and --reference')
        with console.errors_in_one_line():
            spec = specs.choose(figure, networks, specs_folder)
            drawn = run(spec, draw, out, networks_folder, open_generator, quiet)
            passed, lines = True, ['wrote %s' % path for path in drawn]
            if reference:
                lines.append(references.replace(spec.name, drawn, references_folder))
            if check:
                passed, lines = references.check(spec, drawn, references_folder)
        if not (quiet and passed):
            click.echo('\n'.join(lines))
        sys.exit(0 if passed else 1)

    return draw_figure


def main(figure, draw):
    """Run the command line of a figure: `figure.main('figure1', draw)` in its script."""
    command(figure, draw)()
