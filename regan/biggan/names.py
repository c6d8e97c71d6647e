"""What layers of a BigGAN-deep are called: by us, in the PyTorch code (and GANSpace), in TF-Hub's graph (biggan 11).

| ours | PyTorch | TF-Hub |
|---|---|---|
| gen_z | generator.gen_z | Generator/GenZ/G_linear |
| block_03 | generator.layers.3 | Generator/GBlock_3 |
| block_03/norm_1 | generator.layers.3.bn_1 | Generator/GBlock_3/BatchNorm_1 |
| block_03/norm_1/scale | generator.layers.3.bn_1.scale | Generator/GBlock_3/BatchNorm_1/scale |
| block_03/conv_1 | generator.layers.3.conv_1 | Generator/GBlock_3/conv1 |
| block_03/relu | generator.layers.3.relu (the last of four) | |
| attention | generator.layers.8 | Generator/attention |
| attention/theta | generator.layers.8.snconv1x1_theta | Generator/attention/theta |
| final_norm | generator.bn | Generator/BatchNorm |
| to_rgb | generator.conv_to_rgb | Generator/conv_to_rgb |
"""

import collections
from typing import Dict, Iterable, List

from regan.base.errors import UserError
from regan.biggan.configuration import BOTTLENECK, Configuration

ATTENTION = ('theta', 'phi', 'g', 'o_conv')  # Its convolutions.


def layers(configuration: Configuration) -> List[str]:
    """Our names of the layers whose output can be had and changed, in order."""
    found = ['gen_z']
    for i in range(len(configuration.blocks)):
        if i == configuration.attention:
            found += ['attention/' + part for part in ATTENTION] + ['attention']
        block = 'block_%02d' % i
        for k in range(BOTTLENECK):
            found += ['%s/norm_%d%s' % (block, k, part) for part in ('/scale', '/offset', '')]
            found += [block + '/relu'] if k == BOTTLENECK - 1 else []
            found.append('%s/conv_%d' % (block, k))
        found.append(block)
    return found + ['final_norm', 'to_rgb']


def aliases(ours: Iterable[str], attention: int) -> Dict[str, str]:
    """The names of others -> ours. Args: ours, of `layers`; attention, number of blocks before it."""
    found: Dict[str, str] = collections.OrderedDict()
    fixed = {
        'gen_z': ('generator.gen_z', 'Generator/GenZ/G_linear'),
        'attention': ('generator.layers.%d' % attention, 'Generator/attention'),
        'final_norm': ('generator.bn', 'Generator/BatchNorm'),
        'to_rgb': ('generator.conv_to_rgb', 'Generator/conv_to_rgb'),
    }
    for name in ours:
        if name in fixed:
            found.update((theirs, name) for theirs in fixed[name])
            continue
        block, _, inner = name.partition('/')
        if block == 'attention':
            found['generator.layers.%d.snconv1x1_%s' % (attention, inner)] = found['Generator/' + name] = name
            continue
        number = int(block[-2:])
        module = 'generator.layers.%d' % (number if number < attention else number + 1)
        scope = 'Generator/GBlock' + ('_%d' % number if number else '')
        theirs, hubs = _inside(inner)
        found[module + theirs] = name
        if hubs is not None:
            found[scope + hubs] = name
    return found


def _inside(inner):
    """The endings of a part of a block in the PyTorch code and in TF-Hub's graph, where it has none: None."""
    if inner in ('', 'relu'):
        return ('.relu', None) if inner else ('', '')
    part, _, rest = inner.partition('/')
    kind, k = part.split('_')
    if kind == 'conv':
        return '.conv_' + k, '/conv' + k
    batch_norm = '/BatchNorm' + ('_' + k if k != '0' else '')
    return ('.bn_%s' % k + ('.' + rest if rest else ''), batch_norm + ('/' + rest if rest else ''))


def resolve(name: str, ours: Iterable[str], attention: int, owner: str) -> str:
    """Our name of a layer.

    Args:
        name: ours or another's.
        ours: names of the layers that can be asked for.
        attention: number of blocks before it.
        owner: whose layers they are, for messages.

    Raises:
        UserError: there is no such layer.
    """
    ours = list(ours)
    if name in ours:
        return name
    known = aliases(ours, attention)
    if name in known:
        return known[name]
    if name in ('embedding', 'embeddings', 'generator.embeddings', 'linear'):
        raise UserError(
            '%s: the embedding of the class does not depend on z; choose another layer than %s' % (owner, name)
        )
    shown = [one for one in ours if '/' not in one]
    raise UserError(
        "%s has no layer '%s'; choose one of %s, or a part of a block, such as block_00/conv_1"
        % (owner, name, ', '.join(shown))
    )
