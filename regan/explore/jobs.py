"""The queue of the explorer: whose picture gets the next piece of work.

The newest wish of a client and slot replaces the one before, and the last wish is always finished. Work comes in
pieces: `Queue.take` says which job may do one more, and is asked again after each. The module knows neither threads nor
TensorFlow nor the time of day, which every call is told.
"""

import dataclasses
from typing import Any, Dict, Iterable, List, Optional, Set, Tuple

PREVIEW, FINAL, BESIDE, VISIBLE, TILE, EXPORT = RANKS = range(6)  # The order in which work is done.
PATIENCE = 2.0  # Seconds after which a rank gets one piece although there is work of a higher rank.
GRACE = 0.4  # Seconds that a picture begun in mid-drag may take although there is a newer wish: or none would be seen.
QUIET = 0.3  # Seconds without a new wish after which a picture that is being dragged is finished all the same.
UNACKNOWLEDGED = 1.0  # Seconds after which a frame counts as drawn; a hidden page draws none.


@dataclasses.dataclass(eq=False)
class Job:
    """One wish.

    Attributes:
        client: who wishes, any hashable.
        slot: what for, for example 'main'.
        rev: number of the wish, rising within a client's slot.
        work: what to do, for whoever does it.
        ranks: of its stages, the present one first.
        asked: when it was wished for.
        due: time before which the present stage may not begin.
        passes: of its stages, 'preview', 'final' or None; only one unacknowledged frame of a pass is on its way.
        drag: whether more wishes are likely to follow soon.
        first: whether the present stage is the first one.
        began: when that one got its first piece; None: not yet, or it is over.
        running: for whoever does the work.
    """

    client: Any
    slot: str
    rev: int
    work: Any
    ranks: List[int]
    passes: List[Optional[str]]
    asked: float
    due: float
    drag: bool = False
    first: bool = True
    began: Optional[float] = None
    running: Any = None

    @property
    def rank(self) -> int:
        """Of the present stage."""
        return self.ranks[0]

    @property
    def stage(self) -> Optional[str]:
        """'preview', 'final', or None for work without frames of its own."""
        return self.passes[0]


class Queue:
    """All wishes of all clients, at most one for each client and slot, beside the picture of it that is being finished.
    Not safe for threads; its owner locks.
    """

    def __init__(self) -> None:
        self._jobs: Dict[Tuple[Any, str], Job] = {}
        self._finishing: Dict[Tuple[Any, str], Job] = {}  # Begun in mid-drag, and no longer the newest.
        self._latest: Dict[Tuple[Any, str], int] = {}
        self._on_their_way: Dict[Tuple[Any, str, str], Tuple[int, float]] = {}
        self._blocked: Set[Any] = set()
        self._served: Dict[Tuple[int, Any], int] = {}  # (rank, client) -> when, counted in turns.
        self._turns = 0
        self._waiting: Dict[int, float] = {}  # Rank -> since when it has been waiting for a piece.

    def __len__(self) -> int:
        return len(self._jobs) + len(self._finishing)

    # ---------------------------------------------------------------- wishes

    def submit_picture(
        self, client: Any, slot: str, rev: int, work: Any, now: float, preview: bool = False, drag: bool = False
    ) -> bool:
        """A wish for a picture, which replaces an older one of the slot.

        Args:
            client, slot, rev, work: see `Job`.
            now: time in seconds.
            preview: whether a picture of less quality comes first.
            drag: whether more wishes are likely to follow: then the stage after the preview waits for QUIET seconds.

        Returns:
            False if the wish is not newer than one before; then nothing changes.
        """
        if slot == 'main':
            ranks = [PREVIEW, FINAL]
        else:
            ranks = [BESIDE, BESIDE]
        stages = 2 if preview else 1
        job = Job(client, slot, rev, work, ranks[:stages], ['preview', 'final'][2 - stages :], now, now, drag)
        return self._put(job)

    def submit(self, client: Any, slot: str, rev: int, work: Any, now: float, rank: int) -> bool:
        """A wish for other work, as `submit_picture`. Args: rank, one of RANKS, which `set_rank` may change."""
        return self._put(Job(client, slot, rev, work, [rank], [None], now, now))

    def _put(self, job):
        key = job.client, job.slot
        if job.rev <= self._latest.get(key, -1):
            return False
        old = self._jobs.get(key)
        if not job.drag:
            self._finishing.pop(key, None)
        elif old and old.drag and old.began is not None:
            self._finishing.setdefault(key, old)
        self._latest[key], self._jobs[key] = job.rev, job
        return True

    def find(self, client: Any, slot: str) -> Optional[Job]:
        """The newest job of a slot, or None."""
        return self._jobs.get((client, slot))

    def set_rank(self, client: Any, slot: str, rank: int) -> None:
        """Changes the rank of a slot's job, if there is one."""
        job = self.find(client, slot)
        if job:
            job.ranks[0] = rank

    def cancel(self, client: Any, slot: str) -> Optional[Job]:
        """Drops the job of a slot and returns it; None if there was none."""
        self._finishing.pop((client, slot), None)
        return self._jobs.pop((client, slot), None)

    def drop(self, job: Job) -> None:
        """A job ends without a result."""
        for table in (self._jobs, self._finishing):
            if table.get((job.client, job.slot)) is job:
                del table[job.client, job.slot]

    def leave(self, client: Any) -> List[Job]:
        """Forgets a client; returns the jobs that are dropped."""
        dropped = [job for key, job in self._jobs.items() if key[0] == client]
        for table in (self._jobs, self._finishing, self._latest, self._on_their_way):
            for key in [key for key in table if key[0] == client]:
                del table[key]
        self._served = {key: turn for key, turn in self._served.items() if key[1] != client}
        self._blocked.discard(client)
        return dropped

    # ---------------------------------------------------------------- frames

    def sent(self, job: Job, now: float) -> None:
        """The frame of a job's present stage is on its way."""
        if job.stage and (job.client, job.slot) in self._latest:
            self._on_their_way[job.client, job.slot, job.stage] = job.rev, now

    def ack(self, client: Any, slot: str, rev: int) -> None:
        """The client has drawn all frames of a slot up to this rev."""
        for stage in ('preview', 'final'):
            key = client, slot, stage
            if key in self._on_their_way and self._on_their_way[key][0] <= rev:
                del self._on_their_way[key]

    def block(self, client: Any, blocked: bool) -> None:
        """A client whose connection is full gets no work done until it is emptier."""
        (self._blocked.add if blocked else self._blocked.discard)(client)

    # ---------------------------------------------------------------- work

    def take(self, now: float) -> Optional[Job]:
        """The job that may do one piece now, or None. It stays in the queue until `advance` or `cancel`."""
        self._finishing = {key: job for key, job in self._finishing.items() if job.began + GRACE > now}
        ready = [job for job in {**self._jobs, **self._finishing}.values() if self._ready_at(job) <= now]
        ranks = {job.rank for job in ready}
        self._waiting = {rank: self._waiting.get(rank, now) for rank in ranks}
        if not ready:
            return None
        overdue = [rank for rank in ranks if now - self._waiting[rank] > PATIENCE]
        rank = min(overdue, key=lambda rank: (self._waiting[rank], rank)) if overdue else min(ranks)
        job = min((job for job in ready if job.rank == rank), key=lambda job: self._served.get((rank, job.client), -1))
        self._turns += 1
        self._served[rank, job.client], self._waiting[rank] = self._turns, now
        if job.began is None and job.first:
            job.began = now
        return job

    def skip(self, job: Job) -> None:
        """A job has nothing to show in its present stage: the next one begins in its place."""
        if len(job.ranks) > 1:
            del job.ranks[1], job.passes[0]

    def is_newest(self, job: Job) -> bool:
        """Whether a job is still what its client wants, or a picture in mid-drag that is being finished."""
        key = job.client, job.slot
        return self._jobs.get(key) is job or self._finishing.get(key) is job

    def advance(self, job: Job, now: float) -> bool:
        """A job has finished a stage: it goes on with the next one, or leaves.

        Returns:
            False if it is no longer what its client wants, so that its result is to be dropped.
        """
        if not self.is_newest(job):
            return False
        if self._finishing.pop((job.client, job.slot), None):
            return True
        if len(job.ranks) > 1:
            job.due = now + QUIET if job.drag else now
            job.began, job.first = None, False
            del job.ranks[0], job.passes[0]
        else:
            del self._jobs[job.client, job.slot]
        return True

    def next_time(self, now: float) -> Optional[float]:
        """The earliest time from `now` at which `take` may have something without a further wish, or None."""
        times = [self._ready_at(job) for job in {**self._jobs, **self._finishing}.values()]
        return max(now, min(times)) if times and min(times) < _NEVER else None

    def _ready_at(self, job):
        if job.client in self._blocked:
            return _NEVER
        on_its_way = self._on_their_way.get((job.client, job.slot, job.stage))
        return max(job.due, on_its_way[1] + UNACKNOWLEDGED) if on_its_way else job.due


_NEVER = float('inf')


def outwards(count: int, first: int, end: int) -> Iterable[int]:
    """The indices below `count`: those from `first` to `end` - 1, then the rest by distance from these.

    >>> list(outwards(7, 2, 4))
    [2, 3, 4, 1, 5, 0, 6]
    """
    first = max(0, min(first, count))
    end = max(first, min(end, count))
    yield from range(first, end)
    for distance in range(count):
        if end + distance < count:
            yield end + distance
        if first - 1 - distance >= 0:
            yield first - 1 - distance
