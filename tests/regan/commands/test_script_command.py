"""`regan script`: as `python FILE`, with the official module names importable."""

import json
import os
import subprocess
import sys

import checkout
import pytest

SHOW = """
import json, sys
import config, dnnlib, training.misc
print(json.dumps([__name__, __file__, sys.argv, sys.path[0], config.result_dir]))
sys.exit(7)
"""


def run(*words, **options):
    environment = dict(os.environ, PYTHONPATH=str(checkout.PROJECT))
    command = [sys.executable, '-m', 'regan', 'script'] + list(words)
    return subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


@pytest.fixture
def folder(tmp_path):
    (tmp_path / 'scripts').mkdir()
    (tmp_path / 'scripts' / 'show.py').write_text(SHOW)
    return tmp_path


def test_as_python_would_run_it(folder):
    path = os.path.join('scripts', 'show.py')
    done = run(path, '--help', '-x', 'a b', '--', cwd=str(folder))
    name, file, words, first, found = json.loads(done.stdout)
    assert (done.returncode, name, found) == (7, '__main__', 'results')
    assert words == [path, '--help', '-x', 'a b', '--'] and os.path.samefile(first, str(folder / 'scripts'))
    assert file == (path if sys.version_info < (3, 9) else str(folder / path))  # Absolute from Python 3.9.


def test_modules_beside_the_script_come_first(folder):
    (folder / 'scripts' / 'config.py').write_text('result_dir = "elsewhere"')
    assert json.loads(run(str(folder / 'scripts' / 'show.py')).stdout)[-1] == 'elsewhere'


def test_errors_are_the_script_s_own(folder):
    (folder / 'broken.py').write_text('open("missing")')
    done = run('broken.py', cwd=str(folder))
    assert done.returncode == 1
    assert done.stderr.startswith('Traceback') and 'regan' not in done.stderr and 'FileNotFoundError' in done.stderr


def test_no_script(tmp_path):
    done = run('missing.py', cwd=str(tmp_path))
    assert done.returncode == 2 and "'missing.py' does not exist" in done.stderr and 'Traceback' not in done.stderr
