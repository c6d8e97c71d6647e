"""The render thread: it alone owns the network and calls TensorFlow, one piece of one job at a time."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from typing import Any, Callable, Dict, NamedTuple, Optional

from regan.base.errors import UserError
from regan.explore import jobs

SKIPPED = object()  # What a stage returns that has nothing to show.


class Times(NamedTuple):
    """Seconds of a stage: waiting since its wish until it began, and its pieces together."""

    queue: float
    pieces: float


class Task(NamedTuple):
    """The work of a job.

    Attributes:
        stages: dict of a stage ('preview', 'final' or None) -> function without arguments that begins it: a generator
            which yields between pieces None, or a message, and returns its result, or SKIPPED.
        message: function (job, message) for what it yields.
        result: function (job, stage, result, Times) for what it returns.
        failed: function (job, sentence) for a UserError, and (job, None) for a mistake of the program.
        rank: function that tells the job's rank from now on; None: it stays.
    """

    stages: Dict[Optional[str], Callable[[], Any]]
    message: Callable[[jobs.Job, Any], None]
    result: Callable[[jobs.Job, Optional[str], Any, Times], None]
    failed: Callable[[jobs.Job, Optional[str]], None]
    rank: Optional[Callable[[], int]] = None


class Renderer:
    """A thread that works through a Queue.

    Args:
        prepare: called first, in the thread; what it raises goes to `failed`, and ends the thread.
        failed: called in the thread with an exception of `prepare`.
        close: called last, in the thread.
        clock: seconds.
    """

    def __init__(
        self,
        prepare: Callable[[], None],
        failed: Callable[[BaseException], None],
        close: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._prepare, self._failed, self._close, self._clock = prepare, failed, close, clock
        self._queue, self._changed = jobs.Queue(), threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name='render', daemon=True)

    def start(self) -> None:
        """Begins to work."""
        self._thread.start()

    def stop(self, seconds: float = 5.0) -> None:
        """Ends the thread after the piece that it is at, and waits for that so long at most."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def change(self, action: Callable[[jobs.Queue, float], Any]) -> Any:
        """Does something to the queue, from any thread. Args: action, a function of the queue and the time."""
        with self._changed:
            result = action(self._queue, self._clock())
            self._changed.notify()
        return result

    # ---------------------------------------------------------------- the thread

    @property
    def is_alive(self) -> bool:
        """Whether the thread is at work, or still at a piece of it."""
        return self._thread.is_alive()

    def _run(self):
        try:
            self._prepare()
        except BaseException as error:  # Whatever it is, the page has to say that there will be no pictures.
            self._failed(error)
        else:
            for job in iter(self._next, None):
                self._piece(job)
        self._close()

    def _next(self):
        """The next job, or None when the thread shall end."""
        with self._changed:
            while not self._stopping:
                now = self._clock()
                job = self._queue.take(now)
                if job is not None:
                    return job
                later = self._queue.next_time(now)
                self._changed.wait(None if later is None else max(0.001, later - now))
        return None

    def _piece(self, job):
        stage, task = job.stage, job.work
        if job.running is None:
            job.running = _Running(self._clock())
        began = self._clock()
        try:
            if job.running.drawing is None:
                job.running.drawing = task.stages[stage]()
            message = next(job.running.drawing)
        except StopIteration as end:
            job.running.seconds += self._clock() - began
            self._finish(job, stage, end.value)
        except UserError as error:
            self._fail(job, str(error))
        except Exception:
            traceback.print_exc(file=sys.stderr)
            self._fail(job, None)
        else:
            job.running.seconds += self._clock() - began
            self._go_on(job, message)

    def _go_on(self, job, message):
        with self._changed:
            wanted = self._queue.is_newest(job)
            if wanted and job.work.rank:
                self._queue.set_rank(job.client, job.slot, job.work.rank())
        if wanted and message is not None:
            job.work.message(job, message)

    def _finish(self, job, stage, result):
        times = Times(job.running.began - job.asked, job.running.seconds)
        job.running = None
        with self._changed:
            now = self._clock()
            if result is SKIPPED:
                self._queue.skip(job)
                return
            wanted = self._queue.is_newest(job)
            if wanted:
                self._queue.sent(job, now)
                self._queue.advance(job, now)
        if wanted:
            job.work.result(job, stage, result, times)

    def _fail(self, job, sentence):
        with self._changed:
            wanted = self._queue.is_newest(job)
            if wanted:
                self._queue.drop(job)
        if wanted:
            job.work.failed(job, sentence)


class _Running:
    """Of a job: the generator of its stage, and its seconds so far."""

    def __init__(self, now):
        self.began, self.drawing, self.seconds = now, None, 0.0
