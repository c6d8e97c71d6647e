"""`regan edit`: latents moved along components, and drawn."""

from pathlib import Path
from typing import NamedTuple

import click

from regan.commands import options, progress


class _Arrangement(NamedTuple):
    """How edits are shown: 'strips', 'sequence' or None for what suits them; frames of a strip; without labels."""

    layout: str
    frames: int
    plain: bool


@click.command()
@click.argument('network')
@options.starts(
    click.option(
        '--seed',
        '--seeds',
        'seeds',
        metavar='LIST',
        help='Latents to edit, for example 7 or 1-4. Default: those of a named edit.',
    )
)
@click.option(
    '--edit',
    'texts',
    required=True,
    multiple=True,
    metavar='EDIT',
    help='For example "E(v0, 0-4) * 2.0" (strength 1 if left out), "centred E(v15, 8) * 3" or "target E(v22, '
    '9-10) = -8"; a name such as "ffhq/Big smile" (see `regan edits list`), or one that the explorer has saved; or '
    'the file of a saved edit (.json or .pkl). May be given several times.',
)
@options.edits
@options.group(
    'arrangement',
    _Arrangement,
    click.option(
        '--layout',
        type=click.Choice(['strips', 'sequence']),
        help='strips: each edit from -strength to +strength. sequence: one edit after the other. Default: '
        'sequence if there is a target.',
    ),
    click.option('--frames', type=click.IntRange(min=2), default=5, show_default=True, help='Of a strip.'),
    options.PLAIN,
)
@options.PSI_OF_EDIT
@options.CUTOFF
@options.drawing
@click.option(
    '--out',
    type=click.Path(dir_okay=False),
    required=True,
    callback=options.png,
    help='PNG: one row for each latent and strip. A .json with the same name says what made it; both carry a view.',
)
@options.SAVE
@options.PRECISION
@options.basis_and_edit_mode
@options.network
def edit(network, starts, choices, arrangement, drawing, out, save_latents, basis):
    """Move latents along principal components in some layers, E(v_i, j-k), and draw the result.

    Layers are counted from 0 and printed inclusively. Strengths are standard deviations of the component. Truncation
    comes after the edit, as in GANSpace. A named edit of another network moves this network's own component of that
    index.
    """
    from regan.base import artefacts, provenance
    from regan.drawing import captions, edit_images
    from regan.drawing import starts as module
    from regan.editing import edit_choices, edits
    from regan.pictures import images
    from regan.views import carriers, made

    starts = starts.or_those_of(choices, '--seed')
    layout = arrangement.layout or ('sequence' if any(choice.edit.kind == 'target' for choice in choices) else 'strips')
    options.notice_transfer(choices, network.name)
    network = options.with_class_of(choices, network)
    with network.open() as generator:
        some = starts.on(generator)
        settings = starts.truncated(drawing, generator, choices).settings(generator)
        edit_choices.check(choices, generator.num_layers, basis.count, basis.space(choices, generator.latent_space))
        _check_layout(choices, layout)
        components = basis.of(generator, choices)
        along, moves = edit_choices.placed(choices, components)
        frames = None if layout == 'sequence' else arrangement.frames
        if basis.edit_mode != 'latent':
            if save_latents:
                raise click.UsageError('--save-latents is for edits of latents; leave --edit-mode out')
            view = None  # None can say it.
            tiles = _of_a_layer(generator, along, some, moves, basis, frames, settings)
        else:
            if frames is None:
                dlatents = edit_images.sequences(generator, along, some, moves)  # [rows, frames, L, D]
            else:
                dlatents = edit_images.strips(generator, along, some, moves, frames)
            with progress.bar(dlatents.shape[0] * dlatents.shape[1]) as bar:
                tiles = edit_images.draw(generator, dlatents, settings, bar.update)
            truncated = edit_images.truncated(generator, dlatents, settings)
            options.report_precision(generator, truncated, settings.conversion)
            view = made.rows(made.Origin(network.name, generator, settings, components), some, choices, frames)
            made_by = provenance.made_by('edit', network.name, generator)
            options.save_latents(save_latents, dlatents, made_by, some, settings)
        rows, columns = tiles.shape[:2]
        page = images.grid(tiles) if arrangement.plain else _labelled(tiles, some, choices, layout)
        images.save_png(out, page, carriers.texts(view))
        artefacts.write_json(
            Path(out).with_suffix('.json'),
            dict(
                provenance.made_by('edit', network.name, generator),
                **module.facts(some),
                edits=[edits.notation(choice.edit) for choice in choices],
                names=[choice.name for choice in choices],
                layout=layout,
                frames=columns,
                pca=components.record,
                basis_file=basis.path,
                **options.said_space(components),
                **({} if basis.edit_mode == 'latent' else {'edit_mode': basis.edit_mode}),
                precision=network.precision,
                plain=arrangement.plain,
                **settings.facts(),
                **carriers.sidecar(view),
            ),
        )
    click.echo('wrote %s: %d rows of %d (%s, psi %g)' % (out, rows, columns, captions.of_starts(some), settings.psi))


def _labelled(tiles, some, choices, layout):
    """Tiles [rows, frames, H, W, C] on a page that names edits, starts and strengths."""
    from regan.drawing import captions
    from regan.pictures import pages

    names, latents = [captions.of_edit(*choice[:2]) for choice in choices], [captions.of_start(start) for start in some]
    if layout == 'sequence':
        return pages.matrix(tiles, latents, [captions.UNEDITED] + names)
    columns = captions.of_frames([choice.edit for choice in choices], tiles.shape[1])
    if len(names) == 1:
        return pages.matrix(tiles, latents, columns, names[0])
    if len(latents) == 1:
        return pages.matrix(tiles, names, columns, latents[0])
    return pages.matrix(tiles, ['%s, %s' % (latent, name) for latent in latents for name in names], columns)


def _of_a_layer(generator, along, some, moves, basis, frames, settings):
    """Tiles uint8 [rows, frames, H, W, C] of edits that move activations. Args: as of `activation_edits`."""
    from regan.drawing import activation_edits

    if generator.precision != 'float32':
        raise click.UsageError('--edit-mode %s draws in float32 only; leave --precision out' % basis.edit_mode)
    layer = activation_edits.check(generator, basis.of_layer(), moves, basis.edit_mode)
    dlatents, taken = activation_edits.frames_of(generator, along, some, moves, basis.edit_mode, frames)
    with progress.bar(dlatents.shape[0] * dlatents.shape[1]) as bar:
        return activation_edits.draw(generator, layer, dlatents, taken, basis.edit_mode, settings, bar.update)


def _check_layout(choices, layout):
    from regan.base.errors import UserError

    for choice in choices:
        if layout == 'strips' and choice.edit.kind == 'target':
            raise UserError('%s leads to one place and gives no strip; leave --layout out' % choice.edit)
