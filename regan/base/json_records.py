"""JSON objects into frozen dataclasses; every value is checked here, once.

A dataclass says of each key, in one place, its type, its rule, what it means and what holds when it is left out:

>>> @dataclasses.dataclass(frozen=True)
... @declared
... class Span:
...     'A stretch of a line.'
...
...     start: int = key(integer(0), 'where it begins', default=0)
...     length: float = key(number(0), 'in metres')
>>> build(Span, {'length': 3}, 'span.json')
Span(length=3.0, start=0)
>>> build(Span, {'length': -3}, 'span.json')
Traceback (most recent call last):
regan.base.errors.UserError: span.json.length must be a number of 0 or more, not -3; correct it
>>> print(inspect.getdoc(Span))
A stretch of a line.
<BLANKLINE>
Attributes:
    start: where it begins
    length: in metres

A rule is a function (value, where) -> value that raises UserError. `where` says which file and
which key the value comes from, so that each error names them. What a rule allows can be told to others, such as the
forms of a page in a browser:

>>> describe(rules(Span)['start'])
{'type': 'integer', 'low': 0, 'high': None}
"""

import dataclasses
import functools
import inspect
import json
import math
import re
import reprlib
from typing import Any, Callable, Dict, Iterable, Optional, Set, Type, TypeVar

from dnnlib import file_kinds
from regan.base import artefacts, names
from regan.base.errors import UserError
from regan.base.typing import PathLike

Rule = Callable[[Any, str], Any]  # (value, where) -> value
Class = TypeVar('Class', bound=type)
Record = TypeVar('Record')

LONGEST_SHOWN = 200  # Characters of a wrong value in a message.
_UNPRINTED = re.compile('[\x00-\x1f\x7f-\x9f\ud800-\udfff]')


def load(path: PathLike) -> Any:
    """Read a JSON file. Raises UserError when it is missing or not JSON."""
    artefacts.check_there(path)
    try:
        with open(str(path), encoding='utf-8') as file:
            return json.load(file)
    except (ValueError, RecursionError) as error:
        found = file_kinds.of_path(path)
        if found is not None and found.key not in ('text', 'csv', 'python'):
            raise UserError('%s is not JSON but %s; %s' % (path, found.what, found.advice))
        raise UserError('%s is not valid JSON (%s); correct it' % (path, error))


# ------------------------------------------------------------------ declarations


def key(rule: Rule, doc: str, default: Any = dataclasses.MISSING, recorded: bool = True) -> Any:
    """A field of a dataclass whose value a file gives.

    Args:
        rule: of the value in the file.
        doc: what it means, in one line.
        default: when the file says nothing; without one, the key must be there.
        recorded: whether `recorded` tells it.
    """
    return dataclasses.field(default=default, metadata=dict(rule=rule, doc=doc, recorded=recorded))


def made(doc: str, default: Any = dataclasses.MISSING) -> Any:
    """A field of a dataclass that no file gives: whoever loads the file hands it to `build`. Args: see `key`."""
    return dataclasses.field(default=default, metadata=dict(rule=None, doc=doc, recorded=False))


def declared(cls: Class) -> Class:
    """Class decorator, below `dataclasses.dataclass`, for a class whose fields are each a `key` or `made`.

    The docstring gets what each one means. They may stand in any order: in the constructor, those without a default
    come first, as a dataclass wants it; the docstring and `recorded` keep the order of the declarations.

    Raises TypeError for a field that is neither.
    """
    fields: Dict[str, Any] = {name: vars(cls).get(name) for name in cls.__annotations__}
    for name, field in fields.items():
        if not isinstance(field, dataclasses.Field) or 'doc' not in field.metadata:
            raise TypeError('%s.%s is no key; declare it with key(...) or made(...)' % (cls.__name__, name))
    lines = ['    %s: %s' % (name, field.metadata['doc']) for name, field in fields.items()]
    cls.__doc__ = '%s\n\nAttributes:\n%s' % (inspect.cleandoc(cls.__doc__ or ''), '\n'.join(lines))
    cls.__annotations__ = {
        name: cls.__annotations__[name]
        for name in sorted(fields, key=lambda name: fields[name].default is not dataclasses.MISSING)
    }
    cls.DECLARED = tuple(fields)  # type: ignore[attr-defined]
    return cls


def rules(cls: type) -> Dict[str, Rule]:
    """Rules of the keys that a file may give for a dataclass: dict key -> rule.

    A class without declarations checks its own values, so that any are allowed here.
    """
    return dict(_rules(cls))


@functools.lru_cache(maxsize=None)
def _rules(cls):
    found = {field.name: field.metadata.get('rule', anything) for field in dataclasses.fields(cls)}
    return {name: rule for name, rule in found.items() if rule is not None}


def required(cls: type) -> Set[str]:
    """Names of the keys that a file must give for a dataclass: a set."""
    return set(_required(cls))


@functools.lru_cache(maxsize=None)
def _required(cls):
    given = _rules(cls)
    return {
        field.name
        for field in dataclasses.fields(cls)
        if field.name in given and field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }


def recorded(record: Any) -> Dict[str, Any]:
    """What is written down of a declared dataclass: dict key -> value, in the order declared.

    Dataclasses within become dicts.
    """
    values = dataclasses.asdict(record)
    kept = {field.name for field in dataclasses.fields(record) if field.metadata['recorded']}
    return {name: values[name] for name in record.DECLARED if name in kept}


# ------------------------------------------------------------------ reading


def build(cls: Type[Record], data: Any, where: str, **values: Any) -> Record:
    """Make the dataclass `cls` from the dict `data`.

    Args:
        cls: a dataclass, with `declared` or with checks of its own.
        data: from a JSON file. Keys that it lacks take the default of the dataclass.
        where: the file and the place in it, for messages.
        values: of the fields that no file gives.

    Raises:
        UserError: `data` is not an object, a key is unknown or missing, or a rule or `cls` itself refuses a value.
    """
    declared_class: Any = cls  # A class is hashable, which a type checker does not know of a type variable.
    allowed = _rules(declared_class)
    check_keys(data, where, allowed, _required(declared_class))
    values.update((name, allowed[name](value, '%s.%s' % (where, name))) for name, value in data.items())
    return construct(cls, where, **values)


def check_keys(data: Any, where: str, allowed: Iterable[str], needed: Iterable[str]) -> None:
    """Check that `data` is a dict with only keys that are `allowed` and all that are `needed`. Raises UserError."""
    if not isinstance(data, dict):
        raise refuse(where, 'a JSON object', data)
    unknown, missing = sorted(set(data) - set(allowed)), sorted(set(needed) - set(data))
    if unknown:
        raise UserError(
            '%s has the unknown key %s; allowed are: %s' % (where, _shown(repr(unknown[0])), ', '.join(sorted(allowed)))
        )
    if missing:
        raise UserError('%s lacks the key %r; add it' % (where, missing[0]))


def construct(cls: Type[Record], where: str, **values: Any) -> Record:
    """cls(**values); the UserError of a class that refuses them names the place."""
    try:
        return cls(**values)
    except UserError as error:
        raise UserError('%s: %s' % (where, error))


def refuse(where: str, wanted: str, value: Any) -> UserError:
    """The UserError for a value that is not what was wanted."""
    return UserError(
        '%s must be %s, not %s; correct it' % (where, wanted, _shown(json.dumps(value, default=reprlib.repr)))
    )


def _shown(text):
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + ' ...'


# ------------------------------------------------------------------ rules


def describe(rule: Rule) -> Dict[str, Any]:
    """What a rule allows, as a new dict for JSON: 'type' and, by type, 'low', 'high', 'choices', 'items', 'keys' ...

    A rule of another module has {'type': 'other'}, unless it was given to `saying`.
    """
    return dict(getattr(rule, 'says', dict(type='other')))


def saying(rule: Rule, **facts: Any) -> Rule:
    """The rule, of which `describe` tells these facts from now on."""
    rule.says = facts  # type: ignore[attr-defined]
    return rule


def anything(value: Any, where: str) -> Any:
    """Rule: any value; the dataclass itself checks it."""
    return value


def integer(low: int, high: Optional[int] = None) -> Rule:
    """Rule: a whole number from `low` to `high` (inclusive; None: no limit)."""

    def rule(value, where):
        if type(value) is not int or not _within(value, low, high):
            raise refuse(where, 'a whole number' + _limits(low, high), value)
        return value

    return saying(rule, type='integer', low=low, high=high)


def number(low: float, high: Optional[float] = None) -> Rule:
    """Rule: a finite number from `low` to `high` (inclusive; None: no limit), as a float."""

    def rule(value, where):
        if type(value) not in (int, float) or not _within(value, low, high) or not _finite(value):
            raise refuse(where, 'a number' + _limits(low, high), value)
        return float(value)

    return saying(rule, type='number', low=low, high=high)


def _finite(value):
    try:
        return math.isfinite(value)
    except OverflowError:  # A whole number that no float holds.
        return False


def _within(value, low, high):
    return value >= low and (high is None or value <= high)


def _limits(low, high):
    return ' of %s or more' % low if high is None else ' from %s to %s' % (low, high)


def text(value: Any, where: str) -> str:
    """Rule: a string with something in it, and without control characters."""
    if not isinstance(value, str) or not value.strip() or not names.is_printable(value):
        raise refuse(where, 'a text', value)
    return value


saying(text, type='text', low=1, high=None)


def line(low: int, high: int) -> Rule:
    """Rule: a string of `low` to `high` characters, without control characters and halves of surrogate pairs."""

    def rule(value, where):
        if not isinstance(value, str) or not low <= len(value) <= high or _UNPRINTED.search(value):
            raise refuse(where, 'a text of %d to %d printable characters' % (low, high), value)
        return value

    return saying(rule, type='text', low=low, high=high)


def fitted(value: str, high: int) -> str:
    """The first `high` characters of a text, with '_' for those that `line` refuses."""
    return _UNPRINTED.sub('_', value)[:high]


def matching(pattern: str, wanted: str) -> Rule:
    """Rule: a string that a regular expression matches as a whole. Args: the expression, what to say of it."""

    def rule(value, where):
        if not isinstance(value, str) or not re.fullmatch(pattern, value, re.ASCII):
            raise refuse(where, wanted, value)
        return value

    return saying(rule, type='text', pattern=pattern)


def choice(*allowed: Any) -> Rule:
    """Rule: one of the values listed."""

    def rule(value, where):
        if value not in allowed:
            raise refuse(where, 'one of ' + ', '.join(json.dumps(item) for item in allowed), value)
        return value

    return saying(rule, type='choice', choices=list(allowed))


def optional(rule: Rule) -> Rule:
    """Rule: null, or what `rule` allows."""
    return saying(lambda value, where: None if value is None else rule(value, where), **dict(describe(rule), null=True))


def flag(value: Any, where: str) -> bool:
    """Rule: true or false."""
    if not isinstance(value, bool):
        raise refuse(where, 'true or false', value)
    return value


saying(flag, type='flag')


def sequence(rule: Rule, empty: bool = False, most: Optional[int] = None) -> Rule:
    """Rule: a list of items, each of which `rule` allows, as a tuple; it holds something, unless `empty`, and at `most`
    so many (None: no limit).
    """

    def items(value, where):
        if not isinstance(value, list) or not (value or empty):
            raise refuse(where, 'a list' if empty else 'a list with something in it', value)
        if most is not None and len(value) > most:
            raise UserError('%s has %d items, but at most %d are allowed; shorten it' % (where, len(value), most))
        return tuple(rule(item, '%s[%d]' % (where, i)) for i, item in enumerate(value))

    return saying(items, type='list', low=0 if empty else 1, high=most, items=describe(rule))


def mapping(rule: Rule, empty: bool = False) -> Rule:
    """Rule: a JSON object with any keys, whose values `rule` allows, as a dict; it holds something, unless `empty`."""

    def entries(value, where):
        if not isinstance(value, dict) or not (value or empty):
            raise refuse(where, 'a JSON object' + ('' if empty else ' with something in it'), value)
        return {name: rule(item, '%s.%s' % (where, name)) for name, item in value.items()}

    return saying(entries, type='object', items=describe(rule))


def record(cls: type) -> Rule:
    """Rule: a JSON object that `build` makes into `cls`."""
    return saying(
        lambda value, where: build(cls, value, where),
        type='object',
        keys={name: describe(rule) for name, rule in rules(cls).items()},
    )
