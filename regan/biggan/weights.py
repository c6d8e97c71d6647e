"""The tensors of a BigGAN-deep under our names, from those of TF-Hub or PyTorch, with spectral norms divided out."""

import collections
import re
from typing import Any, Callable, Dict, Iterable, List, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from regan.base.errors import UserError
from regan.biggan import spectral
from regan.biggan.configuration import FIRST_RESOLUTION, FIRST_WIDTH, Block, Configuration

AVERAGE = '/ema_0.9999'
_SHALLOW = re.compile(r'Generator/G_Z/G_linear|HyperBN|ScaledCrossReplicaBN|/ema_b999900')


class Weights(NamedTuple):
    """A generator's tensors.

    Attributes:
        configuration: Configuration.
        tensors: own name -> float32 array; kernels are divided by their spectral norm.
        sigmas: own name of a kernel, without '/kernel' -> what it was divided by.
        source: 'hub' or 'pytorch'.
    """

    configuration: Configuration
    tensors: Dict[str, np.ndarray]
    sigmas: Dict[str, float]
    source: str


class _Raw(NamedTuple):
    """A tensor as the file has it: kernels in TensorFlow's layout; u and v of a normalised kernel."""

    value: np.ndarray
    u: Optional[np.ndarray] = None
    v: Optional[np.ndarray] = None


def _folded(raw: Mapping[str, _Raw], configuration: Configuration, mode: str, source: str, where: str) -> Weights:
    tensors: Dict[str, np.ndarray] = collections.OrderedDict()
    sigmas: Dict[str, float] = collections.OrderedDict()
    for name, shape in configuration.shapes.items():
        value, u, v = raw[name]
        if value.shape != shape:
            value = _squeezed(value, shape, name, where)
        base = name[: -len('/kernel')]
        if u is not None:
            sigmas[base] = spectral.sigma(value, u, mode, v if mode == 'pytorch' else None)
            value = value / np.float64(sigmas[base])
        tensors[name] = np.ascontiguousarray(value, np.float32)
    negative = [name for name in tensors if name.endswith('/variances') and tensors[name].min() < 0]
    if negative:
        raise UserError('%s has negative variances (%s); it is damaged, or no BigGAN-deep' % (where, negative[0]))
    return Weights(configuration, tensors, sigmas, source)


def _squeezed(value, shape, name, where):
    """Vectors may have axes of length 1 around them."""
    if tuple(n for n in value.shape if n != 1) == tuple(n for n in shape if n != 1):
        return value.reshape(shape)
    raise UserError('%s: %s has shape %s where %s is expected' % (where, name, list(value.shape), list(shape)))


class _Names:
    """The tensors of a file, each to be taken once."""

    def __init__(self, arrays: Mapping[str, np.ndarray], where: str, ignored: Callable[[str], Any]) -> None:
        self._arrays, self._where = arrays, where
        self._left = {name for name in arrays if not ignored(name)}

    def take(self, name: str) -> np.ndarray:
        if name not in self._arrays:
            raise UserError('%s lacks %s, which every BigGAN-deep has' % (self._where, name))
        self._left.discard(name)
        value = self._arrays[name]
        if not isinstance(value, np.ndarray) or value.dtype.kind != 'f':
            raise UserError('%s: %s is %s where a tensor of floats is expected' % (self._where, name, _kind(value)))
        return value

    def check_used(self) -> None:
        if self._left:
            raise UserError(
                '%s has %d tensors that no BigGAN-deep has (%s)'
                % (self._where, len(self._left), ', '.join(sorted(self._left)[:3]))
            )


def _kind(value: Any) -> str:
    return 'a tensor of %s' % value.dtype if isinstance(value, np.ndarray) else 'a %s' % type(value).__name__


# ------------------------------------------------------------------ TF-Hub


def _numbered(base: str, number: int) -> str:
    return base if number == 0 else '%s_%d' % (base, number)


def from_hub(
    variables: Mapping[str, np.ndarray], tables: Iterable[np.ndarray], where: str, mode: str = 'hub'
) -> Weights:
    """The Weights of a TF-Hub module.

    Args:
        variables: name in the checkpoint -> array.
        tables: means and variances [rows, C] of every normalisation in turn, as the module's graph has them.
        where: the module, for messages.
        mode: of the spectral norm, see `spectral.sigma`.

    Raises:
        UserError: no BigGAN-deep, or damaged.
    """
    refuse_shallow(variables, where)
    tables = list(tables)
    configuration = _inferred(
        lambda name: variables[_hub_name(name) + AVERAGE].shape, tables, where, count_blocks(variables)
    )
    norms = configuration.norms
    if len(tables) != 2 * len(norms):
        raise UserError(
            '%s has %d tables of statistics where %d are needed; it is damaged, or no BigGAN-deep'
            % (where, len(tables), 2 * len(norms))
        )
    statistics = {}
    for i, (norm, _) in enumerate(norms):
        statistics[norm + '/means'], statistics[norm + '/variances'] = tables[2 * i : 2 * i + 2]
    names = _Names(variables, where, lambda name: not name.endswith(AVERAGE))
    raw = {}
    normalised = set(configuration.normalised)
    for name in configuration.shapes:
        if name in statistics:
            raw[name] = _Raw(np.asarray(statistics[name]))
            continue
        theirs, base = _hub_name(name), name[: -len('/kernel')]
        u = names.take(theirs[:-1] + 'u0') if name.endswith('/kernel') and base in normalised else None
        raw[name] = _Raw(names.take(theirs + AVERAGE), u)
    names.check_used()
    return _folded(raw, configuration, mode, 'hub', where)


def _hub_name(name: str) -> str:
    """The name of one of our tensors in the module's checkpoint, without the mark of the average."""
    if name == 'embedding/kernel':
        return 'linear/w'
    parts = name.split('/')
    last = {'kernel': 'w', 'bias': 'b'}.get(parts[-1], parts[-1])
    if parts[0] == 'gen_z':
        return 'Generator/GenZ/G_linear/' + last
    if parts[0] == 'to_rgb':
        return 'Generator/conv_to_rgb/' + last
    if parts[0] == 'final_norm':
        return 'Generator/BatchNorm/' + last
    if parts[0] == 'attention':
        return 'Generator/attention/' + '/'.join(parts[1:-1] + [last])
    scope = 'Generator/' + _numbered('GBlock', int(parts[0][-2:]))
    kind, number = parts[1].split('_')
    if kind == 'conv':
        return '%s/conv%s/%s' % (scope, number, last)
    return '%s/%s/%s/%s' % (scope, _numbered('BatchNorm', int(number)), parts[2], last)


def refuse_shallow(names: Iterable[str], where: str) -> None:
    """Raises UserError if tensors of these names make up a BigGAN of the other, not deep, family."""
    found = next((name for name in names if _SHALLOW.search(name)), None)
    if found:
        raise UserError(
            '%s is a BigGAN of the family without "deep" (found: %s), another architecture; '
            'give biggan-deep-128, -256 or -512' % (where, found)
        )


def count_blocks(names: Iterable[str]) -> int:
    """How many blocks variables of a TF-Hub module make up."""
    numbers = [re.match(r'Generator/GBlock(?:_(\d+))?/', name) for name in names]
    return max([int(match.group(1) or 0) + 1 for match in numbers if match], default=0)


# ------------------------------------------------------------------ PyTorch


def from_pytorch(
    arrays: Mapping[str, np.ndarray], where: str, configuration: Optional[Configuration] = None, mode: str = 'pytorch'
) -> Weights:
    """The Weights of a state dict of pytorch-pretrained-BigGAN.

    Args:
        arrays: name -> array, with the strides of the file already applied.
        where: the file, for messages.
        configuration: of the config.json; None: what the shapes say.
        mode: of the spectral norm; 'hub' begins with the file's u.

    Raises:
        UserError: no BigGAN-deep, or damaged.
    """
    if 'generator.gen_z.weight_orig' not in arrays:
        raise UserError(
            '%s holds tensors (%s), but no BigGAN-deep' % (where, ', '.join(map(str, list(arrays)[:3])) or 'none')
        )
    configuration = configuration or _inferred_pytorch(arrays, where)
    names = _Names(arrays, where, lambda name: name.endswith('.num_batches_tracked'))
    raw, normalised = {}, set(configuration.normalised)
    for name in configuration.shapes:
        theirs, base = _pytorch_name(name, configuration.attention), name[: -len('/kernel')]
        if name.endswith('/kernel') and base in normalised:
            value = names.take(theirs + '_orig')
            u, v = names.take(theirs + '_u'), names.take(theirs + '_v')
            # v follows the order (in, height, width), ours is (height, width, in).
            if value.ndim not in (2, 4) or (u.size, v.size) != (len(value), value[:1].size):
                raise UserError('%s: the shapes of %s and of its vectors do not fit' % (where, theirs))
            v = v.reshape(value.shape[1:]).transpose(1, 2, 0) if value.ndim == 4 else v
            raw[name] = _Raw(_kernel(value), u, v)
        else:
            value = names.take(theirs)
            raw[name] = _Raw(_kernel(value) if name.endswith('/kernel') else value)
    names.check_used()
    return _folded(raw, configuration, mode, 'pytorch', where)


def _kernel(value: np.ndarray) -> np.ndarray:
    return value.transpose(2, 3, 1, 0) if value.ndim == 4 else value.T


def to_pytorch(
    configuration: Configuration,
    tensors: Mapping[str, np.ndarray],
    vectors: Mapping[str, Tuple[np.ndarray, np.ndarray]],
) -> Dict[str, np.ndarray]:
    """The state dict of a generator, which `from_pytorch` reads: name -> float32 array, in the public code's order.

    Args:
        configuration: Configuration.
        tensors: own name -> array; kernels are not divided.
        vectors: own name of a normalised kernel, without '/kernel' -> (v [all but out], u [out]), whose v W u it shall
            be divided by.
    """
    found: Dict[str, np.ndarray] = collections.OrderedDict()
    for name in configuration.shapes:
        theirs, value, base = _pytorch_name(name, configuration.attention), tensors[name], name[: -len('/kernel')]
        if base not in vectors or not name.endswith('/kernel'):
            found[theirs] = value.T if name.endswith('/kernel') else value
            continue
        v, u = vectors[base]
        v = v.reshape(value.shape[:-1])
        found[theirs + '_orig'] = value.transpose(3, 2, 0, 1) if value.ndim == 4 else value.T
        found[theirs + '_u'], found[theirs + '_v'] = u, (v.transpose(2, 0, 1) if v.ndim == 3 else v).reshape(-1)
    return {name: np.ascontiguousarray(value, np.float32) for name, value in found.items()}


def _pytorch_name(name: str, attention: int) -> str:
    """The name of one of our tensors in a state dict; of normalised kernels without '_orig'."""
    if name == 'embedding/kernel':
        return 'embeddings.weight'
    parts = name.split('/')
    last = {
        'kernel': 'weight',
        'means': 'running_means',
        'variances': 'running_vars',
        'scale': 'weight',
        'offset': 'bias',
    }.get(parts[-1], parts[-1])
    if parts[0] == 'gen_z':
        return 'generator.gen_z.' + last
    if parts[0] == 'to_rgb':
        return 'generator.conv_to_rgb.' + last
    if parts[0] == 'final_norm':
        return 'generator.bn.' + last
    if parts[0] == 'attention':
        module = 'generator.layers.%d.' % attention
        return module + ('gamma' if last == 'gamma' else 'snconv1x1_%s.%s' % (parts[1], last))
    number = int(parts[0][-2:])
    module = 'generator.layers.%d.' % (number if number < attention else number + 1)
    kind, k = parts[1].split('_')
    if kind == 'conv':
        return '%sconv_%s.%s' % (module, k, last)
    return module + '.'.join(['bn_' + k] + parts[2:-1] + [last])


def _inferred_pytorch(arrays, where):
    modules = [re.match(r'generator\.layers\.(\d+)\.(gamma|conv_0)', name) for name in arrays]
    kinds = {int(match.group(1)): match.group(2) for match in modules if match}
    attention = next((number for number, kind in kinds.items() if kind == 'gamma'), None)
    if attention is None or sorted(kinds) != list(range(len(kinds))):
        raise UserError('%s lacks modules of a BigGAN-deep (generator.layers)' % where)

    def shape(name):
        theirs = _pytorch_name(name, attention)
        value = arrays.get(theirs + '_orig', arrays.get(theirs))
        if value is None:
            raise UserError('%s lacks %s, which every BigGAN-deep has' % (where, theirs))
        return _kernel(value).shape if name.endswith('/kernel') else value.shape

    tables = [arrays.get('generator.bn.running_means')]
    return _inferred(shape, tables, where, len(kinds) - 1, attention)


def _inferred(
    shape: Callable[[str], Tuple[int, ...]], tables: List[Any], where: str, count: int, attention: Optional[int] = None
) -> Configuration:
    """What the shapes of tensors say; which blocks double the resolution (the odd ones) they do not."""
    try:
        classes, z_size = shape('embedding/kernel')
        width = shape('gen_z/kernel')[1] // (FIRST_RESOLUTION**2 * FIRST_WIDTH)
        blocks: List[Block] = []
        for i in range(count):
            entering, leaving = [shape('block_%02d/conv_%d/kernel' % (i, k))[2 + j] for k, j in ((0, 0), (3, 1))]
            blocks.append((bool(i % 2), entering // width, leaving // width))
        maps = shape('attention/theta/kernel')[2]
        if attention is None:
            attention = _attention_place(blocks, maps // width)
        return Configuration(
            tuple(blocks), width, z_size, classes, attention, rows=len(tables[0]) if tables and count else 51
        )
    except (KeyError, ValueError, IndexError, TypeError, ZeroDivisionError) as error:
        raise UserError('%s is no BigGAN-deep that is known here (%s)' % (where, error)) from None


def _attention_place(blocks, maps):
    """Before block 8, as all published ones have it, if the widths allow it; else the only place that they allow."""
    fitting = [i for i, block in enumerate(blocks) if block[1] == maps]
    if 8 in fitting or not fitting:
        return 8
    return fitting[0] if len(fitting) == 1 else fitting[-1]
