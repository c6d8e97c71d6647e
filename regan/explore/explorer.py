"""What the server knows and does, without HTTP: clients, their wishes, and the files that they bring and take.

All of it runs in the thread of the event loop, which never calls TensorFlow. Results come from the render thread, the
encoders and the disk by `Explorer.call`.
"""

from __future__ import annotations

import asyncio
import collections
import concurrent.futures
import contextlib
import itertools
import secrets
import shutil
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Set, Tuple

import numpy as np

from regan.base import artefacts
from regan.base.errors import UserError
from regan.drawing import modes, starts
from regan.explore import encode, finds, jobs, protocol
from regan.explore.render import Renderer, Task
from regan.explore.studio import Studio, basis_message
from regan.views import carriers, document, saved
from regan.views.document import View

MOST_CLIENTS, MOST_FILES, MOST_EXPORTS, KEPT_EXPORTS = 8, 64, 2, 8
MOST_FILE_BYTES = 1 << 28  # Of the arrays of all files together.
RATE = 120  # Messages a second of one client; further ones wait.

OpenStudio = Callable[[Callable[[str], None], Dict[str, np.ndarray]], Studio]


class Take(NamedTuple):
    """A file that was exported: where it is, and what the user gets it as."""

    path: Path
    filename: str


class Explorer:
    """The state of one server.

    Args:
        open_studio: opens the network; called in the render thread with a function that takes a sentence on what is
            being waited for, and with the Studio's files.
        view: that the page shows first, or None; if it is of another network, what fits is taken over.
        rate: messages a second of one client.

    Attributes:
        session: of this start, a text.
        studio: Studio, or None until the network is open.
        failure: the exception for which it never will be, or None.
        waiting: sentence on what is being waited for, or None.
        renderer: Renderer.
    """

    def __init__(self, open_studio: OpenStudio, view: Optional[View] = None, rate: float = RATE) -> None:
        self.session, self.rate = secrets.token_urlsafe(8), rate
        self.studio: Optional[Studio] = None
        self.failure: Optional[BaseException] = None
        self.waiting: Optional[str] = 'starting'
        self.renderer = Renderer(self._prepare, self._failed, self._close)
        self._open_studio, self._view = open_studio, view
        self._opened: Optional[Studio] = None  # The render thread's.
        self._files: Dict[str, np.ndarray] = {}
        self._finds: List[Dict[str, Any]] = []
        self._clients: Set[Any] = set()
        self._numbers = itertools.count(1)
        self._takes: Dict[str, Take] = collections.OrderedDict()
        self._exporting = 0
        self._folder = Path(tempfile.mkdtemp(prefix='regan-explore-'))
        self._encoders = concurrent.futures.ThreadPoolExecutor(2, thread_name_prefix='encoder')
        self._disk = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix='disk')
        self._loop: Any = None
        self._on_end: Callable[[], None] = lambda: None

    # ---------------------------------------------------------------- from start to end

    def start(self, loop: asyncio.AbstractEventLoop, on_failure: Callable[[], None]) -> None:
        """Begins to open the network. Args: loop, that of all further calls; on_failure, called there."""
        self._loop, self._on_end = loop, on_failure
        self.renderer.start()

    def part(self) -> None:
        """Ends the connections of all clients."""
        for client in list(self._clients):
            client.close()

    def stop(self) -> None:
        """Ends all threads, and removes what was exported; from any thread."""
        self.renderer.stop()
        self._encoders.shutdown()
        self._disk.shutdown()
        shutil.rmtree(str(self._folder), ignore_errors=True)

    def call(self, function: Callable[..., None], *arguments: Any) -> None:
        """Calls a function in the event loop, from any thread; nothing happens after its end."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function, *arguments)

    def _prepare(self):
        self._opened = self._open_studio(lambda sentence: self.call(self._wait, sentence), self._files)
        self.call(self._ready, self._opened)

    def _close(self):
        if self._opened is not None:
            self._opened.close()

    def _wait(self, sentence):
        self.waiting = sentence
        for client in self._clients:
            client.send_json(dict(type='waiting', text=sentence))

    def _ready(self, studio):
        self.studio, self.waiting = studio, None
        self.refresh()
        notes: List[str] = []
        self._view = self._view or studio.first_view
        if self._view is not None:
            self._view, notes = self.taken_over(self._view)
        for client in self._clients:
            if client.greeted:
                client.greet()
                for note in notes:
                    client.send_json(dict(type='status', text=note))
        if studio.pieces.needs_fit:
            self.renderer.change(
                lambda queue, now: queue.submit(None, 'fit', 1, self._fitting(studio), now, jobs.EXPORT)
            )

    def _fitting(self, studio):
        """The task that fits previews for networks that have none of their own, while there is nothing else to do."""

        def nothing(*_):
            pass

        return Task({None: lambda: studio.pieces.fit(artefacts.cache_dir())}, nothing, nothing, nothing)

    def _failed(self, error):
        self.failure = error
        if not isinstance(error, UserError):
            traceback.print_exception(type(error), error, error.__traceback__, file=sys.stderr)
        self.call(self._told, error)

    def _told(self, error):
        self._wait(protocol.sentence(error) if isinstance(error, UserError) else 'the network could not be opened')
        self._on_end()

    # ---------------------------------------------------------------- what a page is told

    def refresh(self) -> None:
        """Looks again for what may have changed: the named edits."""
        assert self.studio is not None
        self._finds = finds.listed(self.studio, self._files)

    def welcome(self) -> Dict[str, Any]:
        """The first message to a page, once the network is open."""
        studio = self.studio
        assert studio is not None
        network = studio.network
        return dict(
            type='welcome',
            protocol=protocol.VERSION,
            session=self.session,
            network=dict(
                name=studio.name,
                path_name=Path(network.path).name,
                sha256=network.sha256,
                generation=network.generation,
                architecture=network.architecture,
                space=network.latent_space,
                truncation=network.truncation,
                has_noise=network.has_noise,
                classes=network.class_names,
                resolution=network.resolution,
                channels=network.num_channels,
                num_layers=network.num_layers,
                label_size=network.label_size,
                layers=studio.layers,
            ),
            basis=basis_message(studio.basis),
            edits=self._finds,
            factors=studio.factor_names,
            compat=[document.FIXED, *modes.MODES],
            limits=document.limits(),
            codecs=encode.codecs(),
            rungs=studio.rungs(),
            view=None if self._view is None else document.to_dict(self._view),
            waiting=None,
        )

    def taken_over(self, view: View) -> Tuple[View, List[str]]:
        """A view as this network shows it: (View, sentences on what was left out or may differ)."""
        studio = self.studio
        if studio is None:
            raise UserError('the network is not open yet; wait, and try again')
        if view.network.sha256 != studio.network.sha256:
            here = document.Network(name=studio.name[:64], sha256=studio.network.sha256)
            taken, notes = document.taken_over(view, here, studio.facts)
            first = 'the view is of the network %s; on %s it goes on with the edits whose layers fit' % (
                view.network.name,
                studio.name,
            )
            return taken, [first, *notes]
        document.fit(view, studio.facts)
        message = basis_message(studio.basis)
        if view.basis and message and view.basis.key != message['key']:
            return view, ['the view was made with other components (key %s) than these' % view.basis.key]
        return view, []

    # ---------------------------------------------------------------- clients

    def join(self, client: Any) -> bool:
        """Takes a client in, unless there are MOST_CLIENTS."""
        if len(self._clients) >= MOST_CLIENTS:
            return False
        self._clients.add(client)
        return True

    def leave(self, client: Any) -> None:
        """Forgets a client and all that it wished for."""
        self._clients.discard(client)
        self.renderer.change(lambda queue, now: queue.leave(client))

    def broadcast(self, message: Dict[str, Any], but: Any = None) -> None:
        """Sends a message to all clients, but for one."""
        for client in self._clients:
            if client is not but and client.greeted:
                client.send_json(message)

    def now(self) -> float:
        """Seconds of the loop's clock, from any thread."""
        return self._loop.time()

    def number(self) -> int:
        """A new number, larger than any before."""
        return next(self._numbers)

    # ---------------------------------------------------------------- other threads

    def encoded(self, image: np.ndarray, exact: bool, done: Callable[[encode.Encoded, float], None]) -> None:
        """Encodes a picture in a thread, from any thread; `done` is called in the loop with how long it took."""
        began = self._loop.time()

        def work():
            made = encode.encode(image, exact)
            self.call(done, made, self._loop.time() - began)

        with contextlib.suppress(RuntimeError):  # After the end.
            self._encoders.submit(work)

    def written(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        """Does something with the disk in a thread; `done` is called in the loop with the result or the exception."""

        def attempt():
            try:
                result = work()
            except Exception as error:  # It is told, whatever it is.
                result = error
            self.call(done, result)

        with contextlib.suppress(RuntimeError):  # After the end.
            self._disk.submit(attempt)

    # ---------------------------------------------------------------- exports

    def begin_export(self) -> None:
        """Counts an export. Raises protocol.Refused if there are MOST_EXPORTS."""
        if self._exporting >= MOST_EXPORTS:
            raise protocol.Refused('busy', 'two exports are being made already; wait for one of them')
        self._exporting += 1

    def end_export(self) -> None:
        """It is over, however it ended."""
        self._exporting -= 1

    def export_path(self, filename: str) -> Tuple[str, Path]:
        """(id, path) for a new export."""
        name = secrets.token_urlsafe(16)
        return name, self._folder / name / filename

    def offer(self, name: str, path: Path) -> None:
        """Keeps a file for GET /export/<id>; the oldest of more than KEPT_EXPORTS goes."""
        self._takes[name] = Take(path, path.name)
        while len(self._takes) > KEPT_EXPORTS:
            _, old = self._takes.popitem(last=False)  # type: ignore[call-arg]
            shutil.rmtree(str(old.path.parent), ignore_errors=True)

    def discard(self, path: Path) -> None:
        """Removes what nobody wants any more."""
        shutil.rmtree(str(path.parent), ignore_errors=True)

    def take(self, name: str) -> Optional[Take]:
        """The export of an id, or None."""
        return self._takes.get(name)

    # ---------------------------------------------------------------- files

    def add_latents(self, content: bytes, name: str) -> Dict[str, Any]:
        """Takes in a file of latents: dict(file, sha256, rows, kind, shape, latents), the last one as a view has them.

        Raises:
            UserError: no such file, one that does not fit the network, or too many.
        """
        studio = self.studio
        if studio is None:
            raise UserError('the network is not open yet; wait, and try again')
        source = saved.of_arrays(content, name)
        found = saved.on(source, studio.network)
        self._keep(source.sha256, source.array, name)
        kind = 'z' if found[0].space == 'z' else 'w' if len(found[0].codes) == 1 else 'w+'
        return dict(
            file=name,
            sha256=source.sha256,
            rows=len(found),
            kind=kind,
            shape=list(source.array.shape),
            latents=[starts.fact(start) for start in found[: document.MOST_LATENTS]],
        )

    def _keep(self, sha256, array, name):
        """Takes in the array of a file. Raises UserError where there is no room."""
        others = [kept for key, kept in self._files.items() if key != sha256]
        if len(others) >= MOST_FILES or sum(kept.nbytes for kept in others) + array.nbytes > MOST_FILE_BYTES:
            raise UserError(
                'there is no room for %s: %d files and %d MB are the most; start the explorer again'
                % (name, MOST_FILES, MOST_FILE_BYTES >> 20)
            )
        self._files[sha256] = array

    def open_file(self, content: bytes, name: str) -> Dict[str, Any]:
        """The view that a file carries, as this network shows it: dict(view, notes). Raises UserError."""
        view, notes = self.taken_over(carriers.read_bytes(content, name))
        return dict(view=document.to_dict(view), notes=notes)
