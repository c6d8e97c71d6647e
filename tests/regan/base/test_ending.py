"""What a command says when it ends early: after a signal, on a full disk, where nothing can be written."""

import errno
import os
import signal
import subprocess
import sys

import click
import numpy as np
import pytest

from dnnlib import cache_folder
from regan.base import artefacts, cache, kept, notices
from regan.base.checkpoint import Checkpoint
from regan.base.errors import WriteError
from tests import one_command

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def ended_by(*steps):
    """What a command prints, and its exit status, that takes some steps: names of files to write, functions to call,
    exceptions to raise.
    """

    @click.command()
    def command():
        for step in steps:
            if isinstance(step, BaseException):
                raise step
            if callable(step):
                step()
            else:
                artefacts.write_text(step, 'content')

    result = one_command.run(command)
    return result.output, result.exit_code


def test_an_interrupt_tells_what_is_kept(tmp_path):
    assert ended_by(KeyboardInterrupt()) == (
        'Interrupted; nothing was kept, so the same command starts from the beginning.\n',
        130,
    )
    a, b, c = tmp_path / 'a.png', tmp_path / 'b.png', tmp_path / 'more' / 'c.json'
    said, status = ended_by(a, b, c, KeyboardInterrupt())
    assert status == 130
    assert (
        said
        == 'Interrupted; kept: 2 files in %s (a.png to b.png), %s; the same command starts from the beginning.\n'
        % (
            tmp_path,
            c,
        )
    )
    said, _ = ended_by(a, kept.resumable, KeyboardInterrupt())
    assert said == 'Interrupted; kept: %s; the same command goes on from there.\n' % a


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGHUP])
def test_signals_that_end_a_program_are_interrupts(tmp_path, number, request):
    before = signal.signal(number, signal.SIG_DFL)  # Under nohup, SIGHUP is ignored, and stays so.
    request.addfinalizer(lambda: signal.signal(number, before))

    def end():
        os.kill(os.getpid(), number)
        signal.pause() if hasattr(signal, 'pause') else None

    said, status = ended_by(tmp_path / 'a', end)
    assert said.startswith('Interrupted; kept: %s; ' % (tmp_path / 'a')) and status == 128 + number
    assert signal.getsignal(number) is signal.SIG_DFL


def test_a_file_that_cannot_be_written_tells_what_is_kept(tmp_path):
    (tmp_path / 'file').write_text('')
    below = tmp_path / 'file' / 'below' / 'x.txt'
    assert ended_by(below) == (
        'Error: cannot write %s: Not a directory; nothing was kept, so make room or choose another place and try '
        'again\n' % below,
        2,
    )
    said, status = ended_by(tmp_path / 'a', below)
    assert status == 2 and said == (
        'Error: cannot write %s: Not a directory; kept: %s; make room or choose another place; the same command '
        'starts from the beginning\n' % (below, tmp_path / 'a')
    )


def test_other_errors_of_the_system_name_their_file(tmp_path):
    missing = str(tmp_path / 'missing')
    assert ended_by(FileNotFoundError(errno.ENOENT, 'No such file', missing)) == (
        'Error: %s: No such file\n' % missing,
        2,
    )
    assert ended_by(FULL) == ('Error: No space left on device\n', 2)


def test_checkpoints_make_a_command_go_on(tmp_path):
    class State:
        def __init__(self, x):
            self.x = x

    checkpoint = Checkpoint(tmp_path / 'c.npz', {})
    said, _ = ended_by(lambda: checkpoint.save(State(np.ones(3))), KeyboardInterrupt())
    assert said == 'Interrupted; kept: %s; the same command goes on from there.\n' % (tmp_path / 'c.npz')
    said, _ = ended_by(lambda: checkpoint.load(State), KeyboardInterrupt())  # It is still there.
    assert 'c.npz; the same command goes on from there' in said
    assert 'nothing was kept' in ended_by(lambda: checkpoint.load(State), checkpoint.remove, KeyboardInterrupt())[0]


# ------------------------------------------------------------------ files

LIMITED = '''
import resource, sys
import numpy as np
from regan.base import artefacts
from regan.base.errors import UserError

for limit in range(100, 3000, 97):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    for compressed in (False, True):
        try:
            arrays = {name: np.random.RandomState(3).rand(300) for name in 'abc'}
            artefacts.write_npz(sys.argv[1], arrays, compressed)
        except UserError as error:
            print(error)
    try:
        artefacts.write_npy(sys.argv[1], np.zeros(400))
    except UserError as error:
        print(error)
'''


def test_an_archive_on_a_full_disk_shows_no_stack_trace(tmp_path):
    done = subprocess.run(
        [sys.executable, '-c', LIMITED, str(tmp_path / 'a.npz')],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)),
    )
    assert (done.returncode, done.stderr) == (0, '')
    assert set(done.stdout.splitlines()) == {
        'cannot write %s: File too large; make room or choose another place and try again' % (tmp_path / 'a.npz')
    }
    assert len(done.stdout.splitlines()) == 90 and os.listdir(str(tmp_path)) == []


@pytest.mark.skipif(not os.path.exists('/dev/full'), reason='there is no device that is full')
def test_a_full_standard_output_is_named():
    with open('/dev/full', 'w') as full:
        done = subprocess.run(
            [sys.executable, '-m', 'regan', 'edits', 'list'],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)),
        )
    assert done.returncode == 2
    assert done.stderr.startswith('Error: cannot write the standard output: No space left on device')
    assert len(done.stderr.splitlines()) == 1


# ------------------------------------------------------------------ the cache


@pytest.fixture
def unusable(tmp_path, monkeypatch):
    """A cache folder below a file, as REGAN_CACHE_DIR."""
    (tmp_path / 'file').write_text('')
    monkeypatch.setenv(artefacts.CACHE_VARIABLE, str(tmp_path / 'file' / 'cache'))
    return artefacts.cache_dir()


def test_an_unusable_cache_is_said_once_and_costs_nothing_else(unusable, capsys):
    said = []

    def make():
        said.append(capsys.readouterr().err)
        return dict(x=np.arange(3), count=7)

    for name in ('a.npz', 'deeper/b.npz'):
        found = cache.arrays(unusable / name, make)
        assert found['x'].tolist() == [0, 1, 2] and int(found['count']) == 7
    assert said == [
        'note: the cache in %s cannot be written (Not a directory), so nothing is kept there for the next time; '
        'REGAN_CACHE_DIR may name another folder\n' % unusable,
        '',
    ]
    assert capsys.readouterr().err == ''


def test_a_cache_that_fills_up_is_said_and_costs_nothing_else(tmp_path, monkeypatch, capsys):
    def full(path, arrays):
        raise WriteError(path, FULL)

    with monkeypatch.context() as patch:
        patch.setattr(artefacts, 'write_npz', full)
        assert cache.arrays(tmp_path / 'a.npz', lambda: dict(x=1))['x'] == 1
        Checkpoint(tmp_path / 'c.npz', {}, in_cache=True).save(WriteError('x', 'y'))
    said = capsys.readouterr().err
    assert said.count('note: ') == 1 and 'No space left on device' in said
    assert cache.arrays(tmp_path / 'a.npz', lambda: dict(x=2))['x'] == 2  # Nothing half-written was left.
    assert cache.arrays(tmp_path / 'a.npz', lambda: dict(x=3))['x'] == 2


def test_what_is_in_a_cache_is_read_without_a_word(tmp_path, monkeypatch, capsys):
    cache.arrays(tmp_path / 'a.npz', lambda: dict(x=5))
    monkeypatch.setattr(cache_folder, 'why_unusable', lambda folder: 'Read-only file system')
    assert cache.arrays(tmp_path / 'a.npz', None)['x'] == 5
    assert capsys.readouterr().err == ''


@pytest.mark.parametrize('folder', ['file/x', '~/x', 'null\0/x', 'long' * 100])
def test_folders_that_cannot_be_used(tmp_path, folder):
    (tmp_path / 'file').write_text('')
    assert cache_folder.why_unusable(folder if folder[0] == '~' else str(tmp_path / folder))
    assert not os.path.exists('~')


def test_a_folder_that_can_be_used_is_left_as_it_is(tmp_path):
    (tmp_path / 'a').mkdir()
    assert cache_folder.why_unusable(tmp_path / 'a' / 'b' / 'c') is None is cache_folder.why_unusable(tmp_path / 'a')
    assert os.listdir(str(tmp_path / 'a')) == []


def test_silence(capsys):
    with notices.silence():
        notices.note('this is not said')
    notices.note('this is')
    notices.note('this is')
    assert capsys.readouterr().err == 'note: this is\n'
