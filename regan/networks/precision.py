"""In what precision the convolutions of a network are computed, and which TensorFlow can do it."""

from regan.base.errors import UserError

DTYPES = {'float32': 'float32', 'bf16': 'bfloat16'}  # Names of precisions -> dtypes of a network's convolutions.


def check(precision: str, tensorflow_version: str) -> None:
    """Refuses what cannot be computed.

    Args:
        precision: str, a key of DTYPES.
        tensorflow_version: str, e.g. '1.15.0'.

    Raises:
        UserError: the precision is unknown, or this TensorFlow cannot compute in it.
    """
    if precision not in DTYPES:
        raise UserError('precision %r is unknown; choose one of %s' % (precision, ', '.join(DTYPES)))
    check_dtype(DTYPES[precision], tensorflow_version)


def check_dtype(dtype: str, tensorflow_version: str) -> None:
    """As `check`, for a dtype of convolutions, which must be a value of DTYPES.

    Raises:
        UserError: this TensorFlow cannot compute in it.
    """
    if dtype == 'bfloat16' and tensorflow_version.startswith('1.'):
        raise UserError(
            'TensorFlow %s has no bfloat16 convolutions on a CPU; choose float32, or TensorFlow 2' % tensorflow_version
        )
