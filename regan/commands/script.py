"""`regan script`: runs a Python script with the official module names importable, and older names put back."""

import os
import subprocess
import sys

import click

from regan.base import places


@click.command(context_settings=dict(ignore_unknown_options=True, allow_interspersed_args=False))
@click.argument('file', type=click.Path(exists=True, dir_okay=False))
@click.argument('arguments', nargs=-1, type=click.UNPROCESSED, metavar='[ARGS]...')
def script(file, arguments):
    """Run a Python script that was written for StyleGAN or StyleGAN2, with its arguments.

    It may import `dnnlib`, `pretrained_networks`, `projector`, `training`, `metrics` and `config`; modules beside the
    script come before ours. Names of its time that newer versions of Python, NumPy, Pillow, SciPy and Matplotlib lack
    are put back, and `tensorflow` is TensorFlow 1: on the modern stack `tensorflow.compat.v1`, where
    `tensorflow.contrib` says what
    is missing. This holds for the script's process and for those that it starts. Otherwise it runs as `python FILE`
    would run it, and its exit status is that of this command.
    """
    folders = [places.startup(), places.official_modules(), os.environ.get('PYTHONPATH')]
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(filter(None, folders)))
    command = [sys.executable, file] + list(arguments)
    if os.name == 'posix':
        os.execve(sys.executable, command, environment)  # Signals reach the script itself.
    sys.exit(subprocess.call(command, env=environment))
