"""What a wheel holds besides the packages of pyproject.toml: in regan/shipped/, copies for `regan.base.places` to find.

An editable installation uses the checkout's own files, and makes the official module names importable.
"""

import json
import pathlib
import shutil

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.editable_wheel import editable_wheel

PROJECT = pathlib.Path(__file__).resolve().parent
SHIPPED = pathlib.PurePosixPath('regan/shipped')
OFFICIAL = ['config', 'pretrained_networks', 'projector']
OFFICIAL_PACKAGES = ['metrics', 'training']


def shipped():
    """Path within the project -> path within regan/shipped/, for every copy."""
    models = json.loads((PROJECT / 'regan/networks/models.json').read_text(encoding='utf-8'))
    same = ['networks/' + model['file'] for model in models.values() if model.get('packaged')]
    same += _files('experiments/figure*.py') + _files('experiments/specs/figure*.json')
    official = [name + '.py' for name in OFFICIAL]
    official += [path for name in OFFICIAL_PACKAGES for path in _files(name + '/*.py')]
    return dict({path: path for path in same}, **{path: 'official/' + path for path in official})


def _files(pattern):
    return [path.relative_to(PROJECT).as_posix() for path in sorted(PROJECT.glob(pattern))]


class BuildPy(build_py):
    """Copies the shipped files, too; they count as sources, so that an sdist has them."""

    def run(self):
        if not self.editable_mode:
            shutil.rmtree(self.build_lib, ignore_errors=True)  # Or a wheel has what an earlier build left there.
        super().run()
        if not self.editable_mode:
            for source, target in self._copies().items():
                self.mkpath(str(pathlib.Path(target).parent))
                self.copy_file(source, target)

    def get_source_files(self):
        return super().get_source_files() + list(shipped())

    def get_outputs(self, include_bytecode=1):
        return super().get_outputs(include_bytecode) + ([] if self.editable_mode else list(self._copies().values()))

    def _copies(self):
        return {source: str(pathlib.Path(self.build_lib) / SHIPPED / target) for source, target in shipped().items()}


class EditableWheel(editable_wheel):
    """Leaves the official module names where scripts look for them."""

    def finalize_options(self):
        self.distribution.py_modules = OFFICIAL
        self.distribution.packages += OFFICIAL_PACKAGES
        super().finalize_options()


setup(cmdclass=dict(build_py=BuildPy, editable_wheel=EditableWheel))
