"""Videos: what players need, and what is left when something fails."""

import logging
import os
import subprocess
import sys
import types

import numpy as np
import pytest

from regan.base.errors import UserError
from regan.pictures import video

imageio = pytest.importorskip('imageio.v2')
pytest.importorskip('imageio_ffmpeg')


def frames_of(count, height, width, channels=3):
    """Smooth pictures in which a bright band moves to the right."""
    x = np.arange(width)[np.newaxis, :, np.newaxis]
    bands = [
        (200 * np.exp(-0.5 * ((x - width * (i + 0.5) / count) / 5.0) ** 2)).astype(np.uint8) + 20 for i in range(count)
    ]
    return [band.repeat(height, axis=0).repeat(channels, axis=2) for band in bands]


@pytest.mark.parametrize('channels', [1, 3])
def test_an_mp4_holds_the_frames(tmp_path, channels):
    frames = frames_of(5, 37, 51, channels)
    video.save_mp4(tmp_path / 'clip.mp4', iter(frames), fps=7)
    assert os.listdir(str(tmp_path)) == ['clip.mp4']
    with imageio.get_reader(str(tmp_path / 'clip.mp4')) as reader:
        facts, read = reader.get_meta_data(), [np.asarray(frame) for frame in reader]
    assert (
        facts['codec'] == 'h264'
        and facts['pix_fmt'].startswith('yuv420p')
        and facts['fps'] == 7
        and facts['size'] == (52, 38)
    )
    assert len(read) == 5
    for found, frame in zip(read, frames):
        assert np.abs(found[:37, :51].astype(int) - frame).mean() < 4  # Lossy.


def test_there_and_back_again():
    assert video.there_and_back(2) == [0, 1] and video.there_and_back(3) == [0, 1, 2, 1]


@pytest.mark.parametrize('name', ['imageio.v2', 'imageio_ffmpeg'])
def test_without_the_libraries(monkeypatch, tmp_path, name):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UserError, match='install them with: pip install imageio imageio-ffmpeg'):
        video.save_mp4(tmp_path / 'clip.mp4', iter(frames_of(2, 16, 16)), fps=5)
    assert not os.listdir(str(tmp_path))


def test_without_an_ffmpeg(monkeypatch):
    import imageio_ffmpeg

    def none():
        raise RuntimeError('No ffmpeg exe could be found.')

    monkeypatch.setattr(imageio_ffmpeg, 'get_ffmpeg_exe', none)
    with pytest.raises(UserError, match='No ffmpeg exe could be found'):
        video.check()


def test_nothing_is_left_of_a_video_that_fails(tmp_path):
    def frames():
        yield frames_of(1, 16, 16)[0]
        raise UserError('no more')

    with pytest.raises(UserError, match='no more'):
        video.save_mp4(tmp_path / 'clip.mp4', frames(), fps=5)
    assert not os.listdir(str(tmp_path))


def test_sweeps_have_videos(stays_open, tmp_path, tiny_pickle):
    from regan.components.basis import Basis
    from regan.drawing import sweep
    from regan.drawing.modes import Settings
    from regan.editing import edits
    from regan.networks.generator import Generator

    basis = Basis(np.zeros(11), np.eye(11)[:1], *[np.ones(1)] * 4)
    with Generator.open(tiny_pickle) as generator:
        made = sweep.Sweep(
            generator, basis, [edits.parse('E(v0, all) * 3')], [1, 2, 3], 4, Settings(None, 'stored', 'round', 1, None)
        )
        (page,) = sweep.pages('edits', ['move'], [1, 2, 3])
        paths, _ = sweep.write(made, [page], tmp_path, {page.name: {}}, fps=6)
    assert [path.name for path in paths] == ['000-move.png', '000-move.mp4']
    with imageio.get_reader(str(paths[1])) as reader:
        assert (
            reader.get_meta_data()['size'] == (32, 32) and sum(1 for _ in reader) == 6
        )  # Three latents in a square, to and fro.


LIMITED = '''
import resource, sys
import numpy as np
from regan.base.errors import UserError
from regan.pictures import video

resource.setrlimit(resource.RLIMIT_FSIZE, (3000, resource.RLIM_INFINITY))
noise = np.random.RandomState(1)
for count in (3, 200):
    try:
        video.save_mp4(sys.argv[1], (noise.randint(0, 255, [64, 64, 3]).astype(np.uint8) for _ in range(count)), 9)
    except UserError as error:
        print(error)
'''


def test_a_full_disk_leaves_no_part_of_a_video(tmp_path):
    done = subprocess.run(
        [sys.executable, '-c', LIMITED, str(tmp_path / 'v.mp4')],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)),
    )
    assert (done.returncode, done.stderr) == (0, '')
    lines = done.stdout.splitlines()
    assert len(lines) == 2 and all(line.startswith('cannot write %s: ffmpeg ' % (tmp_path / 'v.mp4')) for line in lines)
    assert os.listdir(str(tmp_path)) == []


class DeadWriter:
    """imageio's, of an ffmpeg that ended between two of its looks at it."""

    def append_data(self, _):
        raise BrokenPipeError

    def close(self):
        logging.getLogger('imageio_ffmpeg').warning('Error while attempting stop ffmpeg (w)')


def test_the_end_of_ffmpeg_is_said_once(monkeypatch, tmp_path, caplog):
    writers = types.SimpleNamespace(get_writer=lambda *_, **__: DeadWriter())
    monkeypatch.setattr(video, 'check', lambda: (writers, 'ffmpeg'))
    with pytest.raises(UserError, match='ffmpeg ended early'):
        video.save_mp4(tmp_path / 'v.mp4', frames_of(1, 16, 16), 5)
    assert caplog.records == []
    logging.getLogger('imageio_ffmpeg').warning('heard again')
    assert len(caplog.records) == 1
