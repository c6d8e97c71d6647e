"""Directions that a generator's own weights favour, without samples: the closed form of SeFa (Shen and Zhou,
*Closed-Form Factorization of Latent Semantics in GANs*, CVPR 2021, section 3).

A layer sees w through its style, A' w + b. The directions of w that move the styles of some layers most are the
eigenvectors of A A', where A holds these layers' matrices side by side, each column scaled to unit length.
"""

import re
from typing import List, Optional, Sequence, Tuple

import numpy as np

from regan.base.errors import UserError
from regan.components.basis import fix_signs

ALL = 'all'
_RANGE = re.compile(r'(\d+)(?:-(\d+))?', re.ASCII)


def layers_of(text: str, num_layers: Optional[int] = None) -> List[int]:
    """The layers of a range in the notation of edits, both ends included; empty for 'all' of an unknown number.

    >>> layers_of('2-4')
    [2, 3, 4]

    Args:
        text: 'all', '8' or '0-4'.
        num_layers: L, or None: not known yet.

    Raises:
        UserError: it is no range, runs backwards, or goes past the last layer.
    """
    if text == ALL:
        return list(range(num_layers or 0))
    match = _RANGE.fullmatch(text) if isinstance(text, str) else None
    if not match:
        raise UserError("layers is %r but must be a range of layers such as '0-4', '8' or 'all'" % (text,))
    first, last = int(match.group(1)), int(match.group(2) or match.group(1))
    if last < first:
        raise UserError("the layers '%s' run backwards; the first comes first" % text)
    if num_layers is not None and last >= num_layers:
        raise UserError(
            "the layers '%s' go past the last: styles of layers 0-%d can be factorised" % (text, num_layers - 1)
        )
    return list(range(first, last + 1))


def factorise(matrices: Sequence[np.ndarray], count: int) -> Tuple[np.ndarray, np.ndarray]:
    """The directions that move styles most.

    Args:
        matrices: list of float [D, C_l], such that the style of layer l is w A_l + b_l.
        count: K.

    Returns:
        (orthonormal directions float64 [K, D] by falling eigenvalue, their eigenvalues [K]); signs as of principal
        components.

    Raises:
        UserError: more directions than D, or all matrices are zero.
    """
    columns = np.concatenate([np.asarray(matrix, np.float64) for matrix in matrices], axis=1)  # [D, sum of C_l]
    if count > len(columns):
        raise UserError(
            'this network has %d-dimensional w, so %d components are too many; ask for at most %d'
            % (len(columns), count, len(columns))
        )
    lengths = np.linalg.norm(columns, axis=0)
    if not lengths.any():
        raise UserError('the styles of these layers do not depend on w, so there is nothing to factorise')
    columns = columns[:, lengths > 0] / lengths[lengths > 0]
    values, vectors = np.linalg.eigh(columns.dot(columns.T))
    return fix_signs(vectors.T[::-1][:count]), values[::-1][:count]
