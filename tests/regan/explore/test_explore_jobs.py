"""The queue against a renderer that takes its time and clients that do as they please, on a clock of its own."""

import collections
import doctest
import random

import pytest

from regan.explore import jobs

SLOTS = ['main', 'before', 'pin:0', 'pin:1']


class Renderer:
    """Draws pieces of the jobs that a queue hands out; `pieces` of each stage take `seconds`."""

    def __init__(self, queue, pieces=3, seconds=0.1):
        self.queue, self.pieces, self.seconds, self.now = queue, pieces, seconds, 0.0
        self.done = collections.Counter()
        self.frames, self.turns = [], []

    def turn(self):
        """One piece; False if there was nothing to do."""
        job = self.queue.take(self.now)
        if job is None:
            return False
        assert self.queue.is_newest(job), 'work on a wish that was replaced or cancelled'
        self.turns.append((self.now, job))
        self.now += self.seconds
        self.done[job] += 1
        if self.done[job] >= self.pieces:
            del self.done[job]
            stage = job.stage
            self.queue.sent(job, self.now)
            if self.queue.advance(job, self.now) and stage:
                self.frames.append((job.client, job.slot, job.rev, stage))
        return True

    def run(self, seconds):
        end = self.now + seconds
        while self.now < end:
            if not self.turn():
                self.now = min(end, self.queue.next_time(self.now) or end) + 1e-6


def act(chance, queue, renderer, wishes):
    """Something that a client does."""
    client, slot = chance.randrange(3), chance.choice(SLOTS)
    what = chance.random()
    if what < 0.6:
        wishes[client, slot] = wishes.get((client, slot), 0) + chance.randint(1, 3)
        drag = chance.random() < 0.7
        assert queue.submit_picture(client, slot, wishes[client, slot], None, renderer.now, chance.random() < 0.5, drag)
        assert not queue.submit_picture(client, slot, wishes[client, slot], 'older', renderer.now)
    elif what < 0.9 and renderer.frames:
        queue.ack(*chance.choice(renderer.frames)[:3])
    elif what < 0.95:
        queue.cancel(client, slot)
        wishes.pop((client, slot), None)
        queue.leave(client)
        for key in [key for key in wishes if key[0] == client]:
            del wishes[key]
    else:
        queue.block(client, chance.random() < 0.5)


@pytest.mark.parametrize('seed', range(20))
def test_the_last_wish_is_always_finished(seed):
    chance, queue, wishes = random.Random(seed), jobs.Queue(), {}
    renderer = Renderer(queue)
    for _ in range(300):
        act(chance, queue, renderer, wishes)
        assert len(queue) <= 2 * len(SLOTS) * 3
        for _ in range(chance.randrange(3)):
            renderer.turn()
    for client in range(3):
        queue.block(client, False)
    start = renderer.now
    renderer.run(30)
    assert len(queue) == 0 and queue.next_time(renderer.now) is None
    finals = {(client, slot): rev for client, slot, rev, stage in renderer.frames if stage == 'final'}
    assert renderer.turns[-1][0] - start < 25
    assert {key: finals.get(key) for key in wishes} == wishes


def test_stale_work_stops_before_the_next_piece():
    queue = jobs.Queue()
    renderer = Renderer(queue, pieces=10)
    queue.submit_picture('a', 'main', 1, None, 0)
    old = queue.take(0)
    renderer.turn()
    queue.submit_picture('a', 'main', 2, None, renderer.now)
    assert not queue.is_newest(old) and not queue.advance(old, renderer.now)
    renderer.turn()
    assert renderer.turns[-1][1].rev == 2
    assert queue.cancel('a', 'main').rev == 2 and not renderer.turn()


def test_a_preview_comes_first_and_waits_for_the_one_on_its_way():
    queue = jobs.Queue()
    renderer = Renderer(queue, pieces=1)
    for rev in (1, 2, 3):
        queue.submit_picture('a', 'main', rev, None, renderer.now, preview=True, drag=True)
        renderer.turn()
    assert renderer.frames == [('a', 'main', 1, 'preview')]
    queue.ack('a', 'main', 1)
    renderer.turn()
    assert renderer.frames[1:] == [('a', 'main', 3, 'preview')]
    assert not renderer.turn(), 'a final while the hand still moves'
    renderer.run(1)
    assert renderer.frames[2:] == [('a', 'main', 3, 'final')]


def test_a_hand_that_never_rests_sees_pictures():
    """A picture of three pieces, a wish in each: those begun are finished, and the last one is the last wish."""
    queue = jobs.Queue()
    renderer = Renderer(queue, pieces=3, seconds=0.05)
    for rev in range(1, 61):
        queue.submit_picture('a', 'main', rev, None, renderer.now, drag=True)
        renderer.turn()
        queue.ack('a', 'main', rev)
    assert 15 <= len(renderer.frames) <= 20
    renderer.run(1)
    assert renderer.frames[-1] == ('a', 'main', 60, 'final') and len(queue) == 0
    revs = [frame[2] for frame in renderer.frames]
    assert revs == sorted(revs)


def test_a_release_stops_what_a_drag_began_and_so_does_time():
    queue = jobs.Queue()
    renderer = Renderer(queue, pieces=3, seconds=0.05)
    queue.submit_picture('a', 'main', 1, None, 0, drag=True)
    renderer.turn()
    queue.submit_picture('a', 'main', 2, None, renderer.now)
    renderer.run(1)
    assert [frame[2] for frame in renderer.frames] == [2]
    slow = Renderer(queue, pieces=10, seconds=0.1)
    slow.now = renderer.now
    for rev in range(3, 20):
        queue.submit_picture('a', 'main', rev, None, slow.now, drag=True)
        slow.turn()
    assert slow.frames == []
    slow.run(5)
    assert [frame[2] for frame in slow.frames] == [19]


def test_a_page_that_draws_nothing_still_gets_its_last_picture():
    queue = jobs.Queue()
    renderer = Renderer(queue, pieces=1)
    for rev in (1, 2):
        queue.submit_picture('a', 'main', rev, None, renderer.now)
        renderer.run(0.2)
    assert [frame[2] for frame in renderer.frames] == [1]
    renderer.run(1.2)
    assert [frame[2] for frame in renderer.frames] == [1, 2]


def test_ranks_in_order_and_clients_in_turn():
    queue = jobs.Queue()
    renderer = Renderer(queue, pieces=3, seconds=0.01)
    for client in 'ab':
        queue.submit(client, 'export', 1, None, 0, jobs.EXPORT)
        queue.submit(client, 'sheet', 1, None, 0, jobs.VISIBLE)
        queue.submit_picture(client, 'before', 1, None, 0)
        queue.submit_picture(client, 'main', 1, None, 0)
    while renderer.turn():
        pass
    order = [(job.slot, job.client) for _, job in renderer.turns]
    assert order == [(slot, client) for slot in ('main', 'before', 'sheet', 'export') for client in 'ababab']


def test_no_rank_starves():
    """One client drags without end, another exports: both get on, the hand first."""
    queue = jobs.Queue()
    renderer = Renderer(queue, pieces=1, seconds=0.1)
    queue.submit('b', 'export', 1, None, 0, jobs.EXPORT)
    queue.submit('b', 'sheet', 1, None, 0, jobs.TILE)
    renderer.done.update({queue.find('b', 'export'): -(10**6), queue.find('b', 'sheet'): -(10**6)})  # They never end.
    for rev in range(1, 300):
        queue.submit_picture('a', 'main', rev, None, renderer.now, drag=True)
        queue.ack('a', 'main', rev)
        renderer.turn()
    turns = collections.Counter(job.slot for _, job in renderer.turns)
    assert turns['main'] > 250 and turns['export'] >= 10 and turns['sheet'] >= 10
    waits = [b - a for a, b in zip(*[[now for now, job in renderer.turns if job.slot == 'main'][i:] for i in (0, 1)])]
    assert max(waits) < 0.45


def test_a_new_rank_and_outwards():
    queue = jobs.Queue()
    queue.submit('a', 'sheet', 1, None, 0, jobs.TILE)
    queue.set_rank('a', 'sheet', jobs.VISIBLE)
    queue.set_rank('a', 'none', jobs.VISIBLE)
    assert queue.take(0).rank == jobs.VISIBLE
    assert list(jobs.outwards(3, 5, 9)) == [2, 1, 0] and list(jobs.outwards(3, 2, 1)) == [2, 1, 0]
    assert doctest.testmod(jobs).failed == 0
