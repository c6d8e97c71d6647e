"""The command `regan`: look into a pickle, generate, compute components, edit."""
import click

from regan.commands.boundary import boundary
from regan.commands.dataset import dataset
from regan.commands.edit import edit
from regan.commands.edits import edits
from regan.commands.generate import generate
from regan.commands.info import info
from regan.commands.metrics import metrics
from regan.commands.pca import pca
from regan.commands.reader import reader
from regan.commands.segan import segan
from regan.commands.train import train
from regan.commands.worlds import worlds
from regan.console import errors_in_one_line

# Heavy modules are imported inside the commands, so that --help is instant.


class _Group(click.Group):
    """Commands in the order in which the data flows; a user's mistake ends in one line."""

    def list_commands(self, ctx):
        return ['info', 'generate', 'pca', 'edit', 'edits', 'boundary', 'worlds', 'dataset', 'train', 'reader', 'metrics', 'segan']

    def invoke(self, ctx):
        with errors_in_one_line():
            return super().invoke(ctx)


@click.group(cls=_Group, context_settings=dict(help_option_names=['-h', '--help'], max_content_width=110))
def main():
    """GANSpace on StyleGAN and StyleGAN2 pickles, on any machine.

    NETWORK is a file, or the name of a registered network such as stylegan2-cars-64 (the one that ships with the project).
    """


for _command in (info, generate, pca, edit, edits, boundary, worlds, dataset, train, reader, metrics, segan):
    main.add_command(_command)


if __name__ == '__main__':
    main()
