"""The running server: what it answers, draws, keeps and survives."""

import hashlib
import io
import json
import random
import time

import numpy as np
import pytest

from regan.base import artefacts
from regan.components.basis import Basis
from regan.explore import clients, protocol, security, start
from regan.networks.generator import Generator
from regan.pictures import images
from regan.sampling import latents
from regan.views import carriers, document, drawing, saved
from tests.regan.explore import random_messages
from tests.regan.explore.conftest import explorer_of
from tests.regan.explore.explorer_page import Page, ask, pixels


@pytest.fixture(scope='module')
def view(running):
    """A view of the network, as a dict."""
    network = running.explorer.welcome()['network']
    facts = dict(name=network['name'], sha256=network['sha256'])
    return {'regan_view': 1, 'network': facts, 'latents': [{'seed': 1}, {'seed': 2}]}


@pytest.fixture
def page(running):
    with Page(running) as one:
        one.hello()
        yield one


def edit(component=0, amount=2.0, **more):
    return dict({'direction': {'component': component}, 'amount': amount}, **more)


def rendered(running, generator, view):
    """The picture that `regan render` writes."""
    parsed = document.parse(view)
    return drawing.image(parsed, generator, running.explorer.studio.basis, {})


# ------------------------------------------------------------------ requests


def test_every_answer_has_the_headers(running):
    site = running.site
    upload = dict(Content_Type=security.BODY_TYPE)
    answers = [
        (ask(site, '/'), 200),
        (ask(site, '/', 'HEAD'), 200),
        (ask(site, '/static/index.html'), 200),
        (ask(site, '/healthz', token=False), 200),
        (ask(site, '/', token=False), 403),
        (ask(site, '/?token=wrong', token=False), 403),
        (ask(site, '/?token=' + site.token, token=False), 302),
        (ask(site, '/', Host='evil.example:%d' % site.port), 403),
        (ask(site, '/nothing'), 404),
        (ask(site, '/static/../server.py'), 404),
        (ask(site, '/static/%2e%2e/server.py'), 404),
        (ask(site, '//evil.example/%2f..'), 404),
        (ask(site, '/', 'POST', b'x'), 405),
        (ask(site, '/', 'DELETE'), 405),
        (ask(site, '/ws'), 426),
        (ask(site, '/export/' + 'a' * 22), 404),
        (ask(site, '/latents?name=a.npz', 'POST', b'x', **upload), 422),
        (ask(site, '/latents?name=../a.npz', 'POST', b'x', **upload), 422),
        (ask(site, '/latents?name=a.npz', 'POST', b'x', Content_Type='multipart/form-data; boundary=x'), 415),
        (ask(site, '/latents?name=a.npz', 'POST', b'x', Origin='http://evil.example', **upload), 403),
        (ask(site, '/open?name=a.png', 'POST', Content_Length=str(security.LARGEST_BODY + 1), **upload), None),
    ]
    for (status, headers, body), expected in answers:
        if expected is None:  # The framework refuses it as soon as it hears of the length.
            assert status in (400, 413)
            continue
        assert status == expected, body
        for name, value in security.headers(site, '127.0.0.1:%d' % site.port).items():
            assert headers[name] == value
        assert 'Traceback' not in body.decode('utf-8', 'replace')
    status, headers, _ = answers[6][0]
    cookie = headers['Set-Cookie']
    assert headers['Location'] == '/' and 'HttpOnly' in cookie and 'SameSite=Strict' in cookie and site.token in cookie
    assert answers[1][0][2] == b''


def test_a_socket_needs_the_token_and_our_origin(running):
    site = running.site
    socket = dict(
        Upgrade='websocket', Connection='Upgrade', Sec_WebSocket_Version='13', Sec_WebSocket_Key='a' * 22 + '=='
    )
    assert ask(site, '/ws', token=False, **socket)[0] == 403
    assert ask(site, '/ws', Origin='http://evil.example', **socket)[0] == 403
    assert ask(site, '/ws', Origin='null', **socket)[0] == 403


# ------------------------------------------------------------------ pictures


def test_welcome(running):
    with Page(running) as page:
        page.send(type='ack', slot='main', rev=1)
        page.send(type='place', job='p', view={})
        assert page.receive()['code'] == 'bad_view'
        page.send(type='basis', job='p')
        assert page.receive()['code'] == 'bad_message'
        page.send(type='hello', protocol=2)
        assert 'version' in page.receive()['message']
        found = page.hello()
    assert set(found) == {
        *('type', 'protocol', 'session', 'network', 'basis', 'edits', 'factors', 'compat', 'limits', 'codecs', 'rungs'),
        *('view', 'waiting'),
    }
    network = found['network']
    assert (network['generation'], network['resolution'], network['num_layers']) == (2, 16, 6)
    assert [layer['resolution'] for layer in network['layers']] == [4, 8, 8, 16, 16, 16]
    assert found['basis']['components'] == 11 == len(found['basis']['stdev']) == len(found['basis']['share'])
    assert found['rungs'][-1]['px'] == 16 and found['waiting'] is None


@pytest.mark.parametrize(
    'change',
    [
        {},
        {'edits': [edit(), edit(3, -1.5, layers=[[0, 1], [3, 5]])], 'psi': 0.5},
        {'edits': [edit(1, 1.0, mode='target'), edit(2, 3, on=False)], 'gain': 2, 'noise': {'mode': 'none'}},
        {'edits': [edit(direction={'random': [3, 1]}, unit='raw')], 'compat': 'ganspace'},
        {'edits': [edit()], 'show': {'kind': 'strip', 'latent': 1, 'edit': 0, 'frames': 3}},
        {'edits': [edit(), edit(1)], 'show': {'kind': 'grid'}},
        {'edits': [edit()], 'show': {'kind': 'wipe', 'at': 0.25}},
    ],
)
def test_a_final_picture_is_that_of_render(running, tiny_generator, page, view, change):
    wanted = dict(view, **change)
    found = page.draw(wanted)
    assert found['exact'] and found['view_id'] == document.view_id(document.parse(wanted)) and found['codec'] == 'raw'
    assert set(found['ms']) == {'queue', 'map', 'synth', 'encode'} and min(found['ms'].values()) >= 0
    try:
        assert np.array_equal(found['pixels'], rendered(running, tiny_generator, wanted))
    finally:
        tiny_generator.set_noise('stored')


def test_fast_moves_end_with_the_last(page, running, tiny_generator, view):
    frames = []
    for rev in range(1, 101):
        page.send(
            type='render', slot='main', rev=rev, view=dict(view, edits=[edit(0, rev / 50)]), px=64, drag=rev < 100
        )
    while not frames or frames[-1]['rev'] < 100:
        frames.append(page.until('picture'))
        page.send(type='ack', slot='main', rev=frames[-1]['rev'])
    assert len(frames) < 100 and [one['rev'] for one in frames] == sorted(one['rev'] for one in frames)
    expected = rendered(running, tiny_generator, dict(view, edits=[edit(0, 2.0)]))
    assert np.array_equal(pixels(frames[-1]), expected)


def test_views_that_cannot_be_drawn(page, view):
    for number, (change, words) in enumerate(
        [
            ({'edits': [edit(11)]}, 'component 11'),
            ({'edits': [edit(layers=[[0, 7]])]}, 'layer'),
            ({'label': 0}, 'label'),
            ({'network': {'name': 'other', 'sha256': '1' * 64}}, 'other'),
            ({'latents': [{'file': 'a.npy', 'sha256': '2' * 64, 'row': 0}]}, 'a.npy'),
            ({'edits': [edit(direction={'edit': 'none/such'})]}, 'none/such'),
        ]
    ):
        page.send(type='render', slot='main', rev=number + 1, view=dict(view, **change), px=64, drag=False)
        answer = page.until('error')
        assert answer['code'] == 'bad_view' and words in answer['message'] and answer['rev'] == number + 1


# ------------------------------------------------------------------ jobs


def test_a_sheet_row_by_row_and_cancelled(page, view):
    page.send(type='sheet', job='s1', spec={'view': view, 'rows': 'components', 'size': 8})
    seen = []
    page.until('done', seen, job='s1')
    tiles = [one for one in seen if one.get('kind') == 'tile']
    keys = [(one['row'], one['zone'], one['sign']) for one in tiles]
    assert len(keys) == len(set(keys)) == 11 * 3 * 2, 'no fine layers at 16 pixels'
    assert {one['zone'] for one in tiles} == {'all', 'coarse', 'middle'} and pixels(tiles[0]).shape == (8, 8, 3)
    assert [one['done'] for one in seen if one.get('type') == 'progress'] == list(range(1, 12))
    page.send(type='sheet', job='s2', spec={'view': dict(view, psi=0.1), 'rows': 'random', 'difference': True})
    page.send(type='visible', job='s2', rows=[8, 9])
    first = page.until('tile', job='s2', sign=0)
    assert first['row'] in (0, 8)
    page.send(type='cancel', job='s2')
    page.until('cancelled', job='s2')
    page.send(type='place', job='p1', view=view)
    after = []
    page.until('result', after, job='p1')
    assert after == [], 'nothing after cancelled'


def test_a_sheet_replaces_a_sheet(page, view):
    for job in ('s1', 's2'):
        page.send(type='sheet', job=job, spec={'view': dict(view, psi=0.2), 'rows': 'components', 'zones': ['all']})
    seen = []
    page.until('done', seen, job='s2')
    place = [one.get('type') for one in seen].index('cancelled')
    assert seen[place]['job'] == 's1' and not any(one.get('job') == 's1' for one in seen[place + 1 :])


def test_sorts(page, view, running):
    stdev = np.array(running.explorer.studio.basis.variance_ratio)
    for sort, more in [
        ('variance', {}),
        ('change', {}),
        ('even', {'zone': 'coarse'}),
        ('similar', {'rows': [4]}),
        ('region', {'mask': {'size': 2, 'rows': ['10', '00']}}),
        ('example', {'pins': [0, 1]}),
    ]:
        page.send(dict(more, type='rank', job='r', sort=sort, view=view, seeds=[5, 6]))
        found = page.until('result', job='r')
        assert sorted(found['order']) == list(range(11)) and len(found['values']) == len(found['errors']) == 11
        if sort == 'variance':
            assert found['order'] == list(range(11)) and found['values'] == pytest.approx(stdev.tolist())
        if sort == 'similar':
            assert found['order'][0] == 4 and found['values'][4] == pytest.approx(1)
        if sort == 'example':
            assert len(found['edits']) == 8 and found['edits'][0]['direction'] == {'component': found['order'][0]}
            document.parse(dict(view, edits=found['edits']))
    page.send(type='rank', job='r', sort='factor', factor='yaw', view=view)
    assert 'no factors' in page.until('error')['message']
    page.send(type='rank', job='r', sort='change', zone='fine', view=view)
    assert 'no fine layers' in page.until('error')['message']


def test_nearest_place_and_influence(page, view, running, tiny_generator, monkeypatch):
    monkeypatch.setattr('regan.explore.studio.NEAREST_SEEDS', 2000)
    basis = running.explorer.studio.basis

    def place_of(seed):
        w = tiny_generator.map(latents.from_seeds([seed], 13))[0]
        return np.dot(basis.components[:2], w - basis.mean) / basis.stdev[:2]

    page.send(type='nearest', job='n', seed=5, view=view, coordinates=[0, 1], count=3)
    near = page.until('result', job='n')
    page.send(type='nearest', job='n', seed=5, view=view, coordinates=[0, 1], far=True, count=3)
    far = page.until('result', job='n')
    found = [np.linalg.norm(place_of(seed) - place_of(5)) for seed in near['seeds']]
    assert near['distances'] == pytest.approx(found, rel=1e-3)
    assert near['distances'] == sorted(near['distances']) and 5 not in near['seeds']
    assert far['distances'] == sorted(far['distances'], reverse=True) and far['distances'][-1] > near['distances'][-1]
    page.send(type='nearest', job='n', seed=5, view=view, coordinates=[99])
    assert 'components 0 to 10' in page.until('error')['message']
    page.send(type='place', job='p', view=dict(view, edits=[edit(0, 50), edit(2, 0, mode='target')]))
    found = page.until('result', job='p')
    assert len(found['coordinates']) == 2 and found['drift']['percentile'] == 100
    page.send(type='influence', job='i', view=dict(view, edits=[edit(0, 3)]), edit=0)
    layers = page.until('result', job='i')['layers']
    assert len(layers) == 6 and min(layers[:5]) > 0


# ------------------------------------------------------------------ files


@pytest.mark.parametrize('kind', protocol.KINDS)
def test_exports(page, running, tiny_generator, view, kind):
    wanted = dict(view, edits=[edit(0, 2, name='Red', layers=[[0, 3]])])
    page.send(type='export', job='e', kind=kind, view=wanted, options={'frames': 3})
    found = page.until('exported', job='e')
    status, headers, content = ask(running.site, '/export/' + found['id'])
    assert status == 200 and len(content) == found['size'] and found['filename'] in headers['Content-Disposition']
    if kind in ('png', 'strip', 'grid', 'mp4', 'view', 'sidecar'):
        carried = carriers.read_bytes(content, found['filename'])
        assert carried.edits == document.parse(wanted).edits
        if found['filename'].endswith('.png'):
            expected = rendered(running, tiny_generator, document.to_dict(carried))
            assert content == carriers.png(expected, carried), 'the bytes of `regan render`'
    elif kind == 'latents':
        assert np.load(io.BytesIO(content))['dlatents'].shape == (2, 6, 11)
    elif kind == 'command':
        assert content.startswith(b'regan render ')
    elif kind == 'edit':
        assert json.loads(content)[0]['id'] == 'my/Red'
    else:
        panel = json.loads(content)['explorer']['panels'][0]
        assert panel['edits'] == ['E(v0, 0-2) * 2.0']


def test_saved_edits_are_found_by_name(page, view, folders, running):
    from regan.editing import edit_choices

    def save(**more):
        facts = dict(type='save', job='v', name='Red car', tags=['car'], edit=0, view=dict(view, edits=[edit(0, 2)]))
        page.send(dict(facts, **more))

    save()
    assert page.until('saved', job='v')['path_name'] == 'Red car.json'
    chosen = edit_choices.choose(['Red car'])[0]
    assert chosen.edit.strength == 2.0 and chosen.source.tags == ('car',)
    assert np.allclose(chosen.source.direction, running.explorer.studio.basis.components[0])
    save()
    assert 'already' in page.until('error')['message']
    save(overwrite=True, view=dict(view, edits=[edit(0, 3)]))
    page.until('saved')
    assert edit_choices.choose(['Red car'])[0].edit.strength == 3.0
    save(view=dict(view, edits=[edit(0, 2, layers=[[0, 1], [2, 3]])]), name='Two')
    assert 'one' in page.until('error')['message']
    save(view=dict(view, edits=[edit(0, 2, mode='target')]), name='Target')
    assert 'target' in page.until('error')['message']
    assert sorted(path.name for path in (folders / 'edits').iterdir()) == ['Red car.json', 'Red car.npz']
    from regan.figures import figure_spec

    assert figure_spec.json_records.rules(figure_spec.Panel)['edits'](['Red car'], 'edits')[0].strength == 3.0
    own = [one for one in running.explorer.welcome()['edits'] if one['name'] == 'Red car'][0]
    assert own['tags'] == ['car'] and page.draw(dict(view, edits=[own['edit']]))['exact']


def test_a_full_disk_leaves_nothing(page, view, folders, monkeypatch):
    def full(*_, **__):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr('numpy.savez_compressed', full)
    page.send(type='save', job='v', name='Full', edit=0, view=dict(view, edits=[edit(0, 2)]))
    assert 'No space left' in page.until('error')['message'] and not (folders / 'edits' / 'Full.json').exists()
    page.send(type='export', job='e', kind='latents', view=view)
    assert page.until('error')['job'] == 'e'
    monkeypatch.undo()
    assert page.draw(view)['exact']


def test_a_link_in_the_folder_is_not_followed(page, view, folders, tmp_path):
    (folders / 'edits').mkdir(exist_ok=True)
    (folders / 'edits' / 'Link.json').symlink_to(tmp_path / 'elsewhere.json')
    page.send(type='save', job='v', name='Link', edit=0, view=dict(view, edits=[edit(0, 2)]), overwrite=True)
    assert 'link' in page.until('error')['message'] and not (tmp_path / 'elsewhere.json').exists()
    (folders / 'edits' / 'Link.json').unlink()


def test_latents_of_a_file(page, running, view):
    def post(array, name='me.npy'):
        content = io.BytesIO()
        np.save(content, array)
        status, _, body = ask(
            running.site, '/latents?name=' + name, 'POST', content.getvalue(), Content_Type=security.BODY_TYPE
        )
        return status, json.loads(body), hashlib.sha256(content.getvalue()).hexdigest()

    status, found, sha256 = post(np.random.RandomState(0).randn(3, 11).astype(np.float32))
    latents = [dict(file='me.npy', sha256=sha256, row=row) for row in range(3)]
    assert status == 200
    assert found == dict(file='me.npy', sha256=sha256, rows=3, kind='w', shape=[3, 11], latents=latents)
    (one,) = post(np.zeros((6, 11), np.float16))[1]['latents']
    assert one['space'] == 'w+'
    picture = page.draw(dict(view, latents=[{'file': 'me.npy', 'sha256': sha256, 'row': 2}]))
    assert not np.array_equal(picture['pixels'], page.draw(view)['pixels'])
    assert post(np.zeros((2, 6, 11), np.float32))[1]['kind'] == 'w+'
    for array in (np.zeros((2, 12)), np.full((1, 11), np.nan), np.zeros(3, int), np.array([None])):
        status, found, _ = post(array)
        assert status == 422 and 'me.npy' in found['message']


def test_open(page, running, tiny_generator, view):
    def post(content, name):
        status, _, body = ask(running.site, '/open?name=' + name, 'POST', content, Content_Type=security.BODY_TYPE)
        return status, json.loads(body)

    wanted = dict(view, edits=[edit(0, 2), edit(1, 1, layers=[[0, 9]])], psi=0.4)
    fits = document.parse(dict(wanted, edits=wanted['edits'][:1]))
    png = carriers.png(np.zeros((4, 4, 3), np.uint8), fits)
    assert post(png, 'x.png') == (200, {'view': document.to_dict(fits), 'notes': []})
    other = document.to_dict(document.parse(dict(wanted, network={'name': 'horses', 'sha256': '1' * 64})))
    status, found = post(json.dumps(other).encode(), 'x.json')
    assert status == 200 and len(found['view']['edits']) == 1 and 'horses' in found['notes'][0]
    assert any('edit 1' in note for note in found['notes'])
    page.send(type='open', job='o', text=json.dumps(other))
    assert page.until('result', job='o')['view'] == found['view']
    for content in (png[:50], images.png(np.zeros((4, 4, 3), np.uint8)), b'\0' * 99, b'{}', b''):
        status, found = post(content, 'x.png')
        assert status in (400, 422) and found['message']


# ------------------------------------------------------------------ what it survives


def test_two_clients(running, view):
    """One drags, the other exports: both get on."""
    with Page(running) as one, Page(running) as other:
        one.hello()
        other.hello()
        other.send(type='export', job='e', kind='mp4', view=dict(view, edits=[edit()]), options={'frames': 33})
        for rev in range(1, 30):
            one.send(type='render', slot='main', rev=rev, view=dict(view, psi=rev / 30), px=64, drag=True)
            found = one.until('picture')
            one.send(type='ack', slot='main', rev=found['rev'])
        assert other.until('exported', job='e')['size'] > 0
        one.send(type='export', job='e', kind='nothing', view=view)
        assert one.until('error')['code'] == 'bad_message'


def test_a_client_that_leaves_in_mid_export(running, view):
    with Page(running) as page:
        page.hello()
        page.send(type='export', job='e', kind='grid', view=dict(view, edits=[edit(), edit(1), edit(2)]))
        page.send(type='sheet', job='s', spec={'view': view, 'rows': 'components'})
    with Page(running) as page:
        page.hello()
        assert page.draw(view)['exact']
        for _ in range(3):
            page.send(type='export', job='e', kind='png', view=view)
            page.until('exported')
    wait_until(lambda: running.explorer._exporting == 0 and not running.explorer._clients)


def wait_until(condition):
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_no_more_pages_than_are_allowed(running):
    import contextlib

    with contextlib.ExitStack() as stack:
        pages = [stack.enter_context(Page(running)) for _ in range(8)]
        assert pages[-1].hello()
        ninth = stack.enter_context(Page(running))
        assert ninth.receive()['code'] == 'busy' and ninth.receive() is None
    wait_until(lambda: not running.explorer._clients)


def test_a_new_start_shows_the_same_picture(running, tiny_pickle, view):
    wanted = dict(view, edits=[edit(0, 2)])
    with Page(running) as page:
        page.hello()
        before = page.draw(wanted)
    with start.InThread(explorer_of(tiny_pickle, document.parse(wanted))) as again:
        with Page(again) as page:
            assert again.site.token != running.site.token
            welcome = page.hello()
            assert document.view_id(document.parse(welcome['view'])) == before['view_id']
            after = page.draw(welcome['view'])
    assert np.array_equal(before['pixels'], after['pixels']) and before['view_id'] == after['view_id']


def test_a_start_with_latents_of_files(running, tiny_pickle, tmp_path, view):
    np.savez(str(tmp_path / 'me.npz'), w=np.random.RandomState(0).randn(6, 11), record=np.array('{"psi": 0.5}'))
    np.save(str(tmp_path / 'many.npy'), np.random.RandomState(1).randn(2, 11))
    sources = [saved.read(tmp_path / name) for name in ('me.npz', 'many.npy')]
    with start.InThread(explorer_of(tiny_pickle, sources=sources)) as again, Page(again) as page:
        shown = page.hello()['view']
        assert [(one['file'], one['row'], one.get('space')) for one in shown['latents']] == [
            ('me.npz', 0, 'w+'),
            ('many.npy', 0, None),
            ('many.npy', 1, None),
        ]
        assert shown['psi'] == 0.5
        pictures = [page.draw(dict(shown, show={'kind': 'single', 'latent': index})) for index in range(3)]
        assert len({picture['pixels'].tobytes() for picture in pictures}) == 3


def test_messages_over_the_wire_that_are_none(running, view):
    draw = random.Random(8)
    with Page(running) as page:
        page.hello()
        for _ in range(60):
            page.send(random_messages.bad(draw, view))
        page.send(b'\0\1')
        page.send('x' * (protocol.MOST_BYTES + 1))
        page.send(type='open', job='end', text=json.dumps(view))
        while page.receive().get('job') != 'end':
            pass
        assert page.draw(dict(view, psi=0.3))['exact']


@pytest.mark.parametrize('count', [500, pytest.param(10000, marks=pytest.mark.slow)])
def test_messages_in_any_order(running, view, count, capfd):
    """At the client itself, as fast as it takes them: one sentence each at most, and nothing grows."""
    draw, sent, explorer = random.Random(count), [], running.explorer
    client = None

    def begin():
        nonlocal client
        client = clients.Client(explorer, lambda message, left: (sent.append(message), left()), lambda: None)
        client.receive('{"type": "hello", "protocol": 1}')

    def one():
        text = random_messages.bad(draw, view) if draw.random() < 0.5 else json.dumps(random_messages.good(draw, view))
        before = len(sent)
        client.receive(text)
        new = [json.loads(message) for message in sent[before:] if isinstance(message, str)]
        assert sum(message['type'] == 'error' for message in new) <= 1
        for message in new:
            assert message['type'] != 'error' or 0 < len(message['message']) <= 400

    errors = []

    def attempt(action):
        try:
            action()
        except BaseException as error:
            errors.append(error)

    done = []
    explorer.call(attempt, begin)
    for _ in range(count):
        explorer.call(attempt, one)
    explorer.call(lambda: done.append(True))
    end = time.monotonic() + 120
    while not done:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert not errors, errors[0]
    assert explorer.renderer.change(lambda queue, now: len(queue)) < 100 and len(client._jobs) < 20
    explorer.call(client.left)
    wait_until(lambda: not client._jobs and explorer._exporting == 0)
    with Page(running) as page:
        page.hello()
        assert page.draw(view)['exact']
    assert 'Traceback' not in capfd.readouterr().err
