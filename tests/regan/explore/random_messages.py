"""Messages of a page for tests: good ones, and ten thousand ways to get them wrong."""

import copy
import json

from tests.regan.views import random_views

SORTS = [
    ('change', {}),
    ('region', {'mask': {'size': 2, 'rows': ['01', '00']}}),
    ('factor', {'factor': 'yaw'}),
    ('similar', {'rows': [0, 3]}),
]


def good(draw, view=None):
    """A message that is well formed, as a dict. Args: draw, a random.Random; view, of the messages that need one."""
    view = view or random_views.document(draw, other=False)
    job = 'j%d' % draw.randrange(100)
    slot = draw.choice(['main', 'before', 'pin:0', 'pin:15'])
    sort, more = draw.choice(SORTS)
    return draw.choice(
        [
            {'type': 'hello', 'protocol': 1},
            {'type': 'render', 'slot': slot, 'rev': draw.randint(1, 9), 'view': view, 'px': 512, 'drag': True},
            {'type': 'ack', 'slot': slot, 'rev': draw.randint(1, 9)},
            {'type': 'sheet', 'job': job, 'spec': {'view': view, 'rows': draw.choice(['components', 'random'])}},
            {
                'type': 'sheet',
                'job': job,
                'spec': {'view': view, 'rows': [{'direction': {'component': 1}, 'name': 'a'}]},
            },
            {'type': 'visible', 'job': job, 'rows': [0, 12]},
            {'type': 'cancel', 'job': job},
            {'type': 'cancel', 'slot': 'export'},
            dict({'type': 'rank', 'job': job, 'sort': sort, 'view': view, 'seeds': [1, 2, 3, 4]}, **more),
            {'type': 'nearest', 'job': job, 'seed': 3, 'view': view, 'coordinates': [0, 1]},
            {'type': 'meters', 'job': job, 'view': view},
            {'type': 'influence', 'job': job, 'view': view, 'edit': 0},
            {'type': 'place', 'job': job, 'view': view},
            {'type': 'save', 'job': job, 'name': 'Red car', 'tags': ['car'], 'view': view, 'edit': 0},
            {'type': 'export', 'job': job, 'kind': draw.choice(['view', 'png', 'command']), 'view': view},
            {'type': 'open', 'job': job, 'text': json.dumps(view)},
        ]
    )


def bad(draw, view=None):
    """A text that is hardly a good message."""
    message = json.dumps(good(draw, view))
    what = draw.randrange(7)
    if what == 0:
        return message[: draw.randrange(len(message))]
    if what == 1:
        place = draw.randrange(len(message))
        return message[:place] + draw.choice('[]{}",:0\0\ud800e~') + message[place + 1 :]
    if what == 2:
        return draw.choice(
            ['', 'null', '[]', '0', '"x"', '{}', '[' * 9999, '{"a":' * 5000, 'NaN', '\ufeff{}', '1' * 5000]
        )
    if what == 3:
        return json.dumps({'type': draw.choice(['render', 'nothing', None, 3, ['ack'], {}]), 'rev': 'x', 'slot': 7})
    return json.dumps(_changed(draw, json.loads(message)))


def _changed(draw, message):
    """A message with a wrong value, a missing key or one too many, somewhere."""
    message = copy.deepcopy(message)
    place, key = draw.choice(list(_places(message)))
    wrong = [
        None,
        True,
        -1,
        1.5,
        2**70,
        1e300,
        '',
        'x' * 300,
        'x' * 70000,
        [],
        {},
        [[[[]]]],
        {'a': {'b': 1}},
        float('nan'),
    ]
    if draw.random() < 0.2 and isinstance(place, dict):
        del place[key]
    elif draw.random() < 0.2 and isinstance(place, dict):
        place['surprise'] = draw.choice(wrong)
    else:
        place[key] = draw.choice(wrong)
    return message


def _places(part):
    for key in part if isinstance(part, dict) else range(len(part)):
        yield part, key
        if isinstance(part[key], (dict, list)):
            yield from _places(part[key])
