"""Progressive GAN: golden images, scores and bytes of the official networks, and the two repositories' kernels."""

import json
import pathlib

import numpy as np
import pytest

from dnnlib import architectures, unpickle
from dnnlib.tflib.revival import revive
from tests.small_networks import fresh_session

GOLDEN = pathlib.Path(__file__).parents[1] / 'golden_torch'
TOLERANCES = json.loads((GOLDEN / 'manifest.json').read_text())
CASES = ['pggan-res32', 'pggan-res32-labels-unfused']


@pytest.mark.parametrize('name', CASES)
def test_every_array_is_within_its_tolerance(name):
    with np.load(str(GOLDEN / (name + '.npz'))) as archive:
        arrays = dict(archive)
    _, D, Gs = unpickle.networks(unpickle.read(str(GOLDEN / (name + '.pkl'))))
    with fresh_session():
        D, Gs = revive((D, Gs), name)
        far = {}
        for key, golden in arrays.items():
            if key.startswith('images'):
                value = draw(Gs, key, arrays)
            elif key.startswith('d_'):
                value = judge(D, key, arrays)
            else:
                continue
            delta = np.abs(value[: len(golden)].astype(float) - golden[: len(value)]).max()
            if not delta <= TOLERANCES[name][key]:
                far[key] = delta
    assert far == {}


def draw(Gs, key, arrays):
    lod = key.split('.lod', 1)[1]
    Gs.set_var('lod', float(lod.split('_')[0]))
    labels = arrays['labels'][:2] if 'labels' in arrays and not lod.endswith('zerolabels') else None
    bytes_too = dict(output_transform=dict(func=as_bytes, shrink=1 + ('shrink2' in key))) if 'uint8' in key else {}
    return Gs.run(arrays['z'][:2], labels, **bytes_too)


def as_bytes(images, shrink):
    import tensorflow.compat.v1 as tf

    if shrink > 1:
        sizes = [1, shrink, shrink, 1]
        images = tf.nn.avg_pool(tf.transpose(images, [0, 2, 3, 1]), sizes, sizes, 'VALID')
        images = tf.transpose(images, [0, 3, 1, 2])
    return tf.saturate_cast(tf.round(images * 127.5 + 127.5), tf.uint8)


def judge(D, key, arrays):
    D.set_var('lod', float(key.split('.lod')[1].split('_')[0]))
    return D.run(arrays['images.lod0'][:4])[0 if key.startswith('d_scores') else 1]


def test_the_first_stylegan_repository_stores_the_same_kernels_the_other_way_round():
    state = unpickle.networks(unpickle.read(str(GOLDEN / 'pggan-res32.pkl')))[-1]
    assert architectures.generation(state) == architectures.PROGRESSIVE
    variables = {
        name: value.transpose(0, 1, 3, 2) if name.endswith('Conv0_up/weight') else value
        for name, value in state.variables.items()
    }
    other = unpickle.NetworkState(3, 'Gs', state.static_kwargs, {}, '', 'G_paper', variables)
    assert architectures.generation(other) == architectures.PROGRESSIVE3
    z = np.random.RandomState(0).randn(2, 24).astype(np.float32)
    images = []
    for network in (state, other):
        with fresh_session():
            images.append(revive(network, 'x').run(z, None))
    np.testing.assert_array_equal(*images)
