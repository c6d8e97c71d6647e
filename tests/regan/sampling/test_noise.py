"""Choices of noise: their texts, their JSON, and the images they stand for."""

import numpy as np
import pytest

from regan.base.errors import UserError
from regan.sampling import noise
from regan.sampling.torch_random import CPUGenerator, CUDAGenerator

SHAPES = [(1, 1, 4, 4), (1, 1, 8, 8), (1, 1, 8, 8)]
V100 = {'multiprocessors': 80, 'threads': 2048}
CHOICES = {
    'stored': 'stored',
    'none': 'none',
    'numpy:0': {'numpy_seed': 0},
    'torch-cpu:18446744073709551615': {'torch_cpu_seed': 2**64 - 1},
    'torch-cuda:7': dict({'torch_cuda_seed': 7}, **V100),
    'torch-cuda:7:10x1024': {'torch_cuda_seed': 7, 'multiprocessors': 10, 'threads': 1024},
}


@pytest.mark.parametrize('text', CHOICES)
def test_text_choice_and_back(text):
    assert noise.parse(text) == CHOICES[text] == noise.check(CHOICES[text], 'spec.noise')
    assert noise.notation(CHOICES[text]) == text


def test_the_usual_card_need_not_be_named():
    assert (
        noise.check({'torch_cuda_seed': 7}, 'spec.noise')
        == noise.parse('torch-cuda:7:80x2048')
        == noise.parse('torch-cuda:7')
    )
    assert noise.notation({'torch_cuda_seed': 7}) == 'torch-cuda:7'


@pytest.mark.parametrize(
    'text',
    [
        '',
        'seed',
        'numpy',
        'numpy:',
        'numpy:-1',
        'numpy:1.5',
        'numpy:0:80x2048',
        'torch-cpu:0:80x2048',
        'torch:0',
        'torch-cuda:0:80',
        'torch-cuda:0:80x',
        'torch-cuda:0:80x2048:1',
        'NUMPY:0',
        'numpy:\u0663',
    ],
)
def test_texts_that_cannot_be_read(text):
    with pytest.raises(UserError, match=r'cannot read a choice of noise from .*; write stored, none, numpy:0'):
        noise.parse(text)


@pytest.mark.parametrize(
    'text, message',
    [
        ('numpy:4294967296', 'numpy_seed must be a whole number from 0 to 4294967295'),
        ('torch-cpu:18446744073709551616', 'torch_cpu_seed must be a whole number'),
        ('torch-cuda:0:0x2048', 'multiprocessors must be a whole number from 1'),
        ('torch-cuda:0:80x255', 'threads must be a whole number from 256'),
    ],
)
def test_numbers_out_of_range(text, message):
    with pytest.raises(UserError, match=message):
        noise.parse(text)


@pytest.mark.parametrize(
    'value',
    [
        'random',
        None,
        3,
        [],
        {},
        {'seed': 0},
        {'numpy_seed': 0, 'torch_cpu_seed': 0},
        {'numpy_seed': 0, 'threads': 2048},
        {'torch_cpu_seed': 0, 'multiprocessors': 80},
    ],
)
def test_json_that_is_no_choice(value):
    with pytest.raises(UserError, match=r'figure.json: noise must be "stored", "none", \{"numpy_seed": S\}'):
        noise.check(value, 'figure.json: noise')


@pytest.mark.parametrize('value', [True, -1, 0.5, '0', None])
def test_seeds_are_whole_numbers(value):
    for kind in ('numpy_seed', 'torch_cpu_seed', 'torch_cuda_seed'):
        with pytest.raises(UserError, match=r'noise\.%s must be a whole number' % kind):
            noise.check({kind: value}, 'noise')


@pytest.mark.parametrize('generation', [1, 2])
def test_numpy_goes_on_from_image_to_image(generation):
    """ReGANSpace's way, whose first values for seed 0 are known."""
    images = noise.images({'numpy_seed': 0}, SHAPES, generation)
    assert [image.shape for image in images] == SHAPES and {image.dtype for image in images} == {np.dtype(np.float32)}
    np.testing.assert_allclose(
        np.stack([image.flat[:3] for image in images]),
        [
            [1.76405235, 0.40015721, 0.97873798],
            [1.49407907, -0.20515826, 0.3130677],
            [-1.16514984, 0.90082649, 0.46566244],
        ],
        rtol=1e-6,
    )


@pytest.mark.parametrize(
    'choice, make',
    [
        ({'torch_cpu_seed': 3}, lambda: CPUGenerator(3)),
        ({'torch_cuda_seed': 3}, lambda: CUDAGenerator(3, 80, 2048)),
        ({'torch_cuda_seed': 3, 'multiprocessors': 1, 'threads': 256}, lambda: CUDAGenerator(3, 1, 256)),
    ],
)
def test_torch_goes_on_in_stylegan2_and_starts_anew_in_stylegan(choice, make):
    shapes = SHAPES + [(1, 1, 32, 32)]
    generator = make()
    for image, shape in zip(noise.images(choice, shapes, 2), shapes):
        assert np.array_equal(image, generator.randn(*shape))
    for image, shape in zip(noise.images(choice, shapes, 1), shapes):
        assert np.array_equal(image, make().randn(*shape))


def test_first_values_of_ganspace_noise():
    for choice, generation, expected in [
        (
            'torch-cpu:0',
            2,
            [[-1.12584, -1.15236, -0.25058], [-1.35265, -1.69593, 0.56665], [-0.09335, 0.68705, -0.83832]],
        ),
        (
            'torch-cuda:0',
            2,
            [[-0.92466, -0.42534, -2.64385], [0.18083, -0.55226, 0.92381], [2.54410, -0.71635, -0.49337]],
        ),
        ('torch-cuda:0', 1, [[-0.92466, -0.42534, -2.64385]] * 3),
    ]:
        images = noise.images(noise.parse(choice), SHAPES, generation)
        np.testing.assert_allclose([image.flat[:3] for image in images], expected, atol=6e-6)


def test_none_and_a_generator_of_ones_own():
    assert all(not image.any() and image.dtype == np.float32 for image in noise.images('none', SHAPES, 2))
    random = np.random.RandomState(5)
    first = noise.images(random, SHAPES, 2)
    again = noise.images(random, SHAPES, 2)
    expected = np.random.RandomState(5).randn(2, 4 * 4 + 2 * 8 * 8).astype(np.float32)
    for images, values in zip((first, again), expected):
        assert np.array_equal(np.concatenate([image.ravel() for image in images]), values)


def test_an_unknown_choice_is_refused_at_the_images_too():
    with pytest.raises(UserError, match='noise must be'):
        noise.images({'seed': 0}, SHAPES, 2)
