"""The components of a view: what it says of them, and where they are found again."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Dict, Optional, Tuple

import numpy as np

from regan.base import artefacts
from regan.base.errors import UserError
from regan.base.typing import PathLike
from regan.views.document import BasisName, View

if TYPE_CHECKING:
    from regan.components.basis import Basis
    from regan.networks.base_generator import BaseGenerator

FIRST_LAYERS = ('gen_z', '4x4/Dense')  # Of networks without W, see `BaseGenerator.first_layer`.
_SAMPLED = ('n', 'batch_size', 'seed', 'sparsity', 'signs', 'zero_rows', 'layers')


def name(basis: Basis) -> BasisName:
    """What a view says of a Basis: a key of its numbers, and how they were made as far as that is recorded."""
    digest = hashlib.sha256()
    for array in (basis.mean, basis.components, basis.stdev):
        digest.update(np.ascontiguousarray(array, '<f4').tobytes())
    record: Dict[str, Any] = basis.record
    own = record.get('space') == 'w' or record.get('layer') in FIRST_LAYERS  # Those that `cached.basis` computes.
    known = {name: record[name] for name in _SAMPLED if own and name in record}
    return BasisName(
        key=digest.hexdigest()[:16],
        estimator=str(record.get('estimator', 'unknown')),
        components=len(basis.components),
        **known,
    )


def are_needed(view: View) -> bool:
    """Whether anything that a view shows needs components."""
    needed = any(
        edit.mode != 'offset' or edit.direction.keys[0] in ('component', 'random', 'edit') for edit in _counting(view)
    )
    return needed or bool(view.show.other and are_needed(view.show.other))


def _counting(view):
    """The edits that decide about pixels."""
    return [edit for i, edit in enumerate(view.edits) if edit.on or i == view.show.edit]


def find(
    view: View, generator: BaseGenerator, path: Optional[PathLike] = None
) -> Tuple[Optional[Basis], Optional[str]]:
    """The components that a view needs: those of a file, the ones of its key in the cache, or computed as it says.

    Args:
        view: View.
        generator: open Generator.
        path: of a file that has them, or None.

    Returns:
        (Basis, or None if the view needs none; a sentence if they are not the ones that the view was made with, or
        None).

    Raises:
        UserError: they come from a file that is not given, or cannot be had.
    """
    if not are_needed(view):
        return None, None
    wanted = view.basis or (view.show.other and view.show.other.basis)
    basis = _read(path, generator) if path else (wanted and _cached(wanted)) or _computed(wanted, generator)
    if wanted and name(basis).key != wanted.key:
        return basis, (
            'the view was made with other components (key %s) than these (%s), as on another machine or stack; its '
            'pixels may differ' % (wanted.key, name(basis).key)
        )
    return basis, None


def _read(path, generator):
    from regan.components.basis import Basis

    basis = Basis.load(path)
    if basis.space != generator.latent_space:
        raise UserError(
            '%s has directions in %s, but views of this network move %s; give components of that space'
            % (path, basis.space.upper(), generator.latent_space)
        )
    return basis


def _cached(wanted):
    """The Basis of a key among those of its kind in the cache, or None."""
    from regan.components import pca
    from regan.components.basis import Basis

    if wanted.estimator not in pca.ESTIMATORS:
        return None
    for path in sorted(artefacts.cache_dir().glob('%s-c%d-n*.npz' % (wanted.estimator, wanted.components))):
        try:
            basis = Basis.load(path)
        except UserError:  # An unfinished run leaves a checkpoint, which has such a name, too.
            continue
        if name(basis).key == wanted.key:
            return basis
    return None


def _computed(wanted, generator):
    from regan.components import cached, pca

    if wanted is None:
        return cached.basis(generator, pca.PCASpec())
    if wanted.estimator not in pca.ESTIMATORS:
        raise UserError(
            'the components of the view (%s, %d of them) come from a file; give it with --basis'
            % (wanted.estimator, wanted.components)
        )
    known = {key: getattr(wanted, key) for key in _SAMPLED if getattr(wanted, key) is not None}
    return cached.basis(generator, pca.PCASpec(estimator=wanted.estimator, components=wanted.components, **known))
