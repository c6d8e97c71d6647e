"""`regan render`: the picture of a view."""

import dataclasses
from pathlib import Path

import click

from regan.commands import options, progress


@click.command()
@click.argument('view')
@click.option(
    '--network', metavar='NETWORK', help='The network of the view; default: the registered one that has its checksum.'
)
@click.option(
    '--basis',
    'basis_file',
    type=click.Path(dir_okay=False),
    help='Components from a file; default: those of the view, from the cache or computed.',
)
@click.option(
    '--file',
    'paths',
    multiple=True,
    type=click.Path(dir_okay=False),
    help='Of latents or directions that the view names; those beside VIEW are found without. May be given several '
    'times.',
)
@click.option(
    '--fps',
    type=options.number(1, 120),
    default=12,
    show_default=True,
    help='Frames per second of a video.',
)
@click.option(
    '--out',
    type=click.Path(dir_okay=False),
    required=True,
    callback=options.ending('.png', '.mp4'),
    help='PNG, or MP4 of a strip, which runs there and back. A .json with the same name says what made it, unless VIEW '
    'is that file.',
)
@options.PRECISION
@options.network
def render(view, network, basis_file, paths, fps, out):
    """Draw the picture of a view.

    VIEW is a view document of the explorer (JSON), a PNG or MP4 that carries one, the JSON beside a picture, or a link
    (#view=...). On the same stack and processor the same view gives the same bytes, and the pixels that the explorer
    shows.
    """
    from regan.base import artefacts, provenance
    from regan.base.errors import UserError
    from regan.pictures import images, video
    from regan.views import carriers, document, drawing, files, latents, links, saved

    source, out = None if links.is_link(view) else Path(view), Path(out)
    view = carriers.read(view)
    is_video = out.suffix.lower() == '.mp4'
    if is_video:
        if view.show.kind != 'strip':
            raise UserError("a video is of a strip, but the view shows a '%s'; write a .png" % view.show.kind)
        video.check()
    else:
        options.refuse(['fps'], 'is for a video')
    label = view.label if network.label is None else network.label
    network = dataclasses.replace(network, name=network.name or _registered(view.network), label=label)
    with network.open() as generator:
        view = dataclasses.replace(view, label=generator.label)
        images.check_channels(generator)
        arrays = saved.load(list(paths) + (files.beside(view, source.parent) if source else []), generator)
        directions, remark = drawing.fitted_directions(view, generator, arrays, basis_file)
        if remark:
            click.echo('note: ' + remark, err=True)
        wanted = drawing.tiles(view, generator, arrays, directions)
        with progress.bar(len(wanted)) as bar:
            shown = drawing.shown(wanted, generator, bar.update)
        if is_video:
            order = video.there_and_back(len(shown))
            video.save_mp4(out, (shown[index] for index in order), fps, carriers.comment(view))
        else:
            images.save_bytes(out, carriers.png(drawing.arranged(view, shown), view))
        beside = out.with_suffix('.json')
        if not (source and beside.exists() and beside.samefile(source)):
            artefacts.write_json(
                beside,
                dict(
                    provenance.made_by('render', network.name, generator),
                    precision=network.precision,
                    **latents.settings(view, generator).facts(),
                    **carriers.sidecar(view),
                ),
            )
    click.echo('wrote %s: view %s, %s of %s' % (out, document.view_id(view), view.show.kind, view.network.name))


def _registered(network):
    """Name of the registered network that a view means. Raises UserError if there is none."""
    from regan.base.errors import UserError
    from regan.networks import models

    registry = models.registry()
    same = [name for name, model in registry.items() if model.sha256 == network.sha256]
    if not same and registry.get(network.name) and registry[network.name].sha256 is None:
        same = [network.name]
    if not same:
        raise UserError(
            'the view is of the network %s (SHA-256 %s...), which is not registered; give its file with --network'
            % (network.name, network.sha256[:8])
        )
    return same[0]
