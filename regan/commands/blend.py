"""`regan blend`: one network out of two."""

import pathlib

import click

from regan.commands import options
from regan.commands.convert import report, software

_CHOICE = click.Choice(['a', 'b'])


def _recipe(**values):
    from regan.conversion import blending

    if (values['start'] is None) == (values['amount'] is None):
        raise click.UsageError('give either --from, where B takes over, or --amount of B')
    if values['width'] is not None and values['start'] is None:
        raise click.UsageError('--width is of the transition at --from; it does nothing beside --amount')
    return blending.Recipe(**values)


@click.command()
@click.argument('a')
@click.argument('b')
@click.option(
    '--out',
    type=click.Path(dir_okay=False),
    required=True,
    callback=options.ending('.pkl'),
    help='Network pickle. A .json with the same name says what made it.',
)
@options.group(
    'recipe',
    _recipe,
    click.option(
        '--from',
        'start',
        metavar='RESOLUTION|LAYER',
        help='Where B takes over: 32 for all layers from 32 x 32 on, or a layer such as 32x32/Conv1.',
    ),
    click.option(
        '--width',
        type=options.number(above=0),
        help='Of a smooth transition there: the share of B is 1 / (1 + exp(-x / width)), x doublings of the resolution '
        'after --from. Default: a sharp one.',
    ),
    click.option('--amount', type=options.number(0, 1), help='Instead: every weight between both, 0 is A and 1 is B.'),
    click.option(
        '--mapping',
        type=_CHOICE,
        help="Whose mapping network and average w. Default: A's; with --amount those between both.",
    ),
    click.option(
        '--to-rgb',
        type=_CHOICE,
        help='Whose layers make colours. Default: they go with the other layers of their resolution.',
    ),
)
@options.NETWORKS_FOLDER
@options.ALLOW_NON_FINITE
def blend(a, b, out, recipe, networks_folder, allow_non_finite):
    """Make one network out of A and B, which have one architecture.

    Layers before --from are A's, and those from there on B's: coarse shapes as A makes them and details as B does, if B
    was trained on from A. With --amount all weights lie between both instead. The pickle names both parents, and `regan
    info` shows them.
    """
    from regan.base import artefacts
    from regan.conversion import blended
    from regan.networks import models

    paths = [models.resolve(one, networks_folder) for one in (a, b)]
    facts = blended.write(*paths, recipe, out, allow_non_finite)
    artefacts.write_json(pathlib.Path(out).with_suffix('.json'), dict(software(), **facts))
    report(facts['check'])
    click.echo('wrote %s' % out)
