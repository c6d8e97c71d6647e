"""What the report on the claims is made from: a JSON file becomes frozen dataclasses."""

import dataclasses
import json
from typing import Dict, Tuple

import checkout

from regan.base import json_records
from regan.base.json_records import anything, declared, integer, key, mapping, number, record, sequence, text
from regan.components.pca import PCASpec
from regan.editing import edits
from regan.sampling import latents

SPEC = checkout.SPECS / 'claims.json'


def in_notation(value, where):
    """Rule: an edit in notation."""
    return edits.parse(text(value, where))


def _range(value, where):
    first, end = sequence(integer(0))(value, where) if isinstance(value, list) and len(value) == 2 else (0, 0)
    if first >= end:
        raise json_records.refuse(where, 'a pair [first, end) of whole numbers', value)
    return first, end


_COUNT = integer(1)
_SIZE = integer(2)
_SHARE = number(0, 1)
_NAMES = sequence(text)


@dataclasses.dataclass(frozen=True)
@declared
class NamedEdit:
    """An edit and the factor that it is named after."""

    name: str = key(text, 'for people')
    factor: str = key(text, 'of the world')
    edit: edits.Edit = key(in_notation, 'in notation')


@dataclasses.dataclass(frozen=True)
@declared
class Network:
    """A network of the report."""

    reader: str = key(text, 'of its factors, a file of networks/, or a path')
    edits: Tuple[NamedEdit, ...] = key(sequence(record(NamedEdit), empty=True), 'that are measured', default=())


@dataclasses.dataclass(frozen=True)
@declared
class Transfer:
    """A pair of networks: the edits of one are tried on the other."""

    source: str = key(text, 'the network of the edits')
    target: str = key(text, 'the network that they are tried on')


@dataclasses.dataclass(frozen=True)
@declared
class Stability:
    """What the components are compared with."""

    reference: PCASpec = key(record(PCASpec), 'of the components')
    variations: Dict[str, dict] = key(mapping(anything), 'name -> changed attributes of the reference')
    random: Dict[str, dict] = key(
        mapping(anything, empty=True), 'name -> facts of a RandomMapping and, as "n", its number of samples'
    )
    least_cosine: float = key(_SHARE, 'from which an index is trusted')


@dataclasses.dataclass(frozen=True)
@declared
class Sizes:
    """How much is measured."""

    samples: int = key(_SIZE, 'behind units of factors and boundaries; those of Claims 1 and 3 are the first of them')
    latents: int = key(_SIZE, 'of Claim 1')
    per_latent: int = key(_SIZE, 'of Claim 1')
    layer_latents: int = key(_SIZE, "of Claim 3's layers")
    layer_components: int = key(_SIZE, "of Claim 3's layers")
    layer_per_latent: int = key(_SIZE, "of Claim 3's layers")
    edit_latents: int = key(_SIZE, 'of Claim 2 and transfer')
    pilot_latents: int = key(_SIZE, 'of Claim 2 and transfer')
    transfer_candidates: int = key(_SIZE, 'see `transfer.measure`')
    bases: int = key(_SIZE, 'of Figure 3')
    per_base: int = key(_SIZE, 'of Figure 3')
    networks: Tuple[str, ...] = key(_NAMES, "which of the spec's")
    variations: Tuple[str, ...] = key(sequence(text, empty=True), "which of stability's")
    mappings: Tuple[str, ...] = key(sequence(text, empty=True), "which of the networks and of stability's random ones")


@dataclasses.dataclass(frozen=True)
@declared
class ClaimsSpec:
    """The spec of the report."""

    networks: Dict[str, Network] = key(mapping(record(Network)), 'by name (of models.json) or path')
    full: Sizes = key(record(Sizes), 'of the report')
    small: Sizes = key(record(Sizes), 'of its check')
    groups: Dict[str, Dict[str, Tuple[str, ...]]] = key(
        mapping(mapping(sequence(text, empty=True))), 'world -> group -> factors'
    )
    geometry: Tuple[str, ...] = key(_NAMES, 'groups, for Claim 3')
    pose: Tuple[str, ...] = key(_NAMES, 'groups, for Figure 3')
    style: Tuple[str, ...] = key(_NAMES, 'groups, for Figure 3')
    bands: Tuple[Tuple[int, int], ...] = key(sequence(_range), 'ranges of components (first, end)')
    layers: Tuple[Tuple[int, int], ...] = key(sequence(_range), 'ranges of layers (first, end)')
    pca: PCASpec = key(record(PCASpec), 'of the components; all of them are kept, `pca.components` does not count')
    psi: float = key(_SHARE, 'of everything drawn')
    seed: int = key(latents.SEED, 'of everything drawn')
    least_r2: float = key(number(-1, 1), 'of a factor that is looked at')
    boundary_ratio: float = key(_SHARE, 'share of the samples at each end that a boundary is trained on')
    first: int = key(_COUNT, 'components that Figure 3 keeps or draws again')
    transfers: Tuple[Transfer, ...] = key(sequence(record(Transfer), empty=True), 'pairs')
    transfer_components: int = key(_COUNT, 'among which a match is sought')
    least_effect: float = key(_SHARE, "share of the source's effect from which an edit counts as carried over")
    stability: Stability = key(record(Stability), 'of the components')


def load(path=SPEC):
    """The ClaimsSpec of a file. Raises UserError, which names the file and the key, for whatever is wrong in it."""
    spec = json_records.build(ClaimsSpec, json_records.load(path), str(path))
    for size, where in [(spec.full, 'full'), (spec.small, 'small')]:
        if max(size.latents, size.layer_latents) > size.samples:
            raise json_records.refuse(
                '%s: %s.samples' % (path, where), 'at least as many as latents and layer_latents', size.samples
            )
        _check_names(size.networks, spec.networks, '%s: %s.networks' % (path, where))
        _check_names(size.variations, spec.stability.variations, '%s: %s.variations' % (path, where))
        _check_names(
            size.mappings, list(spec.networks) + list(spec.stability.random), '%s: %s.mappings' % (path, where)
        )
    for pair in spec.transfers:
        _check_names(dataclasses.astuple(pair), spec.networks, '%s: transfers' % path)
    for chosen in (spec.geometry, spec.pose, spec.style):
        for world, groups in spec.groups.items():
            _check_names(chosen, groups, '%s: groups of %s' % (path, world))
    return spec


def _check_names(names, known, where):
    for name in names:
        if name not in known:
            raise json_records.refuse(where, 'among ' + json.dumps(sorted(known)), name)
