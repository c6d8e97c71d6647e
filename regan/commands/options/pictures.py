"""How pictures of several images are shown."""

import click

PLAIN = click.option(
    '--plain',
    is_flag=True,
    help='Only the tiles, edge to edge in their own size: no labels, no enlargement, nothing that goes on beside or '
    'below.',
)
