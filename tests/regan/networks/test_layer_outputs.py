"""Generator.activations: the values that the official networks' layers gave, by name, in NCHW."""

import numpy as np
import pytest

from regan.base.errors import UserError
from regan.networks.generator import Generator
from tests import golden_cases

LAYERS = {
    'sg1-res32-labels': ('4x4/Const', '8x8/Conv0_up', 'ToRGB_lod0'),
    'sg2-resnet-res32': ('4x4/Conv', '16x16/Skip', '32x32/ToRGB'),
}


@pytest.mark.parametrize('name', LAYERS)
def test_equals_the_official_layers(name):
    case = golden_cases.case(name)
    with Generator.open(case.pickle) as g:
        for layer in LAYERS[name]:
            values = g.activations(case['dlatents_mixed'][:1], layer)
            comparison = case.compare('act.' + layer.replace('/', '.'), values)
            assert comparison.passed, comparison
            assert values.shape[1:] == g.layer_shapes[layer]


def test_layers_by_name_shape_and_value(stays_open, tiny_pickle):
    """The last layer is the image. 19 latents go through in minibatches of 16 and 3."""
    dlatents = np.random.RandomState(1).randn(19, 6, 11)
    with Generator.open(tiny_pickle) as g:
        assert list(g.layer_shapes.items())[:7] == [
            ('4x4/Const', (16, 4, 4)),
            ('4x4/Conv', (16, 4, 4)),
            ('4x4/ToRGB', (3, 4, 4)),
            ('8x8/Conv0_up', (16, 8, 8)),
            ('8x8/Conv1', (16, 8, 8)),
            ('8x8/Upsample', (3, 8, 8)),
            ('8x8/ToRGB', (3, 8, 8)),
        ]
        stored = g.activations(dlatents, '16x16/ToRGB')
        assert stored.dtype == np.float32
        np.testing.assert_allclose(stored, g.render(dlatents), rtol=0, atol=1e-4)
        g.set_noise({'numpy_seed': 7})
        other = g.activations(dlatents, '16x16/ToRGB')
        assert not np.allclose(other, stored, atol=0.01)
        np.testing.assert_allclose(other, g.render(dlatents), rtol=0, atol=1e-4)
        with pytest.raises(UserError, match=r"tiny\.pkl has no layer '8x8/Conv2'; choose one of 4x4/Const, 4x4/Conv"):
            g.activations(dlatents, '8x8/Conv2')
