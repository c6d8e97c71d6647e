"""The published StyleGAN2 networks by their aliases, as scripts written for StyleGAN2 import them.

The networks are NVIDIA's, under the Nvidia Source Code License-NC; they are downloaded at first use and never part
of this project.
"""

import os

import dnnlib
import dnnlib.tflib as tflib
from dnnlib import contents, unpickle

_CACHE_DIR = '.stylegan2-cache'
_URL = 'https://nvlabs-fi-cdn.nvidia.com/stylegan2/networks/'

_FILES = [
    'stylegan2-%s-config-%s.pkl' % (data_set, config)
    for data_set, configs in [('car', 'abcdef'), ('cat', 'af'), ('church', 'af'), ('ffhq', 'abcdef'), ('horse', 'af')]
    for config in configs
]
_FILES += [
    'table2/stylegan2-%s-config-e-G%s-D%s.pkl' % (data_set, g, d)
    for data_set in ['car', 'ffhq']
    for g in ['orig', 'resnet', 'skip']
    for d in ['orig', 'resnet', 'skip']
]

gdrive_urls = {'gdrive:networks/' + name: _URL + name for name in _FILES}  # Alias -> URL.

_loaded = {}  # Path or URL -> (G, D, Gs), of sessions that may be closed by now.


def get_path_or_url(path_or_gdrive_path):
    """The URL of an alias; anything else unchanged."""
    return gdrive_urls.get(path_or_gdrive_path, path_or_gdrive_path)


def load_networks(path_or_gdrive_path):
    """(G, D, Gs) of a file, URL or alias. Initialises TensorFlow if needed; a second call gives the same objects.

    The file may hold its networks in any way, see `dnnlib.contents`: Gs is the averaged generator, or the only one; G
    and D are None where it holds none. FILE::NAME chooses Gs by name where nothing else does.

    They are loaded again if their session is closed, or another one is the default by now: they have no values there.

    Nothing that the file embeds is executed, unless REGAN_TRUST_EMBEDDED_CODE=1 is set: the networks are rebuilt from
    this project's implementation.
    Raises: FileNotFoundError; dnnlib.unpickle.NetworkPickleError for a file that holds something else; IOError if a
        download fails.
    """
    source = get_path_or_url(path_or_gdrive_path)
    if source not in _loaded or not all(network.is_usable() for network in _loaded[source] if network):
        path = _local_file(source)
        tflib.init_tf()
        file, choice = contents.split(path)
        states = contents.official(contents.in_file(unpickle.read(file), file), file, choice)
        _loaded[source] = tflib.revival.revive(states, file, trust_embedded_code=False, build=True)
    return _loaded[source]


def _local_file(source):
    if dnnlib.util.is_url(source, allow_file_urls=True):
        return dnnlib.util.open_url(source, cache_dir=_CACHE_DIR, return_filename=True)
    if str(source).startswith('gdrive:') and not os.path.exists(source):
        raise FileNotFoundError(
            '%s is neither a file nor an alias; the aliases are the keys of pretrained_networks.gdrive_urls, such as '
            '%s.' % (source, 'gdrive:networks/' + _FILES[-1])
        )
    return source
