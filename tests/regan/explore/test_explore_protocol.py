"""Every good message is read, every bad one refused in one sentence."""

import json
import random

import numpy as np
import pytest

from regan.explore import protocol
from tests.regan.explore import random_messages

VIEW = {'regan_view': 1, 'network': {'name': 'toy', 'sha256': '0' * 64}, 'latents': [{'seed': 1}, {'seed': 2}]}


def read(**message):
    return protocol.read(json.dumps(message))


def refused(text):
    with pytest.raises(protocol.Refused) as caught:
        protocol.read(text)
    answer = protocol.error(caught.value)
    assert answer['code'] in protocol.CODES and '\n' not in answer['message'] and 0 < len(answer['message']) <= 400
    assert ('slot' in answer) != ('job' in answer) and set(answer) <= {
        *('type', 'slot', 'job', 'rev', 'code', 'message', 'hint')
    }
    json.dumps(answer, allow_nan=False)
    return answer


def test_good_messages():
    draw, seen = random.Random(0), set()
    for _ in range(150):
        message = random_messages.good(draw)
        found = protocol.read(json.dumps(message))
        assert isinstance(found, protocol.TYPES[message['type']])
        seen.add(message['type'])
    assert seen == set(protocol.TYPES) - {'basis'} and read(type='basis', job='b1').full is False


def test_defaults_and_values():
    render = read(type='render', slot='pin:3', rev=7, view=VIEW, px=64, drag=False)
    assert (render.slot, render.rev, render.px, render.drag, render.view.psi) == ('pin:3', 7, 64, False, 0.7)
    mask = {'size': 2, 'rows': ['01', '10']}
    rank = read(type='rank', job='r', sort='region', view=VIEW, mask=mask)
    assert np.array_equal(rank.mask, [[False, True], [True, False]]) and rank.seeds == (0, 1, 2, 3)
    assert read(type='rank', job='r', sort='example', view=VIEW, pins=[1, 0]).pins == (1, 0)
    spec = read(type='sheet', job='s', spec={'view': VIEW, 'rows': 'components'}).spec
    assert (spec.zones, spec.step, spec.size, spec.difference) == (('all', 'coarse', 'middle', 'fine'), 2.0, 64, False)
    assert read(type='open', job='o', text=json.dumps(VIEW)).text == render.view


@pytest.mark.parametrize(
    'message, code, words',
    [
        (dict(type='render', slot='main', rev=0, view=VIEW, px=1, drag=True), 'bad_message', 'rev'),
        (dict(type='render', slot='pin:16', rev=1, view=VIEW, px=1, drag=True), 'bad_message', 'slot'),
        (dict(type='render', slot='main', rev=1, view=VIEW, px=1, drag=1), 'bad_message', 'drag'),
        (dict(type='render', slot='main', rev=1, view=dict(VIEW, psi='x'), px=1, drag=True), 'bad_view', 'psi'),
        (dict(type='render', slot='main', rev=1, view=dict(VIEW, edits=7), px=1, drag=True), 'bad_view', 'edits'),
        (dict(type='save', job='v', name='../x', view=VIEW, edit=0), 'bad_message', 'name'),
        (dict(type='save', job='v', name='con', view=VIEW, edit=0), 'bad_message', 'name'),
        (dict(type='save', job='v', name='x' * 65, view=VIEW, edit=0), 'bad_message', 'name'),
        (dict(type='cancel'), 'bad_message', 'job or a slot'),
        (dict(type='cancel', job='a', slot='main'), 'bad_message', 'job or a slot'),
        (dict(type='rank', job='r', sort='region', view=VIEW), 'bad_message', 'mask'),
        (dict(type='rank', job='r', sort='change', view=VIEW, factor='yaw'), 'bad_message', 'factor'),
        (dict(type='rank', job='r', sort='example', view=VIEW, pins=[0, 2]), 'bad_message', 'pins'),
        (dict(type='rank', job='r', sort='example', view=VIEW, pins=[1, 1]), 'bad_message', 'pins'),
        (
            dict(type='rank', job='r', sort='region', view=VIEW, mask={'size': 2, 'rows': ['00', '00']}),
            'bad_message',
            'mask',
        ),
        (
            dict(type='rank', job='r', sort='region', view=VIEW, mask={'size': 2, 'rows': ['0', '1']}),
            'bad_message',
            'rows',
        ),
        (dict(type='open', job='o', text='#view=???'), 'bad_view', 'damaged'),
        (dict(type='open', job='o', text='{'), 'bad_view', 'JSON'),
        (dict(type='nothing'), 'unknown', 'one of'),
        (dict(type='hello', protocol=1, more=2), 'bad_message', 'more'),
    ],
)
def test_refusals(message, code, words):
    answer = refused(json.dumps(message))
    assert answer['code'] == code and words in answer['message']
    assert answer.get('job') == message.get('job') if 'job' in message and message['type'] != 'cancel' else True


def test_bounds_of_a_text():
    assert refused('x' * (2**16 + 1))['code'] == 'too_large'
    assert refused('"%s"' % ('ä' * 2**15))['code'] == 'too_large'
    for text in ('[' * 60000, '{"a":' * 10000, json.dumps({'type': 'hello', 'x': [[[[[[[[[[1]]]]]]]]]]})):
        assert 'within each other' in refused(text)['message']
    assert refused('{"type": "hello", "protocol": NaN}')['code'] == 'bad_message'
    assert refused('{"type": "hello", "type": "ack"}')['code'] == 'bad_message'


def test_the_place_of_an_error():
    answer = refused(json.dumps(dict(type='render', slot='main', rev=5, view={}, px=1, drag=True)))
    assert (answer['slot'], answer['rev']) == ('main', 5)
    answer = refused(json.dumps(dict(type='sheet', job='s1', spec=3)))
    assert (answer['job'], answer['rev']) == ('s1', None)


@pytest.mark.parametrize('seed', range(2))
def test_what_is_hardly_a_message(seed):
    draw = random.Random(seed)
    for _ in range(250):
        text = random_messages.bad(draw)
        try:
            assert type(protocol.read(text)) in protocol.TYPES.values()
        except protocol.Refused:
            refused(text)


def test_views_of_the_deepest_kind_fit():
    edits = [{'direction': {'random': [1, 2]}, 'layers': [[0, 1], [2, 3]], 'amount': 1}]
    other = dict(VIEW, edits=edits)
    found = read(
        type='sheet',
        job='s',
        spec={
            'view': dict(other, show={'kind': 'wipe', 'other': other}),
            'rows': [{'direction': {'random': [1, 2]}, 'name': 'x'}],
        },
    )
    assert found.spec.view.show.other.edits[0].direction.random == (1, 2)
