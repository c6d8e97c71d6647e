"""What the study of truncation is made from: a JSON file becomes frozen dataclasses."""
import dataclasses
from typing import Dict, Optional, Tuple, Union

import checkout
from regan.base import json_records
from regan.components import pca
from regan.editing import edits
from regan.sampling import latents, noise

SPEC = checkout.SPECS / 'truncation.json'


@dataclasses.dataclass(frozen=True)
class StudiedEdit:
    """An edit, the latent of its strip, and the factor that it is named after; None: it is drawn but not measured."""
    name: str
    edit: edits.Edit
    seed: int
    factor: Optional[str] = None


@dataclasses.dataclass(frozen=True)
class Studied:
    """A network: its edits, and its reader (a file of networks/, or a path); None: strips only."""
    edits: Tuple[StudiedEdit, ...]
    reader: Optional[str] = None
    noise: Union[str, dict] = 'stored'


@dataclasses.dataclass(frozen=True)
class TruncationSpec:
    """The spec of the study.

    Attributes:
        networks: those that are studied, name (of models.json, or a path) -> Studied. others: those that can be asked for by name.
        pca: of the components. frames: of a strip. strip_psis, seeds: of the strips, and of the images without an edit.
        psis, cutoffs, n, seed: of the curves; a cutoff of None truncates all layers. quick_psis, quick_n: the same for a first look.
    """
    networks: Dict[str, Studied]
    others: Dict[str, Studied]
    pca: pca.PCASpec
    frames: int
    strip_psis: Tuple[float, ...]
    seeds: Tuple[int, ...]
    psis: Tuple[float, ...]
    cutoffs: Tuple[Optional[int], ...]
    n: int
    seed: int
    quick_psis: Tuple[float, ...]
    quick_n: int


def load(path=SPEC):
    """The TruncationSpec of a file. Raises UserError, which names the file and the key, for whatever is wrong in it."""
    return json_records.build(TruncationSpec, json_records.load(path), str(path), RULES)


def _named(rule):
    def check(value, where):
        if not isinstance(value, dict):
            raise json_records.refuse(where, 'a JSON object', value)
        return {name: rule(item, '%s.%s' % (where, name)) for name, item in value.items()}
    return check


_SEED = json_records.integer(0, latents.LARGEST_SEED)
_PSIS = json_records.sequence(json_records.number(-1, 2))
_EDIT = json_records.record(StudiedEdit, {'name': json_records.text, 'edit': lambda value, where: edits.parse(json_records.text(value, where)),
                                     'seed': _SEED, 'factor': json_records.optional(json_records.text)})
_NETWORK = json_records.record(Studied, {'edits': json_records.sequence(_EDIT), 'reader': json_records.optional(json_records.text), 'noise': noise.check})
RULES = {
    'networks': _named(_NETWORK),
    'others': _named(_NETWORK),
    'pca': json_records.record(pca.PCASpec, {field.name: json_records.anything for field in dataclasses.fields(pca.PCASpec)}),
    'frames': json_records.integer(2),
    'strip_psis': _PSIS,
    'seeds': json_records.sequence(_SEED),
    'psis': _PSIS,
    'cutoffs': json_records.sequence(json_records.optional(json_records.integer(1))),
    'n': json_records.integer(4),
    'seed': _SEED,
    'quick_psis': _PSIS,
    'quick_n': json_records.integer(4),
}
