"""Which precision which TensorFlow can compute in."""

import pytest

from regan.base.errors import UserError
from regan.networks import precision


@pytest.mark.parametrize('name, version', [('float32', '1.15.0'), ('float32', '2.21.0'), ('bf16', '2.21.0')])
def test_what_can_be_computed(name, version):
    precision.check(name, version)
    precision.check_dtype(precision.DTYPES[name], version)


@pytest.mark.parametrize(
    'name, version, message',
    [
        ('bf16', '1.15.0', 'TensorFlow 1.15.0 has no bfloat16 convolutions on a CPU; choose float32, or TensorFlow 2'),
        ('bfloat16', '2.21.0', "precision 'bfloat16' is unknown; choose one of float32, bf16"),
    ],
)
def test_what_cannot(name, version, message):
    with pytest.raises(UserError, match=message):
        precision.check(name, version)
