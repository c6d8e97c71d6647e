"""The messages of a page: JSON texts into frozen dataclasses, every value checked here.

A message that is refused says to which slot or job it belonged, so that the page can show the sentence there.
"""

import dataclasses
import re
from typing import Any, Dict, Optional, Tuple, Type, Union

import numpy as np

from regan.base import json_records
from regan.base.errors import UserError
from regan.base.json_records import choice, declared, flag, integer, key, matching, number, optional, record, sequence
from regan.explore import security
from regan.sampling import latents
from regan.views import document, links
from regan.views.document import Direction, View

VERSION = 1
MOST_BYTES = 2**16
DEEPEST = 10  # A view within the specification of a sheet.
MOST_PINS = 16
MOST_ROWS = 512
SORTS = ('change', 'variance', 'local', 'colour', 'consistent', 'even', 'region', 'factor', 'example', 'similar')
ZONES = ('all', 'coarse', 'middle', 'fine')
KINDS = ('view', 'edit', 'png', 'strip', 'grid', 'mp4', 'latents', 'figure', 'command', 'sidecar')
CODES = ('bad_message', 'bad_view', 'unknown', 'busy', 'too_large', 'failed')
_LONGEST_SENTENCE = 400

JOB = matching('[A-Za-z0-9_-]{1,32}', 'the name of a job (up to 32 letters, digits, - and _)')
SLOT = matching('main|before|pin:(?:[0-9]|1[0-5])', 'main, before or pin:0 to pin:15')
REV = integer(1, 2**53 - 1)
_SEEDS = sequence(latents.SEED, most=4)
_TAGS = sequence(document.NAME, empty=True, most=document.MOST_TAGS)
_STEP = number(0, 100)


class Refused(Exception):
    """A message that cannot be followed.

    Attributes:
        code: one of CODES.
        address: dict with the slot and rev, or the job, that it belonged to, as far as that is known.
    """

    def __init__(self, code: str, message: str, address: Optional[Dict[str, Any]] = None) -> None:
        super().__init__(message)
        self.code, self.address = code, dict(address or {})


class _BadView(UserError):
    """The UserError of a view in a message."""


def _view(value, where):
    try:
        return document.parse(value, where)
    except UserError as error:
        raise _BadView(str(error))


def _name(value, where):
    if not isinstance(value, str) or not security.is_name(value):
        raise json_records.refuse(where, 'a name of letters, digits, blanks, _ and -, up to 64 of them', value)
    return value


def _mask(value, where):
    """{"size": n, "rows": ["0110...", ...]} -> bool [n, n], some of it set."""
    json_records.check_keys(value, where, ['size', 'rows'], ['size', 'rows'])
    size, rows = integer(1, 64)(value['size'], where + '.size'), value['rows']
    good = isinstance(rows, list) and len(rows) == size
    if not good or not all(isinstance(row, str) and re.fullmatch('[01]{%d}' % size, row) for row in rows):
        raise UserError('%s.rows must be %d texts of %d digits 0 and 1; correct it' % (where, size, size))
    mask = np.array([[digit == '1' for digit in row] for row in rows])
    if not mask.any() or mask.all():
        raise UserError('%s has nothing inside, or nothing outside; paint a part of the picture' % where)
    return mask


def _pair(value, where):
    pair = sequence(integer(0, document.MOST_LATENTS - 1), most=2)(value, where)
    if len(pair) != 2 or pair[0] == pair[1]:
        raise json_records.refuse(where, 'two different indices of latents', value)
    return pair


# ------------------------------------------------------------------ messages


@dataclasses.dataclass(frozen=True)
@declared
class Hello:
    """The first message of a page."""

    protocol: int = key(integer(0, 10**6), 'VERSION of the page')


@dataclasses.dataclass(frozen=True)
@declared
class Render:
    """A wish for a picture."""

    slot: str = key(SLOT, 'where it is shown')
    rev: int = key(REV, 'rises with each wish of a slot')
    view: View = key(_view, 'what it shows')
    px: int = key(integer(1, 2**14), 'pixels of the larger side on the screen')
    drag: bool = key(flag, 'whether the hand still moves')


@dataclasses.dataclass(frozen=True)
@declared
class Ack:
    """A frame was drawn."""

    slot: str = key(SLOT, 'of the frame')
    rev: int = key(REV, 'of the frame')


@dataclasses.dataclass(frozen=True)
@declared
class Row:
    """A row of a sheet that is no component."""

    direction: Direction = key(record(Direction), 'what it moves along')
    name: str = key(document.NAME, 'for people')


def _rows(value, where):
    if isinstance(value, str):
        return choice('components', 'random', 'edits')(value, where)
    return sequence(record(Row), most=MOST_ROWS)(value, where)


@dataclasses.dataclass(frozen=True)
@declared
class SheetSpec:
    """What a contact sheet shows."""

    view: View = key(_view, 'whose starred latent is moved')
    rows: Union[str, Tuple[Row, ...]] = key(_rows, 'components, random, edits, or directions')
    zones: Tuple[str, ...] = key(sequence(choice(*ZONES), most=4), 'columns', ZONES)
    step: float = key(_STEP, 'standard deviations', 2.0)
    size: int = key(integer(8, 256), 'pixels of a tile', 64)
    difference: bool = key(flag, 'whether one tile shows the difference of both ends', False)
    seeds: Tuple[int, ...] = key(_SEEDS, 'latents of the sorts', (0, 1, 2, 3))


@dataclasses.dataclass(frozen=True)
@declared
class Sheet:
    """A wish for a contact sheet."""

    job: str = key(JOB, 'name of the job')
    spec: SheetSpec = key(record(SheetSpec), 'what it shows')


@dataclasses.dataclass(frozen=True)
@declared
class Visible:
    """Which rows of a sheet are on the screen."""

    job: str = key(JOB, 'of the sheet')
    rows: Tuple[int, ...] = key(sequence(integer(0, 2**20), most=2), '[first, end], end not included')

    def __post_init__(self) -> None:
        if len(self.rows) != 2:
            raise UserError('rows must be [first, end]')


@dataclasses.dataclass(frozen=True)
@declared
class Cancel:
    """Stop a job. Raises UserError unless exactly one of the two is given."""

    job: Optional[str] = key(JOB, 'name of the job', None)
    slot: Optional[str] = key(
        matching(r'main|before|sheet|export|pin:(?:[0-9]|1[0-5])', 'the name of a slot'), 'what it is for', None
    )

    def __post_init__(self) -> None:
        if (self.job is None) == (self.slot is None):
            raise UserError('either a job or a slot can be cancelled; give one of the two')


@dataclasses.dataclass(frozen=True)
@declared
class Rank:
    """Sort the rows of a sheet. Raises UserError for a sort that lacks what it needs."""

    job: str = key(JOB, 'name of the job')
    sort: str = key(choice(*SORTS), 'by what')
    view: View = key(_view, 'the other settings')
    zone: str = key(choice(*ZONES), 'which layers are moved', 'all')
    step: float = key(_STEP, 'standard deviations', 2.0)
    seeds: Tuple[int, ...] = key(_SEEDS, 'latents', (0, 1, 2, 3))
    mask: Optional[Any] = key(optional(_mask), 'of region: bool [n, n]', None)
    factor: Optional[str] = key(optional(document.NAME), 'of factor: its name', None)
    pins: Optional[Tuple[int, int]] = key(optional(_pair), 'of example: two latents of the view', None)
    rows: Optional[Tuple[int, ...]] = key(
        optional(sequence(integer(0, document.COMPONENTS - 1), most=MOST_ROWS)), 'of similar: the starred rows', None
    )

    def __post_init__(self) -> None:
        needed = {'region': 'mask', 'factor': 'factor', 'example': 'pins', 'similar': 'rows'}
        for sort, name in needed.items():
            if (getattr(self, name) is not None) != (self.sort == sort):
                raise UserError("the key '%s' goes with the sort %s, and with no other" % (name, sort))
        if self.pins and max(self.pins) >= len(self.view.latents):
            raise UserError('pins: the view has %d latents' % len(self.view.latents))


@dataclasses.dataclass(frozen=True)
@declared
class Nearest:
    """Find seeds near a seed, or far from it, in some coordinates."""

    job: str = key(JOB, 'name of the job')
    seed: int = key(latents.SEED, 'to compare with')
    view: View = key(_view, 'the other settings')
    coordinates: Tuple[int, ...] = key(sequence(integer(0, document.COMPONENTS - 1), most=80), 'components')
    far: bool = key(flag, 'the farthest instead', False)
    count: int = key(integer(1, 64), 'how many', 12)


@dataclasses.dataclass(frozen=True)
@declared
class MakeBasis:
    """Compute the components."""

    job: str = key(JOB, 'name of the job')
    full: bool = key(flag, 'those of the published figures; otherwise a quick estimate', False)


@dataclasses.dataclass(frozen=True)
@declared
class Meters:
    """Read the factors of a picture before and after its edits."""

    job: str = key(JOB, 'name of the job')
    view: View = key(_view, 'of the picture')


@dataclasses.dataclass(frozen=True)
@declared
class Influence:
    """By how much an edit changes the picture in each layer alone."""

    job: str = key(JOB, 'name of the job')
    view: View = key(_view, 'with the edit')
    edit: int = key(integer(0, document.MOST_EDITS - 1), 'its index')


@dataclasses.dataclass(frozen=True)
@declared
class Place:
    """Where a latent lies along its edits, and how far from the average."""

    job: str = key(JOB, 'name of the job')
    view: View = key(_view, 'of the latent')


@dataclasses.dataclass(frozen=True)
@declared
class Save:
    """Keep an edit under a name."""

    job: str = key(JOB, 'name of the job')
    name: str = key(_name, 'of the edit')
    view: View = key(_view, 'with the edit')
    edit: int = key(integer(0, document.MOST_EDITS - 1), 'its index')
    tags: Tuple[str, ...] = key(_TAGS, 'for people', ())
    overwrite: bool = key(flag, 'whether it may replace one of that name', False)


@dataclasses.dataclass(frozen=True)
@declared
class Options:
    """Of an export; what a kind does not know is of no effect."""

    frames: int = key(integer(2, 600), 'of a strip or video', 33)
    fps: float = key(number(1, 120), 'of a video', 12.0)
    direction_npz: bool = key(flag, 'whether an edit takes its direction along', False)
    edit: int = key(integer(0, document.MOST_EDITS - 1), 'which one, of edit, strip and mp4', 0)


@dataclasses.dataclass(frozen=True)
@declared
class Export:
    """Make a file to take away."""

    job: str = key(JOB, 'name of the job')
    kind: str = key(choice(*KINDS), 'what it holds')
    view: View = key(_view, 'of which it is made')
    options: Options = key(record(Options), 'of the kind', Options())


def _carried(value, where):
    if not isinstance(value, str) or not value.strip():
        raise UserError('%s must be a link or the JSON of a view; paste one' % where)
    is_json = value.lstrip().startswith('{')
    try:
        return document.loads(value, 'the pasted text') if is_json else links.from_link(value)
    except UserError as error:
        raise _BadView(str(error))


@dataclasses.dataclass(frozen=True)
@declared
class Open:
    """Take over a view that somebody pasted."""

    job: str = key(JOB, 'name of the job')
    text: View = key(_carried, 'its link or JSON')


TYPES: Dict[str, Type[Any]] = {
    'hello': Hello,
    'render': Render,
    'ack': Ack,
    'sheet': Sheet,
    'visible': Visible,
    'cancel': Cancel,
    'rank': Rank,
    'nearest': Nearest,
    'basis': MakeBasis,
    'meters': Meters,
    'influence': Influence,
    'place': Place,
    'save': Save,
    'export': Export,
    'open': Open,
}


def read(text: str) -> Any:
    """The message of a text: an object of one of TYPES.

    Raises:
        Refused: too long, no JSON, an unknown type, or a wrong value; one sentence that names the key.
    """
    if len(text) > MOST_BYTES or len(text.encode('utf-8', 'surrogatepass')) > MOST_BYTES:
        raise Refused('too_large', 'a message has at most %d bytes; this one is longer' % MOST_BYTES)
    try:
        data = document.read_json(text, 'the message')
        if depth(data) > DEEPEST:
            raise UserError('the message has more than %d objects and lists within each other' % DEEPEST)
    except UserError as error:
        raise Refused('bad_message', sentence(error))
    kind = data.get('type') if isinstance(data, dict) else None
    if not isinstance(kind, str) or kind not in TYPES:
        known = ', '.join(TYPES)
        raise Refused('unknown', 'a message is an object with the key type, one of %s' % known, _address(data))
    facts = {name: value for name, value in data.items() if name != 'type'}
    try:
        return json_records.build(TYPES[kind], facts, kind)
    except _BadView as error:
        raise Refused('bad_view', sentence(error), _address(data))
    except UserError as error:
        raise Refused('bad_message', sentence(error), _address(data))


def depth(data: Any) -> int:
    """How many objects and lists of a JSON value are within each other."""
    level, found = [part for part in [data] if isinstance(part, (dict, list))], 0
    while level:
        found += 1
        items = [item for part in level for item in (part.values() if isinstance(part, dict) else part)]
        level = [item for item in items if isinstance(item, (dict, list))]
    return found


def _address(data):
    """The slot and rev, or the job, of a message, if they are well formed."""
    rules = dict(slot=SLOT, rev=REV, job=JOB)
    found = {}
    for name, rule in rules.items():
        try:
            found[name] = rule(data.get(name) if isinstance(data, dict) else None, name)
        except UserError:
            continue
    return found


def sentence(error: Union[Exception, str]) -> str:
    """The text of an error on one line, shortened to what fits a status line."""
    text = ' '.join(str(error).split())
    return text if len(text) <= _LONGEST_SENTENCE else text[: _LONGEST_SENTENCE - 3] + '...'


def error(refused: Refused) -> Dict[str, Any]:
    """The message that answers a refused one."""
    known = refused.address
    place = dict(job=known['job']) if 'job' in known else dict(slot=known.get('slot'), rev=known.get('rev'))
    text = dict(code=refused.code, message=sentence(refused), hint='')
    return {'type': 'error', 'rev': None, **text, **place}
