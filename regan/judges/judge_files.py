"""The files of published judges: what they are called, where people have them, and what is in them.

All go into one folder, which the environment variable REGAN_METRIC_NETWORKS names; a path may be given instead.
"""

import fnmatch
import os
from typing import Any, Dict, List, NamedTuple, Optional

import dnnlib.tflib as tflib
from dnnlib import architectures, contents, file_kinds, torch_files, unpickle
from dnnlib.judge_states import vgg16
from dnnlib.unpickle import NetworkPickleError, NetworkState
from regan.base import artefacts
from regan.base.errors import UserError
from regan.base.typing import PathLike
from regan.judges import keras_files
from regan.networks import weights

FOLDER = 'REGAN_METRIC_NETWORKS'  # Environment variable.
URL = 'https://nvlabs-fi-cdn.nvidia.com/stylegan/networks/metrics/'

INCEPTION_FEATURES = 'inception_v3_features.pkl'  # Images [N, 3, H, W] in 0..255 -> features [N, 2048].
INCEPTION_SOFTMAX = 'inception_v3_softmax.pkl'  # The same -> probabilities [N, classes].
VGG16 = 'vgg16.pkl'  # The same -> features [N, F].
LPIPS = 'vgg16_zhang_perceptual.pkl'  # Two batches of such images -> distances [N].
HEADS = 'vgg.pth'  # Of the package lpips.

_ATTRIBUTES = (
    'male smiling attractive wavy-hair young 5-o-clock-shadow arched-eyebrows bags-under-eyes bald bangs big-lips '
    'big-nose black-hair blond-hair blurry brown-hair bushy-eyebrows chubby double-chin eyeglasses goatee gray-hair '
    'heavy-makeup high-cheekbones mouth-slightly-open mustache narrow-eyes no-beard oval-face pale-skin pointy-nose '
    'receding-hairline rosy-cheeks sideburns straight-hair wearing-earrings wearing-hat wearing-lipstick '
    'wearing-necklace wearing-necktie'
).split()

# Images [N, 3, 256, 256] in [-1, 1], no labels -> logits [N, 1], positive where the attribute is there.
CLASSIFIERS = ['celebahq-classifier-%02d-%s.pkl' % (i, name) for i, name in enumerate(_ATTRIBUTES)]


class Kind(NamedTuple):
    """What a judge is to be.

    Attributes:
        what: in words.
        function: the build function of ours.
        inputs: how many.
        files: patterns of names, the best first.
        sources: where these come from.
    """

    what: str
    function: str
    inputs: int
    files: List[str]
    sources: str


_TORCHVISION = 'https://download.pytorch.org/models/vgg16-397923af.pth'
_OF_LPIPS = '%s (in lpips/weights/v0.1 of the package lpips)' % HEADS

KINDS = {
    'lpips': Kind(
        'LPIPS on VGG16',
        'LPIPS',
        2,
        [LPIPS, 'vgg16-*.pth'],
        '%s%s, or %s and %s' % (URL, LPIPS, _TORCHVISION, _OF_LPIPS),
    ),
    'vgg16': Kind(
        'VGG16',
        'VGG16',
        1,
        [VGG16, 'vgg16-*.pth', 'vgg16_weights_*.h5', LPIPS],
        '%s%s, %s, or vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5 of Keras' % (URL, VGG16, _TORCHVISION),
    ),
}


class JudgeFile:
    """A judge that was read from a file as data; `network` makes it.

    Attributes:
        kind: of KINDS.
        paths: its files, list of str; there are two where heads lie beside.
        state: NetworkState.
    """

    kind: str
    paths: List[str]
    state: NetworkState

    def __init__(self, kind: str, paths: List[str], state: NetworkState, trust_embedded_code: bool) -> None:
        self.kind, self.paths, self.state, self._trust = kind, paths, state, trust_embedded_code

    def facts(self) -> Dict[str, Any]:
        """For records: dict(judge, files={name: SHA-256})."""
        files = {os.path.basename(path): artefacts.sha256_file(path) for path in self.paths}
        return dict(judge=self.kind, files=files)

    def network(self) -> tflib.Network:
        """The Network in the present graph and session. Raises NetworkPickleError."""
        return tflib.Network.from_state(self.state, self.paths[0], self._trust)


def read(kind: str, path: Optional[PathLike] = None, trust_embedded_code: bool = False) -> JudgeFile:
    """A judge from its file.

    Args:
        kind: of KINDS.
        path: file, or folder with files of the usual names; default: the folder that REGAN_METRIC_NETWORKS names.
            Heads of LPIPS lie beside the file of torchvision's VGG16.
        trust_embedded_code: True lets a pickle run code of its own, see `dnnlib.trust`; what is rebuilt otherwise is
            then the published network itself.
    Raises: UserError if there is none, or another network in its place.
    """
    wanted, found = KINDS[kind], _file(kind, path)
    try:
        state = _state(found, trust_embedded_code)
        weights.check(state, found)
        paths = [found]
        if kind == 'lpips' and state.build_func_name == 'VGG16' and 'mean' not in state.static_kwargs:
            paths.append(os.path.join(os.path.dirname(found), HEADS))
            state = _with_heads(state, found, paths[1])
        if kind == 'vgg16' and state.build_func_name == 'LPIPS':
            state = vgg16.without_heads(state)
    except NetworkPickleError as error:
        raise UserError(str(error)) from None
    if state.build_func_name != wanted.function and architectures.is_known(state):
        raise UserError(
            '%s is not %s but %s; it may come from %s' % (found, wanted.what, state.build_func_name, wanted.sources)
        )
    return JudgeFile(kind, paths, state, trust_embedded_code)


def _file(kind, path):
    """Path of the file of a judge."""
    folder = os.environ.get(FOLDER) if path is None else os.fspath(path)
    if path is not None and not os.path.isdir(folder):
        if not os.path.exists(folder):
            raise UserError('cannot read %s: there is no such file' % folder)
        return folder
    names = sorted(os.listdir(folder)) if folder and os.path.isdir(folder) else []
    for pattern in KINDS[kind].files:
        for name in fnmatch.filter(names, pattern):
            return os.path.join(folder, name)
    raise UserError(
        '%s is needed, but not %s; put its file into a folder and name that in the environment variable %s. It comes '
        'from %s' % (KINDS[kind].what, 'in %s' % folder if folder else 'at hand', FOLDER, KINDS[kind].sources)
    )


def _state(path, trust):
    """The NetworkState in a file: of ours, or as it is where none of ours is like it. Raises NetworkPickleError."""
    kind = file_kinds.of_path(path)
    if kind is not None and kind.key == 'hdf5':
        return _named(path, vgg16.of_keras, keras_files.layers(path))
    if kind is not None and kind.key == 'torch':
        return _of_tensors(_tensors(path), path)
    found = contents.in_file(unpickle.read(path), path)
    if len(found) != 1:
        raise NetworkPickleError('%s holds no judge but %s' % (path, contents.listed(found)))
    state = found[0].state
    if trust and state.build_module_src:
        return state
    return _named(path, architectures.judge, state) or state


def _tensors(path):
    with open(path, 'rb') as file:
        value = torch_files.containers.read(file, path)
    return (
        {name: tensor for name, tensor in value.items() if hasattr(tensor, 'ndim')} if hasattr(value, 'items') else {}
    )


def _of_tensors(tensors, path):
    if 'features.0.weight' in tensors:
        return _named(path, vgg16.of_torchvision, tensors)
    raise NetworkPickleError(
        '%s holds no judge that is known here (first tensors: %s)' % (path, ', '.join(list(tensors)[:3]) or 'none')
    )


def _with_heads(state, path, beside):
    if not os.path.exists(beside):
        raise UserError('%s is VGG16 alone; for LPIPS put %s beside it' % (path, _OF_LPIPS))
    heads = _named(beside, vgg16.heads_of_lpips, _tensors(beside))
    return _named(beside, vgg16.with_heads, state, heads)


def _named(path, function, *arguments):
    """What a function returns; its errors get the name of the file."""
    try:
        return function(*arguments)
    except NetworkPickleError as error:
        raise NetworkPickleError('%s: %s' % (path, error)) from None
