"""Pipelines over threads: items that are made ahead of their use, and work that is done behind it.

Everything stays in order and bounded. It pays for work that releases the GIL: NumPy's random numbers and large
matrices, TensorFlow's graphs, zlib's compression.
"""

import collections
import concurrent.futures
import queue
import threading
from typing import Callable, Deque, Generator, Iterable, TypeVar

Item = TypeVar('Item')
Result = TypeVar('Result')


def ahead(iterable: Iterable[Item], buffered: int = 2) -> Generator[Item, None, None]:
    """The items of `iterable`, made in a background thread while the caller works on earlier ones.

    Args:
        iterable: consumed by the thread, one item after the other.
        buffered: items that are made before they are asked for, at most.

    Returns:
        A generator. An exception of `iterable` is raised in its place, after the items before it. The thread starts
        with the first item asked for. It ends with the last item, or when the generator is closed or dropped, as a loop
        does when it is left; then the item that is being made is waited for, and `iterable` is closed if it is a
        generator.
    """
    made: queue.Queue = queue.Queue()
    room, done = threading.Semaphore(buffered), threading.Event()
    maker = threading.Thread(target=_make, args=(iterable, made, room, done), daemon=True)
    maker.start()
    try:
        while True:
            item, error = made.get()
            if error:
                break
            room.release()
            yield item
        if not isinstance(error, StopIteration):
            raise error
    finally:
        done.set()
        room.release()
        maker.join()


def _make(iterable, made, room, done):
    """Puts (item, None) for each item, then (None, the exception that ended them)."""
    iterator = None
    try:
        iterator = iter(iterable)
        while True:
            room.acquire()
            if done.is_set():
                break
            made.put((next(iterator), None))
    except BaseException as error:  # Also KeyboardInterrupt and SystemExit, or the caller would wait for ever.
        made.put((None, error))
    finally:
        getattr(iterator, 'close', lambda: None)()


def behind(
    function: Callable[[Item], Result], items: Iterable[Item], buffered: int = 4
) -> Generator[Result, None, None]:
    """function(item) for each of `items`, in order, computed in a background thread while the caller makes the next.

    Args:
        function: called with one item, in the thread.
        items: iterable, consumed by the caller's thread, as far as there is room.
        buffered: calls that are waiting, running, or done and not yet asked for, at most.

    Returns:
        A generator. An exception of `function` is raised in place of its result, one of `items` after the results
        before it. However it ends, the calls that have been taken on are finished first, so what they write is whole.
    """
    pending: Deque[concurrent.futures.Future] = collections.deque()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        iterator, error = iter(items), None
        while error is None:
            try:
                pending.append(pool.submit(function, next(iterator)))
            except (
                BaseException
            ) as end:  # StopIteration too; KeyboardInterrupt, so that nothing is lost that has been made.
                error = end
            while pending and (error or len(pending) >= buffered or pending[0].done()):
                yield pending.popleft().result()
        if not isinstance(error, StopIteration):
            raise error
