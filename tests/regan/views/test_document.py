"""regan.views.document and links: what a view may be, its one canonical form, and its way through a link."""

import hashlib
import json
import random

import pytest

from regan.base.errors import UserError
from regan.sampling import noise
from regan.views import document, links
from tests.regan.views import random_views

NETWORK = {'name': 'cars', 'sha256': 'a' * 64}


def view(**changes):
    return dict({'regan_view': 1, 'network': NETWORK, 'latents': [{'seed': 7}]}, **changes)


def edit(**changes):
    return dict({'direction': {'component': 15}, 'layers': [[0, 3]], 'amount': 2.5}, **changes)


SPECIFIED = view(
    basis={'key': 'c41e' * 4, 'estimator': 'ipca', 'components': 80},
    latents=[{'seed': 440749230}, {'file': 'me.npz', 'sha256': '77ab' * 16, 'row': 0}],
    label=None,
    edits=[edit(mode='offset', unit='stdev', on=True, name='Wrinkles', tags=['face'])],
    gain=1.0,
    psi=0.7,
    cutoff=None,
    noise={'mode': 'stored'},
    compat='fixed',
    show={'kind': 'single', 'latent': 0},
)


OTHER_BASIS = {'key': 'd' * 16, 'estimator': 'ipca', 'components': 80}


def test_the_document_of_the_specification():
    parsed = document.parse(SPECIFIED)
    assert document.to_dict(parsed) == SPECIFIED
    plain = json.dumps(dict(SPECIFIED, gain=1), sort_keys=True, separators=(',', ':'))
    assert document.canonical(parsed) == plain
    assert document.view_id(parsed) == hashlib.sha256(plain.encode()).hexdigest()[:8] == '2fc3a59c'


def test_what_is_left_out_has_its_default():
    short, long = document.parse(view()), document.parse(document.to_dict(document.parse(view())))
    assert short == long and document.canonical(short) == document.canonical(long)
    assert (short.gain, short.psi, short.noise.mode, short.compat, short.show.kind) == (
        1,
        0.7,
        'stored',
        'fixed',
        'single',
    )


def test_a_view_survives_json_and_links():
    for facts in random_views.many(80):
        parsed = document.parse(facts)
        text = document.canonical(parsed)
        assert document.loads(text) == parsed
        assert document.canonical(document.loads(json.dumps(document.to_dict(parsed), indent=3))) == text
        link = links.to_link(parsed, 'http://127.0.0.1:8080/')
        assert links.from_link(link) == parsed and document.view_id(links.from_link(link)) == document.view_id(parsed)


def test_random_damage_is_accepted_or_refused_in_one_sentence():
    draw = random.Random(1)
    refused = 0
    for facts in random_views.many(250, seed=2):
        text = json.dumps(random_views.damaged(draw, facts))
        try:
            parsed = document.loads(text)
        except UserError as error:
            refused += 1
            assert '\n' not in str(error) and len(str(error)) < 700 and str(error).startswith('view'), error
            str(error).encode('utf-8')  # It can be shown.
        else:
            assert document.loads(document.canonical(parsed)) == parsed
    assert refused > 150


@pytest.mark.parametrize(
    'change, message',
    [
        (dict(regan_view=2), r'view.regan_view must be 1, the version that is known, not 2'),
        (dict(regan_view=True), r'view.regan_view must be 1'),
        (dict(zoom=2), r"view has the unknown key 'zoom'"),
        (dict(network={'name': 'cars'}), r"view.network lacks the key 'sha256'"),
        (dict(network={'name': 'cars', 'sha256': 'A' * 64}), r'view.network.sha256 must be a SHA-256'),
        (
            dict(network={'name': 'c' * 65, 'sha256': 'a' * 64}),
            r'view.network.name must be a text of 1 to 64 printable',
        ),
        (dict(latents=[]), r'view.latents must be a list with something in it'),
        (dict(latents=[{'seed': 1}] * 17), r'view.latents has 17 items, but at most 16 are allowed'),
        (dict(latents=[{'seed': 2**32}]), r'view.latents\[0\].seed must be a whole number from 0 to 4294967295'),
        (dict(latents=[{'seed': 1.0}]), r'view.latents\[0\].seed must be a whole number'),
        (dict(latents=[{'seed': True}]), r'view.latents\[0\].seed must be a whole number'),
        (
            dict(latents=[{}]),
            r'view.latents\[0\]: a latent needs exactly one of the keys seed, file, mix, and has none',
        ),
        (dict(latents=[{'seed': 1, 'row': 2}]), r"view.latents\[0\]: a latent by 'seed' has no key 'row'"),
        (dict(latents=[{'file': 'a', 'row': 2}]), r"a latent by 'file' lacks the key 'sha256'"),
        (
            dict(latents=[{'file': '../a', 'sha256': 'a' * 64, 'row': 2}]),
            r'file must be the name of a file, without fo',
        ),
        (dict(edits=[edit()] * 65), r'view.edits has 65 items, but at most 64'),
        (dict(edits=[edit(amount=100.5)]), r'view.edits\[0\].amount must be a number from -100 to 100, not 100.5'),
        (dict(edits=[edit(amount='2')]), r'view.edits\[0\].amount must be a number'),
        (dict(edits=[edit(amount=float('nan'))]), r'view.edits\[0\].amount must be a number'),
        (
            dict(edits=[edit(amount=10**400)]),
            r'view.edits\[0\].amount must be a number from -100 to 100, not 1000.*\.\.\.',
        ),
        (dict(edits=[edit(mode='push')]), r'view.edits\[0\].mode must be one of "offset", "centred", "target"'),
        (dict(edits=[edit(invert=True)]), r"view.edits\[0\]: the key 'invert' is for the mode target"),
        (dict(edits=[edit(on=1)]), r'view.edits\[0\].on must be true or false'),
        (dict(edits=[edit(name='n' * 65)]), r'view.edits\[0\].name must be a text of 0 to 64'),
        (dict(edits=[edit(name='a\nb')]), r'view.edits\[0\].name must be a text'),
        (dict(edits=[edit(name='\ud800')]), r'view.edits\[0\].name must be a text'),
        (dict(edits=[edit(tags=[''])]), r'view.edits\[0\].tags\[0\] must be a text'),
        (dict(edits=[edit(tags=['a'] * 17)]), r'view.edits\[0\].tags has 17 items'),
        (dict(edits=[edit(layers=[[3, 3]])]), r'view.edits\[0\].layers\[0\] is \[3, 3\], which has no layer'),
        (dict(edits=[edit(layers=[[3, 1]])]), r'view.edits\[0\].layers\[0\] is \[3, 1\], which has no layer'),
        (dict(edits=[edit(layers=[[0, 3], [2, 4]])]), r'view.edits\[0\].layers has layer 2 twice'),
        (dict(edits=[edit(layers=[[0, 65]])]), r'view.edits\[0\].layers\[0\]\[1\] must be a whole number from 0 to 64'),
        (dict(edits=[edit(layers=[0, 3])]), r'view.edits\[0\].layers\[0\] must be a range'),
        (dict(edits=[edit(layers='all')]), r'view.edits\[0\].layers must be null \(all layers\) or a list'),
        (
            dict(edits=[edit(direction={})]),
            r'a direction needs exactly one of the keys component, random, edit, boundary',
        ),
        (dict(edits=[edit(direction={'component': 1, 'edit': 'a/b'})]), r'exactly one .* has component and edit'),
        (dict(edits=[edit(direction={'random': [1]})]), r'direction.random must be a list \[seed, index\]'),
        (dict(edits=[edit(direction={'random': [1, -1]})]), r'direction.random\[1\] must be a whole number'),
        (dict(edits=[edit(direction={'boundary': '../x'})]), r'direction.boundary must be the name of a boundary'),
        (
            dict(edits=[edit()], basis={'key': 'c' * 16, 'estimator': 'ipca', 'components': 15}),
            r'view: edits\[0\].direction.component needs component 15, but the basis has 0 to 14',
        ),
        (dict(basis={'key': 'c' * 15, 'estimator': 'ipca', 'components': 15}), r'view.basis.key must be a key of 16'),
        (dict(psi=float('inf')), r'view.psi must be a number'),
        (dict(gain=101), r'view.gain must be a number from -100 to 100'),
        (dict(cutoff=-1), r'view.cutoff must be a whole number'),
        (dict(noise={'mode': 'numpy'}), r"view.noise: the noise 'numpy' lacks the key 'seed'"),
        (dict(noise={'mode': 'stored', 'seed': 1}), r"view.noise: the noise 'stored' has no key 'seed'"),
        (dict(noise={'mode': 'torch-cpu', 'seed': 2**32}), r'view.noise.seed must be a whole number'),
        (dict(noise='stored'), r'view.noise must be a JSON object'),
        (
            dict(noise={'mode': 'seed'}, latents=[{'file': 'a', 'sha256': 'a' * 64, 'row': 0}]),
            r"view: noise.mode is 'seed'",
        ),
        (dict(compat='best'), r'view.compat must be one of "fixed", "official"'),
        (dict(conversion='floor'), r'view.conversion must be one of "round", "truncate"'),
        (dict(show={'kind': 'film'}), r'view.show.kind must be one of "single", "strip"'),
        (dict(show={'kind': 'grid', 'latent': 0}), r"view.show: the show 'grid' has no key 'latent'"),
        (dict(show={'latent': 1}), r'view: show.latent is 1, but there are 1 latents'),
        (dict(show={'kind': 'strip'}), r'view: show.edit is 0, but there are 0 edits'),
        (
            dict(edits=[edit()], show={'kind': 'strip', 'frames': 34}),
            r'view.show.frames must be a whole number from 2 to 33',
        ),
        (dict(edits=[edit()], show={'kind': 'strip', 'frames': 1}), r'view.show.frames must be a whole number from 2'),
        (
            dict(latents=[{'seed': 1}] * 16, edits=[edit()] * 4, show={'kind': 'grid'}),
            r'view: a grid of 16 latents with and without each edit has 80 pictures, but at most 64',
        ),
        (dict(show={'kind': 'wipe', 'at': 1.5}), r'view.show.at must be a number from 0 to 1'),
        (dict(show={'kind': 'wipe', 'other': {}}), r"view.show.other lacks the key 'regan_view'"),
        (dict(show={'kind': 'side', 'other': view(psi='x')}), r'view.show.other.psi must be a number'),
        (dict(show={'kind': 'side', 'other': view(show={'kind': 'grid'})}), r'view: show.other shows a grid'),
        (
            dict(basis=SPECIFIED['basis'], show={'kind': 'side', 'other': dict(SPECIFIED, basis=OTHER_BASIS)}),
            r'view: show.other has other components',
        ),
        (
            dict(show={'kind': 'side', 'other': view(network={'name': 'x', 'sha256': 'b' * 64})}),
            r'view: show.other is of another network',
        ),
    ],
)
def test_what_is_refused(change, message):
    with pytest.raises(UserError, match='^' + message if message.startswith('view') else message):
        document.parse(view(**change))


@pytest.mark.parametrize(
    'text, message',
    [
        ('', 'is not valid JSON'),
        ('[]', r'view must be a view, a JSON object with the key "regan_view", not \[\]'),
        ('{}', "lacks the key 'regan_view'"),
        ('{"regan_view": 1, "regan_view": 1}', "has the key 'regan_view' twice"),
        ('{"psi": NaN}', 'has the number NaN, which JSON does not allow'),
        ('{"psi": -Infinity}', 'has the number -Infinity'),
        ('{"psi": 1%s}' % ('0' * 5000), 'has a number of 5001 digits'),
        ('[' * 60000, 'more than 8 objects and lists within each other|not valid JSON'),
        ('{"x":' * 9 + '1' + '}' * 9, 'more than 8 objects and lists within each other'),
        ('"%s"' % ('x' * 2**16), 'view has 65538 bytes, but at most 65536 are allowed'),
    ],
)
def test_texts_that_are_refused(text, message):
    with pytest.raises(UserError, match=message):
        document.loads(text)


def test_a_document_that_grows_too_long_is_refused():
    crowded = edit(name='\u4e2d' * 64, tags=['\u4e2d' * 64] * 5)
    with pytest.raises(UserError, match='at most 65536 are allowed'):
        document.parse(view(edits=[crowded] * 64))


def test_ranges_of_layers_are_sorted_and_joined():
    parsed = document.parse(view(edits=[edit(layers=[[8, 9], [0, 2], [2, 4]]), edit(layers=[]), edit(layers=None)]))
    assert [one.layers for one in parsed.edits] == [((0, 4), (8, 9)), (), None]


def test_noise_is_that_of_the_mode_unless_it_is_said():
    mode = document.parse(view(compat='ganspace'))
    assert mode.noise.choice == {'torch_cuda_seed': 0, 'multiprocessors': 80, 'threads': 2048}
    assert document.parse(document.to_dict(mode)) == mode
    assert document.parse(view(compat='ganspace', noise={'mode': 'stored'})).noise.choice == 'stored'


@pytest.mark.parametrize('text', ['stored', 'none', 'numpy:7', 'torch-cpu:1', 'torch-cuda:3', 'torch-cuda:3:10x1024'])
def test_a_choice_of_noise_and_back(text):
    chosen = noise.parse(text)
    assert noise.notation(document.Noise.of(chosen).choice) == noise.notation(chosen)


def test_numbers_read_back_as_the_same():
    draw = random.Random(3)
    for _ in range(500):
        value = draw.choice([-1, 1]) * draw.random() * 10.0 ** draw.randint(-320, 308)
        text = document._canonical(value)
        assert float(text) == value and len(text) <= len(repr(value)) + 4


def test_what_changes_no_pixel_but_the_document_changes_the_id():
    ids = {
        document.view_id(document.parse(view(edits=[edit(**change)]))) for change in [{}, {'name': 'a'}, {'on': False}]
    }
    assert len(ids) == 3


def test_limits_come_from_the_rules():
    limits = document.limits()
    assert json.loads(json.dumps(limits)) == limits
    assert limits['view']['latents']['high'] == 16 and limits['view']['edits']['high'] == 64
    assert limits['view']['edits']['items']['keys']['amount'] == {'type': 'number', 'low': -100, 'high': 100}
    assert limits['view']['show']['keys']['frames'] == {'type': 'integer', 'low': 2, 'high': 33}
    assert (limits['pins'], limits['edits'], limits['amount'], limits['strip'], limits['grid']) == (16, 64, 100, 33, 64)
    assert (limits['seed'], limits['name']) == (2**32 - 1, 64)
    assert 'other' not in {part['type'] for part in _described(limits['view'])}


def _described(keys):
    for part in keys.values():
        yield part
        yield from _described(part.get('keys', {}))
        if isinstance(part.get('items'), dict):
            yield part['items']
            yield from _described(part['items'].get('keys', {}))


FACTS = dict(sha256='a' * 64, num_layers=10, label_size=0, components=80)


@pytest.mark.parametrize(
    'change, facts, message',
    [
        ({}, dict(sha256='b' * 64), r'the view is of the network cars \(aaaaaaaa\.\.\.\), not of this one \(bbbbbbbb'),
        (
            dict(edits=[edit(layers=[[0, 11]])]),
            {},
            r'edits\[0\].layers goes to layer 10, but this network has layers 0-9',
        ),
        (dict(edits=[edit()]), dict(components=15), r'edits\[0\].direction.component needs component 15'),
        (dict(edits=[edit(direction={'random': [0, 80]})]), {}, r'edits\[0\].direction.random needs component 80'),
        (dict(cutoff=11), {}, r'cutoff is 11, but this network has layers 0-9'),
        (dict(label=0), {}, r'label is 0, but this network has no classes'),
        (dict(label=4), dict(label_size=4), r'label is 4, but this network has classes 0-3'),
        (dict(show={'kind': 'side', 'other': view(label=0)}), {}, r'label is 0'),
    ],
)
def test_what_does_not_fit_a_network(change, facts, message):
    parsed = document.parse(view(**change))
    with pytest.raises(UserError, match=message):
        document.fit(parsed, dict(FACTS, **facts))


def test_what_fits():
    assert document.fit(document.parse(view(edits=[edit(), edit(layers=None)], cutoff=10)), FACTS) is None
    assert document.fit(document.parse(view(edits=[edit()])), dict(FACTS, components=None)) is None


def test_edits_can_be_taken_over_to_another_network():
    parsed = document.parse(
        view(edits=[edit(), edit(layers=[[9, 12]])], cutoff=11, label=1, show={'kind': 'strip', 'edit': 1})
    )
    ours = document.Network('faces', 'b' * 64)
    taken, notes = document.taken_over(parsed, ours, dict(FACTS, sha256='b' * 64))
    document.fit(taken, dict(FACTS, sha256='b' * 64))
    assert taken.edits == parsed.edits[:1] and taken.latents == parsed.latents and taken.show.kind == 'single'
    assert notes[0] == 'edit 1 was left out: layers goes to layer 11, but this network has layers 0-9'
    assert notes[1:] == [
        'cutoff 11 was left out: this network does not have it',
        'label 1 was left out: this network does not have it',
    ]


MIX = {'mix': {'row': {'seed': 3}, 'column': {'seed': 4}, 'layers': [[2, 4], [0, 1]]}}


def test_mixtures():
    parsed = document.parse(view(latents=[MIX, {'seed': 1}]))
    assert parsed.latents[0].mix.layers == ((0, 1), (2, 4)) and parsed.latents[0].keys == ('mix',)
    assert document.loads(document.canonical(parsed)) == parsed
    for wrong, message in [
        (dict(MIX, seed=1), 'exactly one of the keys seed, file, mix'),
        ({'mix': dict(MIX['mix'], row=MIX)}, r'latents\[0\].mix.row is a mixture; mix latents of seeds and files'),
        ({'mix': {'row': {'seed': 3}, 'layers': []}}, r"latents\[0\].mix lacks the key 'column'"),
    ]:
        with pytest.raises(UserError, match=message):
            document.parse(view(latents=[wrong]))


def test_mixtures_on_a_smaller_network():
    parsed = document.parse(view(latents=[{'mix': dict(MIX['mix'], layers=[[9, 11]])}], edits=[edit()]))
    with pytest.raises(UserError, match=r'latents\[0\].mix.layers goes to layer 10'):
        document.fit(parsed, FACTS)
    taken, notes = document.taken_over(parsed, document.Network('faces', 'b' * 64), dict(FACTS, sha256='b' * 64))
    assert taken.latents == (document.Latent(seed=3),) and taken.edits == parsed.edits
    assert notes == ['latents mixed in layers that this network does not have are no longer mixed']


@pytest.mark.parametrize(
    'link, message',
    [
        ('http://127.0.0.1:8080/', 'has no #view='),
        ('#view=', 'is damaged; copy it as a whole'),
        ('#view=abcde', 'is damaged; copy it as a whole'),
        ('#view=ab c', 'is damaged'),
        ('#view=' + '_' * 4, 'is damaged'),
        ('#view=' + 'A' * 100000, 'is longer than 65536 bytes'),
        ('#view=e30', "the view in the link lacks the key 'regan_view'"),
    ],
)
def test_links_that_are_refused(link, message):
    with pytest.raises(UserError, match=message):
        links.from_link(link)
