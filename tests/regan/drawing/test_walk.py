"""Walks: which latents, truncation and noise frames have, and that nothing is drawn twice."""

import json

import numpy as np
import pytest

from regan.base.errors import UserError
from regan.components.basis import Basis
from regan.drawing import edit_images, modes, starts, walk, walk_files
from regan.drawing.walk import Course, Moves, Walk
from regan.editing import edits, pace, paths
from regan.pictures import images, video
from regan.sampling import latents

SETTINGS = modes.Settings(psi=0.6, cutoff=4)
SEEDS = [3, 5, 8]


@pytest.fixture(scope='module')
def generator(tiny_generator):
    return tiny_generator


def walked(generator, course=Course(), some=SEEDS, settings=SETTINGS, **others):
    return Walk(generator, some, course, settings, **others)


@pytest.mark.parametrize('path', walk.INTERPOLATIONS)
@pytest.mark.parametrize('loop', [False, True])
def test_a_walk_passes_through_its_latents(generator, path, loop):
    way = walked(generator, Course(interpolation=path, loop=loop))
    assert (way.end, way.loop, way.tiles) == (3 if loop else 2, loop, 1)
    keys = np.concatenate([starts.w(generator, seed) for seed in SEEDS])
    np.testing.assert_allclose(way.dlatents(np.arange(3))[:, 0], keys, rtol=0, atol=1e-5)
    truncated = latents.truncate(keys, generator.dlatent_avg, 0.6, 4)
    np.testing.assert_allclose(way.truncated(np.arange(3))[:, 0], truncated, rtol=0, atol=1e-5)


def test_between_them_it_is_on_the_path(generator):
    at = np.array([0.25, 1.5])
    keys = np.concatenate([starts.w(generator, seed) for seed in SEEDS])
    for path in ('smooth', 'linear'):
        wanted = getattr(paths, path)(keys)(at)
        np.testing.assert_allclose(walked(generator, Course(interpolation=path)).dlatents(at)[:, 0], wanted, atol=1e-6)
    z = latents.from_seeds(SEEDS, generator.latent_size)
    wanted = generator.map(paths.spherical(z)(at).astype(np.float32))
    found = walked(generator, Course(interpolation='spherical')).dlatents(at)[:, 0]
    np.testing.assert_allclose(found, latents.broadcast(wanted, generator.num_layers), atol=1e-5)


def test_edits_come_on_top(generator):
    random = np.random.RandomState(0)
    rows = np.linalg.qr(random.randn(11, 11))[0][:2].astype(np.float32)
    spread = np.ones(2, np.float32)
    basis = Basis(random.randn(11).astype(np.float32), rows, spread, spread, spread, spread)
    move = edits.parse('centred E(v1, 2-4) * 3')
    at = np.array([0.5, 1.25])
    found = walked(generator, moves=Moves(basis, [move])).dlatents(at)[:, 0]
    np.testing.assert_array_equal(found, edits.apply(walked(generator).dlatents(at)[:, 0], basis, move))


def test_truncation_swings_and_all_latents_meet_in_the_mean(generator):
    way = walked(generator, Course('truncation', psi=(-1, 0.5)))
    assert (way.end, way.loop, way.tiles) == (1, True, 3)
    np.testing.assert_allclose(way.psis(np.array([0, 0.5, 1])), [-1, 0.5, -1], atol=1e-15)
    ends = way.truncated(np.array([0.0]))[0]
    keys = np.concatenate([starts.w(generator, seed) for seed in SEEDS])
    np.testing.assert_allclose(ends[:, :4], 2 * generator.dlatent_avg - keys[:, :4], atol=1e-5)
    np.testing.assert_array_equal(ends[:, 4:], keys[:, 4:])


def test_noise_changes_through_those_of_seeds(generator):
    way = walked(generator, Course('noise', noise_seeds=[4, 9]), some=[3, 5])
    assert (way.end, way.tiles, way.at_once) == (2, 2, 1)
    frames = [way.draw(np.array([at]))[0] for at in (0.0, 0.5, 1.0, 2.0)]
    generator.set_noise({'numpy_seed': 9})
    dlatents = np.concatenate([starts.w(generator, seed) for seed in (3, 5)])
    wanted = generator.synthesize(edit_images.truncated(generator, dlatents, SETTINGS))
    generator.set_noise('stored')
    np.testing.assert_array_equal(frames[2], images.sheet(wanted))
    np.testing.assert_array_equal(frames[3], frames[0])
    assert len({frame.tobytes() for frame in frames}) == 3


def test_sizes(generator):
    plain = walked(generator).draw(np.array([0.5]))
    np.testing.assert_array_equal(walked(generator, size=32).draw(np.array([0.5])), images.enlarge(plain, 2))
    blocks = plain.reshape(1, 8, 2, 8, 2, -1).mean(axis=(2, 4))
    np.testing.assert_array_equal(walked(generator, size=8).draw(np.array([0.5])), (blocks + 0.5).astype(np.uint8))
    with pytest.raises(UserError, match='16 pixels a side cannot be brought to 24'):
        walked(generator, size=24)


def test_what_does_not_go_together(generator):
    with pytest.raises(UserError, match='goes between latents, and there is one'):
        walked(generator, some=[3])
    saved = starts.Saved('me.npy', 'a' * 64, 0, np.zeros((1, 11), np.float32), alone=True)
    with pytest.raises(UserError, match='me.npy holds w, from which no z can be had'):
        walked(generator, Course(interpolation='spherical'), some=[3, saved])
    with pytest.raises(UserError, match='a frame would have 70000 images'):
        walked(generator, Course('truncation'), some=[saved] * 70000, size=32)


# ------------------------------------------------------------------ files


class Fake:
    """A walk of whole numbers: the frame at a place is that place, 4 pixels wide; it counts what it draws."""

    end, loop, tiles, at_once = 10.0, False, 1, 3

    def __init__(self, stop=None):
        self.drawn, self._stop = [], stop

    def draw(self, at):
        if self._stop is not None and len(self.drawn) >= self._stop:
            raise KeyboardInterrupt
        self.drawn += at.tolist()
        return np.round(at**2)[:, np.newaxis, np.newaxis, np.newaxis].repeat(4, 1).repeat(4, 2).astype(np.uint8)

    def seen(self, at):
        return (at**2)[:, np.newaxis].astype(np.float32)


FACTS = dict(frames=11, fps=5)


def test_an_interrupted_walk_goes_on(tmp_path):
    timing, out = walk_files.Timing(11, 5), tmp_path / 'walk'
    with pytest.raises(KeyboardInterrupt):
        walk_files.write(Fake(stop=6), out, timing, FACTS)
    assert not walk_files.is_there(out, FACTS)
    rest, counted = Fake(), []
    walk_files.write(rest, out, timing, FACTS, counted.append)
    assert rest.drawn == [6, 7, 8, 9, 10] and sum(counted) == 11
    names = ['frame%05d.png' % index for index in range(11)]
    assert sorted(path.name for path in out.iterdir()) == names + ['walk.json']
    assert [int(images.read_png(out / name)[0, 0, 0]) for name in names] == [index**2 for index in range(11)]
    assert walk_files.is_there(out, FACTS) and not walk_files.is_there(out, dict(FACTS, fps=6))
    np.testing.assert_array_equal(walk_files.places_of(out), np.arange(11))


def test_another_walk_takes_nothing_from_it(tmp_path):
    out = tmp_path / 'walk'
    with pytest.raises(KeyboardInterrupt):
        walk_files.write(Fake(stop=6), out, walk_files.Timing(11, 5), FACTS)
    other = Fake()
    walk_files.write(other, out, walk_files.Timing(11, 5), dict(FACTS, seeds=[1]))
    assert len(other.drawn) == 11
    walk_files.write(Fake(), out, walk_files.Timing(3, 5), dict(FACTS, frames=3))
    assert len(list(out.iterdir())) == 4  # No frame of the longer walk is left.


def test_a_steady_walk(tmp_path):
    out = tmp_path / 'walk'
    steady = Fake()
    walk_files.write(steady, out, walk_files.Timing(11, 5, steady=True), FACTS)
    places = walk_files.places_of(out)
    assert pace.unevenness(np.diff(places**2)) < 0.06  # From 11 images alone; in equal steps it is 0.58.
    assert json.loads((out / 'walk.json').read_text())['unevenness'] == pytest.approx(0.574, abs=1e-3)


def test_videos(tmp_path):
    try:
        writers, _ = video.check()
    except UserError as error:
        pytest.skip(str(error))
    out = tmp_path / 'walk.mp4'
    with pytest.raises(KeyboardInterrupt):
        walk_files.write(Fake(stop=3), out, walk_files.Timing(11, 5), FACTS)
    assert not out.exists()
    rest = Fake()
    walk_files.write(rest, out, walk_files.Timing(11, 5), FACTS)
    assert len(rest.drawn) == 8 and walk_files.is_there(out, FACTS)
    assert sorted(path.name for path in tmp_path.iterdir()) == ['walk.json', 'walk.mp4']
    with writers.get_reader(str(out)) as reader:
        levels = [int(frame.mean()) for frame in reader]
    assert len(levels) == 11 and np.abs(np.array(levels) - np.arange(11) ** 2).max() <= 3


def test_batches_begin_at_the_same_frames():
    assert [list(batch) for batch in walk.batches(7, 3)] == [[0, 1, 2], [3, 4, 5], [6]]
    for count in (1, walk_files.MOST_FRAMES + 1):
        with pytest.raises(UserError, match='a walk has 2 to 100000 frames'):
            walk_files.check_count(count)
