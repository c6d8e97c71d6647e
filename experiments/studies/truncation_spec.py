"""What the study of truncation is made from: a JSON file becomes frozen dataclasses."""

import dataclasses
from typing import Dict, Optional, Tuple, Union

import checkout

from regan.base import json_records
from regan.base.json_records import declared, integer, key, mapping, number, optional, record, sequence, text
from regan.components.pca import PCASpec
from regan.editing import edits
from regan.sampling import latents, noise
from studies.claims_spec import in_notation

SPEC = checkout.SPECS / 'truncation.json'


_PSIS = sequence(number(-1, 2))


@dataclasses.dataclass(frozen=True)
@declared
class StudiedEdit:
    """An edit of the study."""

    name: str = key(text, 'for people')
    edit: edits.Edit = key(in_notation, 'in notation')
    seed: int = key(latents.SEED, 'of the latent of its strip')
    factor: Optional[str] = key(optional(text), 'that it is named after; None: it is not measured', default=None)


@dataclasses.dataclass(frozen=True)
@declared
class Studied:
    """A network of the study."""

    edits: Tuple[StudiedEdit, ...] = key(sequence(record(StudiedEdit)), 'those that are drawn')
    reader: Optional[str] = key(optional(text), 'a file of networks/, or a path; None: strips only', default=None)
    noise: Union[str, dict] = key(noise.check, 'a choice of `regan.sampling.noise`', default='stored')


@dataclasses.dataclass(frozen=True)
@declared
class TruncationSpec:
    """The spec of the study."""

    networks: Dict[str, Studied] = key(mapping(record(Studied), empty=True), 'those that are studied, by name or path')
    others: Dict[str, Studied] = key(mapping(record(Studied), empty=True), 'those that can be asked for by name')
    pca: PCASpec = key(record(PCASpec), 'of the components')
    frames: int = key(integer(2), 'of a strip')
    strip_psis: Tuple[float, ...] = key(_PSIS, 'of the strips, and of the images without an edit')
    seeds: Tuple[int, ...] = key(sequence(latents.SEED), 'of the images without an edit')
    psis: Tuple[float, ...] = key(_PSIS, 'of the curves')
    cutoffs: Tuple[Optional[int], ...] = key(sequence(optional(integer(1))), 'of the curves; None truncates all layers')
    n: int = key(integer(4), 'images for each point of the curves')
    seed: int = key(latents.SEED, 'of the curves')
    quick_psis: Tuple[float, ...] = key(_PSIS, 'of the curves of a first look')
    quick_n: int = key(integer(4), 'images for each point of a first look')


def load(path=SPEC):
    """The TruncationSpec of a file. Raises UserError, which names the file and the key, for whatever is wrong in it."""
    return json_records.build(TruncationSpec, json_records.load(path), str(path))
