"""The files of published judges: what they are called, where people have them, and what is in them.

All go into one folder, which the environment variable REGAN_METRIC_NETWORKS names; a path may be given instead.
"""

import contextlib
import fnmatch
import os
from typing import Any, Dict, List, NamedTuple, Optional

import dnnlib.tflib as tflib
from dnnlib import architectures, contents, file_kinds, torch_files, trust, unpickle
from dnnlib.judge_states import inception_v3, vgg16
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
        inputs: how many it has; labels, which a classifier does not use, are one.
        rank, size: of its output, and the last axis of that or None.
        files: patterns of names, the best first.
        sources: where these come from.
    """

    what: str
    function: str
    inputs: int
    rank: int
    size: Optional[int]
    files: List[str]
    sources: str


_TORCHVISION = 'https://download.pytorch.org/models/vgg16-397923af.pth'
_OF_LPIPS = '%s (in lpips/weights/v0.1 of the package lpips)' % HEADS
_KERAS = 'vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5 of Keras'
_PYTORCH_FID = 'pt_inception-2015-12-05-6726825d.pth of pytorch-fid'

KINDS = {
    'lpips': Kind(
        'LPIPS on VGG16',
        'LPIPS',
        2,
        1,
        None,
        [LPIPS, 'vgg16-*.pth'],
        '%s%s, or %s with %s beside it' % (URL, LPIPS, _TORCHVISION, _OF_LPIPS),
    ),
    'vgg16': Kind(
        'VGG16',
        'VGG16',
        1,
        2,
        None,
        [VGG16, 'vgg16-*.pth', 'vgg16_weights_*.h5', LPIPS],
        '%s%s, %s, or %s' % (URL, VGG16, _TORCHVISION, _KERAS),
    ),
    'vgg16-features': Kind('VGG16 with fully connected layers', 'VGG16', 1, 2, None, [VGG16], URL + VGG16),
    'inception': Kind(
        'Inception-v3 without classes',
        'Inception_v3',
        1,
        2,
        2048,
        [INCEPTION_FEATURES, 'pt_inception-2015-*.pth'],
        '%s%s, or %s' % (URL, INCEPTION_FEATURES, _PYTORCH_FID),
    ),
    'softmax': Kind(
        'Inception-v3 with classes',
        'Inception_v3',
        1,
        2,
        None,
        [INCEPTION_SOFTMAX, 'pt_inception-2015-*.pth'],
        '%s%s, or %s' % (URL, INCEPTION_SOFTMAX, _PYTORCH_FID),
    ),
    'classifier': Kind(
        'a classifier of faces', 'D_basic', 2, 2, 1, CLASSIFIERS, URL + 'celebahq-classifier-NN-<attribute>.pkl'
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
        """The Network in the present graph and session.

        Raises: UserError if it cannot be made, or code of the file's own makes a network of another kind.
        """
        try:
            network = tflib.Network.from_state(self.state, self.paths[0], self._trust)
        except NetworkPickleError as error:
            raise UserError(str(error)) from None
        if architectures.is_known(self.state):
            return network
        kind, shape = KINDS[self.kind], network.output_shape
        if network.num_inputs != kind.inputs or len(shape) != kind.rank or kind.size not in (None, shape[-1]):
            raise UserError(
                '%s is not %s: its network %s takes %d inputs and gives %s'
                % (self.paths[0], kind.what, network.name, network.num_inputs, shape)
            )
        return network


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
        state = _state(found, kind, trust_embedded_code)
        _check_finite(state, found)
        paths = [found]
        if kind == 'lpips' and state.build_func_name == 'VGG16' and 'mean' not in state.static_kwargs:
            paths.append(os.path.join(os.path.dirname(found), HEADS))
            state = _with_heads(state, found, paths[1])
        if kind == 'vgg16' and state.build_func_name == 'LPIPS':
            state = vgg16.without_heads(state)
    except NetworkPickleError as error:
        raise UserError(str(error)) from None
    if not architectures.is_known(state) and not _runs_itself(state, trust_embedded_code):
        raise UserError(
            '%s is not %s as far as its variables tell: it holds %s (%s)%s'
            % (
                found,
                wanted.what,
                state.name,
                state.build_func_name,
                '; ' + trust.ADVICE if state.build_module_src else '',
            )
        )
    if architectures.is_known(state) and not _fits(state, kind):
        raise UserError(
            '%s is not %s but %s; it may come from %s' % (found, wanted.what, _called(state), wanted.sources)
        )
    return JudgeFile(kind, paths, state, trust_embedded_code)


def _check_finite(state, path):
    wrong = weights.non_finite(state)
    if wrong:
        raise UserError(
            '%s holds weights that are NaN or infinite (%s), which no judge does; fetch it again'
            % (path, next(iter(wrong)))
        )


def _fits(state, kind):
    arguments = state.static_kwargs
    has_parts = {
        'softmax': bool(arguments.get('num_classes')),
        'inception': not arguments.get('num_classes'),
        'vgg16-features': len(arguments.get('dense_sizes', ())) > 1,
    }
    return state.build_func_name == KINDS[kind].function and has_parts.get(kind, True)


def _called(state):
    """What a network of ours is, in words."""
    return next((one.what for kind, one in KINDS.items() if _fits(state, kind)), state.build_func_name)


def locate(kind: str, folder: Optional[PathLike] = None, files: Optional[List[str]] = None) -> str:
    """Path of the file of a judge in a folder, by the usual names.

    Args:
        kind: of KINDS.
        folder: default: the one that REGAN_METRIC_NETWORKS names.
        files: patterns of names instead of the usual ones.
    Raises: UserError that says which file is missing, where it comes from, and where it may be put.
    """
    folder = os.environ.get(FOLDER) if folder is None else os.fspath(folder)
    names = sorted(os.listdir(folder)) if folder and os.path.isdir(folder) else []
    for pattern in files or KINDS[kind].files:
        for name in fnmatch.filter(names, pattern):
            return os.path.join(str(folder), name)
    raise UserError(
        '%s is needed, but not %s; put its file into a folder and name that in the environment variable %s. It comes '
        'from %s' % (KINDS[kind].what, 'in %s' % folder if folder else 'at hand', FOLDER, KINDS[kind].sources)
    )


def kind_of(file: str) -> Optional[str]:
    """Which of KINDS an official file name stands for, or None."""
    official = {INCEPTION_FEATURES: 'inception', INCEPTION_SOFTMAX: 'softmax', VGG16: 'vgg16-features', LPIPS: 'lpips'}
    return 'classifier' if file in CLASSIFIERS else official.get(file)


def at_hand(file: str) -> Optional[str]:
    """Path of what stands for an official file in the folder that REGAN_METRIC_NETWORKS names, or None: itself, or the
    same weights in the form of another program.
    """
    kind = kind_of(file)
    if kind is None or not os.environ.get(FOLDER):
        return None
    with contextlib.suppress(UserError):
        return locate(kind, files=[file] if kind == 'classifier' else None)
    return None


def at_address(url: str) -> Optional[JudgeFile]:
    """The judge that an official script asks for by its address, if it is at hand.

    Raises: UserError if another network is in its place.
    """
    file = url[len(URL) :] if url.startswith(URL) else ''
    path, kind = at_hand(file), kind_of(file)
    return None if path is None or kind is None else read(kind, path)


def _file(kind, path):
    """Path of the file of a judge."""
    if path is None or os.path.isdir(path):
        return locate(kind, path)
    if not os.path.exists(path):
        raise UserError('cannot read %s: there is no such file' % path)
    return os.fspath(path)


def _runs_itself(state, trusted):
    """Whether code of the file runs in place of our networks."""
    return bool(state.build_module_src) and not architectures.is_known(state) and (trusted or trust.by_environment())


def _state(path, kind, trusted):
    """The NetworkState in a file: of ours, or as it is where none of ours is like it. Raises NetworkPickleError."""
    form = file_kinds.of_path(path)
    if form is not None and form.key == 'hdf5':
        return _named(path, vgg16.of_keras, keras_files.layers(path))
    if form is not None and form.key == 'torch':
        return _of_tensors(_tensors(path), path, kind)
    found = contents.in_file(unpickle.read(path), path)
    if len(found) != 1:
        raise NetworkPickleError('%s holds no judge but %s' % (path, contents.listed(found)))
    state = found[0].state
    if _runs_itself(state, trusted):
        return state
    return _named(path, architectures.judge, state, kind == 'classifier') or state


def _tensors(path):
    with open(path, 'rb') as file:
        value = torch_files.containers.read(file, path)
    return (
        {name: tensor for name, tensor in value.items() if hasattr(tensor, 'ndim')} if hasattr(value, 'items') else {}
    )


def _of_tensors(tensors, path, kind):
    if 'features.0.weight' in tensors:
        return _named(path, vgg16.of_torchvision, tensors)
    if 'Conv2d_1a_3x3.conv.weight' in tensors:
        return _named(path, inception_v3.of_torch, tensors, kind == 'softmax')
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
