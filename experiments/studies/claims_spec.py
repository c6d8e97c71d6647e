"""What the report on the claims is made from: a JSON file becomes frozen dataclasses."""
import dataclasses
import json
from typing import Dict, Tuple

from regan.base import json_records
from regan.components import pca
from regan.editing import edits
from regan.networks import models
from regan.sampling import latents

SPEC = models.PROJECT / 'experiments' / 'specs' / 'claims.json'


@dataclasses.dataclass(frozen=True)
class NamedEdit:
    """An edit and the factor that it is named after."""
    name: str
    factor: str
    edit: edits.Edit


@dataclasses.dataclass(frozen=True)
class Network:
    """A network of the report: its reader (a file of networks/, or a path) and its named edits, of which there may be none."""
    reader: str
    edits: Tuple[NamedEdit, ...] = ()


@dataclasses.dataclass(frozen=True)
class Transfer:
    """A pair of networks: the edits of `source` are tried on `target`."""
    source: str
    target: str


@dataclasses.dataclass(frozen=True)
class Stability:
    """Attributes: reference (PCASpec), variations (name -> changed attributes of it), random (name -> facts of a RandomMapping and, as
    "n", its number of samples), least_cosine from which an index is trusted."""
    reference: pca.PCASpec
    variations: Dict[str, dict]
    random: Dict[str, dict]
    least_cosine: float


@dataclasses.dataclass(frozen=True)
class Sizes:
    """How much is measured.

    Attributes:
        samples: behind the units of the factors and the boundaries; the latents of Claims 1 and 3 are the first of them.
        latents, per_latent: of Claim 1. layer_latents, layer_components, layer_per_latent: of Claim 3's layers.
        edit_latents, pilot_latents: of Claim 2 and transfer. transfer_candidates: see transfer.measure.
        bases, per_base: of Figure 3.
        networks: which of the spec's networks; variations, mappings: which of stability's.
    """
    samples: int
    latents: int
    per_latent: int
    layer_latents: int
    layer_components: int
    layer_per_latent: int
    edit_latents: int
    pilot_latents: int
    transfer_candidates: int
    bases: int
    per_base: int
    networks: Tuple[str, ...]
    variations: Tuple[str, ...]
    mappings: Tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class ClaimsSpec:
    """The spec of the report.

    Attributes:
        networks: name (of models.json, or a path) -> Network. full, small: Sizes of the report and of its check.
        groups: world -> group -> factors. geometry, pose, style: names of groups, for Claim 3 and Figure 3.
        bands: ranges of components. layers: ranges of layers. Both (first, end).
        pca: of the components; all of them are kept, `pca.components` does not count.
        psi, seed: of everything drawn. least_r2: of a factor that is looked at.
        boundary_ratio: share of the samples at each end that a boundary is trained on.
        first: components that Figure 3 keeps or draws again. transfers: pairs. transfer_components: among which a match is sought.
        least_effect: share of the source's effect from which an edit counts as carried over. stability: Stability.
    """
    networks: Dict[str, Network]
    full: Sizes
    small: Sizes
    groups: Dict[str, Dict[str, Tuple[str, ...]]]
    geometry: Tuple[str, ...]
    pose: Tuple[str, ...]
    style: Tuple[str, ...]
    bands: Tuple[Tuple[int, int], ...]
    layers: Tuple[Tuple[int, int], ...]
    pca: pca.PCASpec
    psi: float
    seed: int
    least_r2: float
    boundary_ratio: float
    first: int
    transfers: Tuple[Transfer, ...]
    transfer_components: int
    least_effect: float
    stability: Stability


def load(path=SPEC):
    """The ClaimsSpec of a file. Raises UserError, which names the file and the key, for whatever is wrong in it."""
    spec = json_records.build(ClaimsSpec, json_records.load(path), str(path), RULES)
    for size, where in [(spec.full, 'full'), (spec.small, 'small')]:
        if max(size.latents, size.layer_latents) > size.samples:
            raise json_records.refuse('%s: %s.samples' % (path, where), 'at least as many as latents and layer_latents', size.samples)
        _check_names(size.networks, spec.networks, '%s: %s.networks' % (path, where))
        _check_names(size.variations, spec.stability.variations, '%s: %s.variations' % (path, where))
        _check_names(size.mappings, list(spec.networks) + list(spec.stability.random), '%s: %s.mappings' % (path, where))
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


def _list(rule):
    """Rule: a list of what `rule` allows, which may be empty."""
    return lambda value, where: () if value == [] else json_records.sequence(rule)(value, where)


def _named(rule):
    """Rule: a JSON object whose values `rule` allows."""
    def check(value, where):
        if not isinstance(value, dict) or not value:
            raise json_records.refuse(where, 'a JSON object with something in it', value)
        return {name: rule(item, '%s.%s' % (where, name)) for name, item in value.items()}
    return check


def _pair(value, where):
    first, end = json_records.sequence(json_records.integer(0))(value, where) if isinstance(value, list) and len(value) == 2 else (0, 0)
    if first >= end:
        raise json_records.refuse(where, 'a pair [first, end) of whole numbers', value)
    return first, end


def _edit(value, where):
    return edits.parse(json_records.text(value, where))


_PCA = json_records.record(pca.PCASpec, {field.name: json_records.anything for field in dataclasses.fields(pca.PCASpec)})
_COUNT = json_records.integer(1)
_SHARE = json_records.number(0, 1)
_NAMES = json_records.sequence(json_records.text)
_SIZES = json_records.record(Sizes, dict(
    {field.name: json_records.integer(2) for field in dataclasses.fields(Sizes)},
    networks=_NAMES, variations=_list(json_records.text), mappings=_list(json_records.text)))
_EDIT = json_records.record(NamedEdit, {'name': json_records.text, 'factor': json_records.text, 'edit': _edit})
RULES = {
    'networks': _named(json_records.record(Network, {'reader': json_records.text, 'edits': _list(_EDIT)})),
    'full': _SIZES,
    'small': _SIZES,
    'groups': _named(_named(_list(json_records.text))),
    'geometry': _NAMES,
    'pose': _NAMES,
    'style': _NAMES,
    'bands': json_records.sequence(_pair),
    'layers': json_records.sequence(_pair),
    'pca': _PCA,
    'psi': _SHARE,
    'seed': json_records.integer(0, latents.LARGEST_SEED),
    'least_r2': json_records.number(-1, 1),
    'boundary_ratio': _SHARE,
    'first': _COUNT,
    'transfers': _list(json_records.record(Transfer, {'source': json_records.text, 'target': json_records.text})),
    'transfer_components': _COUNT,
    'least_effect': _SHARE,
    'stability': json_records.record(Stability, {
        'reference': _PCA, 'variations': _named(json_records.anything), 'least_cosine': _SHARE,
        'random': lambda value, where: {} if value == {} else _named(json_records.anything)(value, where)}),
}
