import threading

import pytest

from regan.base import background


def threads():
    return {thread for thread in threading.enumerate() if thread.is_alive()}


class Failure(Exception):
    pass


def failing_after(count):
    yield from range(count)
    raise Failure('item %d' % count)


# ------------------------------------------------------------------ ahead


@pytest.mark.parametrize('count', [0, 1, 2, 13])
@pytest.mark.parametrize('buffered', [1, 2, 5])
def test_ahead_gives_every_item_in_order_and_ends_its_thread(count, buffered):
    before = threads()
    assert list(background.ahead(range(count), buffered)) == list(range(count))
    assert threads() == before


def test_ahead_makes_items_in_another_thread_while_the_caller_is_busy():
    second_made = threading.Event()

    def items():
        yield threading.current_thread()
        second_made.set()
        yield threading.current_thread()

    for maker in background.ahead(items()):
        assert maker is not threading.current_thread()
        assert second_made.wait(10)  # although it was not asked for yet


@pytest.mark.parametrize('buffered', [1, 2, 5])
def test_ahead_is_never_further_than_told(buffered):
    made = []
    items = background.ahead((made.append(i) or i for i in range(50)), buffered)
    for taken in items:
        assert len(made) <= taken + 1 + buffered
    assert len(made) == 50


def test_ahead_raises_errors_after_the_items_before_them():
    before, taken = threads(), []
    with pytest.raises(Failure, match='item 3'):
        for item in background.ahead(failing_after(3)):
            taken.append(item)
    assert taken == [0, 1, 2]
    assert threads() == before


@pytest.mark.parametrize('error', [KeyboardInterrupt, SystemExit, StopIteration])
def test_ahead_passes_every_kind_of_exception_on(error):
    class Items:
        def __iter__(self):
            raise error

    if error is StopIteration:
        assert list(background.ahead(Items())) == []
    else:
        with pytest.raises(error):
            list(background.ahead(Items()))


def test_closing_ahead_ends_its_thread_and_its_source():
    before, closed = threads(), []

    def items():
        try:
            yield from range(10**9)
        finally:
            closed.append(True)

    endless = background.ahead(background.ahead(items(), 3))
    assert [next(endless) for _ in range(4)] == [0, 1, 2, 3]
    endless.close()
    assert closed == [True]
    assert threads() == before


def test_an_error_of_the_consumer_ends_the_thread():
    before = threads()
    with pytest.raises(Failure):
        for item in background.ahead(range(10**9)):
            if item == 7:
                raise Failure
    assert threads() == before


def test_ahead_that_was_never_asked_starts_nothing():
    before = threads()
    background.ahead(failing_after(0)).close()
    assert threads() == before


# ------------------------------------------------------------------ behind


@pytest.mark.parametrize('count', [0, 1, 13])
@pytest.mark.parametrize('buffered', [1, 2, 7])
def test_behind_gives_every_result_in_order_and_ends_its_threads(count, buffered):
    before = threads()
    assert list(background.behind(lambda item: item**2, range(count), buffered)) == [i**2 for i in range(count)]
    assert threads() == before


def test_behind_works_while_the_caller_makes_the_next_item():
    first_done = threading.Event()

    def items():
        yield first_done.set
        assert first_done.wait(10)  # the next item is made while the first call runs
        yield threading.current_thread

    assert list(background.behind(lambda call: call(), items()))[1] is not threading.current_thread()


@pytest.mark.parametrize('buffered', [1, 2, 5])
def test_behind_takes_on_no_more_than_told(buffered):
    taken = []
    blocked = threading.Event()
    items = (taken.append(i) or i for i in range(20))
    results = background.behind(lambda item: blocked.wait(10) and item, items, buffered)
    threading.Timer(0.05, blocked.set).start()
    for i, result in enumerate(results):
        assert result == i
        assert len(taken) <= i + 1 + buffered


def test_behind_raises_errors_of_the_function_in_order():
    def function(item):
        if item == 3:
            raise Failure
        return item

    before, results = threads(), []
    with pytest.raises(Failure):
        for result in background.behind(function, range(13)):
            results.append(result)
    assert results == [0, 1, 2]
    assert threads() == before


def test_behind_gives_all_results_before_an_error_of_the_items():
    results = []
    with pytest.raises(Failure, match='item 3'):
        for result in background.behind(str, failing_after(3)):
            results.append(result)
    assert results == ['0', '1', '2']


@pytest.mark.parametrize('how', ['close', 'interrupt'])
def test_behind_finishes_what_it_has_taken_on(how):
    before, written = threads(), []

    def items():
        yield from range(5)
        raise KeyboardInterrupt

    results = background.behind(written.append, items(), buffered=10)
    if how == 'close':
        next(results)
        results.close()
        assert written
    else:
        with pytest.raises(KeyboardInterrupt):
            list(results)
        assert written == [0, 1, 2, 3, 4]
    assert threads() == before
