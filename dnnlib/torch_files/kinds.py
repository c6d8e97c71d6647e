"""What a PyTorch file holds, and its networks (torch-pickles 1)."""

import reprlib

import numpy as np

from ..pickled_data import NetworkPickleError
from . import ada, genforce, rosinality
from .containers import Module

_OTHER = (
    '%s is a network of %s (found: %s), another architecture than StyleGAN, StyleGAN2 or StyleGAN2-ADA; '
    'it cannot be used here.'
)
_STYLEGAN3 = (
    '%s is a StyleGAN3 network, whose images come from a translation-equivariant synthesis that this program does not '
    'have; StyleGAN2 networks of the same collection (stylegan2-*.pkl) can be read.'
)
_ENCODER = "%s is an image encoder (pSp, e4e or similar) around a StyleGAN2 generator; give the generator's own file."
_CONVERTED = '%s is a copy converted for %s, which is not read; give the original TensorFlow pickle.'
_UNKNOWN = '%s holds tensors (first names: %s), but no generator of a kind known here.'


def networks(value, path):
    """The networks of a value that `containers.read` gave.

    Args:
        value: any.
        path: how error messages call the file.

    Returns:
        ((G, D, Gs), notes): NetworkStates or None, and a list of sentences about what the file lacks.

    Raises:
        NetworkPickleError: no network that can be read; the message says what the file is.
    """
    if isinstance(value, Module):
        value = {'G_ema': value}
    if not isinstance(value, dict):
        raise NetworkPickleError('%s holds a %s, but no network.' % (path, type(value).__name__))
    module = next((value[key] for key in ('G_ema', 'G') if isinstance(value.get(key), Module)), None)
    if module is not None:
        _refuse_modules(module, path)
        return ada.networks(value, path), []
    if any(isinstance(found, Module) for found in value.values()):
        raise NetworkPickleError(_OTHER % (path, 'an unknown program', _listed(value)))
    if 'generator_smooth' in value or _is_genforce(value.get('generator')):
        state = genforce.network(value, path)
        return (state, None, state), []
    if 'GAN' in value and 'version' in value:
        raise NetworkPickleError(_OTHER % (path, 'lucidrains/stylegan2-pytorch', 'GAN, version'))
    keys = _keys(value)
    _refuse_tensors(keys, value, path)
    if any(name.endswith('convs.0.conv.weight') for name in keys):
        return rosinality.networks(value, path)
    raise NetworkPickleError(_UNKNOWN % (path, _listed(keys or value)))


def _listed(names):
    return ', '.join(str(name) if isinstance(name, str) else reprlib.repr(name) for name in list(names)[:3]) or 'none'


def _is_genforce(tensors):
    return isinstance(tensors, dict) and ('synthesis.early_layer.const' in tensors or 'layer0.weight' in tensors)


def _keys(value):
    """Names of the tensors of the generator, or of everything there is."""
    for key in ('g_ema', 'g', 'state_dict'):
        if isinstance(value.get(key), dict):
            return [name for name in value[key] if isinstance(name, str)]
    return [name for name, found in value.items() if isinstance(name, str) and isinstance(found, np.ndarray)]


def _refuse_modules(module, path):
    children = module.children
    synthesis = module.find('synthesis')
    if isinstance(synthesis, Module) and 'input' in synthesis.children:
        raise NetworkPickleError(_STYLEGAN3 % path)
    for is_it, sign, maker in (
        (module.class_name == 'SuperresGenerator', module.class_name, 'StyleGAN-XL'),
        (module.find('mapping.embed_proj') is not None, 'mapping.embed_proj', 'StyleGAN-XL'),
        ('backbone' in children and 'renderer' in children, 'backbone, renderer', 'EG3D'),
        ('DummyMapping' == getattr(module.find('mapping'), 'class_name', None), 'DummyMapping', 'FastGAN'),
    ):
        if is_it:
            raise NetworkPickleError(_OTHER % (path, maker, sign))
    if module.find('synthesis.b4') is None:
        raise NetworkPickleError(_OTHER % (path, module.class_name, _listed(children)))


def _refuse_tensors(keys, value, path):
    swagan = next((name for name in keys if '.iwt.' in name or '.dwt.' in name), None)
    if swagan:
        raise NetworkPickleError(_OTHER % (path, 'SWAGAN', swagan))
    if any(name.startswith('encoder.') for name in keys):
        raise NetworkPickleError(_ENCODER % path)
    if any(name in ('layer0.wscale.bias', 'layer0.epilogue') or name.startswith('layer0.epilogue') for name in keys):
        raise NetworkPickleError(_CONVERTED % (path, 'InterFaceGAN'))
    if any(name in ('g_mapping.dense0.weight', 'g_synthesis.blocks.4x4.const') for name in keys):
        raise NetworkPickleError(_CONVERTED % (path, 'another StyleGAN in PyTorch'))
