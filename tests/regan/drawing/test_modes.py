"""Modes as data, and what asking for something beside a mode does."""

import dataclasses

import pytest

from regan.base.errors import UserError
from regan.drawing import modes
from regan.sampling import noise

CUDA = {'torch_cuda_seed': 0, 'multiprocessors': 80, 'threads': 2048}


def test_the_three_programs():
    assert list(modes.MODES) == ['official', 'reganspace', 'ganspace']
    found = {name: (mode.noise, mode.conversion) for name, mode in modes.MODES.items()}
    assert found == {
        'official': ('stored', 'round'),
        'reganspace': ({'numpy_seed': 0}, 'round'),
        'ganspace': (CUDA, 'truncate'),
    }
    for mode in modes.MODES.values():
        assert noise.check(mode.noise, 'mode') == mode.noise and mode.conversion in modes.CONVERSIONS
        with pytest.raises(dataclasses.FrozenInstanceError):
            mode.noise = 'none'


@pytest.mark.parametrize(
    'mode, generation, psi, cutoff, expected',
    [
        ('official', 1, 0.7, None, (0.7, 8)),
        ('official', 2, 0.5, None, (0.5, None)),
        ('official', 1, 0.7, 3, (0.7, 3)),
        ('reganspace', 1, 0.25, None, (0.25, None)),
        ('reganspace', 2, 0.6, 4, (0.6, 4)),
        ('reganspace', 2, 1.5, None, (1.5, None)),
        ('ganspace', 1, 0.25, None, (1, None)),
        ('ganspace', 2, 0.6, None, (0.6, None)),
        ('ganspace', 2, 1.5, None, (1, None)),
        ('ganspace', 2, 1.0, 4, (1, 4)),
        (None, 1, 1.5, 4, (1.5, 4)),
        (None, 2, 0.7, None, (0.7, None)),
    ],
)
def test_truncation(mode, generation, psi, cutoff, expected):
    settings = modes.resolve(mode, None, None, generation, psi, cutoff)
    assert (settings.psi, settings.cutoff) == expected


def test_what_is_asked_for_beside_a_mode_wins():
    assert modes.resolve('ganspace', None, None, 2, 0.7, None) == ('ganspace', CUDA, 'truncate', 0.7, None, None, None)
    assert modes.resolve('ganspace', {'numpy_seed': 3}, None, 2, 0.7, None)[1:3] == ({'numpy_seed': 3}, 'truncate')
    assert modes.resolve('ganspace', None, 'round', 2, 0.7, None)[1:3] == (CUDA, 'round')
    assert modes.resolve(None, None, None, 2, 0.7, None)[:3] == (None, 'stored', 'round')
    assert modes.resolve(None, 'none', 'truncate', 1, 0.7, None)[:3] == (None, 'none', 'truncate')


def test_only_the_original_has_another_instance_norm_and_only_a_stylegan_has_one():
    epsilon = {
        (mode, generation): modes.resolve(mode, None, None, generation, 0.7, None).instance_norm_epsilon
        for mode in (None, 'official', 'reganspace', 'ganspace')
        for generation in (1, 2)
    }
    assert {key for key, value in epsilon.items() if value is not None} == {('ganspace', 1)}
    assert epsilon['ganspace', 1] == 1e-5
    assert modes.resolve('ganspace', None, None, 1, 0.7, None, 1e-8).instance_norm_epsilon == 1e-8
    assert modes.resolve(None, None, None, 2, 0.7, None, 1e-8).instance_norm_epsilon is None
    assert 'instance_norm_epsilon' not in modes.resolve('official', None, None, 1, 0.7, None).facts()
    assert modes.resolve('ganspace', None, None, 1, 0.7, None).facts()['instance_norm_epsilon'] == 1e-5


def test_an_unknown_mode():
    with pytest.raises(UserError, match="there is no mode 'fixed'; choose one of official, reganspace, ganspace"):
        modes.resolve('fixed', None, None, 2, 0.7, None)
