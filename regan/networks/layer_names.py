"""Names of layers: ours, which are those of the official networks, and the original's (GANSpace's PyTorch modules).

| ours | StyleGAN2 in GANSpace | StyleGAN in GANSpace |
|---|---|---|
| mapping | style | g_mapping |
| 4x4/Const | input | g_synthesis.blocks.4x4.epi1 |
| 4x4/Conv | conv1 | g_synthesis.blocks.4x4, .epi2 |
| RxR/Conv0_up, R = 8, 16, ... | convs.0, convs.2, ... | g_synthesis.blocks.RxR.epi1 |
| RxR/Conv1 | convs.1, convs.3, ... | g_synthesis.blocks.RxR, .epi2 |
| 4x4/ToRGB, RxR/ToRGB | to_rgb1, to_rgbs.0, to_rgbs.1, ... | |
| ToRGB_lod0 | | g_synthesis.torgb |
"""

import re
from typing import Dict, Iterable

from regan.base.errors import UserError

MAPPING = 'mapping'  # The output of the mapping network, w; it is no layer of the synthesis.
_SCOPE = re.compile(r'(\d+)x\1/(\w+)', re.ASCII)
_INNER = re.compile(r'(g_synthesis\.blocks\.\d+x\d+)\.(conv\w*)', re.ASCII)
_IN_FILES = r'style|g_mapping|input|conv1|to_rgb1|convs\.\d+|to_rgbs\.\d+|(?:g_synthesis|generator)\.[\w.]+?'
_FILE = re.compile(
    r'[a-z0-9]+-.+?_(%s)_(?:ipca|pca-full|fbpca|ica|spca)_c\d+.*_n\d+(?:_w)?(?:_seed\d+)?' % _IN_FILES, re.ASCII
)


def aliases(layers: Iterable[str]) -> Dict[str, str]:
    """The original's names of the layers of a synthesis network, and of its mapping network: dict to ours.

    >>> aliases(['4x4/Const', '4x4/Conv', '4x4/ToRGB', '8x8/Conv0_up', '8x8/Conv1', '8x8/ToRGB'])['convs.1']
    '8x8/Conv1'
    """
    layers = list(layers)
    first = any(name.startswith('ToRGB_lod') for name in layers)
    found = {'g_mapping' if first else 'style': MAPPING}
    for name in layers:
        scope = _SCOPE.fullmatch(name)
        if scope:
            theirs = (_first if first else _second)(int(scope.group(1)), scope.group(2))
            found.update((one, name) for one in theirs)
        elif name == 'ToRGB_lod0':
            found['g_synthesis.torgb'] = name
    return found


def _first(size, layer):
    block = 'g_synthesis.blocks.%dx%d' % (size, size)
    if layer in ('Const', 'Dense', 'Conv0_up'):
        return [block + '.epi1']
    return [block, block + '.epi2'] if layer in ('Conv', 'Conv1') else []


def _second(size, layer):
    block = size.bit_length() - 4  # 0 at 8 x 8.
    if size == 4:
        return {'Const': ['input'], 'Conv': ['conv1'], 'ToRGB': ['to_rgb1']}.get(layer, [])
    known = {'Conv0_up': 'convs.%d' % (2 * block), 'Conv1': 'convs.%d' % (2 * block + 1), 'ToRGB': 'to_rgbs.%d' % block}
    return [known[layer]] if layer in known else []


def resolve(name: str, layers: Iterable[str], owner: str = 'this network') -> str:
    """Our name of a layer.

    Args:
        name: ours, or the original's.
        layers: our names of the layers of the synthesis network.
        owner: whose layers they are, for messages.

    Raises:
        UserError: there is no such layer.
    """
    layers = list(layers)
    if name in layers or name == MAPPING:
        return name
    known = aliases(layers)
    if name in known:
        return known[name]
    inner = _INNER.fullmatch(name)
    if inner and inner.group(1) in known:
        half = inner.group(1) + ('.epi1' if inner.group(2) == 'conv0_up' else '.epi2')
        raise UserError(
            "'%s' is the bare convolution inside of %s (%s), and only the output of the whole layer can be had"
            % (name, known[half], half)
        )
    raise UserError("%s has no layer '%s'; choose one of %s" % (owner, name, ', '.join(layers + [MAPPING])))


def of_file(stem: str) -> str:
    """The original's name of the layer in the name of one of its cache files, without ending; '' if there is none.

    >>> of_file('stylegan2-ffhq_convs.1_ipca_c80_n300000')
    'convs.1'
    """
    match = _FILE.fullmatch(stem)
    return match.group(1) if match else ''
