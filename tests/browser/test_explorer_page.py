"""The explorer's page in Chromium, on servers of both stacks."""

import io
import json
import re
import zipfile

import pytest

pytest.importorskip('playwright.sync_api', reason='the tests in a browser run with: make test-browser')

from tests.browser.conftest import DRAWN_MS, SIZES, STACKS, Server, Visitor

FIRST_ROW = '.row >> nth=0 >> code:text-is("%s")'
AMOUNT = '.card >> nth=%d >> .amount input[type=range]'


def add_first_tile(page, number=3):
    page.wait_for_selector('.tile:not(.waiting-tile) >> nth=%d' % number, timeout=DRAWN_MS)
    page.click('.tile >> nth=%d' % number)
    page.wait_for_selector('.card')


def slider_box(page, card=0):
    page.locator(AMOUNT % card).scroll_into_view_if_needed()
    return page.locator(AMOUNT % card).bounding_box()


def drag(page, card, steps, start=0.5, end=0.9):
    box = slider_box(page, card)
    y = box['y'] + box['height'] / 2
    page.mouse.move(box['x'] + box['width'] * start, y)
    page.mouse.down()
    for i in range(1, steps + 1):
        page.mouse.move(box['x'] + box['width'] * (start + (end - start) * i / steps), y)
    page.mouse.up()


# ------------------------------------------------------------------ 1: who gets in


def test_nobody_gets_in_without_the_token(browser, server):
    for address in ('', '?token=', '?token=wrong'):
        context = browser.new_context()
        page = context.new_page()
        answer = page.goto('http://127.0.0.1:%d/%s' % (server.port, address))
        assert answer.status in (401, 403) and not page.query_selector('#app')
        context.close()


def test_the_token_opens_the_page_and_leaves_the_address(visit, server):
    visitor = visit().open()
    assert 'token' not in visitor.link() and visitor.link().startswith('http://127.0.0.1:%d/' % server.port)


# ------------------------------------------------------------------ 2: a drag


def test_two_hundred_moves_end_with_the_last_one_and_the_pixels_of_render(visit, tmp_path):
    visitor = visit().open()
    add_first_tile(visitor.page)
    visitor.settled()
    before = len(visitor.sent('render'))
    drag(visitor.page, 0, 200)
    view_id = visitor.settled()
    moved = [message for message in visitor.sent('render')[before:] if message['slot'] == 'main']
    assert len(moved) <= 200 and moved[-1]['drag'] is False
    amount = float(visitor.page.locator('.card .number').input_value())
    assert moved[-1]['view']['edits'][0]['amount'] == amount == visitor.view()['edits'][0]['amount']
    assert view_id == visitor.page.text_content('#view-id')
    assert visitor.pixels() == visitor.rendered(tmp_path)


# ------------------------------------------------------------------ 3: by keys alone


def test_keys_alone_make_the_view_that_a_mouse_makes(visit):
    by_mouse = visit().open()
    by_mouse.page.fill('#find', 'v15')
    by_mouse.page.wait_for_selector(FIRST_ROW % 'v15')
    by_mouse.page.wait_for_selector('.row >> nth=0 >> .tile:not(.waiting-tile)', timeout=DRAWN_MS)
    by_mouse.page.click('.row >> nth=0 >> .zone-tiles >> nth=1 >> .tile >> nth=1')
    drag(by_mouse.page, 0, 5, 0.75, 0.875)
    mouse_id, mouse_view = by_mouse.settled(), by_mouse.view()
    amount = float(by_mouse.page.locator('.card .number').input_value())

    visitor = visit().open()
    keys = visitor.page.keyboard
    visitor.page.focus('.area')
    keys.press('/')
    visitor.page.wait_for_selector('#find:focus')
    keys.type('v15')
    visitor.page.wait_for_selector(FIRST_ROW % 'v15')
    visitor.page.focus('.area')
    keys.press('2')  # Coarse.
    visitor.page.focus('.rows')
    keys.press('Enter')
    visitor.page.wait_for_selector('.card')
    visitor.page.focus(AMOUNT % 0)
    for _ in range(round((amount - 2) / 0.1)):
        keys.press('ArrowRight')
    keys.press('Enter')
    visitor.page.wait_for_selector('.card .number:focus')
    keys.type(str(amount))
    keys.press('Tab')
    visitor.page.focus('.area')
    keys.press('s')
    visitor.page.wait_for_selector('.card .icon[aria-pressed=true]')
    keys.press('t')
    visitor.page.fill('dialog input >> nth=0', '')
    keys.press('Escape')
    visitor.page.wait_for_selector('dialog', state='detached')
    visitor.page.focus('.area')
    keys.press('e')
    visitor.page.wait_for_selector('#export')
    assert visitor.settled() and visitor.view() == mouse_view
    assert visitor.settled() == mouse_id


def test_what_is_typed_stays_while_pictures_arrive(visit):
    visitor = visit().open()
    add_first_tile(visitor.page)
    before = visitor.settled()
    field = visitor.page.locator('.card .number')
    field.click()
    field.press('Control+a')
    field.type('3.')
    gain = """() => document.querySelector('[aria-label="Gain of all edits"]').dispatchEvent(new Event('input'))"""
    visitor.page.evaluate(gain)  # Draws the page anew, as a picture does that arrives.
    visitor.settled()
    field.type('25')
    assert field.input_value() == '3.25' and visitor.view()['edits'][0]['amount'] == 2
    field.press('Tab')
    assert visitor.settled() != before and visitor.view()['edits'][0]['amount'] == 3.25


# ------------------------------------------------------------------ 4: the brush


def test_a_brush_of_layers_apart_leaves_the_others_alone(visit, tmp_path):
    import numpy as np

    visitor = visit().open()
    add_first_tile(visitor.page, 1)
    brush = visitor.page.locator('.card .brush')
    for layer in (1, 3, 4, 6):
        brush.locator('[data-layer="%d"]' % layer).click()
    visitor.settled()
    assert visitor.view()['edits'][0]['layers'] == [[0, 1], [2, 3], [5, 6], [7, 10]]
    with visitor.page.expect_download() as download:
        visitor.page.click('text=Export')
        visitor.page.click('text=Edited latents (npz)')
    download.value.save_as(str(tmp_path / 'edited.npz'))
    brush.page.locator('.card input[type=checkbox]').click()
    visitor.settled()
    with visitor.page.expect_download() as download:
        visitor.page.click('text=Export')
        visitor.page.click('text=Edited latents (npz)')
    download.value.save_as(str(tmp_path / 'plain.npz'))
    edited, plain = [first_latents(tmp_path / name) for name in ('edited.npz', 'plain.npz')]
    changed = [layer for layer in range(10) if not np.array_equal(edited[0, layer], plain[0, layer])]
    assert changed == [0, 2, 5, 7, 8, 9]


def first_latents(path):
    import numpy as np

    with np.load(str(path)) as archive:
        return next(archive[name] for name in archive.files if archive[name].ndim == 3)


# ------------------------------------------------------------------ 5: undo, reload, link


def test_undo_redo_reload_and_link_give_the_same_views(visit, browser, server):
    visitor = visit().open()
    add_first_tile(visitor.page)
    ids = [visitor.settled()]
    for layer in (9, 8, 7, 6, 5):
        visitor.page.click('.card [data-layer="%d"]' % layer)
        ids.append(visitor.settled())
    assert len(set(ids)) == 6
    visitor.page.focus('.area')
    for expected in ids[-2::-1]:
        visitor.page.keyboard.press('Control+z')
        assert visitor.settled() == expected
    for expected in ids[1:]:
        visitor.page.keyboard.press('Control+Shift+z')
        assert visitor.settled() == expected
    link = visitor.link()
    visitor.page.reload()
    assert visitor.wait_final(ids[-1]) == ids[-1]
    other = visitor.context.new_page()
    other.goto(link)
    other.wait_for_selector('#stage-canvas[data-view-id="%s"]' % ids[-1], timeout=DRAWN_MS)


# ------------------------------------------------------------------ 6: before and after


def test_a_wipe_shows_the_unedited_half_and_space_all_of_it(visit):
    visitor = visit().open()
    visitor.settled()
    plain = visitor.pixels()
    add_first_tile(visitor.page)
    visitor.settled()
    edited = visitor.pixels()
    assert edited != plain
    visitor.page.click('.compare >> text=wipe')
    visitor.page.wait_for_selector('.wipe-line')
    visitor.settled()
    wiped = visitor.pixels()
    width, height, _ = wiped
    for row in range(height):
        start, middle, end = [3 * (row * width + column) for column in (0, width // 2, width)]
        assert wiped[2][start:middle] == plain[2][start:middle] and wiped[2][middle:end] == edited[2][middle:end]
    visitor.page.focus('.area')
    visitor.page.keyboard.down(' ')
    visitor.page.wait_for_selector('.badge')
    assert visitor.pixels() == plain
    visitor.page.keyboard.up(' ')
    visitor.page.focus('.wipe-line')
    visitor.page.keyboard.press('Home')
    visitor.settled()
    assert visitor.pixels() == edited


# ------------------------------------------------------------------ 7: the sheet


def test_visible_tiles_come_first_and_none_after_a_stop(visit):
    visitor = visit().open()
    visitor.page.wait_for_selector('.tile:not(.waiting-tile)', timeout=DRAWN_MS)
    assert visitor.page.locator('.row >> nth=0 >> .tile:not(.waiting-tile)').count() > 0
    # In one step, since the sheet may be complete before a mouse gets there.
    script = """() => {
        const button = [...document.querySelectorAll('.sheet button')].find((one) => one.textContent === 'Stop');
        if (button) button.click();
        return Boolean(button);
    }"""
    if visitor.page.evaluate(script):
        visitor.page.wait_for_selector('.sheet button:text-is("Stop")', state='detached')
        count = visitor.page.locator('.tile:not(.waiting-tile)').count()
        visitor.page.wait_for_timeout(1500)
        assert visitor.page.locator('.tile:not(.waiting-tile)').count() == count


def test_the_sheet_sorts_by_what_pictures_do(visit):
    visitor = visit().open()
    page = visitor.page
    page.select_option('.sheet label:has-text("sort") select', 'factor')
    page.select_option('select[aria-label=Factor]', 'yaw')
    page.wait_for_selector('.row >> nth=0 >> small:has-text("factor")', timeout=DRAWN_MS)
    by_yaw = page.text_content('.row >> nth=0 >> code')
    page.select_option('.sheet label:has-text("sort") select', 'variance')
    page.wait_for_selector('.row >> nth=0 >> small:has-text("variance ")', timeout=DRAWN_MS)
    assert page.text_content('.row >> nth=0 >> code') == 'v0'
    # In the claims' report the component that turns cars is among the first few.
    assert re.fullmatch(r'v\d', by_yaw)


# ------------------------------------------------------------------ 8: what is dropped


def drop(page, name, content):
    import base64

    script = """([name, text]) => {
        const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
        const data = new DataTransfer();
        data.items.add(new File([bytes], name));
        document.querySelector('.page').dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true}));
    }"""
    page.evaluate(script, [name, base64.b64encode(content).decode('ascii')])


def exported(visitor, title, path):
    with visitor.page.expect_download(timeout=DRAWN_MS) as download:
        visitor.page.click('text=Export')
        visitor.page.click('#export >> text=%s' % title)
    download.value.save_as(str(path))
    return path


def test_files_that_are_dropped_restore_their_view_or_say_what_is_wrong(visit, tmp_path):
    import numpy as np

    visitor = visit().open()
    add_first_tile(visitor.page)
    view_id = visitor.settled()
    png = exported(visitor, 'Picture (PNG)', tmp_path / 'view.png').read_bytes()
    document = exported(visitor, 'View (JSON)', tmp_path / 'view.json').read_bytes()
    for name, content in [('view.png', png), ('view.json', document)]:
        visitor.page.focus('.area')
        visitor.page.keyboard.press('Delete')
        assert visitor.settled() != view_id
        drop(visitor.page, name, content)
        assert visitor.wait_final(view_id) == view_id
    rows = io.BytesIO()
    np.savez(rows, w=np.zeros((2, visitor_width(document)), np.float32))
    drop(visitor.page, 'mine.npz', rows.getvalue())
    visitor.page.wait_for_selector('.pin >> nth=2', timeout=DRAWN_MS)
    hostile = io.BytesIO()
    with zipfile.ZipFile(hostile, 'w') as archive:
        archive.writestr('w.npy', b'\x93NUMPY\x01\x00v\x00{"descr": "|O", "fortran_order": False, "shape": (1,)}')
    for name, content in [
        ('text.png', b'this is no picture'),
        ('cut.png', png[: len(png) // 2]),
        ('plain.json', b'{"a": 1}'),
        ('nan.json', document.replace(b'0.7', b'NaN')),
        ('code.npz', hostile.getvalue()),
        ('wide.npy', b'\x93NUMPY'),
    ]:
        drop(visitor.page, name, content)
        visitor.page.wait_for_selector('.notice.error', timeout=DRAWN_MS)
        assert len(visitor.notice()) > 10 and '\n' not in visitor.notice() and 'Traceback' not in visitor.notice()
        visitor.page.click('.notice button')
    visitor.close(expected=('422', '413', 'Failed to load resource'))


def visitor_width(document):
    """Width of w of the packaged network; a file of another width is refused, with the width in the message."""
    import subprocess

    return json.loads(document).get('width', 0) or WIDTH


WIDTH = 128


# ------------------------------------------------------------------ 9: exports


def test_every_export_opens_and_carries_the_view(visit, server, tmp_path):
    from PIL import Image

    visitor = visit().open()
    add_first_tile(visitor.page)
    visitor.settled()
    stage = visitor.pixels()
    png = exported(visitor, 'Picture (PNG)', tmp_path / 'a.png')
    with Image.open(str(png)) as image:
        assert image.convert('RGB').tobytes() == stage[2]
    assert visitor.rendered(tmp_path, str(png)) == stage
    assert visitor.rendered(tmp_path, str(exported(visitor, 'View (JSON)', tmp_path / 'a.json'))) == stage
    for title, name in [('Strip of the selected', 's.png'), ('Grid', 'g.png')]:
        path = exported(visitor, title, tmp_path / name)
        with Image.open(str(path)) as image:
            shown = image.width, image.height, image.convert('RGB').tobytes()
        assert visitor.rendered(tmp_path, str(path)) == shown
    video = exported(visitor, 'Video of the selected', tmp_path / 'v.mp4')
    assert video.read_bytes()[4:8] == b'ftyp' and b'regan_view' in video.read_bytes()
    command = exported(visitor, 'Command line', tmp_path / 'c.txt').read_text()
    assert command.startswith('regan ')
    json.loads(exported(visitor, '"Selected edit (JSON)"', tmp_path / 'e.json').read_text())
    json.loads(exported(visitor, 'Figure spec', tmp_path / 'f.json').read_text())


# ------------------------------------------------------------------ 10: two clients; a server that comes back


def test_two_clients_and_a_server_that_is_killed(browser, tmp_path_factory, tmp_path):
    cache = tmp_path_factory.mktemp('cache-killed')
    server = Server(STACKS[-1], cache)
    one, two = [Visitor(browser, server).open() for _ in range(2)]
    add_first_tile(one.page)
    add_first_tile(two.page)
    two.settled()
    two.page.click('text=Export')
    with two.page.expect_download(timeout=DRAWN_MS) as download:
        two.page.click('text=Video of the selected')
        drag(one.page, 0, 60)
        view_id = one.settled()
    assert download.value.path()
    shown = one.pixels()
    server.process.kill()
    server.process.wait()
    one.page.wait_for_selector('.status:has-text("connection")', timeout=DRAWN_MS)
    again = Server(STACKS[-1], cache, port=server.port)
    one.page.goto(again.url + '#' + one.link().split('#')[1])
    assert one.wait_final(view_id) == view_id and one.pixels() == shown
    assert again.stop() in (0, 130)
    lost = ('WebSocket', 'ERR_CONNECTION', 'Failed to load')
    one.close(expected=lost)
    two.close(expected=lost)


# ------------------------------------------------------------------ 11: a phone


def test_fingers_on_a_phone(browser, server):
    visitor = Visitor(browser, server, 'phone', has_touch=True, is_mobile=True).open()
    page = visitor.page
    page.tap('role=tab[name="Sheet"]')
    page.wait_for_selector('.tile:not(.waiting-tile)', timeout=DRAWN_MS)
    page.tap('.tile >> nth=1')
    page.tap('role=tab[name="Edits"]')
    page.wait_for_selector('.card')
    small = page.evaluate("""() => [...document.querySelectorAll('button, select, input')].filter((element) => {
        const box = element.getBoundingClientRect();
        return box.width && (box.height < 24 || box.width < 24) && !element.closest('.file');
    }).map((element) => element.outerHTML.slice(0, 120))""")
    assert small == []
    touch(page, '.card .brush', [(0.05, 0.7), (0.25, 0.7), (0.45, 0.7), (0.65, 0.7)])
    assert len(visitor.view()['edits'][0]['layers']) >= 1
    page.click('role=tab[name="Stage"]')
    page.wait_for_selector('.area')
    visitor.settled()
    box = page.locator('.area').bounding_box()
    x, y = box['x'] + box['width'] / 2, box['y'] + box['height'] / 2
    session = visitor.context.new_cdp_session(page)
    for step in range(6):
        points = [dict(x=x - 20 - 10 * step, y=y, id=0), dict(x=x + 20 + 10 * step, y=y, id=1)]
        session.send(
            'Input.dispatchTouchEvent', dict(type='touchStart' if step == 0 else 'touchMove', touchPoints=points)
        )
    session.send('Input.dispatchTouchEvent', dict(type='touchEnd', touchPoints=[]))
    page.wait_for_selector('.compare >> text=Whole picture')
    page.tap('.compare >> text=Whole picture')
    session.send('Input.dispatchTouchEvent', dict(type='touchStart', touchPoints=[dict(x=x, y=y)]))
    page.wait_for_selector('.badge')
    session.send('Input.dispatchTouchEvent', dict(type='touchEnd', touchPoints=[]))
    for tab in ('Stage', 'Edits', 'Sheet', 'Seeds'):
        page.tap('role=tab[name="%s"]' % tab)
        assert page.evaluate('() => document.documentElement.scrollWidth <= window.innerWidth')
    visitor.close()


def touch(page, selector, places):
    """A finger that goes over some places of an element, given as shares of its size."""
    box = page.locator(selector).bounding_box()
    session = page.context.new_cdp_session(page)
    for i, (x, y) in enumerate(places):
        point = dict(x=box['x'] + x * box['width'], y=box['y'] + y * box['height'])
        session.send('Input.dispatchTouchEvent', dict(type='touchMove' if i else 'touchStart', touchPoints=[point]))
    session.send('Input.dispatchTouchEvent', dict(type='touchEnd', touchPoints=[]))


# ------------------------------------------------------------------ 12: for everybody


@pytest.mark.parametrize('scheme', ['light', 'dark'])
@pytest.mark.parametrize('size', sorted(SIZES))
def test_axe_finds_nothing_in_any_panel(browser, server, size, scheme):
    from axe_playwright_python.sync_playwright import Axe

    visitor = Visitor(browser, server, size, color_scheme=scheme, reduced_motion='reduce').open()
    page, axe = visitor.page, Axe()
    if size != 'phone':
        add_first_tile(page)
    panels = ['Stage', 'Edits', 'Sheet', 'Seeds'] if size == 'phone' else [None]
    for panel in panels:
        if panel:
            page.click('role=tab[name="%s"]' % panel)
        assert problems(axe, page) == []
    page.focus('.area') if size != 'phone' else page.click('role=tab[name="Stage"]')
    page.keyboard.press('?')
    page.wait_for_selector('dialog[open]')
    assert problems(axe, page) == []
    visitor.close()


def problems(axe, page):
    found = axe.run(page).response['violations']
    return [(one['id'], [node['html'][:150] for node in one['nodes'][:3]]) for one in found]


def test_nothing_overlaps_or_is_cut_off_at_twice_the_size(browser, server):
    visitor = Visitor(browser, server, 'middle', device_scale_factor=2).open()
    page = visitor.page
    page.set_viewport_size(dict(width=720, height=450))  # What 200 % leaves of 1440 x 900.
    page.wait_for_timeout(300)
    assert page.evaluate('() => document.documentElement.scrollWidth <= window.innerWidth')
    overlapping = page.evaluate("""() => {
        const names = ['.bar', '.seeds', '.stage', '.side', '.sheet', '.status'];
        const boxes = names.map((name) => document.querySelector(name).getBoundingClientRect());
        const found = [];
        boxes.forEach((a, i) => boxes.slice(i + 1).forEach((b, j) => {
            const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
            const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
            if (wide > 1 && high > 1) found.push([names[i], names[i + 1 + j]]);
        }));
        return found;
    }""")
    assert overlapping == []
    visitor.close()
