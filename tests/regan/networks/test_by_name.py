"""Generators by the name of their network."""

import subprocess
import sys

import pytest

from regan.base.errors import UserError
from regan.networks import by_name


def test_a_file(tiny_pickle):
    with by_name.open_generator(tiny_pickle, noise='none') as generator:
        assert generator.resolution == 16 and not generator.variable('noise0').any()


def test_tensorflow_is_loaded_when_one_is_opened(tmp_path):
    code = 'import sys\nfrom regan.networks import by_name\nassert "tensorflow" not in sys.modules'
    subprocess.run([sys.executable, '-c', code], check=True)
    with pytest.raises(UserError, match='neither a file nor a registered network'):
        by_name.open_generator(tmp_path / 'nowhere.pkl')
