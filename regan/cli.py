"""The command `regan`: look into a pickle, generate, compute components, edit."""

import importlib
import json
import pathlib

import click

from regan.base.command_errors import errors_in_one_line

# Name -> what the list of commands says of it, in the order in which the data flows. The command NAME is the function
# NAME of the module
# regan.commands.NAME, which is imported when it is called for; its own heavy modules are imported when it runs. So
# --help is instant.
COMMANDS = {
    'info': 'Print what is in a network pickle.',
    'generate': 'Write one image for each seed, and a grid of all.',
    'pca': 'Compute the principal components of W; they are cached.',
    'edit': 'Move latents along principal components in some layers.',
    'sweep': 'Draw many edits of many latents: strips, grids and videos.',
    'mix': 'Mix styles: latents with some layers of others.',
    'project': 'Find latents of your own pictures.',
    'walk': 'Write videos that go from latent to latent.',
    'render': 'Draw the picture of a view: of a document, picture, video or link.',
    'explore': 'Find edits by hand, on a page in a browser.',
    'figure': 'Draw a figure of the papers.',
    'edits': 'List, show, import and export named edits.',
    'boundary': 'Learn directions with supervision (InterFaceGAN), and use them.',
    'worlds': 'Draw the procedural worlds, whose factors are known.',
    'dataset': 'Make and check data sets for training.',
    'train': 'Train a generator and a discriminator.',
    'reader': 'Train a factor reader, which reads the factors from images.',
    'metrics': 'Measure the images of a generator.',
    'segan': 'Control SEGAN, StyleGAN2 with linear subspaces.',
    'convert': 'Write a network in the form of another program.',
    'blend': 'Make one network out of two of one architecture.',
    'script': 'Run a Python script that was written for StyleGAN or StyleGAN2.',
}


class _Group(click.Group):
    """The commands above, each loaded when it is needed; a user's mistake ends in one line."""

    def list_commands(self, ctx):
        return list(COMMANDS)

    def get_command(self, ctx, cmd_name):
        if cmd_name not in COMMANDS:
            return None
        return getattr(importlib.import_module('regan.commands.' + cmd_name), cmd_name)

    def format_commands(self, ctx, formatter):
        with formatter.section('Commands'):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx):
        with errors_in_one_line():
            return super().invoke(ctx)


def _packaged():
    """Names of the registered networks that every installation has. (`regan.networks.models` takes long to import.)"""
    registry = pathlib.Path(__file__).with_name('networks') / 'models.json'
    return [name for name, model in json.loads(registry.read_text(encoding='utf-8')).items() if model.get('packaged')]


HELP = """GANSpace on StyleGAN and StyleGAN2 pickles, on any machine.

NETWORK is a file, or the name of a registered network, such as %s, which is part of every installation, or an
address with the checksum of its file, https://HOST/FILE#sha256=DIGEST. NETWORK::NAME is one of several networks in it.
"""


@click.group(
    cls=_Group,
    help=HELP % ', '.join(_packaged()),
    context_settings=dict(help_option_names=['-h', '--help'], max_content_width=110),
)
def main():
    """The command line."""


if __name__ == '__main__':
    main()
