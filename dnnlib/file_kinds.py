"""What a file is, told from its content: which kind, in words, and which command takes it.

`KINDS` is the registry, one entry for each kind in the order in which they are tried; whoever can read a kind goes by
its `key`. Nothing of a file is executed (see `file_sample`).
"""

import collections
import contextlib
import fnmatch
import io
import itertools
import os
import re
import stat

from . import file_sample

Found = collections.namedtuple('Found', 'key what advice')  # What `identify` found; `what` follows "X is".
# `what` may have {} for what the signature says. `reader`: of networks, 'module.function', or ''; see `READERS`.
Kind = collections.namedtuple('Kind', 'key what advice signature reader')

_MOST_NAMED = 4  # Members, arrays or keys that a message names.

# ------------------------------------------------------------------ signatures: Sample -> what is said of it, or None

_OF_PICKLES = re.compile(  # Texts that Python, NumPy and PyTorch themselves put into pickles.
    r'(torch\b|numpy\b|_|[bcfiuVSUO][1-9]*$|[CF]$|storage$|cpu$|cuda\b|collections$|OrderedDict$|ndarray$|dtype$|scalar$|'
    r'protocol_version$|little_endian$|type_sizes$|short$|int$|long$|latin1$|[A-Z][a-z0-9]+Storage$)'
)
_TABLE = b'W\xfb\x80\x8b$uG\xdb'  # TensorFlow's checkpoints end with it.


def _magic(*beginnings):
    return lambda sample: sample.head.startswith(beginnings)


def _begins(*words):
    """A text that begins so, in small letters."""
    return lambda sample: sample.text[:200].lower().startswith(words)


def _has_members(pattern):
    return lambda sample: any(re.search(pattern, name) for name in sample.members)


def _has_arrays(*names):
    """An archive of arrays, these among them."""
    return lambda sample: set(names) <= set(sample.arrays) and _listed_arrays(sample)


def _array_like(fits):
    """A .npy with an array whose type and shape fit."""
    return lambda sample: '' in sample.arrays and fits(*sample.arrays['']) and _shown(*sample.arrays[''])


def _shown(kind, shape):
    return '%s %s' % (kind, shape)


def _listed_arrays(sample):
    return _listed('%s: %s' % (name, _shown(*facts)) for name, facts in sample.arrays.items())


def _listed(names):
    """Some names for a message, at most so many and so long, without control characters."""
    names = [repr(name)[1:-1][:80] for name in itertools.islice(names, _MOST_NAMED + 1)]
    return ', '.join(names[:_MOST_NAMED]) + (', ...' if len(names) > _MOST_NAMED else '')


def _is_pickle(sample):
    """Pickles begin with their protocol, from 2 on; older ones are texts of opcodes that end in a dot."""
    return re.match(rb'\x80[\x00-\x05]', sample.head) or (sample.tail.endswith(b'.') and sample.names)


def _is_torch(sample):
    return sample.head.startswith(file_sample.TORCH) or any(name.startswith('torch') for name in sample.names)


def _torch(*patterns, **options):
    """A file of PyTorch in which each pattern fits the beginning of some text (or of a name of a class)."""
    among = options.get('among', 'words')
    return lambda sample: (
        _is_torch(sample) and all(any(re.match(p, word) for word in getattr(sample, among)) for p in patterns)
    )


def _pickle_naming(pattern):
    """A pickle that asks for classes or functions whose names begin so, which are said."""
    return lambda sample: _is_pickle(sample) and _listed(n for n in sample.names if re.match(pattern, n))


def _with_keys(*keys):
    """JSON: a dict with these keys, or a list of such dicts."""

    def fits(sample):
        value = sample.value[0] if isinstance(sample.value, list) and sample.value else sample.value
        return isinstance(value, dict) and set(keys) <= set(value)

    return fits


def _is_json(sample):
    return sample.value is not None


def _keys(sample):
    """What look like keys of dicts and names of layers among a pickle's texts; names with dots first."""
    keys = [w for w in sample.words if re.match(r'[A-Za-z][\w./-]*$', w) and not _OF_PICKLES.match(w)]
    return _listed(sorted(keys, key=lambda word: '.' not in word))


def _is_safetensors(sample):
    length = int.from_bytes(sample.head[:8], 'little')
    return sample.head[8:9] == b'{' and 2 <= length < 1 << 32 and sample.head[9:10] in b'"} '


def _is_records(sample):
    """TFRecords begin with the length of the first one and the checksum of these 8 bytes (masked CRC-32C)."""
    if len(sample.head) < 12:
        return False
    crc = 0xFFFFFFFF
    for byte in sample.head[:8]:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    masked = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
    return masked == int.from_bytes(sample.head[8:12], 'little')


def _is_table(sample):
    """Rows of as many cells each."""
    rows = sample.text.splitlines()[:5]
    counts = {row.count(',') for row in (rows[:-1] if len(sample.head) < sample.size else rows)}
    return len(counts) == 1 and counts != {0}


def _is_onnx(sample):
    """The version of the format, then who wrote it or the graph."""
    begins = re.match(rb'\x08[\x01-\x7f][\x12\x1a\x22\x3a\x42]', sample.head)
    return begins and (sample.suffix == '.onnx' or re.search(rb'pytorch|onnx', sample.head[:200]))


# ------------------------------------------------------------------ the registry

_NETWORKS = 'networks are TensorFlow pickles of StyleGAN, StyleGAN2, StyleGAN2-ADA and Progressive GAN'
_FETCH = 'fetch it again'
_UNPACK = 'unpack it and give the file in it'
_PYTORCH = (
    'nothing of it was executed; of PyTorch files, networks of stylegan2-ada-pytorch, rosinality, genforce and '
    'BigGAN-deep are read'
)
_PICTURES = '`regan dataset create --images` takes folders of pictures'
_DIRECTION = '`regan boundary edit` takes boundaries'
_CACHED = 'it is part of the cache and no input'
_TORCH_READER = 'dnnlib.torch_files.read'
_RUN_FOLDER = '`regan train` goes on from the folder that it is in; the networks there are network-*.pkl'

KINDS = tuple(
    Kind(*row[:4], reader=''.join(row[4:]))
    for row in [
        ('empty', 'empty', _FETCH, lambda sample: sample.size == 0),
        # Texts.
        (
            'html',
            'an HTML page',
            'the server sent a notice (often a quota or confirmation page) instead of the file, so fetch it again in a '
            'browser',
            lambda sample: re.match(r'<(!doctype html|html|head|body|!--)', sample.text[:200].lower()),
        ),
        (
            'lfs',
            'a Git LFS pointer, not the file itself',
            'run "git lfs pull" where it came from',
            _begins('version https://git-lfs'),
        ),
        ('xml', 'an XML file', _NETWORKS, _begins('<')),
        ('checkpoint-list', 'the list of checkpoints of a TensorFlow run', _NETWORKS, _begins('model_checkpoint_path')),
        (
            'edits',
            'a file of named edits (JSON)',
            'give it to --edits-file',
            _with_keys('id', 'component'),
        ),
        (
            'saved-edit',
            'a saved edit (JSON)',
            'give it to --edit of `regan edit`, or to `regan edits export`',
            _with_keys('component', 'strength', 'found_on'),
        ),
        (
            'record',
            'the JSON beside an output, which says what made it',
            'the network that it names is an input, it is none itself',
            _with_keys('command', 'tensorflow'),
        ),
        ('labels', 'a table of labels (JSON)', 'keep it in the folder of its images', _with_keys('labels')),
        (
            'json',
            'a JSON file',
            'it is no file of edits, and nothing else that is read here',
            _is_json,
        ),
        # Images and other media.
        ('png', 'a PNG image', _PICTURES, _magic(b'\x89PNG\r\n\x1a\n')),
        ('jpeg', 'a JPEG image', _PICTURES, _magic(b'\xff\xd8\xff')),
        ('gif', 'a GIF image', _PICTURES, _magic(b'GIF87a', b'GIF89a')),
        ('bmp', 'a BMP image', _PICTURES, lambda s: re.match(rb'BM.{4}\0{4}', s.head, re.DOTALL)),
        ('tiff', 'a TIFF image', _PICTURES, _magic(b'II*\0', b'MM\0*')),
        ('webp', 'a WebP image', _PICTURES, lambda s: re.match(rb'RIFF.{4}WEBP', s.head, re.DOTALL)),
        ('video', 'a video', 'take its frames out; ' + _PICTURES, lambda s: s.head[4:8] == b'ftyp'),
        ('pdf', 'a PDF document', _NETWORKS, _magic(b'%PDF')),
        ('program', 'a compiled program', _NETWORKS, _magic(b'\x7fELF', b'MZ\x90\0')),
        # Of other frameworks.
        ('hdf5', 'an HDF5 file, as Keras keeps weights', _NETWORKS, _magic(b'\x89HDF')),
        ('safetensors', 'a safetensors file', 'no generator is read from that form; ' + _NETWORKS, _is_safetensors),
        ('tflite', 'a TensorFlow Lite model', _NETWORKS, lambda s: s.head[4:8] == b'TFL3'),
        ('onnx', 'an ONNX model', _NETWORKS, _is_onnx),
        (
            'checkpoint',
            'a part of a TensorFlow checkpoint',
            'networks are the pickles that training writes beside its checkpoints (network-*.pkl)',
            lambda s: s.tail == _TABLE or re.match(r'\.(data-\d+-of-\d+|meta)$', s.suffix),
        ),
        ('graph', 'a TensorFlow graph (SavedModel or frozen)', _NETWORKS, lambda s: s.suffix == '.pb'),
        (
            'records',
            'a TFRecord file',
            '`regan train --data` and `regan metrics --data` take the folder that it is in',
            _is_records,
        ),
        # NumPy's arrays.
        (
            'components',
            'a file of principal components ({})',
            'give it to --basis',
            _has_arrays('lat_comp', 'lat_mean', 'lat_stdev'),
        ),
        (
            'saved-edit-arrays',
            'the arrays of a saved edit ({})',
            'give the .json beside it to --edit of `regan edit`',
            _has_arrays('lat_comp', 'act_comp'),
        ),
        ('progress', 'the state of unfinished work ({})', _CACHED, _has_arrays('facts')),
        (
            'training-state',
            'the state of a training run ({})',
            _RUN_FOLDER,
            lambda s: any(name.startswith('variables/') for name in s.arrays) and _has_arrays('header')(s),
        ),
        ('real-statistics', 'statistics of images ({})', _CACHED, _has_arrays('mean', 'covariance')),
        ('real-features', 'features of images ({})', _CACHED, _has_arrays('features', 'radii')),
        (
            'projected-w',
            'an archive of latents, as projectors write it ({})',
            'in Python, `Generator.synthesize` draws its array w',
            lambda s: len(s.arrays) <= 3 and _has_arrays('w')(s),
        ),
        (
            'npz',
            'an archive of NumPy arrays ({})',
            'components for --basis have the arrays lat_comp, lat_mean and lat_stdev',
            lambda s: s.head.startswith(b'PK') and s.arrays and _listed_arrays(s),
        ),
        (
            'boundary',
            'a NumPy array ({}), like a boundary',
            _DIRECTION,
            _array_like(lambda kind, shape: kind.startswith('float') and len(shape) == 2 and shape[0] == 1),
        ),
        (
            'codes',
            'a NumPy array ({}), like codes',
            '`regan boundary train --codes` takes codes [N, D]',
            _array_like(lambda kind, shape: kind.startswith('float') and len(shape) == 2 and shape[1] > 1),
        ),
        (
            'dlatents',
            'a NumPy array ({}), like latents of every layer',
            'in Python, `Generator.synthesize` draws it',
            _array_like(lambda kind, shape: kind.startswith('float') and len(shape) == 3),
        ),
        (
            'npy',
            'a NumPy array ({})',
            '`regan boundary train --scores` takes scores [N], `regan dataset create --labels` rows of labels',
            _array_like(lambda kind, shape: True),
        ),
        ('damaged-npy', 'a NumPy array that is damaged or cut off', _FETCH, _magic(file_sample.NPY)),
        # PyTorch: what the files hold.
        (
            'torchscript',
            'a compiled PyTorch program (TorchScript), which would have to be executed',
            'give a network pickle instead; ' + _NETWORKS,
            _has_members(r'^[^/]+/(code/|constants\.pkl$)'),
        ),
        (
            'stylegan3',
            'a StyleGAN3 network of PyTorch, whose translation-equivariant synthesis this program does not have',
            _PYTORCH,
            _torch(r'L\d+_\d+_\d+$'),
        ),
        (
            'stylegan-xl',
            'a StyleGAN-XL network of PyTorch, another architecture than StyleGAN, StyleGAN2 or StyleGAN2-ADA',
            _PYTORCH,
            _torch(r'(embed_proj|SuperresGenerator)$'),
        ),
        (
            'stylegan-t',
            'a StyleGAN-T network of PyTorch, another architecture than StyleGAN, StyleGAN2 or StyleGAN2-ADA',
            _PYTORCH,
            lambda s: _is_pickle(s) and any(name.startswith('networks.generator.') for name in s.names),
        ),
        (
            'eg3d',
            'an EG3D network of PyTorch, another architecture than StyleGAN, StyleGAN2 or StyleGAN2-ADA',
            _PYTORCH,
            _torch(r'(TriPlaneGenerator|renderer)$', r'(TriPlaneGenerator|backbone)$'),
        ),
        (
            'stylegan2-ada-pytorch',
            'a network of stylegan2-ada-pytorch (PyTorch)',
            _PYTORCH,
            _torch(r'torch_utils\.persistence', among='names'),
            _TORCH_READER,
        ),
        (
            'encoder',
            'an image encoder of PyTorch (pSp, e4e or similar) around a StyleGAN2 generator',
            _PYTORCH,
            _torch(r'encoder\.', r'decoder\.'),
        ),
        (
            'swagan',
            'a SWAGAN network of PyTorch, another architecture than StyleGAN, StyleGAN2 or StyleGAN2-ADA',
            _PYTORCH,
            _torch(r'.*\.(iwt|dwt)\.'),
        ),
        (
            'rosinality',
            'a checkpoint of rosinality/stylegan2-pytorch (or one like it)',
            _PYTORCH,
            _torch(r'convs\.0\.conv\.weight$'),
            _TORCH_READER,
        ),
        ('genforce', 'a checkpoint of genforce (PyTorch)', _PYTORCH, _torch(r'generator_smooth$'), _TORCH_READER),
        (
            'interfacegan',
            'a network that InterFaceGAN converted to PyTorch',
            _PYTORCH,
            _torch(r'layer0\.(conv\.weight|wscale\.bias|epilogue)'),
        ),
        (
            'lernapparat',
            "a StyleGAN network that was converted to PyTorch (lernapparat's form, which GANSpace uses)",
            _PYTORCH,
            _torch(r'g_mapping\.dense0\.weight$'),
        ),
        (
            'biggan',
            'the weights of a BigGAN of PyTorch',
            _PYTORCH,
            _torch(r'generator\.gen_z\.'),
            'regan.biggan.files.read_pytorch',
        ),
        (
            'lucidrains',
            'a checkpoint of lucidrains/stylegan2-pytorch, another architecture than StyleGAN2',
            _PYTORCH,
            _torch(r'GAN$', r'version$'),
        ),
        (
            'torch',
            'a PyTorch file (texts in it: {})',
            _PYTORCH,
            lambda s: _is_torch(s) and (_keys(s) or 'none'),
        ),
        # Other pickles.
        (
            'networks',
            'a pickle of networks',
            'if it cannot be read, it is damaged; ' + _FETCH,
            _pickle_naming(r'(dnnlib\.tflib\.network|tfutil|network)\.Network$'),
        ),
        (
            'viewer-edit',
            "an edit that GANSpace's viewer saved",
            'give it to --edit of `regan edit`, or to `regan edits import`',
            lambda s: _is_pickle(s) and {'decomposition', 'lat_comp', 'edit_start'} <= set(s.words),
        ),
        (
            'sklearn',
            'a model of scikit-learn ({})',
            'a boundary is its unit normal in a .npy of shape (1, D)',
            _pickle_naming(r'sklearn\.'),
        ),
        (
            'keras',
            'a pickle of Python objects of another framework ({})',
            _NETWORKS,
            _pickle_naming(r'(keras|tensorflow|jax|jaxlib|flax|haiku|paddle|chainer|mxnet|theano|lasagne)\b'),
        ),
        (
            'pickled-arrays',
            'a pickle of NumPy arrays (texts in it: {})',
            _NETWORKS,
            lambda s: (
                _is_pickle(s)
                and any(re.search(r'\._reconstruct$|_frombuffer$', name) for name in s.names)
                and all(re.match(r'numpy\b|_codecs\.encode$|collections\.', name) for name in s.names)
                and (_keys(s) or 'none')
            ),
        ),
        ('pickled-objects', 'a pickle of Python objects ({})', _NETWORKS, _pickle_naming(r'')),
        (
            'pickled-values',
            'a pickle of plain Python values',
            _NETWORKS,
            _is_pickle,
        ),
        # Archives; after all that are kept in one.
        (
            'hub-module',
            'a TF-Hub module or SavedModel in an archive',
            'modules of BigGAN-deep are read',
            _has_members(r'(^|/)((tfhub_module|saved_model)\.pb|variables/variables\.(index|data-.*))$'),
            'regan.biggan.files.read_archive',
        ),
        (
            'tar',
            'a tar archive ({})',
            _UNPACK,
            lambda s: s.head[257:262] == b'ustar' and (_listed(s.members) or 'cut off'),
        ),
        ('keras-archive', 'a Keras model', _NETWORKS, _has_members(r'^model\.weights\.h5$')),
        ('zip', 'a zip archive ({})', _UNPACK, lambda s: s.head.startswith(b'PK') and _listed(s.members)),
        ('damaged-zip', 'a zip archive that is damaged or cut off', _FETCH, _magic(b'PK\x03\x04')),
        ('compressed', 'a file that {} compressed', _UNPACK, lambda s: file_sample.compression(s.head)),
        ('other-archive', 'a compressed archive', _UNPACK, _magic(b"7z\xbc\xaf'\x1c", b'Rar!', b'\x28\xb5\x2f\xfd')),
        # Last, because most texts would do.
        (
            'csv',
            'a table (CSV)',
            '`regan boundary train --scores` and `regan dataset create --labels` take tables',
            _is_table,
        ),
        ('python', 'Python source', '`regan script` runs scripts', lambda s: s.suffix == '.py' and s.text),
        ('text', 'a text', _NETWORKS, lambda s: s.text),
        ('zeros', 'nothing but zero bytes', _FETCH, lambda s: not s.head.strip(b'\0')),
    ]
)


# Kinds for which damaged files of others may pass.
UNCLEAR = ('empty', 'damaged-npy', 'damaged-zip', 'csv', 'text', 'python', 'zeros')

# Kinds of files, and of folders, that another reader than that of pickles reads: key -> 'module.function', which is
# called with a stream at its beginning (of a folder: its path) and the name for messages, and gives (value, notes).
READERS = {kind.key: kind.reader for kind in KINDS if kind.reader}
READERS['saved-model'] = 'regan.biggan.files.read_folder'

# Kinds that Python's pickle wrote: plain data of any content, or objects, which a reader of data refuses itself.
PICKLES = ('networks', 'pickled-objects', 'pickled-arrays', 'pickled-values', 'viewer-edit')


def identify(stream, suffix=''):
    """What a seekable binary file object holds, which may be compressed: Found, or None if it is nothing known.

    Args:
        suffix: of the file's name, a hint for kinds whose content does not tell.
    """
    sample = file_sample.Sample(stream, suffix)
    if file_sample.compression(sample.head):
        with contextlib.suppress(*file_sample.DAMAGED):
            inner = identify(io.BytesIO(file_sample.beginning_of(stream)))
            if inner is not None and inner.key not in ('empty', 'text', 'zeros'):
                return inner
    for kind in KINDS:
        said = kind.signature(sample)
        if said:
            return Found(kind.key, kind.what.replace('{}', said if isinstance(said, str) else ''), kind.advice)
    return None


# ------------------------------------------------------------------ what a path leads to

_FOLDERS = (  # key, pattern of a file in it, what, advice
    ('saved-model', 'saved_model.pb', 'the folder of a TensorFlow SavedModel', 'modules of BigGAN-deep are read'),
    ('run', 'network-*.pkl', 'the folder of a training run', 'give one of its networks, such as {}'),
    ('data-set', '*.tfrecords', 'the folder of a data set', '--data takes it'),
    ('checkpoints', '*.index', 'a folder of TensorFlow checkpoints', _NETWORKS),
    ('networks-folder', '*.pkl', 'a folder', 'give one of its files, such as {}'),
    ('pictures', '*.[pj][np]*g', 'a folder of pictures', '`regan dataset create --images` takes it'),
)


def of_path(path):
    """What a path leads to: Found, or None if there is nothing or nothing known. No pipe or device is opened."""
    path = os.fspath(path)
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            return _folder(path)
        if not stat.S_ISREG(mode):
            kind = 'a pipe' if stat.S_ISFIFO(mode) else 'a socket' if stat.S_ISSOCK(mode) else 'a device'
            return Found('no-file', kind, 'it can be read only once; save its content to a file and give that')
        with open(path, 'rb') as file:
            return identify(file, os.path.splitext(path)[1])
    except (OSError, ValueError):  # Missing, not to be read, or with a zero byte in its name.
        return None


def _folder(path):
    names = sorted(os.listdir(path))
    for key, pattern, what, advice in _FOLDERS:
        inside = fnmatch.filter(names, pattern)
        if inside:
            return Found(key, what, advice.replace('{}', os.path.join(path, inside[-1])))
    return Found('folder', 'a folder', 'give a file in it' if names else 'it is empty')


def hint(path):
    """For the end of a message about a file that could not be used: ' (it is WHAT; ADVICE)', or ''."""
    found = of_path(path)
    return '' if found is None else ' (it is %s; %s)' % (found.what, found.advice)
