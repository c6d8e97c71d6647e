"""What is in a network pickle, without a graph and without TensorFlow."""

import json
from typing import Any, Dict, List

from dnnlib import architectures, contents, unpickle
from dnnlib.unpickle import NetworkPickleError
from regan.base.typing import PathLike
from regan.biggan import states
from regan.networks import network_file, weights


def describe(path: PathLike) -> Dict[str, Any]:
    """Facts about a pickle, as a dict for JSON.

    Args:
        path: of the file; of FILE::NAME, only the network that it calls so is described.

    Returns: dict(path, sha256, networks=[dict(name, key, build_function, generation, state_version, static_kwargs,
        parameters, components, non_finite (names of weights that are NaN or infinite -> how many values; only if there
        are some), made_from (dict, what the writer says that it was made from; only if it does), rebuilt_as (the
        function of ours that an official judge becomes; only of such), and for generators and
        discriminators resolution; for generators also latent_size, dlatent_size, label_size, layers=[dict(index,
        resolution, scopes)]; for networks that are not among ours instead problem and variables, a dict of names to
        shapes)]). `key` is what the file calls a network.
    Raises: NetworkPickleError, UserError.
    """
    file, choice = contents.split(path)
    found = contents.in_file(unpickle.read(file), file)
    if choice is not None:
        found = [contents.called(choice, found, file)]
    networks = [_network(place.state, label) for place, label in zip(found, contents.labels(found))]
    return dict(path=str(path), sha256=network_file.content_sha256(file), networks=networks)


def _network(state, key):
    facts = dict(
        name=state.name,
        key=key,
        build_function=state.build_func_name,
        state_version=state.version,
        static_kwargs=state.static_kwargs,
        parameters=state.parameters(),
        components=[c.name + ' (' + c.build_func_name + ')' for c in state.components.values()],
    )
    if state.made_from is not None:
        facts['made_from'] = state.made_from
    wrong = weights.non_finite(state)
    if wrong:
        facts['non_finite'] = wrong
    try:
        ours = architectures.judge(state)
        facts['generation'] = architectures.check(ours or state)
    except NetworkPickleError as error:
        return dict(facts, generation='unknown', problem=str(error), variables=_shapes(state))
    if ours is not None:
        facts['rebuilt_as'], state = ours.build_func_name, ours
    if facts['generation'] in architectures.JUDGES:
        return facts
    facts['resolution'] = architectures.resolution(state)
    facts['label_size'] = state.static_kwargs.get('label_size', 0)
    if facts['generation'] == architectures.BIGGAN:
        configuration = states.configuration_of(state.static_kwargs, state.name)
        facts['latent_size'], facts['layers'] = configuration.z_size, states.layers(configuration)
    elif state.build_func_name == 'G_paper':
        facts['latent_size'] = state.variables['4x4/Dense/weight'].shape[0] - facts['label_size']
    if 'mapping' in state.components and 'synthesis' in state.components:
        dense = [
            v
            for n, v in state.components['mapping'].variables.items()
            if n.endswith('weight') and n.startswith('Dense')
        ]
        facts['latent_size'] = state.static_kwargs.get('latent_size', 512)
        facts['dlatent_size'] = dense[-1].shape[1] if dense else facts['latent_size']
        facts['layers'] = style_layers(facts['generation'], facts['resolution'])
    return facts


def _shapes(state):
    """Shapes of all variables, those of components under their names: dict of str -> list of int."""
    shapes = {name: list(value.shape) for name, value in state.variables.items()}
    for component in state.components.values():
        shapes.update((component.name + '/' + name, shape) for name, shape in _shapes(component).items())
    return shapes


def style_layers(generation: int, resolution: int) -> List[Dict[str, Any]]:
    """Which layers each dlatent index drives: list of dict(index, resolution, scopes).

    StyleGAN: 2 r - 4 and 2 r - 3 at 2^r. StyleGAN2: the ToRGB of one resolution shares its index with the first layer
    of the next; `resolution` is then that of the next.
    """
    top = int(resolution).bit_length() - 1
    scopes: List[List[str]] = [[] for _ in range(2 * top - 2)]
    for r in range(2, top + 1):
        size = '%dx%d/' % (2**r, 2**r)
        if generation == architectures.STYLEGAN:
            first, second = ('Const', 'Conv') if r == 2 else ('Conv0_up', 'Conv1')
            scopes[2 * r - 4].append(size + first)
            scopes[2 * r - 3].append(size + second)
        else:
            if r > 2:
                scopes[2 * r - 5].append(size + 'Conv0_up')
            scopes[2 * r - 4].append(size + ('Conv' if r == 2 else 'Conv1'))
            scopes[2 * r - 3].append(size + 'ToRGB')
    return [dict(index=i, resolution=int(names[-1].split('x')[0]), scopes=names) for i, names in enumerate(scopes)]


def report(facts: Dict[str, Any]) -> str:
    """The facts as text for a terminal."""
    lines = [facts['path'], '  SHA-256 ' + facts['sha256']]
    for network in facts['networks']:
        lines += [
            '',
            '%s: %s, %s, state version %d, %s parameters'
            % (
                network['key'] if network['key'] == network['name'] else '%(key)s, named %(name)s' % network,
                network['build_function'],
                network['generation'],
                network['state_version'],
                format(network['parameters'], ','),
            ),
        ]
        if network.get('non_finite'):
            lines.append(
                '  weights that are NaN or infinite: '
                + ', '.join('%s (%d)' % item for item in network['non_finite'].items())
            )
        for key in ('components', 'rebuilt_as', 'resolution', 'latent_size', 'dlatent_size', 'label_size', 'problem'):
            if network.get(key) not in (None, []):
                value = network[key]
                lines.append('  %s: %s' % (key, ', '.join(value) if isinstance(value, list) else value))
        lines.append('  static_kwargs: ' + ', '.join('%s=%r' % item for item in network['static_kwargs'].items()))
        if 'made_from' in network:
            lines.append(
                '  made from: ' + json.dumps(network['made_from'], default=str)
            )  # Escapes what is not printable.
        if 'variables' in network:
            lines.append('  variables')
            lines += ['    %s %s' % item for item in network['variables'].items()]
        if network.get('layers'):
            lines.append('  layer  resolution  drives')
            lines += [
                '  %5d  %10s  %s'
                % (layer['index'], '%dx%d' % (layer['resolution'], layer['resolution']), ', '.join(layer['scopes']))
                for layer in network['layers']
            ]
    return '\n'.join(lines)
