"""Edits by name: those that GANSpace and its reproduction published, ours, and those of a user's own file.

A file of edits is a JSON list of objects with the keys of `NamedEdit`; edit_zoo.json is one. An id is DATASET/TITLE,
and what tells two edits of one title apart stands in brackets: "ffhq/Smile (v46, 4)", "car/Add grass (sequence)". The
published edits are of two kinds: strips around the mean ('centred', GANSpace's edit zoo) and steps of a sequence
('target', its teaser).

>>> print(find('ffhq/big_smile').edit)
centred E(v19, 4) * 10.0
"""

import dataclasses
import difflib
import re
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

from dnnlib import contents
from regan.base import json_records
from regan.base.errors import UserError
from regan.base.json_records import choice, declared, flag, key, made, number, optional, sequence, text
from regan.base.typing import PathLike
from regan.biggan import classes
from regan.editing import edits
from regan.networks import models
from regan.sampling import latents

PUBLISHED = Path(__file__).with_name('edit_zoo.json')
GENERATIONS = {'StyleGAN': 1, 'StyleGAN2': 2}
BIGGANS = {'BigGAN-128': 128, 'BigGAN-256': 256, 'BigGAN-512': 512}  # Model -> pixels of a side of BigGAN-deep.
PROGRESSIVE = 'ProGAN'
IMAGENET = 'imagenet'  # Data set of BigGAN-deep; that of an edit is a class of it.
OTHER_SPELLINGS = {'cars': 'car', 'cats': 'cat', 'ukiyo-e': 'ukiyoe'}
_ID = re.compile(r'(?P<dataset>[^/]*[^/\s])/(?P<title>\S.*?)(?:\s+\((?P<remark>[^()]*)\))?')
_EDIT_KEYS = tuple(field.name for field in dataclasses.fields(edits.Edit) if field.name != 'name')


@dataclasses.dataclass(frozen=True)
@declared
class NamedEdit:
    """One edit of a file, in which the keys of `edits.Edit` stand beside these.

    Raises:
        UserError: an id of another form, on construction.
    """

    id: str = key(text, 'DATASET/TITLE, where needed with a remark in brackets')
    edit: edits.Edit = made('what it does; the title is its name')
    model: Optional[str] = key(
        optional(text), "of the network that it was found on, 'StyleGAN', 'StyleGAN2', ...; None: unknown", default=None
    )
    space: str = key(choice('w', 'z'), "'w' or 'z', that of the component", default='w')
    psi: Optional[float] = key(optional(number(-1, 1)), 'of the published picture; None if there is none', default=None)
    seeds: Tuple[int, ...] = key(
        sequence(latents.SEED, empty=True), 'of the published pictures; () if there are none', default=()
    )
    sources: Tuple[str, ...] = key(sequence(text, empty=True), 'who has it', default=())
    published: bool = key(flag, 'whether the publication shows it', default=False)

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise UserError("the id '%s' of an edit is not of the form DATASET/TITLE, such as my/Redness" % self.id)
        object.__setattr__(self, 'edit', dataclasses.replace(self.edit, name=self.title))

    @property
    def dataset(self) -> str:
        """The part of the id before the stroke."""
        return _ID.fullmatch(self.id).group('dataset')  # type: ignore[union-attr]  # Checked on construction.

    @property
    def title(self) -> str:
        """The part of the id after the stroke, without the remark in brackets."""
        return _ID.fullmatch(self.id).group('title')  # type: ignore[union-attr]

    @property
    def network_class(self) -> Optional[int]:
        """The number of the class that the edit was found with; None for networks without classes."""
        return classes.GANSPACE_WORDS.get(self.dataset) if self.model in BIGGANS else None

    @property
    def generation(self) -> Optional[int]:
        """1 or 2; None for networks of another kind and if it is not said."""
        return GENERATIONS.get(self.model or '')

    def check_usable(self) -> None:
        """Raises UserError unless the edit moves latents of an architecture that is drawn here."""
        if self.model not in (None,) + tuple(GENERATIONS) + tuple(BIGGANS) + (PROGRESSIVE,):
            raise UserError(
                "'%s' moves the %s of a %s; it is listed for the record, and no such network is drawn here"
                % (self.id, self.space, self.model)
            )

    def belongs_to(self, model: Optional[models.Model]) -> bool:
        """Whether it was found on a network of this generation and data set, or on this BigGAN-deep with any class.
        Args: model, a `models.Model` or None.
        """
        if model is None:
            return False
        if self.model in BIGGANS:
            return (model.dataset, model.resolution) == (IMAGENET, BIGGANS[self.model])
        return (self.generation, self.dataset) == (model.generation, model.dataset)

    def to_dict(self) -> Dict[str, Any]:
        """Everything as a dict for JSON, in the form of a file."""
        facts = json_records.recorded(self)
        return dict({'id': facts.pop('id')}, **{name: getattr(self.edit, name) for name in _EDIT_KEYS}, **facts)


def load(path: PathLike = PUBLISHED) -> List[NamedEdit]:
    """The edits of a file: list of NamedEdit, in its order.

    Raises:
        UserError: no such file, no list, a wrong value, or an id that occurs twice; it names the file and the entry.
    """
    entries = json_records.load(path)
    if not isinstance(entries, list):
        raise UserError(
            '%s must hold a list of edits, [{"id": "my/Redness", "component": 3, ...}, ...]; correct it' % path
        )
    found: List[NamedEdit] = []
    seen: Dict[str, int] = {}
    for i, entry in enumerate(entries):
        where = '%s, edit %d' % (Path(path).name, i + 1)
        found.append(_named(entry, where))
        if seen.setdefault(_key(found[-1].id), i) != i:
            raise UserError(
                "%s has the id '%s' of edit %d; ids must differ in more than case and spelling of the data set"
                % (where, found[-1].id, seen[_key(found[-1].id)] + 1)
            )
    return found


def _named(entry, where):
    """The NamedEdit of an object in a file."""
    own = json_records.rules(NamedEdit)
    json_records.check_keys(
        entry, where, list(own) + list(_EDIT_KEYS), json_records.required(NamedEdit) | json_records.required(edits.Edit)
    )
    move = {name: value for name, value in entry.items() if name in _EDIT_KEYS}
    rest = {name: value for name, value in entry.items() if name in own}
    return json_records.build(NamedEdit, rest, where, edit=json_records.construct(edits.Edit, where, **move))


def everything(path: Optional[PathLike] = None) -> List[NamedEdit]:
    """The published edits, after those of the user's file `path` if there is one, which replace published ones of
    the same id.
    """
    own = load(path) if path else []
    taken = {_key(entry.id) for entry in own}
    return own + [entry for entry in load() if _key(entry.id) not in taken]


def find(name: str, among: Optional[Sequence[NamedEdit]] = None) -> NamedEdit:
    """The NamedEdit of an id, or of a title that only one edit of the data set has. Case does not matter, nor '_' for a
    blank.

    Args:
        among: list of NamedEdit; default: the published ones.

    Raises:
        UserError: none of that name, with the nearest ones, or several, with their ids.
    """
    among = load() if among is None else among
    exact = [entry for entry in among if _key(entry.id) == _key(name)]
    found = exact or [entry for entry in among if _key('%s/%s' % (entry.dataset, entry.title)) == _key(name)]
    if len(found) > 1:
        raise UserError(
            "'%s' is the title of several edits; choose one of %s"
            % (name, ', '.join("'%s'" % entry.id for entry in found))
        )
    if not found:
        raise UserError("there is no edit '%s'%s; `regan edits list` shows all" % (name, _nearest(name, among)))
    return found[0]


def for_network(model: models.Model, among: Optional[Sequence[NamedEdit]] = None) -> List[NamedEdit]:
    """The edits that were found on a network of the same generation and data set. Args: model, a `models.Model`."""
    return [entry for entry in (load() if among is None else among) if entry.belongs_to(model)]


def for_dataset(dataset: str, among: Optional[Sequence[NamedEdit]] = None) -> List[NamedEdit]:
    """The edits of a data set, of any generation, in either spelling."""
    return [entry for entry in (load() if among is None else among) if _dataset(entry.dataset) == _dataset(dataset)]


def registered(network: PathLike) -> Optional[models.Model]:
    """The `models.Model` of a network's name, alias, or of a path whose file is called as the registry says; else
    None.
    """
    files = {model.file: model for model in models.registry().values()}
    file, _ = contents.split(network)
    return models.find(file) or files.get(Path(file).name)


def _key(name):
    """What is compared of an id."""
    dataset, _, title = ' '.join(name.lower().replace('_', ' ').split()).partition('/')
    return _dataset(dataset) + '/' + title


def _dataset(name):
    plain = name.strip().lower().replace(' ', '_')
    return OTHER_SPELLINGS.get(plain, plain)


def _nearest(name, among):
    keys = {_key(entry.id): entry.id for entry in among}
    titles = {entry.title.lower(): entry.id for entry in reversed(among)}  # Of equal titles the first.
    wanted = ' '.join(name.lower().replace('_', ' ').split()).rpartition('/')[2]
    close = difflib.get_close_matches(_key(name), list(keys), n=3, cutoff=0.7)
    ids = [keys[key] for key in close] or [
        titles[key] for key in difflib.get_close_matches(wanted, list(titles), n=3, cutoff=0.7)
    ]
    return '; did you mean %s' % ' or '.join("'%s'" % one for one in ids) if ids else ''
