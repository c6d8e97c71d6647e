"""A wheel in a fresh environment, without the checkout on its path, does in an empty folder what a checkout does.

The environment holds what pyproject.toml declares and nothing else: links to the declared distributions in this stack's
own environment, and to what those need in turn. So an undeclared import fails as it would for a stranger, without a
download of hundreds of megabytes. That a package index has the declared versions is not tested here.
"""

import email
import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

import checkout
import pytest
from pip._vendor import pkg_resources

from regan.figures import figure, figure_spec, references
from regan.networks import models
from regan.pictures import images

pytestmark = pytest.mark.wheel

LEFT_OUT = shutil.ignore_patterns('.*', 'build', 'out', 'drafts', '__pycache__', '*.egg-info')
EMBEDDED = {name: model for name, model in models.registry().items() if model.source == 'embedded'}
PACKAGED = next(name for name, model in EMBEDDED.items() if model.packaged)
NOT_PACKAGED = next(name for name, model in EMBEDDED.items() if not model.packaged)


@pytest.fixture(scope='module')
def wheel(tmp_path_factory):
    """Path of the wheel, built as `pip install .` builds it, from a copy of the checkout."""
    source, out = [tmp_path_factory.mktemp(name) for name in ('source', 'wheel')]
    shutil.copytree(str(checkout.PROJECT), str(source / 'project'), ignore=LEFT_OUT)
    build = [sys.executable, '-m', 'pip', 'wheel', '--quiet', '--no-deps', '--wheel-dir', str(out)]
    subprocess.run(build + [str(source / 'project')], check=True)
    [path] = out.iterdir()
    return path


def requirements(wheel):
    """What the wheel declares to need without extras, as requirements."""
    with zipfile.ZipFile(str(wheel)) as archive:
        [name] = [name for name in archive.namelist() if name.endswith('.dist-info/METADATA')]
        metadata = email.message_from_string(archive.read(name).decode())
    found = [pkg_resources.Requirement.parse(line) for line in metadata.get_all('Requires-Dist')]
    return [one for one in found if one.marker is None or one.marker.evaluate({'extra': ''})]


def link(distribution, folder):
    """Links to the files and folders of an installed distribution, in the site-packages `folder`."""
    if distribution.has_metadata('RECORD'):
        paths = [line.split(',')[0] for line in distribution.get_metadata_lines('RECORD')]
    else:  # As pip installs a package without a wheel where there is no package `wheel`.
        info, lines = os.path.basename(distribution.egg_info), distribution.get_metadata_lines('installed-files.txt')
        paths = [os.path.normpath(os.path.join(info, line)) for line in lines]
    tops = {path.split('/')[0] for path in paths} - {'..', '__pycache__'}
    for top in tops:
        if not (folder / top).exists():
            (folder / top).symlink_to(pathlib.Path(distribution.location) / top)


class Fresh:
    """A fresh environment with the wheel, and an empty folder to work in."""

    def __init__(self, folder, wheel):
        self.venv, self.folder = folder / 'venv', folder / 'work'
        self.folder.mkdir()
        subprocess.run([sys.executable, '-m', 'venv', str(self.venv)], check=True)
        [site] = self.venv.glob('lib/python*/site-packages')
        of_the_stack = pkg_resources.WorkingSet([path for path in sys.path if path.endswith('site-packages')])
        for distribution in of_the_stack.resolve(requirements(wheel)):
            link(distribution, site)
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith(('PYTHON', 'REGAN'))}
        self.environment.update(PYTHONNOUSERSITE='1', REGAN_CACHE_DIR=str(folder / 'cache'))
        self.python('-m', 'pip', 'install', '--quiet', '--no-index', wheel)  # Fails if a declared version is not there.

    def _run(self, program, words, status):
        command = [str(self.venv / 'bin' / program)] + [str(word) for word in words]
        done = subprocess.run(
            command,
            cwd=str(self.folder),
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def python(self, *words, status=0):
        """What Python prints."""
        return self._run('python', words, status)

    def regan(self, *words, status=0):
        """What the command prints."""
        return self._run('regan', words, status)


@pytest.fixture(scope='module')
def fresh(tmp_path_factory, wheel):
    return Fresh(tmp_path_factory.mktemp('fresh'), wheel)


def test_the_installation_is_whole_and_apart(fresh):
    assert 'No broken requirements' in fresh.python('-m', 'pip', 'check')
    assert fresh.python('-c', 'import regan; print(regan.__file__)').startswith(str(fresh.venv))
    assert str(checkout.PROJECT) not in fresh.python('-c', 'import sys; print(sys.path)')


def test_extras_are_not_there_unasked(fresh):
    """So what else the stack's own environment has is not there either."""
    assert "No module named 'pytest'" in fresh.python('-c', 'import pytest', status=1)
    assert 'install it with: pip install' in fresh.regan('pca', PACKAGED, '--scheduler', 'local:2', status=2)


def test_help(fresh):
    text = fresh.regan('--help')
    assert PACKAGED in text and fresh.python('-m', 'regan', '--help').replace('python -m regan', 'regan') == text


def test_packaged_network(fresh):
    assert models.registry()[PACKAGED].sha256 in fresh.python('-m', 'regan', 'info', PACKAGED)
    fresh.regan('generate', PACKAGED, '--seeds', '1-3', '--out', 'images')
    assert len(list((fresh.folder / 'images').glob('seed*.png'))) == 3


def test_other_networks_are_in_a_checkout(fresh):
    message = fresh.regan('info', NOT_PACKAGED, status=2)
    assert message.count('\n') == 1 and 'a checkout of the project has it in its folder networks/' in message
    assert NOT_PACKAGED in fresh.regan('info', NOT_PACKAGED, '--networks-folder', checkout.NETWORKS)


def test_figure_1_is_that_of_the_checkout(fresh):
    assert fresh.regan('figure', 'list').startswith('1 ')
    fresh.regan('figure', '1')
    spec = figure_spec.load('figure1', checkout.SPECS)['embedded']
    drawn = figure.Drawn(*[fresh.folder / 'figures-out' / (spec.name + end) for end in ('.png', '-tiles.png', '.json')])
    passed, lines = references.check(spec, drawn, checkout.REFERENCES)
    assert passed, '\n'.join(lines)
    assert 'which are in a checkout of the project' in fresh.regan('figure', '1', '--check', status=2)


def test_training(fresh):
    """A toy network, and a reader: commands that import the official `training`."""
    fresh.regan('dataset', 'create', 'data', '--world', 'cars', '--n', 72, '--resolution', 16)
    sizes = ['--latent-size', 16, '--dlatent-size', 16, '--mapping-fmaps', 16, '--fmap-base', 64, '--fmap-max', 16]
    fresh.regan(
        'train', '--network', 'stylegan2', '--data', 'data', '--out', 'run', '--kimg', 0.008, '--minibatch', 8, *sizes
    )
    assert 'G_main' in fresh.regan('info', fresh.folder / 'run' / 'network-final.pkl')
    fresh.regan('reader', '--data', 'data', '--steps', 1, '--held-out', 8, '--out', 'reader.pkl')


def test_official_modules_by_choice_only(fresh):
    for name in ('config', 'pretrained_networks', 'projector', 'training', 'metrics'):
        assert 'ModuleNotFoundError' in fresh.python('-c', 'import ' + name, status=1)
    program = 'from regan.base import places; places.official_modules(); import config; print(config.result_dir)'
    assert 'results' in fresh.python('-c', program)


SCRIPT = """
import os, sys
import numpy as np
import PIL.Image
import config
import dnnlib.tflib as tflib
import pretrained_networks
from training import misc

_G, _D, Gs = pretrained_networks.load_networks(sys.argv[1])
images = Gs.run(np.random.RandomState(5).randn(1, *Gs.input_shape[1:]), None, randomize_noise=False,
                output_transform=dict(func=tflib.convert_images_to_uint8, nchw_to_nhwc=True))
os.makedirs(config.result_dir)
PIL.Image.fromarray(images[0], 'RGB').save(os.path.join(config.result_dir, 'seed5.png'))
"""


def test_official_script(fresh):
    (fresh.folder / 'draw.py').write_text(SCRIPT)
    assert "No module named 'config'" in fresh.python('draw.py', models.resolve(PACKAGED), status=1)
    fresh.regan('script', 'draw.py', models.resolve(PACKAGED))
    image = images.read_png(fresh.folder / 'results' / 'seed5.png')
    assert image.shape[0] == models.registry()[PACKAGED].resolution and image.std() > 10
