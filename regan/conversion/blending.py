"""One generator out of two of one architecture: some layers from each ("Toonify"), or weights between theirs.

Every variable of the result is (1 - t) A + t B with a t of its own, in [0, 1]; t = 0 is A's and t = 1 is B's bit for
bit. What belongs to one layer has one t: weights, style, noise image and its strength.
"""

from __future__ import annotations

import collections
import math
import re
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from dnnlib import architectures
from dnnlib.unpickle import NetworkState
from regan.base.errors import UserError
from regan.conversion.source import Source, arguments, has_w, sizes
from regan.networks import layer_names

PARENTS = ('a', 'b')
_SCOPE = re.compile(r'(\d+)x\1/(\w+)')
_WITHIN = {'Conv': 0.5, 'Conv1': 0.5, 'ToRGB': 0.75}  # How far a layer stands after the first one of its resolution.
# Arguments that say what else the layers are; how wide they are is seen from the variables, whatever the arguments.
_ARGUMENTS = collections.OrderedDict(
    resolution='resolution',
    num_channels='number of colours',
    label_size='number of classes',
    latent_size='width of z',
    dlatent_size='width of w',
    mapping_layers='number of layers of the mapping network',
    architecture='architecture',
    fused_scale='way of enlarging (fused_scale)',
)
_OF_A_RUN = (  # They change nothing of the images that we draw, or are no arguments of a layer.
    'components dlatent_avg_beta dlatent_broadcast dtype fmap_base fmap_const fmap_decay fmap_max fmap_min '
    'force_clean_graph is_template_graph is_training is_validation label_fmaps mapping_fmaps mapping_func num_fp16_res '
    'randomize_noise return_dlatents structure style_mixing_prob synthesis_func truncation_cutoff '
    'truncation_cutoff_val truncation_psi truncation_psi_val'
).split()


class Recipe(NamedTuple):
    """What comes from whom.

    Attributes:
        start: a resolution, as a text, or the name of a layer, from which B's layers take over; None: `amount` holds.
        width: of the transition, in doublings of the resolution; None: it is sharp.
        amount: of B in every variable, in [0, 1]; None: `start` holds.
        mapping: 'a' or 'b', whose mapping network and average w; None: 'a', or with `amount` between both.
        to_rgb: 'a' or 'b', whose layers make colours; None: they go with the other layers of their resolution.
    """

    start: Optional[str] = None
    width: Optional[float] = None
    amount: Optional[float] = None
    mapping: Optional[str] = None
    to_rgb: Optional[str] = None

    def facts(self) -> Dict[str, Any]:
        """What was asked for, for records."""
        return {key: value for key, value in self._asdict().items() if value is not None}


def blend(a: Source, b: Source, recipe: Recipe) -> NetworkState:
    """The blended generator, which names both parents.

    Args:
        a, b: whose Gs are blended.
        recipe: what comes from whom.

    Raises:
        UserError: the networks are of two architectures, or the recipe has a layer or a part that they lack.
    """
    check_alike(a, b)
    synthesis = a.Gs.components['synthesis'] if has_w(a.Gs) else a.Gs
    if recipe.mapping is not None and not has_w(a.Gs):
        raise UserError('%s has no mapping network, so --mapping does nothing' % a.path)
    share = _shares(recipe, list(synthesis.variables), a.path)
    mapping = {'a': 0.0, 'b': 1.0, None: recipe.amount or 0.0}[recipe.mapping]

    def whole(one: NetworkState, other: NetworkState) -> NetworkState:
        components = collections.OrderedDict(
            (
                key,
                _between(part, other.components[key], share if key == 'synthesis' else lambda name: mapping),
            )
            for key, part in one.components.items()
        )
        own = share if not components else lambda name: mapping  # dlatent_avg is of the mapping.
        return _between(one, other, own, components)

    result = whole(a.Gs, b.Gs)
    result.name = 'Gs'
    result.made_from = dict(
        command='blend', parents=[dict(network=one.path, sha256=one.sha256) for one in (a, b)], settings=recipe.facts()
    )
    return result


def _between(
    a: NetworkState, b: NetworkState, share: Callable[[str], float], components: Optional[Dict[str, Any]] = None
) -> NetworkState:
    variables = collections.OrderedDict(
        (name, mix(value, b.variables[name], share(name))) for name, value in a.variables.items()
    )
    return NetworkState(
        a.version, a.name, dict(a.static_kwargs), components or {}, a.build_module_src, a.build_func_name, variables
    )


def mix(a: np.ndarray, b: np.ndarray, t: float) -> np.ndarray:
    """(1 - t) a + t b, float32 of the same shape; a or b itself, bit for bit, where t is 0 or 1."""
    if t in (0, 1):
        return b if t else a
    return np.asarray((1 - t) * a.astype(np.float64) + t * b.astype(np.float64), np.float32)


# ------------------------------------------------------------------ which layer has how much of B


def _shares(recipe: Recipe, names: List[str], path: str) -> Callable[[str], float]:
    """The function variable of the synthesis -> share of B."""
    if recipe.amount is not None:
        return _with_colours(recipe, lambda name: recipe.amount)
    start, by_layer = _start(str(recipe.start), names, path)

    def share(name: str) -> float:
        distance = position(name, names, by_layer) - start
        if recipe.width is None:
            return float(distance >= 0)
        return 1 / (1 + math.exp(min(-distance / recipe.width, 700)))

    return _with_colours(recipe, share)


def _with_colours(recipe, share):
    def chosen(name):
        if recipe.to_rgb is not None and 'ToRGB' in name:
            return float(recipe.to_rgb == 'b')
        return share(name)

    return chosen


def _start(text: str, names: List[str], path: str) -> Tuple[float, bool]:
    """The position from which B takes over, and whether a layer was named: then the two of a resolution differ."""
    sides = sorted({_side(name, names) for name in names if name != 'lod'})
    match = re.fullmatch(r'(\d+)(x\1)?', text)
    if match and int(match.group(1)) in sides:
        return math.log2(int(match.group(1))), False
    scopes = [_SCOPE.match(name) for name in names]
    layers = list(collections.OrderedDict.fromkeys(scope.group() for scope in scopes if scope))
    if match:
        raise UserError(
            '%s has no layers of %s pixels, it has %s; give one of these, or a layer such as %s'
            % (path, match.group(1), ', '.join(map(str, sides)), layers[-1])
        )
    layer = layer_names.resolve(text, layers, path)
    if layer == layer_names.MAPPING:
        raise UserError('the mapping network comes before all layers; --mapping says whose it is')
    return position(layer, names, True), True


def _side(name: str, names: List[str]) -> int:
    """The resolution that a variable of the synthesis belongs to."""
    match = _SCOPE.match(name)
    if match:
        return int(match.group(1))
    number = re.match(r'(noise|(?:To|From)RGB_lod)(\d+)', name)
    if number is None:
        raise UserError('the variable %s belongs to no layer, so it cannot be blended; give --amount' % name)
    if number.group(1) == 'noise':
        return 2 ** int(_noise_position(int(number.group(2)), names))
    top = max(int(match.group(1)) for match in map(_SCOPE.match, names) if match)
    return top >> int(number.group(2))


def _noise_position(number: int, names: List[str]) -> float:
    """Where the layer of a noise image stands: StyleGAN has one more, of the constant."""
    return 2 + number / 2 if '4x4/Const/Noise/weight' in names else 2 + (number + 1) / 2


def position(name: str, names: List[str], by_layer: bool) -> float:
    """Where a variable stands: log2 of its resolution, and by layers, more for later ones there.

    Args:
        name: of a variable of the synthesis, or of a layer.
        names: of all its variables.
        by_layer: whether the two layers of a resolution are told apart.

    >>> position('8x8/Conv1/weight', ['8x8/Conv1/weight'], True)
    3.5
    """
    if name == 'lod':
        return -math.inf  # Both parents have the same.
    place = math.log2(_side(name, names))
    if not by_layer:
        return place
    match = _SCOPE.match(name)
    if match:
        return place + _WITHIN.get(match.group(2), 0)
    if name.startswith('noise'):
        return _noise_position(int(name[len('noise') :]), names)
    return place + _WITHIN['ToRGB']


# ------------------------------------------------------------------ are they of one architecture?


def check_alike(a: Source, b: Source) -> None:
    """Raises UserError, which says what differs, unless two generators have one architecture."""

    def check(what, one, other):
        if one != other:
            raise UserError(
                '%s and %s are of two architectures, so they cannot be blended: the %s differs (%s and %s)'
                % (a.path, b.path, what, one, other)
            )

    check('generation', a.generation, b.generation)
    keys = [sorted(one.Gs.components) for one in (a, b)]
    check('list of parts', *keys)
    parts = [[one.Gs] + [one.Gs.components[key] for key in keys[0]] for one in (a, b)]
    for pair in zip(*parts):
        check('build function', *[architectures.build_function_name(one, a.generation).split('.')[-1] for one in pair])
    known = [_arguments(states, a.generation) for states in parts]
    for key in list(_ARGUMENTS) + sorted(set(known[0]) - set(_ARGUMENTS)):
        check(_ARGUMENTS.get(key, 'argument ' + key), known[0].get(key), known[1].get(key))
    for one, other in zip(*parts):
        for name in list(one.variables) + sorted(set(other.variables) - set(one.variables)):
            shapes = [list(state.variables[name].shape) if name in state.variables else None for state in (one, other)]
            check('width of layers, in the shape of %s/%s,' % (one.name, name), *shapes)
    check('state of growing (lod)', *[float(one.Gs.variables.get('lod', 0)) for one in (a, b)])


def _arguments(states, generation):
    """What all parts of a generator were built with, as far as it makes an architecture."""
    found: Dict[str, Any] = {}
    for state in states:
        found.update(arguments(state, generation))
    found = {key: value for key, value in found.items() if key not in _OF_A_RUN}
    if 'resample_kernel' in found:
        taps = np.asarray(found['resample_kernel'], np.float64)
        found['resample_kernel'] = [round(float(tap), 6) for tap in taps / taps.sum()]
    if 'latent_size' in found:
        found['latent_size'] = sizes(states[0], generation)[0]
    return found
