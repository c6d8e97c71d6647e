"""Compiled normals against NumPy's own generator, which also checks them."""

import threading

import numpy as np
import pytest

from regan.sampling import compiled_normals, latents, normals


def both(seed, count):
    found, expected = np.full((2, count + 3), 7, np.float32)
    compiled_normals.fill(seed, found[:count])
    expected[:count] = np.random.RandomState(seed).randn(count)
    return found, expected


@pytest.mark.parametrize('count', [1, 2, 3, 7, 244, 245, 623, 1001, 200001])
@pytest.mark.parametrize('seed', [0, 1, 440749230, 2**31 - 2, 2**32 - 1])
def test_bits_are_those_of_numpy_and_nothing_else_is_written(seed, count):
    np.testing.assert_array_equal(*both(seed, count))


def test_many_streams():
    for seed in latents.batch_seeds(1, 500):
        np.testing.assert_array_equal(*both(seed, 5120))


def test_rows_from_the_middle_of_a_batch():
    seeds = latents.batch_seeds(1, 5)
    expected = latents.sample_rows(seeds, 7, 3, 5, 30)
    np.testing.assert_array_equal(latents.sample_rows(seeds, 7, 3, 5, 30, compiled_normals.fill), expected)


def test_many_are_compiled_and_few_are_not():
    assert normals.filler(normals.WORTH_IT) is compiled_normals.fill
    assert normals.filler(normals.WORTH_IT - 1) is not compiled_normals.fill


def test_numpy_takes_over_where_bits_differ(monkeypatch):
    right = compiled_normals.fill

    def fused(seed, out):
        right(seed, out)
        out[-1] = np.nextafter(out[-1], np.float32(9))

    monkeypatch.setattr(normals, '_checked', normals._checked.__wrapped__)
    monkeypatch.setattr(normals, '_PROBES', {3: 5})
    assert normals.filler(normals.WORTH_IT) is right
    monkeypatch.setattr(compiled_normals, 'fill', fused)
    found, expected = np.empty((2, 10), np.float32)
    normals.filler(normals.WORTH_IT)(5, found)
    normals.by_numpy()(5, expected)
    np.testing.assert_array_equal(found, expected)


def test_other_threads_run_meanwhile():
    """A lock of the interpreter would keep the others from counting until the end."""
    out, counted, done = np.empty(20 * 10**6, np.float32), [0], threading.Event()
    worker = threading.Thread(target=lambda: (compiled_normals.fill(0, out), done.set()))
    worker.start()
    while not done.is_set():
        counted[0] += 1
    worker.join()
    assert counted[0] > 1000
