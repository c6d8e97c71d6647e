"""Noise images as a choice: those of the pickle, none, or drawn by one of three generators.

A choice is plain JSON data: 'stored', 'none', {'numpy_seed': S}, {'torch_cpu_seed': S}, or {'torch_cuda_seed': S,
'multiprocessors': 80, 'threads': 2048}. As a text it is stored, none, numpy:S, torch-cpu:S, torch-cuda:S or
torch-cuda:S:80x2048.
"""

import re
from typing import Any, Dict, List, Sequence, Tuple, Union

import numpy as np

from regan.base import json_records
from regan.base.errors import UserError
from regan.sampling import latents, torch_random

Choice = Union[str, Dict[str, Any]]
Drawn = Union[Choice, np.random.RandomState, List[np.ndarray]]

WORDS = ('stored', 'none')
CARD = {'multiprocessors': 80, 'threads': 2048}  # Tesla V100
EXAMPLES = 'stored, none, numpy:0, torch-cpu:0, torch-cuda:0 or torch-cuda:0:80x2048'
WANTED = (
    '"stored", "none", {"numpy_seed": S}, {"torch_cpu_seed": S} or '
    '{"torch_cuda_seed": S, "multiprocessors": 80, "threads": 2048}'
)

_TORCH_SEED = json_records.integer(0, 2**64 - 1)
_RULES = {  # Of the keys of each choice; the seed comes first.
    'numpy_seed': {'numpy_seed': json_records.integer(0, latents.LARGEST_SEED)},
    'torch_cpu_seed': {'torch_cpu_seed': _TORCH_SEED},
    'torch_cuda_seed': {
        'torch_cuda_seed': _TORCH_SEED,
        'multiprocessors': json_records.integer(1, 10**4),
        'threads': json_records.integer(torch_random.BLOCK, 10**4),
    },
}
_TEXT = re.compile(r'(numpy|torch-cpu|torch-cuda):(\d+)(?::(\d+)x(\d+))?', re.ASCII)


def check(value: Any, where: str) -> Choice:
    """The choice that a JSON value is; a graphics card that is not named is a Tesla V100.

    Raises UserError, which names `where`, for anything else.
    """
    if value in WORDS:
        return value
    kinds = [kind for kind in _RULES if isinstance(value, dict) and kind in value]
    if len(kinds) != 1 or set(value) - set(_RULES[kinds[0]]):
        raise json_records.refuse(where, WANTED, value)
    rules, value = _RULES[kinds[0]], dict(CARD, **value) if kinds[0] == 'torch_cuda_seed' else value
    return {key: rule(value[key], '%s.%s' % (where, key)) for key, rule in rules.items()}


def parse(text: str) -> Choice:
    """The choice that a text means.

    >>> parse('numpy:7')
    {'numpy_seed': 7}

    Raises UserError for anything else.
    """
    if text in WORDS:
        return text
    found = _TEXT.fullmatch(text)
    if not found or (found.group(3) and found.group(1) != 'torch-cuda'):
        raise UserError("cannot read a choice of noise from '%s'; write %s" % (text, EXAMPLES))
    choice = {found.group(1).replace('-', '_') + '_seed': int(found.group(2))}
    if found.group(3):
        choice.update(multiprocessors=int(found.group(3)), threads=int(found.group(4)))
    return check(choice, "noise '%s'" % text)


def notation(choice: Choice) -> str:
    """The shortest text that `parse` makes into the choice.

    >>> notation({'torch_cuda_seed': 0, 'multiprocessors': 10, 'threads': 2048})
    'torch-cuda:0:10x2048'
    """
    if isinstance(choice, str):  # One of WORDS.
        return choice
    kind = next(iter(choice))
    text = '%s:%d' % (kind[: -len('_seed')].replace('_', '-'), choice[kind])
    if 'threads' in choice and {key: choice[key] for key in CARD} != CARD:
        text += ':%(multiprocessors)dx%(threads)d' % choice
    return text


def images(choice: Drawn, shapes: Sequence[Tuple[int, ...]], generation: int) -> List[np.ndarray]:
    """The noise images of a choice other than 'stored', float32 of the shapes given.

    Args:
        choice: as `check` takes it, a RandomState to go on drawing from, or a list of the images themselves.
        shapes: of a network's noise variables, in order: (1, 1, h, w) each.
        generation: 1 (StyleGAN) or 2 (StyleGAN2). PyTorch's generators start again for every image of a StyleGAN, as in
            GANSpace. NumPy's goes on from image to image in both, as in ReGANSpace.
    """
    if isinstance(choice, list):
        return choice
    if isinstance(choice, np.random.RandomState):
        return [choice.randn(*shape).astype(np.float32) for shape in shapes]
    if choice == 'none':
        return [np.zeros(shape, np.float32) for shape in shapes]
    seed: Any = check(choice, 'noise')
    if 'numpy_seed' in seed:
        return images(np.random.RandomState(seed['numpy_seed']), shapes, generation)
    return torch_random.ganspace_noise(shapes, generation, lambda: _torch_generator(**seed))


def _torch_generator(torch_cpu_seed=None, torch_cuda_seed=None, **card):
    if torch_cuda_seed is None:
        return torch_random.CPUGenerator(torch_cpu_seed)
    return torch_random.CUDAGenerator(torch_cuda_seed, **card)
