"""One page that is connected: its messages into jobs, and what comes of them into frames and messages."""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, List, Optional, Set, Tuple

from regan.base.errors import UserError
from regan.components import cached
from regan.explore import encode, exports, jobs, protocol, save, sheet
from regan.explore.basis_maker import BasisMaker, Cancelled
from regan.explore.explorer import Explorer
from regan.explore.render import SKIPPED, Task, Times
from regan.explore.studio import Studio, basis_message
from regan.views import document

FULL, ROOM = 4 << 20, 2 << 20  # Bytes on their way to a client: above, it gets no work done until there is room again.
_FAILED = 'this failed by a mistake of the program; what happened is in the terminal of `regan explore`'


def _nothing(*_: Any) -> None:
    """Does nothing, whatever it is told."""


def _at_once(function, *arguments):
    """A generator of one piece."""
    return function(*arguments)
    yield


def _preview(studio, view, px):
    rung = studio.preview_rung(view, px)
    if rung is None:
        return SKIPPED
    return (yield from studio.preview(view, rung))


def _milliseconds(times: Times, mapping: float, encoding: float) -> Dict[str, float]:
    seconds = dict(queue=times.queue, map=mapping, synth=times.pieces - mapping, encode=encoding)
    return {name: round(1000 * value, 2) for name, value in seconds.items()}


def _disk_sentence(error):
    return str(error) if isinstance(error, UserError) else 'the file cannot be written: %s' % error


class Client:
    """One page.

    Args:
        explorer: Explorer.
        write: function of a text or bytes that sends a message, and calls its second argument when that has left.
        shut: ends the connection.

    Attributes:
        greeted: whether it has said hello.
    """

    def __init__(
        self, explorer: Explorer, write: Callable[[Any, Callable[[], None]], None], shut: Callable[[], None]
    ) -> None:
        self._explorer, self._write, self._shut = explorer, write, shut
        self.greeted = False
        self._outgoing = 0
        self._jobs: Dict[str, Tuple[str, Callable[[], None]]] = {}  # Name -> slot of the queue, and what its end needs.
        self._finals: Dict[str, int] = {}  # Slot -> rev of the last final picture that was sent.
        self._sheet: Optional[sheet.Sheet] = None
        self._closed = False

    # ---------------------------------------------------------------- out

    def send_json(self, message: Dict[str, Any]) -> None:
        """Sends a message."""
        self._send(json.dumps(message, allow_nan=False))

    def _send(self, message):
        if self._closed:
            return
        size = len(message)
        self._outgoing += size
        if self._outgoing > FULL:
            self._explorer.renderer.change(lambda queue, now: queue.block(self, True))
        self._write(message, lambda: self._left(size))

    def _left(self, size):
        self._outgoing -= size
        if self._outgoing < ROOM and not self._closed:
            self._explorer.renderer.change(lambda queue, now: queue.block(self, False))

    def refuse(self, code: str, sentence: str, **address: Any) -> None:
        """Sends an error."""
        self.send_json(protocol.error(protocol.Refused(code, sentence, address)))

    def greet(self) -> None:
        """Sends the welcome."""
        self.send_json(self._explorer.welcome())

    def close(self) -> None:
        """The connection ends."""
        self.left()
        self._shut()

    def left(self) -> None:
        """The connection has ended; all that the page wished for is forgotten."""
        if not self._closed:
            self._closed = True
            for name in list(self._jobs):
                self._over(name)
            self._explorer.leave(self)

    # ---------------------------------------------------------------- in

    def receive(self, text: str) -> None:
        """Does what a message asks for, or says in one sentence why not."""
        try:
            message = protocol.read(text)
            self._dispatch(message)
        except protocol.Refused as refused:
            self.send_json(protocol.error(refused))

    def _dispatch(self, message):
        address = {name: getattr(message, name) for name in ('slot', 'rev', 'job') if getattr(message, name, None)}
        if isinstance(message, protocol.Hello):
            return self._hello(message)
        if isinstance(message, (protocol.Ack, protocol.Visible, protocol.Cancel)):
            return self._HANDLERS[type(message)](self, message)
        if self._explorer.studio is None or not self.greeted:
            why = 'say hello first' if not self.greeted else 'the network is not open yet; wait for the welcome'
            raise protocol.Refused('busy' if self.greeted else 'bad_message', why, address)
        try:
            self._check_view(message)
            return self._HANDLERS[type(message)](self, message)
        except UserError as error:
            raise protocol.Refused('bad_view', protocol.sentence(error), address)

    def _check_view(self, message):
        view = getattr(message, 'view', None) or getattr(getattr(message, 'spec', None), 'view', None)
        if view is not None:
            document.fit(view, self._studio.facts)

    @property
    def _studio(self) -> Studio:
        assert self._explorer.studio is not None
        return self._explorer.studio

    def _hello(self, message):
        if message.protocol != protocol.VERSION:
            raise protocol.Refused(
                'bad_message',
                'the page speaks version %d of the protocol and the server %d; load the page again'
                % (message.protocol, protocol.VERSION),
            )
        self.greeted = True
        if self._explorer.studio is None:
            self.send_json(dict(type='waiting', text=self._explorer.waiting))
        else:
            self.greet()

    def _change(self, action):
        return self._explorer.renderer.change(action)

    # ---------------------------------------------------------------- pictures

    def _render(self, message):
        studio = self._studio
        begins = {
            'preview': lambda: _preview(studio, message.view, message.px),
            'final': lambda: studio.final(message.view),
        }
        task = Task(begins, _nothing, self._picture(message), self._failed)
        self._change(
            lambda queue, now: queue.submit_picture(
                self, message.slot, message.rev, task, now, bool(studio.pieces.stops), message.drag
            )
        )

    def _picture(self, message):
        """What happens to a picture that is drawn; called in the render thread."""

        def drawn(job, stage, picture, times):
            def encoded(made, seconds):
                self._show(message, stage, picture, times, made, seconds)

            self._explorer.encoded(picture.image, stage == 'final', encoded)

        return drawn

    def _show(self, message, stage, picture, times, made, seconds):
        if stage == 'preview' and self._finals.get(message.slot, 0) >= message.rev:
            return  # An encoder was faster with the final.
        if stage == 'final':
            self._finals[message.slot] = message.rev
        height, width, channels = picture.image.shape
        header = dict(
            kind='picture',
            slot=message.slot,
            rev=message.rev,
            view_id=document.view_id(message.view),
            exact=stage == 'final' and made.exact,
            codec=made.codec,
            w=width,
            h=height,
            channels=channels,
            rung=picture.rung,
            ms=_milliseconds(times, picture.mapping, seconds),
        )
        self._send(encode.frame({**header, 'pass': stage}, made.data))

    def _ack(self, message):
        self._change(lambda queue, now: queue.ack(self, message.slot, message.rev))

    def _failed(self, job, sentence):
        """A picture cannot be drawn; called in the render thread."""
        code = 'bad_view' if sentence else 'failed'
        self._explorer.call(lambda: self.refuse(code, sentence or _FAILED, slot=job.slot, rev=job.rev))

    # ---------------------------------------------------------------- jobs

    def _begin(self, name, slot, begin, done, rank, message=None, release=_nothing, task_rank=None):
        """A job of the render thread, which replaces one of the same slot.

        Args:
            name: of the job.
            slot: of the queue.
            begin: function that begins it, see `Task.stages`.
            done: function of its result, called in the loop if the job is still wanted.
            rank: of the queue.
            message: function of what it yields, called in the render thread; None: it is sent.
            release: called once when the job ends, however that is.
            task_rank: see `Task.rank`.
        """

        def told(job, what):
            self._explorer.call(lambda: self._of(name, lambda: self.send_json(what)))

        def failed(job, sentence):
            self._explorer.call(lambda: self._over(name, sentence or _FAILED, 'bad_view' if sentence else 'failed'))

        def finished(job, stage, result, times):
            self._explorer.call(lambda: self._of(name, lambda: done(result)))

        self._replace(name, slot)
        self._jobs[name] = slot, release
        task = Task({None: begin}, message or told, finished, failed, task_rank)
        self._change(lambda queue, now: queue.submit(self, slot, self._explorer.number(), task, now, rank))

    def _replace(self, name, slot):
        """Cancels the jobs whose slot or name a new one takes."""
        for other in [other for other, (taken, _) in self._jobs.items() if taken == slot or other == name]:
            self._cancel_job(other)

    def _of(self, name, action):
        """Does something for a job, unless it is over."""
        if name in self._jobs and not self._closed:
            action()

    def _over(self, name, sentence=None, code='failed'):
        """A job ends, with an error if there is a sentence."""
        if name in self._jobs:
            self._jobs.pop(name)[1]()
            if sentence:
                self.refuse(code, sentence, job=name)

    def _result(self, name):
        def done(result):
            self._over(name)
            self.send_json(dict(result, type='result', job=name))

        return done

    def _cancel(self, message):
        names = [message.job] if message.job else []
        if message.slot:
            names = [name for name, (slot, _) in self._jobs.items() if slot == message.slot]
            self._change(lambda queue, now: queue.cancel(self, message.slot))
        for name in names:
            self._cancel_job(name)
        if message.slot and not names:
            self.send_json(dict(type='cancelled', slot=message.slot))

    def _cancel_job(self, name):
        """Stops a job; nothing of it is sent after 'cancelled'."""
        if name in self._jobs:
            slot = self._jobs[name][0]
            self._change(lambda queue, now: queue.cancel(self, slot))
            self._over(name)
        self.send_json(dict(type='cancelled', job=name))

    # ---------------------------------------------------------------- each kind

    def _make_sheet(self, message):
        name = message.job
        made = self._sheet = sheet.Sheet(self._studio, name, message.spec)
        waiting: Set[int] = set()  # Tiles that the encoders have.
        result: List[Any] = []

        def drawn(job, what):
            if not isinstance(what, sheet.Tile):
                self._explorer.call(lambda: self._of(name, lambda: self.send_json(what)))
                return
            number = self._explorer.number()
            waiting.add(number)
            self._explorer.encoded(what.image, True, lambda found, _: self._of(name, lambda: show(number, what, found)))

        def show(number, tile, found):
            height, width, channels = tile.image.shape
            facts = dict(codec=found.codec, w=width, h=height, channels=channels)
            self._send(encode.frame(dict(tile.header, **facts), found.data))
            waiting.discard(number)
            finish()

        def done(last):
            result.append(last)
            finish()

        def finish():
            if result and not waiting:
                self._over(name)
                self.send_json(result[0])

        self._begin(name, 'sheet', made.run, done, jobs.VISIBLE, drawn, task_rank=made.rank)

    def _visible(self, message):
        if self._sheet and message.job in self._jobs:
            self._sheet.show(message.rows)
            self._change(lambda queue, now: queue.set_rank(self, 'sheet', self._sheet.rank()))

    def _rank(self, message):
        studio = self._studio
        self._begin(
            message.job, 'job:rank', lambda: sheet.ranked(studio, message), self._result(message.job), jobs.VISIBLE
        )

    def _nearest(self, message):
        studio = self._studio
        self._begin(
            message.job,
            'job:nearest',
            lambda: studio.nearest(message.seed, message.coordinates, message.far, message.count),
            self._result(message.job),
            jobs.BESIDE,
        )

    def _meters(self, message):
        studio = self._studio
        self._begin(
            message.job,
            'job:meters',
            lambda: sheet.meters(studio, message.view),
            self._result(message.job),
            jobs.BESIDE,
        )

    def _influence(self, message):
        studio, done = self._studio, self._result(message.job)
        self._begin(
            message.job,
            'job:influence',
            lambda: studio.influence(message.view, message.edit),
            lambda layers: done(dict(layers=layers)),
            jobs.BESIDE,
        )

    def _place(self, message):
        studio = self._studio
        self._begin(
            message.job,
            'job:place',
            lambda: _at_once(studio.place, message.view),
            self._result(message.job),
            jobs.BESIDE,
        )

    def _open(self, message):
        view, notes = self._explorer.taken_over(message.text)
        self.send_json(dict(type='result', job=message.job, view=document.to_dict(view), notes=notes))

    # ---------------------------------------------------------------- files

    def _save(self, message):
        studio = self._studio

        def write(saved):
            self._explorer.written(lambda: save.write(save.folder(), saved, message.overwrite), written)

        def written(path):
            if isinstance(path, Exception):
                self._over(message.job, str(path) if isinstance(path, UserError) else _FAILED)
                return
            self._over(message.job)
            self._explorer.refresh()
            self.send_json(dict(type='saved', job=message.job, name=message.name, path_name=path.name))

        self._begin(
            message.job,
            'job:save',
            lambda: _at_once(save.saved_edit, studio, message.view, message.edit, message.name, message.tags),
            write,
            jobs.BESIDE,
        )

    def _export(self, message):
        studio, explorer = self._studio, self._explorer
        self._replace(message.job, 'export')
        explorer.begin_export()

        def write(draft):
            name, path = explorer.export_path(draft.filename)
            path.parent.mkdir(parents=True)

            def work():
                draft.write(path)
                return path.stat().st_size

            explorer.written(work, lambda size: written(name, path, size))

        def written(name, path, size):
            if isinstance(size, Exception) or message.job not in self._jobs:
                explorer.discard(path)
                self._over(message.job, _disk_sentence(size))
                return
            self._over(message.job)
            explorer.offer(name, path)
            self.send_json(dict(type='exported', job=message.job, id=name, filename=path.name, size=size))

        begin = lambda: exports.drafted(studio, message)  # noqa: E731
        self._begin(message.job, 'export', begin, write, jobs.EXPORT, release=explorer.end_export)

    # ---------------------------------------------------------------- components

    def _basis(self, message):
        studio, explorer, name = self._studio, self._explorer, message.job
        spec, began = studio.spec(message.full), explorer.now()
        total = cached.total_rows(studio.network, spec)

        def run(work, done):
            self._in_between('job:map', work, done)

        def progress(rows):
            seconds = explorer.now() - began
            left = seconds / rows * max(0, total - rows) if rows else None
            told = dict(type='progress', job=name, done=rows, total=total, eta_s=left and round(left, 1))
            explorer.call(lambda: self._of(name, lambda: self.send_json(told)))

        def finished(found):
            explorer.call(lambda: self._of(name, lambda: take(found)))

        def take(found):
            if isinstance(found, BaseException):
                sentence = str(found) if isinstance(found, UserError) else _FAILED
                self._over(name, sentence if not isinstance(found, Cancelled) else None)
                return
            set_it = lambda: studio.set_basis(found)  # noqa: E731
            self._in_between('job:set', set_it, lambda _: explorer.call(lambda: self._of(name, taken)))

        def taken():
            self._over(name)
            self.send_json(dict(type='result', job=name, basis=basis_message(studio.basis)))
            explorer.broadcast(dict(type='status', text='there are new components; load the page again'), self)

        self._replace(name, 'job:basis')
        maker = BasisMaker(studio.network, spec, run, progress, finished)
        self._jobs[name] = 'job:basis', maker.cancel
        maker.start()

    def _in_between(self, slot, work, done):
        """Something short in the render thread that no page has asked for; `done` gets the result or an exception
        there.
        """
        task = Task(
            {None: lambda: _at_once(work)},
            _nothing,
            lambda job, stage, result, times: done(result),
            lambda job, sentence: done(UserError(sentence or _FAILED)),
        )
        number = self._explorer.number()
        self._change(lambda queue, now: queue.submit(self, slot, number, task, now, jobs.EXPORT))

    _HANDLERS = {
        protocol.Render: _render,
        protocol.Ack: _ack,
        protocol.Sheet: _make_sheet,
        protocol.Visible: _visible,
        protocol.Cancel: _cancel,
        protocol.Rank: _rank,
        protocol.Nearest: _nearest,
        protocol.MakeBasis: _basis,
        protocol.Meters: _meters,
        protocol.Influence: _influence,
        protocol.Place: _place,
        protocol.Save: _save,
        protocol.Export: _export,
        protocol.Open: _open,
    }
