"""The view document: everything that decides about the pixels of a picture, as JSON.

>>> network = {'name': 'cars', 'sha256': 64 * '0'}
>>> view = parse({'regan_view': 1, 'network': network, 'latents': [{'seed': 7}]})
>>> view.psi, view.show.kind, view_id(view)
(0.7, 'single', 'de36ea78')

This is the only parser of views: of files, links, pictures, messages and the command line. What a file leaves out has
its default, and the canonical form has every key that applies (but not those which few need, at their defaults), so
equal views have equal ids. It is that of RFC 8785
(JSON Canonicalization Scheme): keys in order, no blanks, the shortest numbers that read back as the same.
"""

import dataclasses
import decimal
import hashlib
import json
from typing import Any, Dict, List, Mapping, Optional, Tuple

from regan.base import json_records
from regan.base.errors import UserError
from regan.base.json_records import (
    choice,
    declared,
    flag,
    integer,
    key,
    line,
    matching,
    number,
    optional,
    record,
    saying,
    sequence,
)
from regan.drawing import modes
from regan.editing import edits
from regan.networks.labels import Label
from regan.sampling import latents
from regan.sampling import noise as noises

VERSION = 1
MOST_BYTES = 2**16  # Of the text of a document.
DEEPEST = 8  # Objects and lists within each other.
MOST_LATENTS, MOST_EDITS, MOST_TAGS, MOST_CELLS = 16, 64, 16, 64  # Cells are the pictures of a grid.
LAYERS, COMPONENTS, CLASSES = 64, 2**16, 2**20  # More than any network has.
SPACES = ('w+', 'z')  # Of the latents of a file, beside what a row's shape says.
FIXED = 'fixed'  # The compatibility mode that is none of `modes.MODES`.
_LARGEST_WHOLE = 20  # Digits.
LONGEST_NAME = 64  # Characters.

NAME = line(1, LONGEST_NAME)
AMOUNT = number(-100, 100)
_SHA256 = matching('[0-9a-f]{64}', 'a SHA-256 of 64 lower-case hexadecimal digits')
_FILE = matching(r'[^/\\\x00-\x1f\x7f]{1,255}', 'the name of a file, without folder')
_COMPONENT = integer(0, COMPONENTS - 1)


def _random(value, where):
    if not isinstance(value, list) or len(value) != 2:
        raise json_records.refuse(where, 'a list [seed, index]', value)
    return latents.SEED(value[0], where + '[0]'), _COMPONENT(value[1], where + '[1]')


def _layers(value, where):
    """Half-open ranges of layers, sorted, and joined where they touch."""
    if not isinstance(value, list) or len(value) > LAYERS:
        raise json_records.refuse(where, 'null (all layers) or a list of ranges [first, end]', value)
    ranges = sorted(_range(item, '%s[%d]' % (where, i)) for i, item in enumerate(value))
    joined: List[Tuple[int, int]] = []
    for first, end in ranges:
        if joined and first < joined[-1][1]:
            raise UserError('%s has layer %d twice; let its ranges not overlap' % (where, first))
        if joined and first == joined[-1][1]:
            first = joined.pop()[0]
        joined.append((first, end))
    return tuple(joined)


def _label(value, where):
    """A class, or one for each layer."""
    rule = integer(0, CLASSES)
    if not isinstance(value, list):
        return rule(value, where)
    return sequence(rule, most=LAYERS)(value, where)


def _latent(value, where):
    """Rule: a seed or row of a file; what is mixed is no mixture itself."""
    found = json_records.build(Latent, value, where)
    if found.mix:
        raise UserError('%s is a mixture; mix latents of seeds and files' % where)
    return found


saying(_latent, type='latent')


def _range(value, where):
    if not isinstance(value, list) or len(value) != 2:
        raise json_records.refuse(where, 'a range [first, end] of layers, end not included', value)
    first, end = (integer(0, LAYERS)(item, '%s[%d]' % (where, i)) for i, item in enumerate(value))
    if first >= end:
        raise UserError('%s is [%d, %d], which has no layer: end is not included; correct it' % (where, first, end))
    return first, end


# ------------------------------------------------------------------ the parts


@dataclasses.dataclass(frozen=True)
@declared
class Network:
    """The network that draws."""

    name: str = key(NAME, 'a registered name, or that of a file; for people and to find it by')
    sha256: str = key(_SHA256, 'of its file: what tells it')


@dataclasses.dataclass(frozen=True)
@declared
class BasisName:
    """The components that the edits move along, and what is known of how they were made."""

    estimator: str = key(NAME, 'that made them')
    components: int = key(integer(1, COMPONENTS), 'K')
    n: Optional[int] = key(
        optional(integer(1, 10**8)), 'samples; null, as of the next ones: not known, or not of a network', None
    )
    batch_size: Optional[int] = key(optional(integer(1, 2**31)), 'rows that share one seed', None)
    seed: Optional[int] = key(optional(latents.SEED), 'of the sampling', None)
    sparsity: Optional[float] = key(optional(number(0, 1e9)), 'of the estimator spca', None)
    signs: Optional[str] = key(optional(choice('fixed', 'found')), 'of the components; null: fixed', None)
    zero_rows: Optional[bool] = key(optional(flag), "whether GANSpace's rows of zeros are among the samples", None)
    layers: Optional[str] = key(
        optional(matching(r'all|\d{1,3}(-\d{1,3})?', "a range of layers such as '0-4', or 'all'")),
        'of the estimator sefa, whose styles it factorised',
        None,
    )
    key: str = key(matching('[0-9a-f]{16}', 'a key of 16 lower-case hexadecimal digits'), 'of their numbers')

    @property
    def keys(self) -> Tuple[str, ...]:
        """Names of the keys that apply."""
        return _given(self)


@dataclasses.dataclass(frozen=True)
@declared
class Mix:
    """A latent with some layers of another, see `mixing.mixed`."""

    row: 'Latent' = key(_latent, 'the latent that keeps all other layers')
    column: 'Latent' = key(_latent, 'the latent whose layers are taken')
    layers: Tuple[Tuple[int, int], ...] = key(
        saying(_layers, type='ranges', high=LAYERS), 'that are taken, as ranges [first, end], end not included'
    )

    @property
    def keys(self) -> Tuple[str, ...]:
        """Names of the keys that apply."""
        return _given(self)


@dataclasses.dataclass(frozen=True)
@declared
class Latent:
    """Where an image comes from: a seed, a row of a file of latents, or two others. Raises UserError unless there is
    exactly one of these, and for a row of an array that is one latent.
    """

    seed: Optional[int] = key(latents.SEED, 'of z', None)
    file: Optional[str] = key(_FILE, 'name of an .npy or .npz of latents, which is told by its sha256', None)
    sha256: Optional[str] = key(_SHA256, 'of that file', None)
    row: Optional[int] = key(integer(0, 2**31), 'of its array', None)
    mix: Optional[Mix] = key(record(Mix), 'a latent with some layers of another', None)
    space: Optional[str] = key(
        choice(*SPACES), 'w+: the rows of the array are the layers of one latent; z: a row is a z', None
    )

    def __post_init__(self) -> None:
        _one_of(self, 'a latent', {'seed': ('seed',), 'file': ('file', 'sha256', 'row'), 'mix': ('mix',)}, ('space',))
        if self.space and self.file is None:
            raise UserError("a latent by '%s' has no key 'space'; leave it out" % self.keys[0])
        if self.space == 'w+' and self.row:
            raise UserError("a latent of space 'w+' is all rows of its array, so its row is 0, not %d" % self.row)

    @property
    def keys(self) -> Tuple[str, ...]:
        """Names of the keys that apply."""
        return _given(self)


@dataclasses.dataclass(frozen=True)
@declared
class Direction:
    """What an edit moves along. Raises UserError unless there is exactly one of the five kinds."""

    component: Optional[int] = key(_COMPONENT, 'of the basis', None)
    random: Optional[Tuple[int, int]] = key(
        saying(_random, type='list', items=[json_records.describe(latents.SEED), json_records.describe(_COMPONENT)]),
        '[seed, index] of a random direction, which has the deviation of the component of that index',
        None,
    )
    edit: Optional[str] = key(NAME, 'name of a named edit, whose component it is', None)
    boundary: Optional[str] = key(
        matching('[A-Za-z0-9][A-Za-z0-9._-]{0,63}', 'the name of a boundary (letters, digits, dots, - and _)'),
        'name of a boundary, whose normal it is',
        None,
    )
    file: Optional[str] = key(_FILE, 'name of an .npy or .npz of directions, which is told by its sha256', None)
    sha256: Optional[str] = key(_SHA256, 'of that file', None)
    row: Optional[int] = key(integer(0, 2**31), 'of its array', None)

    def __post_init__(self) -> None:
        kinds: Dict[str, Tuple[str, ...]] = {kind: (kind,) for kind in ('component', 'random', 'edit', 'boundary')}
        _one_of(self, 'a direction', dict(kinds, file=('file', 'sha256', 'row')))

    @property
    def keys(self) -> Tuple[str, ...]:
        """Names of the keys that apply; the first is the kind."""
        return _given(self)


@dataclasses.dataclass(frozen=True)
@declared
class ViewEdit:
    """One edit of the stack; `edits.Edit` says what each mode does. Raises UserError for an inverted one that has no
    target.
    """

    direction: Direction = key(record(Direction), 'what it moves along')
    layers: Optional[Tuple[Tuple[int, int], ...]] = key(
        optional(saying(_layers, type='ranges', high=LAYERS)),
        'that it moves, as ranges [first, end], end not included; null: all',
        None,
    )
    mode: str = key(choice(*edits.KINDS), 'offset, centred or target', 'offset')
    unit: str = key(choice(*edits.UNITS), 'of the amount: standard deviations, or lengths in the space', 'stdev')
    amount: float = key(AMOUNT, 'how far, or the coordinate to reach')
    invert: bool = key(flag, 'whether a target is on the side of the mean where the latent is not', False)
    on: bool = key(flag, 'whether it counts', True)
    name: str = key(line(0, LONGEST_NAME), 'for people', '')
    tags: Tuple[str, ...] = key(sequence(NAME, empty=True, most=MOST_TAGS), 'for people', ())

    def __post_init__(self) -> None:
        if self.invert and self.mode != 'target':
            raise UserError("the key 'invert' is for the mode target, not %s; leave it out" % self.mode)

    @property
    def keys(self) -> Tuple[str, ...]:
        """Names of the keys that apply."""
        return tuple(name for name in self.DECLARED if name != 'invert' or self.invert)  # type: ignore[attr-defined]


_NOISES: Dict[str, Tuple[str, ...]] = {  # Mode -> keys beside it.
    'stored': (),
    'none': (),
    'seed': (),
    'numpy': ('seed',),
    'torch-cpu': ('seed',),
    'torch-cuda': ('seed', 'multiprocessors', 'threads'),
}


@dataclasses.dataclass(frozen=True)
@declared
class Noise:
    """The noise images. Raises UserError for a key that the mode lacks or does not have."""

    mode: str = key(
        choice(*_NOISES),
        "stored (those of the network), none, seed (drawn from each latent's own generator after z), or who draws them",
        'stored',
    )
    seed: Optional[int] = key(latents.SEED, 'of numpy, torch-cpu and torch-cuda', None)
    multiprocessors: Optional[int] = key(integer(1, 10**4), 'of the graphics card of torch-cuda; default: 80', None)
    threads: Optional[int] = key(integer(256, 10**4), 'of each of them; default: 2048', None)

    def __post_init__(self) -> None:
        _only(self, "the noise '%s'" % self.mode, ('mode',) + _NOISES[self.mode])
        if 'seed' in self.keys and self.seed is None:
            raise UserError("the noise '%s' lacks the key 'seed'; add it" % self.mode)
        for name in ('multiprocessors', 'threads'):
            if name in self.keys and getattr(self, name) is None:
                object.__setattr__(self, name, noises.CARD[name])

    @property
    def keys(self) -> Tuple[str, ...]:
        """Names of the keys that apply."""
        return ('mode',) + _NOISES[self.mode]

    @property
    def choice(self) -> noises.Choice:
        """The same as a choice of `regan.sampling.noise`, or `seed_images.PER_IMAGE`."""
        if not _NOISES[self.mode]:
            return self.mode
        facts = {name: getattr(self, name) for name in _NOISES[self.mode]}
        return {'%s_seed' % self.mode.replace('-', '_'): facts.pop('seed'), **facts}

    @classmethod
    def of(cls, chosen: noises.Choice) -> 'Noise':
        """The Noise of a choice of `regan.sampling.noise`, or of `seed_images.PER_IMAGE`."""
        if isinstance(chosen, str):
            return cls(mode=chosen)
        facts = {'seed' if name.endswith('_seed') else name: value for name, value in chosen.items()}
        mode = next(name for name in chosen if name.endswith('_seed'))[: -len('_seed')].replace('_', '-')
        return cls(mode=mode, **facts)


_SHOWS: Dict[str, Dict[str, Any]] = {  # Kind -> keys beside it, with their defaults.
    'single': dict(latent=0),
    'strip': dict(latent=0, edit=0, frames=5),
    'grid': dict(columns=None),
    'wipe': dict(latent=0, at=0.5, other=None),
    'side': dict(latent=0, other=None),
}


def _other(value, where):
    return parse(value, where)


@dataclasses.dataclass(frozen=True)
@declared
class Show:
    """What is on the stage. Raises UserError for a key that the kind does not have.

    single is one latent with all edits. strip has frames of one edit from -amount to +amount (of a target: from
    without it to there), among the others. grid has a column for each latent: the latents as they are, and below them
    a row for each edit that is on, alone. wipe and side show, on the left, another view's picture, or the latent as it
    is.
    """

    kind: str = key(choice(*_SHOWS), 'single, strip, grid, wipe or side', 'single')
    latent: Optional[int] = key(integer(0, MOST_LATENTS - 1), 'index of the latent, of all kinds but grid', None)
    edit: Optional[int] = key(integer(0, MOST_EDITS - 1), 'index of the edit of a strip', None)
    frames: Optional[int] = key(integer(2, 33), 'of a strip', None)
    columns: Optional[int] = key(
        optional(integer(1, MOST_CELLS)), 'of a grid, row by row; null: as many as there are latents', None
    )
    at: Optional[float] = key(number(0, 1), 'where the line of a wipe is: the share that shows the other', None)
    other: Optional['View'] = key(
        saying(lambda value, where: value if value is None else _other(value, where), type='view', null=True),
        'the view on the left of a wipe or side; null: the same latent without edits',
        None,
    )

    def __post_init__(self) -> None:
        _only(self, "the show '%s'" % self.kind, ('kind',) + tuple(_SHOWS[self.kind]))
        for name, default in _SHOWS[self.kind].items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, default)

    @property
    def keys(self) -> Tuple[str, ...]:
        """Names of the keys that apply."""
        silent = ('columns',) if self.columns is None else ()
        return ('kind',) + tuple(name for name in _SHOWS[self.kind] if name not in silent)


def _given(part):
    return tuple(name for name in part.DECLARED if getattr(part, name) is not None)


def _one_of(part, what, kinds, optional_keys=()):
    """Checks that exactly the keys of one kind are given, with or without some others."""
    given = _given(part)
    chosen = [kind for kind in kinds if kind in given]
    if len(chosen) != 1:
        raise UserError(
            '%s needs exactly one of the keys %s, and has %s; correct it'
            % (what, ', '.join(kinds), ' and '.join(chosen) or 'none')
        )
    missing = [name for name in kinds[chosen[0]] if name not in given]
    if missing:
        raise UserError("%s by '%s' lacks the key '%s'; add it" % (what, chosen[0], missing[0]))
    _only(part, "%s by '%s'" % (what, chosen[0]), kinds[chosen[0]] + optional_keys)


def _only(part, what, allowed):
    extra = [name for name in _given(part) if name not in allowed]
    if extra:
        raise UserError("%s has no key '%s'; leave it out" % (what, extra[0]))


# ------------------------------------------------------------------ the view


@dataclasses.dataclass(frozen=True)
@declared
class View:
    """A view. Raises UserError for parts that do not fit each other."""

    network: Network = key(record(Network), 'that draws')
    basis: Optional[BasisName] = key(
        optional(record(BasisName)), 'the components; null: nothing needs any, or whichever there are', None
    )
    latents: Tuple[Latent, ...] = key(sequence(record(Latent), most=MOST_LATENTS), 'every edit applies to all')
    label: Optional[Label] = key(
        optional(saying(_label, type='integer', low=0, high=CLASSES)),
        'class of a conditional network; of a BigGAN, it may be a list with one for each layer',
        None,
    )
    edits: Tuple[ViewEdit, ...] = key(
        sequence(record(ViewEdit), empty=True, most=MOST_EDITS), 'one after the other', ()
    )
    gain: float = key(AMOUNT, 'factor of all amounts', 1.0)
    psi: float = key(
        number(-100, 100), 'truncation, which comes after all edits (of a BigGAN, before them); 1 for none', 0.7
    )
    cutoff: Optional[int] = key(optional(integer(0, LAYERS)), 'only layers below it are truncated; null: all', None)
    noise: Noise = key(record(Noise), 'the noise images; default: those of the compatibility mode', Noise())
    compat: str = key(choice(FIXED, *modes.MODES), 'compatibility mode; fixed: none', FIXED)
    conversion: Optional[str] = key(
        optional(choice(*modes.CONVERSIONS)), 'of colours to bytes; null: that of the compatibility mode', None
    )
    statistics: Optional[str] = key(
        optional(choice(*modes.STATISTICS)),
        'of a BigGAN, between the rows of its statistics; null: as compat has it',
        None,
    )
    show: Show = key(record(Show), 'what is on the stage', Show())

    def __post_init__(self) -> None:
        self._check_show()
        if self.noise.mode == 'seed' and any(latent.seed is None for latent in self.latents):
            raise UserError("noise.mode is 'seed', but not every latent is that of a seed; choose another mode")
        if self.basis:
            self._check_components(self.basis.components)

    def _check_show(self):
        show = self.show
        if show.latent is not None and show.latent >= len(self.latents):
            raise UserError(
                'show.latent is %d, but there are %d latents; correct it' % (show.latent, len(self.latents))
            )
        if show.edit is not None and show.edit >= len(self.edits):
            raise UserError('show.edit is %d, but there are %d edits; correct it' % (show.edit, len(self.edits)))
        cells = len(self.latents) * (1 + sum(edit.on for edit in self.edits))
        if show.kind == 'grid' and cells > MOST_CELLS:
            raise UserError(
                'a grid of %d latents with and without each edit has %d pictures, but at most %d are allowed; take '
                'fewer' % (len(self.latents), cells, MOST_CELLS)
            )
        if show.other and show.other.show.kind != 'single':
            raise UserError(
                "show.other shows a %s, but only a 'single' can be beside a view; correct it" % show.other.show.kind
            )
        if show.other and show.other.network.sha256 != self.network.sha256:
            raise UserError('show.other is of another network; compare views of one network')
        if show.other and show.other.basis and self.basis and show.other.basis.key != self.basis.key:
            raise UserError('show.other has other components; compare views of one basis')

    def _check_components(self, count):
        for i, edit in enumerate(self.edits):
            index = edit.direction.random[1] if edit.direction.random else edit.direction.component
            if index is not None and index >= count:
                raise UserError(
                    'edits[%d].direction.%s needs component %d, but the basis has 0 to %d; correct it'
                    % (i, edit.direction.keys[0], index, count - 1)
                )

    @property
    def keys(self) -> Tuple[str, ...]:
        """Names of the keys that apply."""
        rare = [name for name in ('conversion', 'statistics') if getattr(self, name) is None]
        return tuple(name for name in self.DECLARED if name not in rare)  # type: ignore[attr-defined]

    @property
    def active(self) -> Tuple[ViewEdit, ...]:
        """The edits that are on."""
        return tuple(edit for edit in self.edits if edit.on)


def parse(data: Any, where: str = 'view') -> View:
    """The View of a JSON value.

    Args:
        data: from `json`; who has a text calls `loads`, which also refuses what is no longer seen here.
        where: what it is part of, for messages.

    Raises:
        UserError: an unknown, missing or wrong key, or a value that is too deep, too long or out of its range; it names
            the key.
    """
    _check_depth(data, where)
    if not isinstance(data, dict):
        raise json_records.refuse(where, 'a view, a JSON object with the key "regan_view"', data)
    if 'regan_view' not in data:
        raise UserError("%s lacks the key 'regan_view', so it is no view; give one of the explorer" % where)
    if type(data['regan_view']) is not int or data['regan_view'] != VERSION:
        raise json_records.refuse(where + '.regan_view', '%d, the version that is known' % VERSION, data['regan_view'])
    facts = {name: value for name, value in data.items() if name != 'regan_view'}
    if 'noise' not in facts and isinstance(facts.get('compat'), str) and facts['compat'] in modes.MODES:
        facts['noise'] = plain(Noise.of(modes.MODES[facts['compat']].noise))
    view = json_records.build(View, facts, where)
    size = len(canonical(view).encode('utf-8'))
    if size > MOST_BYTES:
        raise UserError('%s has %d bytes, but at most %d are allowed; shorten it' % (where, size, MOST_BYTES))
    return view


def loads(text: str, where: str = 'view') -> View:
    """The View of a JSON text.

    Raises:
        UserError: more than 64 KB, or as `read_json` and `parse`.
    """
    size = len(text.encode('utf-8', 'surrogatepass'))
    if size > MOST_BYTES:
        raise UserError('%s has %d bytes, but at most %d are allowed; shorten it' % (where, size, MOST_BYTES))
    return parse(read_json(text, where), where)


def read_json(text: str, where: str) -> Any:
    """The value of a JSON text.

    Raises:
        UserError: no JSON, NaN or infinity, a number of more than 20 digits, or a key that occurs twice.
    """

    def unique(pairs):
        found: Dict[str, Any] = {}
        for name, value in pairs:
            if name in found:
                raise UserError('%s has the key %.80r twice; correct it' % (where, name))
            found[name] = value
        return found

    def constant(word):
        raise UserError('%s has the number %s, which JSON does not allow; correct it' % (where, word))

    def whole(digits):
        if len(digits) > _LARGEST_WHOLE:
            raise UserError('%s has a number of %d digits, which no key allows; correct it' % (where, len(digits)))
        return int(digits)

    try:
        return json.loads(text, object_pairs_hook=unique, parse_constant=constant, parse_int=whole)
    except ValueError as error:
        raise UserError('%s is not valid JSON (%s); correct it' % (where, error))
    except RecursionError:
        raise _too_deep(where)


def _check_depth(data, where):
    level = [data]
    for _ in range(DEEPEST):
        level = [item for part in level if isinstance(part, (dict, list)) for item in _items(part)]
    if any(isinstance(part, (dict, list)) for part in level):
        raise _too_deep(where)


def _items(part):
    return list(part.values()) if isinstance(part, dict) else part


def _too_deep(where):
    return UserError('%s has more than %d objects and lists within each other; correct it' % (where, DEEPEST))


# ------------------------------------------------------------------ written down


def to_dict(view: View) -> Dict[str, Any]:
    """The document as a new dict for JSON, with every key that applies; `parse` of it is the view."""
    return plain(view)


def plain(value: Any) -> Any:
    """A view, or a part of one, as a value for JSON, with every key that applies."""
    if dataclasses.is_dataclass(value):
        version = {'regan_view': VERSION} if isinstance(value, View) else {}
        names = getattr(value, 'keys', ()) or value.DECLARED  # type: ignore[union-attr]
        return dict(version, **{name: plain(getattr(value, name)) for name in names})
    return [plain(item) for item in value] if isinstance(value, tuple) else value


def canonical(view: View) -> str:
    """The document in the one form that equal views share, as RFC 8785 has it."""
    return _canonical(to_dict(view))


def _canonical(value):
    if isinstance(value, dict):
        return '{%s}' % ','.join('"%s":%s' % (name, _canonical(value[name])) for name in sorted(value))
    if isinstance(value, list):
        return '[%s]' % ','.join(map(_canonical, value))
    if isinstance(value, str):
        return json.encoder.encode_basestring(value)
    return _number(value) if isinstance(value, float) else json.dumps(value)


def _number(value):
    """A finite float as ECMAScript writes it: the fewest digits that read back as the same.

    >>> [_number(value) for value in (2.0, -0.0, 0.1, 1e-7, 1.5e-9, 1e21, 12345678.5)]
    ['2', '0', '0.1', '1e-7', '1.5e-9', '1e+21', '12345678.5']
    """
    if value.is_integer() and abs(value) < 2**53:
        return '%d' % value
    sign, figures, exponent = decimal.Decimal(repr(value)).normalize().as_tuple()
    digits, point = ''.join(map(str, figures)), len(figures) + int(exponent)  # 0.DIGITS times 10 ** point.
    if 0 < point <= 21:
        text = digits.ljust(point, '0') if len(digits) <= point else digits[:point] + '.' + digits[point:]
    elif -6 < point <= 0:
        text = '0.' + '0' * -point + digits
    else:
        text = digits[0] + ('.' + digits[1:] if digits[1:] else '') + 'e%+d' % (point - 1)
    return '-' * sign + text


def view_id(view: View) -> str:
    """The first 8 hexadecimal digits of the SHA-256 of the canonical form: equal for equal views only."""
    return hashlib.sha256(canonical(view).encode('utf-8')).hexdigest()[:8]


def limits() -> Dict[str, Any]:
    """What each key allows, for the forms of a browser: a dict for JSON, made from the rules of `parse`.

    'view' has the keys of a view; each is described as `json_records.describe` does, with those within it under 'keys'
    (of an object) or 'items' (of a list). 'bytes' and 'depth' bound the whole, and 'shows' and 'noises' tell which keys
    go with a kind. 'compat' has the noise of each mode. The largest ones that forms ask for stand by themselves, too:
    'pins' (latents), 'edits', 'amount', 'strip' (frames), 'grid' (its images), 'seed', 'name' (characters).
    """
    view = json_records.describe(record(View))['keys']
    edit, latent = view['edits']['items']['keys'], view['latents']['items']['keys']
    return dict(
        bytes=MOST_BYTES,
        depth=DEEPEST,
        pins=view['latents']['high'],
        edits=view['edits']['high'],
        amount=edit['amount']['high'],
        strip=view['show']['keys']['frames']['high'],
        grid=MOST_CELLS,
        seed=latent['seed']['high'],
        name=edit['name']['high'],
        view=view,
        shows={kind: list(keys) for kind, keys in _SHOWS.items()},
        noises={mode: list(keys) for mode, keys in _NOISES.items()},
        compat={name: plain(Noise.of(mode.noise)) for name, mode in modes.MODES.items()},
    )


# ------------------------------------------------------------------ on a network


def fit(view: View, facts: Mapping[str, Any]) -> None:
    """Checks a view against the network that shall draw it.

    Args:
        view: View.
        facts: dict of sha256 of the network, num_layers L, label_size (number of classes), label_of_layers (whether
            each layer may have its own; default: no), and components K of the basis, None if it is not known yet.

    Raises:
        UserError: another network, or a layer, component, cutoff or class that it does not have; it names the key.
    """
    if view.network.sha256 != facts['sha256']:
        raise UserError(
            'network.sha256: the view is of the network %s (%s...), not of this one (%s...); open it on that one, or '
            'take over the edits whose layers fit' % (view.network.name, view.network.sha256[:8], facts['sha256'][:8])
        )
    for i, latent in enumerate(view.latents):
        if latent.mix:
            _check_layers('latents[%d].mix.layers' % i, latent.mix, facts['num_layers'])
    for i, edit in enumerate(view.edits):
        _check_layers('edits[%d].layers' % i, edit, facts['num_layers'])
    if view.cutoff is not None and view.cutoff > facts['num_layers']:
        raise UserError('cutoff is %d, but this network has layers 0-%d' % (view.cutoff, facts['num_layers'] - 1))
    if not _has_label(view.label, facts):
        classes = 'classes 0-%d' % (facts['label_size'] - 1) if facts['label_size'] else 'no classes'
        raise UserError('label is %s, but this network has %s' % (plain(view.label), classes))
    if facts['components'] is not None:
        view._check_components(facts['components'])
    if view.show.other:
        fit(view.show.other, facts)


def facts_of(generator: Any) -> Dict[str, Any]:
    """The facts of `fit` about an open generator, whose components are not known."""
    return dict(
        sha256=generator.sha256,
        num_layers=generator.num_layers,
        label_size=generator.label_size,
        label_of_layers=generator.label_of_layers,
        components=None,
    )


def _has_label(label, facts):
    if isinstance(label, tuple):
        return (
            len(label) == facts['num_layers']
            and facts.get('label_of_layers', False)
            and (max(label) < facts['label_size'])
        )
    return label is None or label < facts['label_size']


def _goes_past(part, num_layers):
    return bool(part.layers) and part.layers[-1][1] > num_layers


def _check_layers(where, part, num_layers):
    if _goes_past(part, num_layers):
        raise UserError(
            '%s goes to layer %d, but this network has layers 0-%d' % (where, part.layers[-1][1] - 1, num_layers - 1)
        )


def taken_over(view: View, network: Network, facts: Mapping[str, Any]) -> Tuple[View, List[str]]:
    """A view of another network on this one: (View, list of sentences that say what was left out).

    It keeps seeds, and the edits whose layers and components fit; components are this network's own from then on.

    Args:
        view: View.
        network: this one.
        facts: of this one, as for `fit`.
    """
    kept, notes = [], []
    unmixed = tuple(
        latent.mix.row if latent.mix and _goes_past(latent.mix, facts['num_layers']) else latent
        for latent in view.latents
    )
    if unmixed != view.latents:
        notes.append('latents mixed in layers that this network does not have are no longer mixed')
        view = dataclasses.replace(view, latents=unmixed)
    for i, edit in enumerate(view.edits):
        alone = dataclasses.replace(
            view, network=network, basis=None, edits=(edit,), cutoff=None, label=None, show=Show()
        )
        try:
            fit(alone, facts)
            kept.append(edit)
        except UserError as error:
            notes.append('edit %d was left out: %s' % (i, str(error).replace('edits[0].', '')))
    changes: Dict[str, Any] = {}
    if view.cutoff is not None and view.cutoff > facts['num_layers']:
        changes['cutoff'] = None
    if not _has_label(view.label, facts):
        changes['label'] = None
    notes += ['%s %s was left out: this network does not have it' % (name, getattr(view, name)) for name in changes]
    show = view.show if view.show.kind != 'strip' or len(kept) == len(view.edits) else Show(latent=view.show.latent)
    if show.other:
        show = dataclasses.replace(show, other=None)
        notes.append('the view beside it was left out')
    return dataclasses.replace(view, network=network, basis=None, edits=tuple(kept), show=show, **changes), notes
