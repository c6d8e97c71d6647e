"""From a spec and a function that draws to the files of a figure.

A figure leaves three files, NAME being figure and variant: NAME.png for the eye (title, enlarged
tiles, labels), NAME-tiles.png with the tiles at native size, which is what is compared, and
NAME.json that says what made them.

What a figure shows is in its script in experiments/, whose `draw` makes the tiles of a panel. Each declares a
Figure and calls `main`, the command line of them all; `regan figure` is another.
"""

from __future__ import annotations

import dataclasses
import itertools
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Callable, ContextManager, NamedTuple, Optional, Sequence

import click
import numpy as np

from regan.base import artefacts, command_errors, json_records, provenance
from regan.base.errors import UserError
from regan.base.typing import PathLike
from regan.components import cached
from regan.drawing import modes
from regan.editing import edits
from regan.figures import borrowed, references
from regan.figures import figure_spec as specs
from regan.figures.references import Drawn
from regan.networks import models
from regan.pictures import images, pages
from regan.sampling import noise as noises

if TYPE_CHECKING:
    from regan.components.basis import Basis
    from regan.networks.generator import Generator

LETTERS, SMALL = pages.LETTERS, pages.SMALL  # Height in pixels of the title, and of all other texts.

Draw = Callable[
    [specs.Panel, 'Generator', Optional['Basis']], np.ndarray
]  # A panel -> tiles uint8 [rows, columns, H, W, C].
Arrange = Callable[[specs.Panel, np.ndarray], np.ndarray]
Open = Callable[..., ContextManager['Generator']]  # Called with a path, and `label=` where a class is asked for.


class Figure(NamedTuple):
    """What the script of a figure declares.

    Attributes:
        name: of its spec, NAME.json.
        draw: callable (panel, generator, basis) -> tiles uint8 [rows, columns, H, W, C].
        needs: the keys that `draw` uses, see `figure_spec.check_needs`.
        arrange: callable (panel, tiles after the crop) -> tiles uint8 [rows, columns, H, W, C] that are shown; None: as
            they are.
    """

    name: str
    draw: Draw
    needs: Sequence[str]
    arrange: Optional[Arrange] = None


def run(
    spec: specs.FigureSpec,
    draw: Draw,
    out_dir: PathLike,
    folder: Optional[PathLike] = None,
    open_generator: Optional[Open] = None,
    quiet: bool = True,
    mode: Optional[str] = None,
    noise: Optional[str] = None,
    conversion: Optional[str] = None,
    arrange: Optional[Arrange] = None,
) -> Drawn:
    """Draw a figure and write its files.

    Args:
        spec: FigureSpec.
        draw: callable (Panel, Generator, Basis) -> tiles uint8 [rows, columns, H, W, C], before the crop.
        out_dir: folder for the files, made if missing.
        folder: with network files that the user already has, see `models.resolve`.
        open_generator: callable (path), or (path, label=class) -> context manager; default Generator.open.
        quiet: no progress bar.
        mode: name of a mode that replaces noise, conversion, truncation and instance norms of every panel, and how its
            components are found.
        noise, conversion: replace those of every panel and of the mode; the noise as a text of `regan.sampling.noise`.
            What replaces anything is added to the files' name.
        arrange: see `Figure`.

    Returns:
        Drawn, the paths of the files.

    Raises:
        UserError: from the network, the basis, the edits or the files.
    """
    open_generator = open_generator or _generator_class().open
    asked = [mode, noise and noise.replace(':', '-'), conversion]
    spec = dataclasses.replace(spec, name='-'.join([spec.name] + [one for one in asked if one]))
    drawn, shown, facts = [], [], []
    for _, group in itertools.groupby(spec.panels, lambda panel: (panel.network, panel.network_class)):
        panels = list(group)
        with _open(panels[0], panels[0].network, folder, open_generator) as generator:
            images.check_channels(generator)
            software = provenance.software(generator.backend)
            for panel in borrowed.fitted(panels, generator):
                panel, settings = _redrawn(panel, (mode, noise and noises.parse(noise), conversion), generator)
                specs.check_network(panel, generator.resolution, generator.num_layers, panel.name)
                settings.prepare(generator)
                basis, source = _basis(panel, generator, folder, open_generator, quiet)
                tiles = images.check(draw(panel, generator, basis), rank=5)
                panel = borrowed.with_crop(panel, *tiles.shape[2:4])
                tiles = images.crop(tiles, **dataclasses.asdict(panel.crop))
                drawn.append(arrange(panel, tiles) if arrange else tiles)
                shown.append(panel)
                facts.append(dict(_settings(panel, generator), components_sha256=source, **_asked(settings)))
    spec = borrowed.enlarged(dataclasses.replace(spec, panels=tuple(shown)), drawn)
    return _save(spec, drawn, facts, software, Path(out_dir))


def _open(panel, network, folder, open_generator):
    """A network for a panel, of its class."""
    chosen = {} if panel.network_class is None else dict(label=panel.network_class)
    return open_generator(models.resolve(network, folder), **chosen)


def _generator_class():
    from regan.networks.generator import Generator  # TensorFlow takes seconds to load

    return Generator


def _redrawn(panel, asked, generator):
    """A panel with what was asked for, (mode, noise, conversion), each or None, and the modes.Settings of it."""
    mode, noise, conversion = asked
    if mode is None:
        noise, conversion = noise or panel.noise, conversion or panel.conversion
    settings = modes.of_network(generator, mode, noise, conversion, panel.psi, panel.cutoff)
    drawn = dict(noise=settings.noise, conversion=settings.conversion, psi=settings.psi, cutoff=settings.cutoff)
    spec = modes.decomposition(mode, panel.pca) if mode and panel.pca else panel.pca
    return dataclasses.replace(panel, pca=spec, **drawn), settings


def _asked(settings):
    """What a mode has set that is no key of a panel: dict, empty without a mode."""
    return {name: settings.facts().get(name) for name in ('mode', 'instance_norm_epsilon')} if settings.mode else {}


def _basis(panel, generator, folder, open_generator, quiet):
    """The Basis, and the SHA-256 of the network that it belongs to; (None, None) for a panel without components."""
    if panel.pca is None:
        return None, None
    if panel.components_of in (None, panel.network):
        return cached.basis(generator, panel.pca, quiet), generator.sha256
    with _open(panel, panel.components_of, folder, open_generator) as other:
        return cached.basis(other, panel.pca, quiet), other.sha256


def _settings(panel, generator):
    values = dataclasses.asdict(panel)
    return dict(
        json_records.recorded(panel),
        pca=panel.pca and panel.pca.facts,
        network_sha256=generator.sha256,
        **provenance.label_facts(generator),
        edits=[edits.notation(edit) for edit in panel.edits],
        **{key: values[key] for key in specs.STUDY + specs.BIGGAN if values[key] is not None},
    )


def _save(spec, drawn, facts, software, folder):
    page, tops = images.stack([images.grid(tiles) for tiles in drawn])
    for tiles, panel, top in zip(drawn, facts, tops):
        panel.update(zip(('rows', 'columns', 'tile_height', 'tile_width'), tiles.shape), top=top)
    large = compose(spec, drawn)
    paths = Drawn(folder / (spec.name + '.png'), folder / (spec.name + '-tiles.png'), folder / (spec.name + '.json'))
    images.save_png(paths.tiles, page)
    images.save_png(paths.figure, large)
    artefacts.write_json(
        paths.sidecar,
        dict(
            software,
            name=spec.name,
            source=spec.source,
            panels=facts,
            tiles_sha256=artefacts.sha256_file(paths.tiles),
            figure_sha256=artefacts.sha256_file(paths.figure),
        ),
    )
    return paths


def compose(spec: specs.FigureSpec, drawn: Sequence[np.ndarray]) -> np.ndarray:
    """The figure for the eye: title, then each panel's tiles [R, K, H, W, C], enlarged and lettered. Returns uint8 [H',
    W', C].

    Raises UserError when there are labels, but not one for each column, or names of rows, but not one for each row.
    """
    blocks = [_panel(spec, panel, tiles) for panel, tiles in zip(spec.panels, drawn)]
    names = _names(spec, drawn)
    page, _ = images.stack(
        [np.concatenate(pair, axis=1) for pair in zip(names, blocks)] if names else blocks,
        gap=LETTERS // 2 if len(blocks) > 1 else 0,
    )
    return np.concatenate([images.text_row([spec.title], page.shape[1], LETTERS, page.shape[2]), page])  # [H', W', C]


def _panel(spec, panel, tiles):
    """Heading, tiles and labels of a panel, uint8 [H', W', C]."""
    for key, texts, count, what in [
        ('labels', panel.labels, tiles.shape[1], 'columns'),
        ('rows', panel.rows, tiles.shape[0], 'rows'),
    ]:
        if texts and len(texts) != count:
            raise UserError('%s.%s are %d but there are %d %s' % (panel.name, key, len(texts), count, what))
    page, channels = _enlarged(spec, tiles), tiles.shape[-1]
    above, below = [
        [images.text_row(texts, page.shape[1], SMALL, channels)] if texts else []
        for texts in ([panel.heading] if panel.heading else [], panel.labels)
    ]
    return np.concatenate(above + [page] + below)


def _enlarged(spec, tiles):
    return images.grid(images.enlarge(tiles, spec.enlarge.factor, spec.enlarge.method), spec.gap)


def _names(spec, drawn):
    """The columns left of the panels with the names of their rows, all of one width; an empty list if no panel has
    names.
    """
    columns = []
    for panel, tiles in zip(spec.panels, drawn):
        height = len(_enlarged(spec, tiles))
        column = images.text_column(panel.rows or [''], height, SMALL, tiles.shape[-1])
        top = 2 * SMALL if panel.heading else 0
        columns.append(images.pad(column, top=top, height=top + height + (2 * SMALL if panel.labels else 0)))
    width = max(column.shape[1] for column in columns)
    return [images.pad(column, width=width) for column in columns] if any(panel.rows for panel in spec.panels) else []


def command(
    figure: Figure,
    specs_folder: PathLike,
    out_dir: PathLike,
    references_folder: Optional[PathLike] = None,
    open_generator: Optional[Open] = None,
) -> click.Command:
    """The click command of one figure.

    Args:
        figure: Figure.
        specs_folder: where its spec is.
        out_dir: default folder for its files.
        references_folder: of the references; None where there are none, so that --check and --reference are refused.
        open_generator: see `run`.
    """

    @click.command(help='Draw %s. What it shows and reproduces is in its spec, %s.json.' % (figure.name, figure.name))
    @click.option(
        '--networks',
        default='embedded',
        show_default=True,
        metavar='VARIANT|NAME|PATH',
        help='embedded: the networks that ship with the project. official: the published ones. Or another '
        'variant of the spec, or any network.',
    )
    @click.option(
        '--class', 'label', type=click.IntRange(min=0), metavar='NUMBER', help='Class of a conditional network, from 0.'
    )
    @click.option(
        '--networks-folder',
        type=click.Path(exists=True, file_okay=False),
        help='Folder with network files that you have; default $REGAN_NETWORKS.',
    )
    @click.option(
        '--out', type=click.Path(file_okay=False), default=str(out_dir), show_default=True, help='Folder for the files.'
    )
    @click.option(
        '--mode',
        type=click.Choice(list(modes.MODES)),
        help='Draw and decompose as this program does, into files of its own. The noise of ganspace is that of a Tesla '
        'V100; for that of a CPU add --noise torch-cpu:0.',
    )
    @click.option(
        '--noise', metavar='CHOICE', help='Instead of the noise of the spec, for example %s.' % noises.EXAMPLES
    )
    @click.option('--conversion', type=click.Choice(modes.CONVERSIONS), help='Instead of that of the spec.')
    @click.option(
        '--check', is_flag=True, help='Then compare with the references, in a checkout; exit 1 on a difference.'
    )
    @click.option('--reference', is_flag=True, help='Then make this drawing the reference of its stack, in a checkout.')
    @click.option('--quiet', is_flag=True, help='Print nothing but failures.')
    def draw_figure(networks, label, networks_folder, out, check, reference, quiet, **asked):
        if bool(check) + bool(reference) + any(asked.values()) > 1:
            raise click.UsageError('choose one of --check, --reference and --mode (or --noise, --conversion)')
        if (check or reference) and references_folder is None:
            raise click.UsageError(
                '--check and --reference need the reference pictures, which are in a checkout of '
                'the project and not in this installed package; run them there, or leave them out'
            )
        with command_errors.errors_in_one_line():
            spec = specs.choose(figure.name, networks, specs_folder)
            specs.check_needs(spec, figure.needs)
            spec = specs.of_class(spec, label) if label is not None else spec
            choices = asked['mode'], asked['noise'], asked['conversion']
            drawn = run(spec, figure.draw, out, networks_folder, open_generator, quiet, *choices, figure.arrange)
            passed, lines = True, ['wrote %s' % path for path in drawn]
            if reference and references_folder is not None:
                lines.append(references.replace(spec.name, drawn, references_folder))
            if check and references_folder is not None:
                passed, lines = references.check(spec, drawn, references_folder)
        if not (quiet and passed):
            click.echo('\n'.join(lines))
        sys.exit(0 if passed else 1)

    return draw_figure


def main(figure: Figure, specs_folder: PathLike, out_dir: PathLike, references_folder: Optional[PathLike]) -> None:
    """Run the command line of a figure, see `command`."""
    command(figure, specs_folder, out_dir, references_folder)()
