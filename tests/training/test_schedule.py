"""The schedule against values worked out by hand from its formulas."""

import pytest

from training.schedule import Schedule, Stage, ema_decay, lazy_correction


def test_without_growing_everything_stays():
    assert Schedule(minibatch_size=16, lrate=0.0025, tick_kimg=2).at(10**9, 64) == Stage(0.0, 64, 16, 16, 0.0025, 2)


@pytest.mark.parametrize(
    'kimg, lod, resolution',
    [
        (0, 5, 8),
        (599.999, 5, 8),
        (600, 5, 8),
        (900, 4.5, 16),
        (1199, 4 + 1 / 600, 16),
        (1200, 4, 16),
        (1800, 4, 16),
        (2100, 3.5, 32),
        (6000, 0, 256),
        (5999, 1 / 600, 256),
        (7 * 1200, 0, 256),
    ],
)
def test_growing_of_the_official_script(kimg, lod, resolution):
    stage = Schedule(lod_initial_resolution=8).at(round(kimg * 1000), 256)
    assert stage.lod == pytest.approx(lod, abs=2e-6)
    assert stage.resolution == resolution


def test_growing_without_fades():
    schedule = Schedule(lod_initial_resolution=4, lod_training_kimg=2, lod_transition_kimg=0)
    assert [schedule.at(images, 16).lod for images in (0, 1999, 2000, 3999, 4000, 9000)] == [2, 2, 1, 1, 0, 0]


def test_growing_of_no_length_is_over_at_once_only_if_asked_from_full_size():
    assert Schedule(lod_initial_resolution=16, lod_training_kimg=0, lod_transition_kimg=0).at(5, 16).lod == 0


def test_tables_by_resolution():
    schedule = Schedule(
        lod_initial_resolution=8,
        minibatch_size=4,
        minibatch_size_dict={8: 256, 16: 128},
        minibatch_gpu=2,
        minibatch_gpu_dict={8: 32},
        lrate=0.001,
        lrate_dict={16: 0.0015},
        tick_kimg=160,
        tick_kimg_dict={8: 140},
    )
    assert schedule.at(0, 32) == Stage(2, 8, 256, 32, 0.001, 140)
    assert schedule.at(1200 * 1000, 32) == Stage(1, 16, 128, 2, 0.0015, 160)
    assert schedule.at(0, 32).rounds == 8 and schedule.at(1200 * 1000, 32).rounds == 64


def test_parts_must_make_up_the_minibatch():
    with pytest.raises(ValueError, match='minibatch of 32 images cannot be made of parts of 5'):
        Schedule(minibatch_size=32, minibatch_gpu=5).at(0, 64)


def test_learning_rate_grows_linearly():
    schedule = Schedule(lrate=0.002, lrate_rampup_kimg=10)
    assert [schedule.at(images, 64).lrate for images in (0, 2500, 10000, 20000)] == pytest.approx(
        [0, 0.0005, 0.002, 0.002]
    )


def test_lazy_correction_of_the_official_configuration():
    assert 0.002 * lazy_correction(4) == pytest.approx(0.0016)
    assert 0.002 * lazy_correction(16) == pytest.approx(0.00188235, abs=1e-8)
    assert 0.99 ** lazy_correction(4) == pytest.approx(0.991992, abs=1e-6)
    assert 0.99 ** lazy_correction(16) == pytest.approx(0.990585, abs=1e-6)
    assert lazy_correction(None) == 1


def test_average_halves_over_ten_kimg():
    assert ema_decay(32, 10**6) ** (10000 / 32) == pytest.approx(0.5)
    assert ema_decay(16, 20000, rampup=0.05) ** (1000 / 16) == pytest.approx(0.5)
    assert ema_decay(16, 10**6, rampup=0.05) == ema_decay(16, 0)
    assert ema_decay(16, 0, rampup=0.05) < 1e-90  # No images yet: the average is the network itself.
