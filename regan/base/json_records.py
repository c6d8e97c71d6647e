"""JSON objects into frozen dataclasses; every value is checked here, once.

A rule is a function (value, where) -> value that raises UserError. `where` says which file and
which key the value comes from, so that each error names them.
"""
import dataclasses
import json
import math

from regan.base.errors import UserError


def load(path):
    """Read a JSON file. Raises UserError when it is missing or not JSON."""
    try:
        with open(str(path), encoding='utf-8') as file:
            return json.load(file)
    except FileNotFoundError:
        raise UserError('there is no file %s; check the name' % path)
    except ValueError as error:
        raise UserError('%s is not valid JSON (%s); correct it' % (path, error))


def build(cls, data, where, rules):
    """Make the dataclass `cls` from the dict `data`; `rules` maps each allowed key to its rule.

    Keys that `data` lacks take the default of the dataclass. Raises UserError when `data` is not an
    object, a key is unknown or missing, or a rule or `cls` itself refuses a value.
    """
    if not isinstance(data, dict):
        raise refuse(where, 'a JSON object', data)
    unknown = sorted(set(data) - set(rules))
    if unknown:
        raise UserError('%s has the unknown key %r; allowed are: %s' % (where, unknown[0], ', '.join(sorted(rules))))
    missing = sorted(_required(cls) - set(data))
    if missing:
        raise UserError('%s lacks the key %r; add it' % (where, missing[0]))
    values = {key: rules[key](value, '%s.%s' % (where, key)) for key, value in data.items()}
    try:
        return cls(**values)
    except UserError as error:
        raise UserError('%s: %s' % (where, error))


def _required(cls):
    return {field.name for field in dataclasses.fields(cls)
            if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING}


def refuse(where, wanted, value):
    """The UserError for a value that is not what was wanted."""
    return UserError('%s must be %s, not %s; correct it' % (where, wanted, json.dumps(value)))


def anything(value, where):
    """Rule: any value; the dataclass itself checks it."""
    return value


def integer(low, high=None):
    """Rule: a whole number from `low` to `high` (inclusive; None: no limit)."""
    def rule(value, where):
        if type(value) is not int or not _within(value, low, high):
            raise refuse(where, 'a whole number' + _limits(low, high), value)
        return value
    return rule


def number(low, high=None):
    """Rule: a finite number from `low` to `high` (inclusive; None: no limit), as a float."""
    def rule(value, where):
        if type(value) not in (int, float) or not math.isfinite(value) or not _within(value, low, high):
            raise refuse(where, 'a number' + _limits(low, high), value)
        return float(value)
    return rule


def _within(value, low, high):
    return value >= low and (high is None or value <= high)


def _limits(low, high):
    return ' of %s or more' % low if high is None else ' from %s to %s' % (low, high)


def text(value, where):
    """Rule: a string with something in it."""
    if not isinstance(value, str) or not value.strip():
        raise refuse(where, 'a text', value)
    return value


def choice(*allowed):
    """Rule: one of the values listed."""
    def rule(value, where):
        if value not in allowed:
            raise refuse(where, 'one of ' + ', '.join(json.dumps(item) for item in allowed), value)
        return value
    return rule


def optional(rule):
    """Rule: null, or what `rule` allows."""
    return lambda value, where: None if value is None else rule(value, where)


def sequence(rule):
    """Rule: a list of one or more items, each of which `rule` allows, as a tuple."""
    def items(value, where):
        if not isinstance(value, list) or not value:
            raise refuse(where, 'a list with something in it', value)
        return tuple(rule(item, '%s[%d]' % (where, i)) for i, item in enumerate(value))
    return items


def record(cls, rules):
    """Rule: a JSON object that `build` makes into `cls`."""
    return lambda value, where: build(cls, value, where, rules)
