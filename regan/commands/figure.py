"""`regan figure`: draws the figures of the papers, from anywhere."""

import ast
import importlib
import sys

import click

from regan.base import places
from regan.base.errors import UserError

OUT = 'figures-out'


class _Figures(click.Group):
    """A command for each script of a figure, which is imported when it is called for."""

    def list_commands(self, ctx):
        return super().list_commands(ctx) + list(places.figures())

    def get_command(self, ctx, cmd_name):
        return super().get_command(ctx, cmd_name) or _command(cmd_name)

    def format_commands(self, ctx, formatter):
        with formatter.section('Commands'):
            formatter.write_dl([('list', list_figures.help)] + _titles())


def _titles():
    """(name, first line of its script's docstring) of each figure."""
    texts = {name: path.read_text(encoding='utf-8') for name, path in places.figures().items()}
    return [(name, ast.get_docstring(ast.parse(text)).splitlines()[0]) for name, text in texts.items()]


def _command(name):
    scripts = places.figures()
    if name not in scripts:
        raise UserError('there is no figure %s; the figures are: %s' % (name, ', '.join(scripts)))
    from regan.figures import figure as figures

    sys.path.insert(0, str(places.EXPERIMENTS))  # As for any script: it may import what is beside it.
    script = importlib.import_module(scripts[name].stem)
    references = None if places.INSTALLED else places.REFERENCES
    return figures.command(script.FIGURE, places.EXPERIMENTS / 'specs', OUT, references)


@click.group(cls=_Figures)
def figure():
    """Draw a figure of GANSpace or of RC2021 "[Re] GANSpace", with the project's networks or others."""


@figure.command('list')
def list_figures():
    """List the figures."""
    titles = _titles()
    width = max(len(name) for name, _ in titles)
    for name, title in titles:
        click.echo('%-*s  %s' % (width, name, title))
