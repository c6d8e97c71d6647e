"""`regan script`: as `python FILE`, with the official module names importable."""

import json
import os
import pickle
import re
import subprocess
import sys

import checkout
import pytest

from tests import portable

SHOW = """
import json, sys
import config, dnnlib, training.misc
print(json.dumps([__name__, __file__, sys.argv, sys.path[0], config.result_dir]))
sys.exit(7)
"""


def run(*words, path=(str(checkout.PROJECT),), **options):
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(path))
    command = [sys.executable, '-m', 'regan', 'script'] + list(words)
    options = dict(dict(text=True), **options)
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


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


# ------------------------------------------------------------------ older names

OLDER_NAMES = """
import collections, inspect, json, sys, time
import numpy as np
import PIL.Image, PIL.ImageDraw, PIL.ImageFont
import scipy.misc
import base64, configparser, fractions, threading
import xml.etree.cElementTree as ET

found = dict(
    python=[issubclass(dict, collections.Mapping), inspect.getargspec(lambda a: a)[0], time.clock() >= 0,
            fractions.gcd(4, 6), base64.decodestring(b'YQ==').decode(), threading.Thread().isAlive(),
            ET.fromstring('<a/>').tag, configparser.SafeConfigParser.__name__ != ''],
    numpy=[np.bool(1), np.float(2), np.product([2, 3]), np.stack(np.ones(2) for _ in range(3)).shape,
           np.vstack(map(np.ones, [2, 2])).shape, np.fromstring(b'ab', np.uint8).tolist(),
           np.ones(2, np.uint8).tostring().decode(), np.arange(5).ptp(), np.sum(x for x in [1, 2])],
    pillow=[PIL.Image.new('L', (8, 8)).resize((4, 4), PIL.Image.ANTIALIAS).size,
            PIL.ImageDraw.Draw(PIL.Image.new('L', (9, 9))).textsize('a')[0] > 0, PIL.PILLOW_VERSION == PIL.__version__],
    scipy=[scipy.misc.imresize(np.zeros([8, 8, 3], np.uint8), 50).shape, scipy.misc.comb(4, 2)],
)
print(json.dumps(found, default=float))
"""


def test_older_names_are_put_back(tmp_path):
    (tmp_path / 'old.py').write_text(OLDER_NAMES)
    done = run('old.py', cwd=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == dict(
        python=[True, ['a'], True, 2, 'a', False, 'a', True],
        numpy=[True, 2.0, 6, [3, 2], [2, 2], [97, 98], '\x01\x01', 4, 3],
        pillow=[[4, 4], True, True],
        scipy=[[4, 4, 3], 6.0],
    )


PICKLES = """
import pickle, sys
import dnnlib.unpickle, pickletools
import numpy as np
older = pickle.dumps(np.arange(2.0), 2)
newer = older.replace(b'numpy.core.', b'numpy._core.')  # As NumPy 2 writes it.
assert older != newer and pickle.loads(older).tolist() == pickle.loads(newer).tolist() == [0, 1]
sys.stdout.buffer.write(pickle.dumps([np.ones(3), np.float32(2), {'a': 1}], protocol=pickle.HIGHEST_PROTOCOL))
"""


def test_pickles_of_a_script_are_read_on_both_stacks(tmp_path):
    (tmp_path / 'writes.py').write_text(PICKLES)
    done = run('writes.py', cwd=str(tmp_path), text=False)
    assert done.returncode == 0, done.stderr
    assert portable.faults(done.stdout) == [] and pickle.loads(done.stdout)[0].tolist() == [1, 1, 1]


PROCESSES = """
import json, multiprocessing, os, subprocess, sys, time
WHERE = time.clock()  # What a process of multiprocessing imports again.

def work(x):
    import scipy.misc
    return [scipy.misc.bytescale.__name__, __name__, x]

if __name__ == '__main__':
    with multiprocessing.get_context('spawn').Pool(1) as pool:
        spawned = pool.map(work, [5])
    code = 'import collections, sitecustomize; print(collections.Mapping.__name__, sitecustomize.OTHER)'
    child = subprocess.check_output([sys.executable, '-c', code]).decode().split()
    print(json.dumps([spawned, child, [folder for folder in sys.path if 'startup' in folder]]))
"""


def test_processes_of_the_script_have_them_too(tmp_path):
    (tmp_path / 'starts.py').write_text(PROCESSES)
    (tmp_path / 'site').mkdir()
    (tmp_path / 'site' / 'sitecustomize.py').write_text('OTHER = "the-environment-s-own"')
    done = run('starts.py', cwd=str(tmp_path), path=[str(checkout.PROJECT), str(tmp_path / 'site')])
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        [['bytescale', '__mp_main__', 5]],
        ['Mapping', 'the-environment-s-own'],
        [],
    ]


def test_nothing_is_put_back_elsewhere():
    """Neither in the process of the command nor in our own modules."""
    code = 'import regan.cli, regan.commands.script, sys; print([m for m in sys.modules if m.startswith("regan.res")])'
    assert subprocess.check_output([sys.executable, '-c', code], cwd=str(checkout.PROJECT)).decode().strip() == '[]'


def test_what_starts_quickly(tmp_path):
    """Only what a script imports is touched."""
    (tmp_path / 'none.py').write_text(
        'import sys; print(sorted({"numpy", "PIL", "tensorflow", "scipy"} & set(sys.modules)))'
    )
    assert run('none.py', cwd=str(tmp_path)).stdout.strip() == '[]'


TENSORFLOW = """
import tensorflow as tf
import tensorflow.contrib
from tensorflow.python.framework import ops
import dnnlib.tflib as tflib

x = tf.placeholder(tf.float32, [None, 2])
with tf.Session(config=tf.ConfigProto()) as session:
    print(session.run(tf.reduce_sum(x), {x: [[1, 2]]}), x.graph is ops.get_default_graph())
tflib.init_tf()
print(tflib.run(tf.log(tf.constant(1.0))))
tf.contrib.layers.nothing_like_it(x)
"""


@pytest.mark.slow
def test_tensorflow_1_by_its_old_name(tmp_path):
    (tmp_path / 'graph.py').write_text(TENSORFLOW)
    done = run('graph.py', cwd=str(tmp_path))
    assert done.stdout.split() == ['3.0', 'True', '0.0'] and done.returncode == 1
    assert re.search('AttributeError: .*nothing_like_it', done.stderr.strip().splitlines()[-1])
