"""StyleGAN2 networks as the tensors of stylegan2-ada-pytorch in an .npz, and a script that loads them with PyTorch.

Names and forms are those that `dnnlib.torch_files.ada` reads, the other way round. Arrays are NETWORK/NAME, with
NETWORK G_ema, G or D and NAME as in a state_dict; `settings` is JSON, the arguments of the classes; `check/ws` and
`check/images` are a Probe's, which the script draws again.
"""

from __future__ import annotations

import collections
import json
import pathlib
import pkgutil
from typing import Any, Dict, Optional

import numpy as np

import regan
from dnnlib import architectures
from dnnlib.torch_files import ada
from dnnlib.torch_files.containers import Module
from dnnlib.unpickle import NetworkPickleError, NetworkState
from regan.base import artefacts, notices
from regan.base.errors import UserError
from regan.conversion import probes
from regan.conversion.graphs import Graph
from regan.conversion.source import Source, arguments

_TEMPLATE = 'pytorch_loader.txt'
_MADE_FOR = 'the PyTorch code makes StyleGAN2 networks only'
Arrays = Dict[str, np.ndarray]


def write(source: Source, graph: Graph, target: pathlib.Path) -> None:
    """Writes target, an .npz, and the script beside it.

    Raises:
        UserError: the classes of stylegan2-ada-pytorch have no such network.
    """
    arrays: Arrays = collections.OrderedDict()
    settings: Dict[str, Any] = {}
    for key, state, convert in (
        ('G_ema', source.Gs, generator),
        ('G', source.G if source.G is not source.Gs else None, generator),
        ('D', source.D, discriminator),
    ):
        if state is None:
            continue
        try:
            tensors, settings[key] = convert(state, '%s, network %s' % (source.path, state.name))
        except UserError as error:
            if key != 'D':
                raise
            notices.note('the discriminator is left out: %s' % error)
            continue
        arrays.update(('%s/%s' % (key, name), value) for name, value in tensors.items())
    probe = probes.measure(graph)
    arrays.update({'check/ws': probe.dlatents, 'check/images': probe.images})
    arrays['settings'] = np.array(json.dumps(settings, sort_keys=True))
    artefacts.write_npz(target, arrays, compressed=False)
    template = (pkgutil.get_data('regan.conversion', _TEMPLATE) or b'').decode()
    facts = dict(file=target.name, module=target.stem, version=regan.__version__)
    facts.update(network=source.path, sha256=source.sha256)
    for key, value in facts.items():
        template = template.replace('{%s}' % key, _in_docstring(value))
    artefacts.write_text(target.with_suffix('.py'), template)


def _in_docstring(text):
    """A text that stays text inside of a docstring: a file may be called like the end of one."""
    return repr(text)[1:-1].replace('"', "'")


def drawn(target: pathlib.Path, probe: probes.Probe) -> Dict[str, np.ndarray]:
    """What a Probe's latents become in the network that our reader of the official files makes of the arrays."""
    arrays = artefacts.read_npz(target)
    settings = json.loads(str(arrays['settings']))
    value = {key: _module(key, _tensors(arrays, key), settings[key]) for key in settings}
    try:
        state = ada.networks(value, str(target))[2]
    except NetworkPickleError as error:
        raise UserError('%s was not kept: %s' % (target, error)) from None
    with Graph(state, architectures.ADA, target) as graph:
        found = probes.measure(graph, probe)
    return {'images': found.images, 'w': found.w}


def _tensors(arrays, key):
    return {name[len(key) + 1 :]: value for name, value in arrays.items() if name.startswith(key + '/')}


# ------------------------------------------------------------------ TensorFlow's form -> PyTorch's


def _dense(value):
    return value.T


def _convolution(value):
    return value.transpose(3, 2, 0, 1)


def _reversed_convolution(value):
    return _convolution(value[::-1, ::-1])


def generator(state: NetworkState, where: str) -> Any:
    """(tensors, settings) of a generator.

    Args:
        state: NetworkState.
        where: for messages.

    Raises:
        UserError: the PyTorch code has no such network.
    """
    generation = architectures.generation(state)
    if generation not in (architectures.STYLEGAN2, architectures.ADA):
        raise UserError('%s is of the kind %s; %s' % (where, generation, _MADE_FOR))
    mapping, synthesis = state.components['mapping'], state.components['synthesis']
    known = dict(arguments(mapping, generation), **arguments(synthesis, generation))
    if 'revised' in architectures.build_function_name(synthesis, generation):
        raise UserError('%s grows progressively; %s that do not grow' % (where, _MADE_FOR))
    _check(known, where)
    if generation == architectures.STYLEGAN2 and known['label_size']:
        raise UserError(
            '%s takes labels as StyleGAN2 does, which StyleGAN2-ADA and its PyTorch code do otherwise' % where
        )
    tensors = _mapping_tensors(mapping)
    tensors['mapping.w_avg'] = state.variables['dlatent_avg']
    tensors.update(_synthesis_tensors(synthesis))
    resolution, size = known['resolution'], known['dlatent_size']
    widths = {r: tensors['synthesis.b%d.conv1.bias' % r].size for r in _sides(resolution)}
    settings = dict(
        z_dim=known['latent_size'],
        c_dim=known['label_size'],
        w_dim=size,
        img_resolution=resolution,
        img_channels=known['num_channels'],
        mapping_kwargs=dict(
            num_layers=known['mapping_layers'],
            embed_features=known.get('label_fmaps') or known['latent_size'],
            layer_features=known['mapping_fmaps'] or size,
            activation=known['mapping_nonlinearity'],
            lr_multiplier=known['mapping_lrmul'],
        ),
        synthesis_kwargs=dict(_blocks(known, widths, where), use_noise=known.get('use_noise', True)),
    )
    return tensors, settings


def _sides(resolution):
    return [2**i for i in range(2, resolution.bit_length())]


def _check(known, where):
    """Refuses arguments that the PyTorch code does not have."""
    usual = dict(normalize_latents=True, dtype='float32', fmap_decay=1.0, fmap_min=1, fmap_const=None)
    for name, value in usual.items():
        if known.get(name, value) != value:
            raise UserError('%s has %s = %r, which the PyTorch code does not have' % (where, name, known[name]))


def _blocks(known, widths, where):
    """The arguments that the blocks of G and D share."""
    base, most = int(2 * known['fmap_base']), known['fmap_max']
    if any(width != min(base // side, most) for side, width in widths.items()):
        raise UserError('%s has layers whose widths (%s) the PyTorch code does not have' % (where, widths))
    return dict(
        channel_base=base,
        channel_max=most,
        num_fp16_res=known.get('num_fp16_res', 0),
        conv_clamp=known.get('conv_clamp'),
        architecture=known['architecture'],
        activation=known['nonlinearity'],
        resample_filter=[float(tap) for tap in known['resample_kernel']],
    )


def _mapping_tensors(mapping: NetworkState) -> Arrays:
    found: Arrays = collections.OrderedDict()
    for name, value in mapping.variables.items():
        scope, what = name.split('/')
        scope = 'embed' if scope == 'LabelEmbed' else 'fc' + scope[len('Dense') :]
        found['mapping.%s.%s' % (scope, what)] = _dense(value) if what == 'weight' else value
    return found


def _synthesis_tensors(synthesis: NetworkState) -> Arrays:
    found: Arrays = collections.OrderedDict()
    for name, value in synthesis.variables.items():
        if name.startswith('noise'):
            number = int(name[len('noise') :])
            side = 2 ** ((number + 5) // 2)
            layer = 'conv0' if number % 2 else 'conv1'
            found['synthesis.b%d.%s.noise_const' % (side, layer)] = value.reshape(value.shape[2:])
            continue
        block, layer, what = name.split('/')
        theirs = 'synthesis.b%s.' % block.split('x')[0]
        if layer == 'Const':
            found[theirs + 'const'] = value[0]
            continue
        theirs += {'Conv': 'conv1', 'Conv0_up': 'conv0', 'Conv1': 'conv1', 'ToRGB': 'torgb', 'Skip': 'skip'}[layer]
        if what == 'weight':
            value = (_reversed_convolution if layer in ('Conv0_up', 'Skip') else _convolution)(value)
        elif what == 'mod_weight':
            value = _dense(value)
        elif what == 'mod_bias':
            value = value + np.float32(1)
        what = {'mod_weight': 'affine.weight', 'mod_bias': 'affine.bias'}.get(what, what)
        found['%s.%s' % (theirs, what)] = np.asarray(value, order='C')
    return found


def discriminator(state: NetworkState, where: str) -> Any:
    """(tensors, settings) of a discriminator. Args and errors as of `generator`."""
    generation = architectures.generation(state)
    if generation not in (architectures.STYLEGAN2, architectures.ADA):
        raise UserError('%s is of the kind %s; %s' % (where, generation, _MADE_FOR))
    if not architectures.build_function_name(state, generation).endswith(('.D_stylegan2', '.D_main')):
        raise UserError('%s grows progressively; %s that do not grow' % (where, _MADE_FOR))
    known = arguments(state, generation)
    _check(known, where)
    if generation == architectures.STYLEGAN2 and known['label_size']:
        raise UserError(
            '%s takes labels as StyleGAN2 does, which StyleGAN2-ADA and its PyTorch code do otherwise' % where
        )
    tensors = _discriminator_tensors(state)
    sides = _sides(known['resolution'])
    widths = {side: tensors['b%d.conv0.bias' % side].size for side in sides[1:]}
    widths[4] = tensors['b4.fc.bias'].size
    settings = dict(
        c_dim=known['label_size'],
        img_resolution=known['resolution'],
        img_channels=known['num_channels'],
        **_blocks(known, widths, where),
        cmap_dim=known.get('mapping_fmaps') or widths[4],
        mapping_kwargs=dict(
            num_layers=known.get('mapping_layers', 0),
            activation=known['nonlinearity'],
            lr_multiplier=known.get('mapping_lrmul', 0.1),
        ),
        epilogue_kwargs=dict(
            mbstd_group_size=known['mbstd_group_size'], mbstd_num_channels=known['mbstd_num_features']
        ),
    )
    if known['mbstd_group_size'] is not None and known['mbstd_group_size'] <= 1:
        settings['epilogue_kwargs'] = dict(mbstd_group_size=1, mbstd_num_channels=0)
    return tensors, settings


def _discriminator_tensors(state: NetworkState) -> Arrays:
    found: Arrays = collections.OrderedDict()
    layers = {
        'FromRGB': 'fromrgb',
        'Conv0': 'conv0',
        'Conv1_down': 'conv1',
        'Skip': 'skip',
        'Conv': 'conv',
        'Dense0': 'fc',
    }
    for name, value in state.variables.items():
        *scope, what = name.split('/')
        if len(scope) == 2:
            theirs = 'b%s.%s' % (scope[0].split('x')[0], layers[scope[1]])
        elif scope[0] == 'LabelEmbed':
            theirs = 'mapping.embed'
        else:
            theirs = 'b4.out' if scope[0] == 'Output' else 'mapping.fc' + scope[0][len('Mapping') :]
        if what == 'weight':
            value = np.asarray(_convolution(value) if value.ndim == 4 else _dense(value), order='C')
        found['%s.%s' % (theirs, what)] = value
    return found


# ------------------------------------------------------------------ arrays -> what a pickle of these classes holds


def _module(key: str, tensors: Arrays, settings: Dict[str, Any]) -> Module:
    """The Module that the classes would make with these settings, as far as the reader asks for it."""
    root = Module('Discriminator' if key == 'D' else 'Generator', {})
    for name, value in tensors.items():
        _child(root, name.split('.')[:-1]).parameters[name.split('.')[-1]] = value
    blocks = root if key == 'D' else _child(root, ['synthesis'])
    own = settings if key == 'D' else settings['synthesis_kwargs']
    for name in ('img_resolution', 'img_channels', 'c_dim', 'z_dim', 'w_dim'):
        if name in settings:
            root.attributes[name] = settings[name]
    taps = np.asarray(own['resample_filter'])
    for side in _sides(settings['img_resolution']):
        block = _child(blocks, ['b%d' % side])
        block.buffers['resample_filter'] = np.outer(taps, taps) / taps.sum() ** 2
        block.attributes['architecture'] = own['architecture']
        block.attributes['use_fp16'] = side > settings['img_resolution'] >> own['num_fp16_res'] and side > 4
        for layer in block.children.values():
            layer.attributes.update({name: own.get(name) for name in ('activation', 'conv_clamp', 'use_noise')})
    _describe_mapping(root, settings)
    if key == 'D' and settings['epilogue_kwargs']['mbstd_num_channels']:
        deviation = settings['epilogue_kwargs']
        _child(root, ['b4', 'mbstd']).attributes.update(
            num_channels=deviation['mbstd_num_channels'], group_size=deviation['mbstd_group_size']
        )
    return root


def _child(module: Module, path: Any) -> Module:
    for name in path:
        module = module.children.setdefault(name, Module('', {}))
    return module


def _describe_mapping(root: Module, settings: Dict[str, Any]) -> None:
    mapping: Optional[Module] = root.children.get('mapping')
    if mapping is None:
        return
    kwargs = settings['mapping_kwargs']
    mapping.attributes.update(num_layers=kwargs['num_layers'], w_dim=settings.get('cmap_dim', settings.get('w_dim')))
    for name, layer in mapping.children.items():
        if name != 'embed':
            gain = kwargs['lr_multiplier']
            layer.attributes.update(
                activation=kwargs['activation'],
                bias_gain=gain,
                weight_gain=gain / np.sqrt(layer.parameters['weight'].shape[1]),
            )
