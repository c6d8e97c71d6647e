"""HTTP and WebSocket of the explorer, on Tornado: every request goes through the table of `security` first."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from typing import Any, Callable, Dict, List, Optional

import tornado.httpserver
import tornado.netutil
import tornado.web
import tornado.websocket

from regan.base.errors import UserError
from regan.explore import assets, security
from regan.explore.clients import Client
from regan.explore.explorer import MOST_CLIENTS, Explorer
from regan.explore.security import Site

LARGEST_MESSAGE = 1 << 20  # Bytes; a longer one closes the connection, one above the protocol's bound is answered.
ANY = ('0.0.0.0', '::', '')


@tornado.web.stream_request_body  # So the framework parses no body of anybody.
class _Handler(tornado.web.RequestHandler):
    """Checks a request before anything else happens. Subclasses answer."""

    def initialize(self, site: Site, explorer: Explorer, table: Dict[str, assets.Asset]) -> None:
        self.site, self.explorer, self.table = site, explorer, table
        self.content: List[bytes] = []
        self.received = 0

    def set_default_headers(self) -> None:
        for name, value in security.headers(
            self.application.settings['site'], self.request.headers.get('Host')
        ).items():
            self.set_header(name, value)

    def prepare(self) -> None:
        headers = self.request.headers
        length = headers.get('Content-Length', '0')
        chunked = 'Transfer-Encoding' in headers
        verdict = security.decide(
            self.site,
            security.Request(
                method=self.request.method or '',
                path=self.request.path,
                query={
                    name: values[-1].decode('utf-8', 'replace') for name, values in self.request.query_arguments.items()
                },
                host=_single(headers.get_list('Host')),
                origin=headers.get('Origin'),
                content_type=headers.get('Content-Type'),
                content_length=-1 if chunked or not length.isdigit() else int(length),
                token=self.get_cookie(self.site.cookie),
                upgrade=headers.get('Upgrade', '').lower() == 'websocket',
            ),
            self.table,
        )
        if verdict.status == 302:
            self.set_header(
                'Set-Cookie', '%s=%s; HttpOnly; SameSite=Strict; Path=/' % (self.site.cookie, self.site.token)
            )
            self.set_header('Location', '/')
        if verdict.status != 200:
            self.refuse(verdict.status, verdict.reason)

    def data_received(self, chunk: bytes) -> None:
        self.received += len(chunk)
        if self.received <= security.LARGEST_BODY:
            self.content.append(chunk)

    def refuse(self, status: int, reason: str) -> None:
        """Ends with a status and a sentence."""
        self.set_status(status)
        if self.request.path in security.POSTS:
            self.answer(dict(message=reason))
        else:
            self.set_header('Content-Type', 'text/plain; charset=utf-8')
            self.finish(reason + '\n')

    def answer(self, value: Dict[str, Any]) -> None:
        """Ends with JSON."""
        self.set_header('Content-Type', 'application/json; charset=utf-8')
        self.finish(json.dumps(value, allow_nan=False))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Errors of the framework: the status, and no more about them."""
        self.set_header('Content-Type', 'text/plain; charset=utf-8')
        self.finish('%d\n' % status_code)

    def compute_etag(self) -> None:
        return None


class _Page(_Handler):
    """The files of the page, and whether the server is up."""

    def get(self) -> None:
        path = self.request.path
        if path == '/healthz':
            self.set_header('Content-Type', 'text/plain; charset=utf-8')
            self.finish('ok')
            return
        asset = self.table[assets.PAGE if path == '/' else path[len(security.STATIC) :]]
        self.set_header('Content-Type', asset.content_type)
        self.finish(asset.path.read_bytes())

    head = get


class _Export(_Handler):
    """Files to take away."""

    async def get(self) -> None:
        take = self.explorer.take(self.request.path[len(security.EXPORTS) :])
        if take is None:
            self.refuse(404, 'This file is not kept any more; export it again.')
            return
        self.set_header('Content-Type', 'application/octet-stream')
        self.set_header('Content-Disposition', 'attachment; filename="%s"' % take.filename)
        with open(str(take.path), 'rb') as file:
            for chunk in iter(lambda: file.read(1 << 18), b''):
                self.write(chunk)
                await self.flush()

    head = get


class _Upload(_Handler):
    """Files that are brought."""

    def post(self) -> None:
        take = {'/latents': self.explorer.add_latents, '/open': self.explorer.open_file}[self.request.path]
        try:
            self.answer(take(b''.join(self.content), self.get_query_argument('name')))
        except UserError as error:
            self.refuse(422, str(error))


class _Nothing(_Handler):
    """Everything else; the table has the answer."""

    def get(self) -> None:
        self.refuse(404, 'There is nothing here.')

    post = head = put = delete = patch = options = get


class _Socket(_Handler, tornado.websocket.WebSocketHandler):
    """The WebSocket of a page."""

    client: Optional[Client] = None

    def check_origin(self, origin: str) -> bool:
        return True  # `prepare` has looked at it.

    def select_subprotocol(self, subprotocols: List[str]) -> Optional[str]:
        return None

    def open(self, *_: str, **__: str) -> None:
        self._room, self._since = float(self.explorer.rate), time.monotonic()
        self.client = client = Client(self.explorer, self._write, self.close)
        self.set_nodelay(True)
        if not self.explorer.join(client):
            client.refuse('busy', '%d pages are open already; close one of them' % MOST_CLIENTS)
            self.close(1013, 'too many pages')

    async def on_message(self, message: Any) -> None:
        await self._throttle()
        if self.client is None:
            return
        if isinstance(message, bytes):
            self.client.refuse('bad_message', 'messages are texts; this one has bytes')
        else:
            self.client.receive(message)

    async def _throttle(self):
        """Waits while more than `rate` messages a second come; none is lost, and the next is not read meanwhile."""
        now, rate = time.monotonic(), self.explorer.rate
        self._room = min(rate, self._room + (now - self._since) * rate) - 1
        self._since = now
        if self._room < 0:
            await asyncio.sleep(-self._room / rate)

    def _write(self, message: Any, left: Callable[[], None]) -> None:
        try:
            future = asyncio.ensure_future(self.write_message(message, binary=isinstance(message, bytes)))
        except tornado.websocket.WebSocketClosedError:
            return

        def over(done):
            if not done.cancelled():
                done.exception()  # A connection that broke is told by on_close.
            left()

        future.add_done_callback(over)

    def on_close(self) -> None:
        if self.client is not None:  # Otherwise `prepare` has refused it.
            self.client.left()


def _single(values):
    """The only value of a header, or None."""
    return values[0] if len(values) == 1 else None


def application(site: Site, explorer: Explorer, table: Optional[Dict[str, assets.Asset]] = None) -> Any:
    """The tornado.web.Application. Args: table, of the page's files; default: those of this package."""
    known = dict(site=site, explorer=explorer, table=assets.table() if table is None else table)
    handlers = [('/ws', _Socket, known), ('/latents|/open', _Upload, known), ('/export/.*', _Export, known)]
    handlers += [('/|/healthz|/static/.*', _Page, known)]
    return tornado.web.Application(
        handlers,  # type: ignore[arg-type]
        default_handler_class=_Nothing,
        default_handler_args=known,
        site=site,
        websocket_max_message_size=LARGEST_MESSAGE,
        websocket_ping_interval=20,
        log_function=lambda handler: None,
    )


def bind(host: str, port: Optional[int], usual: int) -> List[socket.socket]:
    """Sockets that listen.

    Args:
        host: address.
        port: the one that is wanted; None: the usual one, or any that is free.
        usual: port.

    Raises:
        UserError: the port is taken or not allowed, or there is no such address.
    """
    for candidate in [usual, 0] if port is None else [port]:
        try:
            return tornado.netutil.bind_sockets(candidate, address=host)
        except OSError as error:
            failure = error
    if port is None:
        raise UserError('cannot listen on %s: %s' % (host, failure.strerror or failure))
    raise UserError(
        'cannot listen on port %d of %s (%s); choose another with --port, or leave it out'
        % (port, host, failure.strerror or failure)
    )


async def serve(
    site: Site, explorer: Explorer, sockets: List[socket.socket], stopped: asyncio.Event, ready: Callable[[], None]
) -> None:
    """Answers requests until `stopped` is set, or the network cannot be opened.

    Args:
        site: Site.
        explorer: Explorer; it is started and stopped here.
        sockets: of `bind`.
        stopped: Event of the running loop.
        ready: called once requests are answered.
    """
    server = tornado.httpserver.HTTPServer(
        application(site, explorer),
        max_header_size=security.LARGEST_HEADERS,
        max_body_size=security.LARGEST_BODY,
        max_buffer_size=2 * security.LARGEST_BODY,
    )
    server.add_sockets(sockets)
    explorer.start(asyncio.get_event_loop(), stopped.set)
    try:
        ready()
        await stopped.wait()
    finally:
        server.stop()
        explorer.part()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(server.close_all_connections(), 2)
        await asyncio.get_event_loop().run_in_executor(None, explorer.stop)
