"""From a command to a running explorer: opens the network in the render thread, and answers until Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import secrets
import signal
import socket
import sys
import threading
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np

from regan.explore import security, server
from regan.explore.explorer import Explorer
from regan.explore.security import Site
from regan.explore.studio import Studio
from regan.networks import models
from regan.views import saved

USUAL_PORT = 8787


def opener(
    open_network: Callable[[], Any], name: str, sources: Sequence[saved.Source] = (), space: Optional[str] = None
) -> Callable[[Callable[[str], None], Dict[str, np.ndarray]], Studio]:
    """What `Explorer` opens its network with.

    Args:
        open_network: function without arguments to an open Generator; it may import TensorFlow.
        name: of the network, for people: a registered name or a path.
        sources: files of latents that views may name, and with which the page begins.
        space: of them, see `saved.on`.
    """

    def open_studio(tell, files):
        tell('importing TensorFlow and opening %s' % name)
        network = open_network()
        from regan.explore.pieces import Pieces  # It imports TensorFlow.

        tell('measuring how long a picture takes')
        model = models.find(name)
        studio = Studio(network, Pieces(network), os.path.basename(name), model, files)
        if sources:
            tell('reading latents')
            studio.take_in(sources, space)
        tell('looking for components in the cache')
        studio.set_basis(studio.cached_basis())
        return studio

    return open_studio


def has_display() -> bool:
    """Whether a browser can be opened here."""
    if sys.platform in ('win32', 'darwin'):
        return True
    return bool(os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY'))


def instructions(site: Site, user: str, machine: str, display: bool) -> str:
    """What is printed at the start: the address, and how to reach it from another computer where there is no display.

    >>> print(instructions(Site(80, 'abc'), 'me', 'lab', False))
    The explorer is at http://127.0.0.1:80/?token=abc
    There is no display here. On your own computer, run
      ssh -L 80:127.0.0.1:80 me@lab
    and open the address above in a browser there. Ctrl-C ends the explorer.
    """
    lines = ['The explorer is at %s' % security.address(site)]
    if display:
        return '\n'.join(lines + ['Ctrl-C ends it.'])
    return '\n'.join(
        lines
        + [
            'There is no display here. On your own computer, run',
            '  ssh -L %d:127.0.0.1:%d %s@%s' % (site.port, site.port, user, machine),
            'and open the address above in a browser there. Ctrl-C ends the explorer.',
        ]
    )


def listen(host: str, port: Optional[int], names: Tuple[str, ...]) -> Tuple[Site, List[socket.socket]]:
    """A Site with a new token, and its sockets. Args: host to listen on; port or None; names, further hosts. Raises
    UserError.
    """
    sockets = server.bind(host, port, USUAL_PORT)
    own = sockets[0].getsockname()[1]
    return Site(own, secrets.token_urlsafe(32), security.LOCAL + tuple(name.lower() for name in names)), sockets


def run(
    explorer: Explorer,
    site: Site,
    sockets: List[socket.socket],
    ready: Callable[[], None],
    ended: Callable[[], None],
) -> None:
    """Answers until Ctrl-C or a signal to end; then nothing is left running.

    Args:
        explorer, site, sockets, ready: see `server.serve`.
        ended: called at the end, unless the network could not be opened.

    Raises:
        UserError: the network cannot be opened, or has no W space.
    """

    async def main():
        stopped = asyncio.Event()
        loop = asyncio.get_event_loop()
        for name in ('SIGINT', 'SIGTERM'):
            with contextlib.suppress(NotImplementedError, ValueError):  # Windows; another thread than the main one.
                loop.add_signal_handler(getattr(signal, name), stopped.set)
        await server.serve(site, explorer, sockets, stopped, ready)

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
    if explorer.failure is not None:
        raise explorer.failure
    ended()
    if explorer.renderer.is_alive:  # Inside of TensorFlow, which cannot be stopped, for example while it is imported.
        sys.stdout.flush()
        os._exit(0)


class InThread:
    """A running explorer in a thread of its own, for tests and notebooks; use it in `with`.

    Args:
        explorer: Explorer.
        port: to listen on; 0: any that is free.
        ancestors: see `security.Site`.

    Attributes:
        site: Site.
        url: address with the token.
    """

    def __init__(self, explorer: Explorer, port: Optional[int] = 0, ancestors: Tuple[str, ...] = ()) -> None:
        self.explorer = explorer
        site, self._sockets = listen('127.0.0.1', port, ())
        self.site = dataclasses.replace(site, ancestors=ancestors)
        self.url = security.address(self.site)
        self._loop, self._stopped = None, None  # type: Any, Any
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name='explorer', daemon=True)

    def __enter__(self) -> InThread:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: Any) -> None:
        with contextlib.suppress(RuntimeError):  # It has ended by itself.
            self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(20)

    def _run(self):
        async def main():
            self._loop, self._stopped = asyncio.get_event_loop(), asyncio.Event()
            await server.serve(self.site, self.explorer, self._sockets, self._stopped, self._ready.set)

        asyncio.run(main())
