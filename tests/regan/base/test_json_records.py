"""regan.base.json_records: dataclasses that declare their keys, and what each rule allows."""

import dataclasses
import inspect
from typing import Optional

import pytest

from regan.base import json_records
from regan.base.errors import UserError
from regan.base.json_records import declared, integer, key, made, number, record, text
from regan.networks import models


@dataclasses.dataclass(frozen=True)
@declared
class Wheel:
    """A wheel of a vehicle."""

    spokes: int = key(integer(3), 'how many it has', default=36)


@dataclasses.dataclass(frozen=True)
@declared
class Bicycle:
    """A vehicle.

    It has two wheels.
    """

    colour: str = key(text, 'of the frame', default='red')
    front: Wheel = key(record(Wheel), 'the one that steers')
    gears: Optional[int] = key(integer(2), 'None: it has one', default=None, recorded=False)
    weight: float = key(number(0), 'in kilograms')
    name: str = made('for messages', default='')


@dataclasses.dataclass(frozen=True)
class Checked:
    """A class that checks itself."""

    size: int
    unit: str = 'm'

    def __post_init__(self):
        if self.size != 3:
            raise UserError('size is not 3')


def test_build_gives_what_the_file_and_the_caller_say():
    found = json_records.build(Bicycle, {'weight': 9, 'front': {}}, 'shop', name='mine')
    assert found == Bicycle(Wheel(36), 9.0, 'red', None, 'mine') and isinstance(found.weight, float)


@pytest.mark.parametrize(
    'data, message',
    [
        ([], 'shop must be a JSON object, not []'),
        ({'wheels': 2}, "shop has the unknown key 'wheels'; allowed are: colour, front, gears, weight"),
        ({'name': 'mine'}, "shop has the unknown key 'name'"),
        ({'weight': 9}, "shop lacks the key 'front'; add it"),
        (
            {'weight': 9, 'front': {'spokes': 2}},
            'shop.front.spokes must be a whole number of 3 or more, not 2; correct it',
        ),
    ],
)
def test_build_names_the_mistake_and_its_place(data, message):
    with pytest.raises(UserError) as error:
        json_records.build(Bicycle, data, 'shop')
    assert str(error.value).startswith(message)


def test_keys_without_a_default_come_first_in_the_constructor_only():
    assert list(inspect.signature(Bicycle).parameters) == ['front', 'weight', 'colour', 'gears', 'name']
    assert list(json_records.rules(Bicycle)) == ['front', 'weight', 'colour', 'gears']
    assert json_records.required(Bicycle) == {'front', 'weight'}
    recorded = json_records.recorded(Bicycle(Wheel(), 9.0))
    assert list(recorded.items()) == [('colour', 'red'), ('front', {'spokes': 36}), ('weight', 9.0)]


def test_docstring_tells_what_each_key_means():
    assert inspect.getdoc(Bicycle).splitlines() == [
        'A vehicle.',
        '',
        'It has two wheels.',
        '',
        'Attributes:',
        '    colour: of the frame',
        '    front: the one that steers',
        '    gears: None: it has one',
        '    weight: in kilograms',
        '    name: for messages',
    ]
    assert all('    %s: ' % field.name in inspect.getdoc(models.Model) for field in dataclasses.fields(models.Model))


def test_class_without_declarations_checks_its_own_values():
    assert json_records.build(Checked, {'size': 3}, 'shop') == Checked(3)
    with pytest.raises(UserError, match='^shop: size is not 3$'):
        json_records.build(Checked, {'size': 4}, 'shop')
    with pytest.raises(UserError, match="^shop has the unknown key 'width'; allowed are: size, unit$"):
        json_records.build(Checked, {'width': 4}, 'shop')


@pytest.mark.parametrize('field', [{}, {'size': 3}, {'size': dataclasses.field(default=3)}])
def test_field_without_a_declaration_is_refused(field):
    with pytest.raises(TypeError, match=r'Loose.size is no key; declare it with key\(...\) or made\(...\)'):
        declared(type('Loose', (), dict(field, __doc__='A class.', __annotations__={'size': int})))


@pytest.mark.parametrize(
    'rule, good, made_of_it, bad, message',
    [
        (json_records.flag, True, True, 1, 'x must be true or false, not 1'),
        (json_records.sequence(text), ['a'], ('a',), [], 'x must be a list with something in it'),
        (json_records.sequence(text, empty=True), [], (), [''], r'x\[0\] must be a text'),
        (json_records.mapping(text), {'a': 'b'}, {'a': 'b'}, {}, 'x must be a JSON object with something in it'),
        (json_records.mapping(text, empty=True), {}, {}, {'a': 1}, 'x.a must be a text'),
        (json_records.mapping(text, empty=True), {}, {}, [], r'x must be a JSON object, not \[\]'),
        (json_records.optional(text), None, None, '', 'x must be a text'),
        (json_records.choice('a', 1), 1, 1, 'b', 'x must be one of "a", 1, not "b"'),
    ],
)
def test_rules(rule, good, made_of_it, bad, message):
    assert rule(good, 'x') == made_of_it
    with pytest.raises(UserError, match='^' + message):
        rule(bad, 'x')


def test_a_rule_can_be_told():
    assert json_records.describe(record(Bicycle))['keys']['gears'] == {'type': 'integer', 'low': 2, 'high': None}
    assert json_records.describe(json_records.optional(number(0, 1))) == {
        'type': 'number',
        'low': 0,
        'high': 1,
        'null': True,
    }
    assert json_records.describe(lambda value, where: value) == {'type': 'other'}


def test_a_wrong_value_is_cut_short():
    with pytest.raises(UserError) as caught:
        integer(0)('x' * 10000, 'span.start')
    assert len(str(caught.value)) < 300
