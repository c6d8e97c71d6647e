"""The benchmark of BigGAN-deep: what it counts, and that it measures a narrow network. No times are checked."""

import importlib
import pathlib

import pytest

from regan.biggan import configuration

FOLDER = pathlib.Path(__file__).parents[2] / 'benchmarks'


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module('biggan')


def test_multiply_adds_of_the_published_network(benchmark):
    """76 G less 39 G of the last convolution's maps that are thrown away, as the specification has them."""
    import synthesis

    deep = configuration.Configuration(configuration.PUBLISHED[512], 128, 128, 1000, 8)
    found = sum(synthesis.multiply_adds(*layer) for layer in benchmark.convolutions(deep))
    assert found == pytest.approx((76 - 39) * 1e9, rel=0.03)


def test_a_narrow_network_is_measured(benchmark, monkeypatch):
    for name, value in dict(WIDTH=4, Z=8, CLASSES=5).items():
        monkeypatch.setattr(benchmark, name, value)
    monkeypatch.setattr(benchmark.FirstLayer, 'label', 3)
    monkeypatch.setattr(benchmark.common, 'GEMM_SIZE', 50)
    found = benchmark.measure(128, 2000, 1)
    assert {column.key for column in benchmark.COLUMNS} <= set(found) and found['ratio_to_limit'] > 0
    assert found['pca_over_limit'] > 0 and found['samples'] == 2000
