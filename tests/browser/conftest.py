"""Explorers of both stacks, and pages of a real Chromium that look at them. Run by `make test-browser`."""

import json
import os
import pathlib
import queue
import re
import shutil
import signal
import subprocess
import threading

import pytest

PROJECT = pathlib.Path(__file__).resolve().parents[2]
STACKS = [stack for stack in ('tf1', 'tf2') if (PROJECT / '.venv' / stack / 'bin' / 'python').exists()]
CHROMIUM = next(filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))), None)
NETWORK = next(
    name
    for name, facts in json.loads((PROJECT / 'regan' / 'networks' / 'models.json').read_text()).items()
    if facts.get('packaged')
)
START_S, DRAWN_MS = 240, 120000
SIZES = {'wide': (1440, 900), 'middle': (1024, 768), 'phone': (390, 844)}


class Server:
    """A running `regan explore`. Attributes: stack, python, url (with the token), process, environment, port."""

    def __init__(self, stack, cache, port=None, network=NETWORK, more=()):
        self.stack, self.python = stack, str(PROJECT / '.venv' / stack / 'bin' / 'python')
        self.environment = dict(os.environ, REGAN_CACHE_DIR=str(cache), OMP_NUM_THREADS='1', PYTHONUNBUFFERED='1')
        words = [self.python, '-m', 'regan', 'explore', network, '--no-browser'] + list(more)
        self.process = subprocess.Popen(
            words + (['--port', str(port)] if port else []),
            cwd=str(PROJECT),
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines, self._queue = [], queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.url = self._address()
        self.port = int(re.search(r':(\d+)/', self.url).group(1))

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line)
            self._queue.put(line)
        self._queue.put(None)

    def _address(self):
        while True:
            line = self._queue.get(timeout=START_S)
            assert line is not None, 'the explorer ended at once: %s' % ''.join(self.lines)
            found = re.search(r'http://\S+', line)
            if found:
                return found.group(0)

    def run(self, *words):
        """Output of a command of the same stack, with the same cache."""
        return subprocess.run(
            [self.python, '-m', 'regan'] + list(words),
            cwd=str(PROJECT),
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=True,
        ).stdout

    def stop(self):
        """Ctrl-C; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)


@pytest.fixture(scope='session', params=STACKS)
def server(request, tmp_path_factory):
    """An explorer of the packaged network, with quick components, for all tests of a stack."""
    one = Server(request.param, tmp_path_factory.mktemp('cache-' + request.param))
    yield one
    one.stop()


@pytest.fixture(scope='session')
def browser():
    from playwright.sync_api import sync_playwright

    assert CHROMIUM, 'these tests need Chromium; install it, for example with: apt-get install chromium'
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=['--no-sandbox'])
        yield chromium
        chromium.close()


class Visitor:
    """A page, watched: a message on the console or a request to another host is a failure, unless it was expected."""

    def __init__(self, browser, server, size='wide', **options):
        width, height = SIZES[size]
        self.server, self.faults, self.frames = server, [], []
        self.context = browser.new_context(viewport=dict(width=width, height=height), accept_downloads=True, **options)
        self.context.grant_permissions(['clipboard-read', 'clipboard-write'])
        self.page = self.context.new_page()
        self.page.on(
            'console',
            lambda message: self.faults.append(message.text) if message.type in ('error', 'warning') else None,
        )
        self.page.on('pageerror', lambda error: self.faults.append(str(error)))
        self.page.on('request', self._asked)
        self.page.on('websocket', lambda socket: socket.on('framesent', self._sent))

    def _sent(self, frame):
        self.frames.append(frame)

    def _asked(self, request):
        if not request.url.startswith(('http://127.0.0.1:%d/' % self.server.port, 'ws://127.0.0.1', 'blob:', 'data:')):
            self.faults.append('a request to %s' % request.url)

    def open(self, fragment=''):
        self.page.goto(self.server.url + fragment)
        self.wait_final()
        self.page.wait_for_selector('.bar .basis:not(:text("no components yet"))', timeout=DRAWN_MS)
        return self

    # ---------------------------------------------------------------- what is there

    def wait_final(self, view_id=None):
        """Until the stage shows the final picture of the present view (or of a given one); its view id."""
        wanted = '[data-view-id="%s"]' % view_id if view_id else ''
        self.page.wait_for_selector('#stage-canvas[data-pass=final]%s' % wanted, timeout=DRAWN_MS)
        return self.page.get_attribute('#stage-canvas', 'data-view-id')

    def settled(self):
        """The view id once the stage has had the final pictures of what was asked for last, with edits and without,
        for a while.

        A while is a time, for the page's timers, and a number of frames, for a machine that is too busy to draw them.
        """
        script = """() => new Promise((resolve) => {
            const canvas = document.getElementById('stage-canvas');
            let since = performance.now(), frames = 0;
            const look = () => {
                const {askedmain, askedbefore} = document.documentElement.dataset;
                const {rev, pass, before} = canvas.dataset;
                frames += 1;
                if (rev !== askedmain || pass !== 'final' || before !== askedbefore) {
                    since = performance.now();
                    frames = 0;
                }
                if (performance.now() - since > 600 && frames > 30) resolve(canvas.dataset.viewId);
                else requestAnimationFrame(look);
            };
            look();
        })"""
        return self.page.evaluate(script)

    def pixels(self):
        """The picture on the stage, [H][W][3] as nested lists flattened: (width, height, bytes of RGB)."""
        script = """() => {
            const canvas = document.getElementById('stage-canvas');
            const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            const rgb = [];
            for (let i = 0; i < data.length; i += 4) rgb.push(data[i], data[i + 1], data[i + 2]);
            return [canvas.width, canvas.height, rgb];
        }"""
        width, height, rgb = self.page.evaluate(script)
        return width, height, bytes(rgb)

    def rendered(self, tmp_path, source=None):
        """The same of `regan render` of the page's link (or of a file)."""
        from PIL import Image

        out = tmp_path / 'rendered.png'
        self.server.run('render', source or self.link(), '--out', str(out))
        with Image.open(str(out)) as image:
            return image.width, image.height, image.convert('RGB').tobytes()

    def link(self):
        return self.page.evaluate('() => window.location.href')

    def view(self):
        """The view document of the page's link."""
        import base64

        text = self.link().split('#view=')[1]
        return json.loads(base64.urlsafe_b64decode(text + '=' * (-len(text) % 4)))

    def sent(self, kind):
        """The messages of a type that the page has sent."""
        messages = [json.loads(frame) for frame in self.frames if isinstance(frame, str)]
        return [message for message in messages if message['type'] == kind]

    def notice(self):
        return self.page.text_content('.notice span')

    def close(self, expected=()):
        expected = tuple(expected) + ('Canvas2D: Multiple readback',)  # The tests read pixels back.
        faults = [fault for fault in self.faults if not any(word in fault for word in expected)]
        self.context.close()
        assert faults == []


@pytest.fixture
def visit(browser, server):
    """Opens a page: function of (size, **options of the browser's context) -> Visitor."""
    opened = []

    def make(size='wide', **options):
        opened.append(Visitor(browser, server, size, **options))
        return opened[-1]

    yield make
    for visitor in opened:
        if visitor.page and not visitor.page.is_closed():
            visitor.close()
