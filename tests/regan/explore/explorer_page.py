"""A page without a browser: the WebSocket and the requests of a client, for tests."""

import asyncio
import http.client
import json

from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from regan.explore import encode

SECONDS = 60  # After which a test that waits has failed.


class Page:
    """One client of a running explorer (`start.InThread`). Use it in `with`."""

    def __init__(self, running):
        self.site, self._loop = running.site, asyncio.new_event_loop()
        self.rev, self._ended = 0, False

    def __enter__(self):
        url = 'ws://127.0.0.1:%d/ws' % self.site.port
        request = HTTPRequest(url, headers={'Cookie': '%s=%s' % (self.site.cookie, self.site.token)})
        self._socket = self._run(websocket_connect, request)
        return self

    def __exit__(self, *_):
        async def close():
            self._socket.close()
            while not self._ended:
                self._ended = await self._socket.read_message() is None

        self._run(close)
        self._loop.close()

    def _run(self, function, *arguments, **more):
        async def bounded():
            return await asyncio.wait_for(function(*arguments, **more), SECONDS)

        return self._loop.run_until_complete(bounded())

    def send(self, message=None, **facts):
        """Sends a message: a dict, or a text or bytes as they are."""
        message = facts if message is None else message
        text = message if isinstance(message, (str, bytes)) else json.dumps(message)
        self._run(self._socket.write_message, text, binary=isinstance(text, bytes))

    def receive(self):
        """The next message: a dict, which for frames has their 'data'; None at the end."""
        message = self._run(self._socket.read_message)
        self._ended = message is None
        if isinstance(message, bytes):
            header, data = encode.read_frame(message)
            return dict(header, data=data)
        return message and json.loads(message)

    def until(self, kind, seen=None, **facts):
        """The next message of a type (or frame of a kind) with these values; those before it go to `seen`."""
        while True:
            message = self.receive()
            assert message is not None, 'the connection has ended'
            if kind in (message.get('type'), message.get('kind')):
                if all(message.get(name) == value for name, value in facts.items()):
                    return message
            assert message.get('type') != 'error' or kind == 'error', message
            if seen is not None:
                seen.append(message)

    def hello(self):
        """The welcome."""
        self.send(type='hello', protocol=1)
        return self.until('welcome')

    def draw(self, view, slot='main', px=512, drag=False):
        """The final picture of a view: its header, with 'pixels'."""
        self.rev += 1
        self.send(type='render', slot=slot, rev=self.rev, view=view, px=px, drag=drag)
        while True:
            found = self.until('picture', slot=slot)
            self.send(type='ack', slot=slot, rev=found['rev'])
            if found['pass'] == 'final' and found['rev'] == self.rev:
                return dict(found, pixels=pixels(found))


def pixels(frame):
    """Those of a frame, uint8 [H, W, C]."""
    return encode.decode(frame['codec'], frame['data'], (frame['h'], frame['w'], frame['channels']))


def ask(site, path, method='GET', body=None, token=True, **headers):
    """(status, headers, body) of a request, whose path is sent as it is."""
    connection = http.client.HTTPConnection('127.0.0.1', site.port, timeout=SECONDS)
    if token:
        headers['Cookie'] = '%s=%s' % (site.cookie, site.token)
    try:
        connection.request(method, path, body, {name.replace('_', '-'): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()
