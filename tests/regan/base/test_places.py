"""regan.base.places in a checkout; what it finds in a wheel is for tests/test_wheel.py."""

import os
import subprocess
import sys

import checkout

from regan.base import places


def test_a_checkout_has_its_own_folders():
    assert not places.INSTALLED
    assert places.NETWORKS == checkout.NETWORKS and places.REFERENCES == checkout.REFERENCES
    assert places.EXPERIMENTS == checkout.SPECS.parent


def test_figures_by_the_names_of_the_command():
    figures = places.figures()
    assert figures['1'] == checkout.PROJECT / 'experiments' / 'figure1.py' and 'components' in figures
    assert all(path.is_file() for path in figures.values())


def test_official_modules_come_first(tmp_path):
    """Before a module of the same name elsewhere on the path, such as the working folder."""
    (tmp_path / 'config.py').write_text('result_dir = None')
    program = (
        'import sys; from regan.base.places import official_modules as make; first, second = make(), make(); '
        'assert first == second == sys.path[0] != sys.path[1]; import config; assert config.result_dir == "results"'
    )
    environment = dict(os.environ, PYTHONPATH=str(checkout.PROJECT))
    subprocess.run([sys.executable, '-c', program], cwd=str(tmp_path), env=environment, check=True)
