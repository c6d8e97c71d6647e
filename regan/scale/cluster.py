"""Workers by address, and an ordered map over them that outlives the loss of some."""

import collections
import contextlib
import itertools
import logging
import re
import tempfile
import time
import warnings

from regan.base.errors import UserError
from regan.scale import jobs

CONNECT_SECONDS = 10  # Then a scheduler that does not answer is given up.
START_SECONDS = 60  # Without any worker.
AHEAD = 3  # Tasks for each worker that are waiting, running, or done and not yet asked for.
ALLOWED_LOSSES = (
    3  # Of workers with one and the same task, on a local cluster; a scheduler of one's own has its own limit (also 3).
)
POLL_SECONDS = 5
EXAMPLES = 'local:N for N processes on this machine, or tcp://HOST:PORT of a Dask scheduler'


@contextlib.contextmanager
def connect(address):
    """A Cluster, in `with`. Processes are only started, or the scheduler asked, when there is work for them.

    Args:
        address: 'local:N', N workers on this machine, which share its memory; or 'tcp://HOST:PORT' of a Dask scheduler.
            A scheduler and its workers execute whatever they are sent: use them in trusted networks only.
    Raises:
        UserError: another address; Dask is not installed; later, the scheduler does not answer or has no workers.
    """
    processes = _processes(address)
    try:
        import distributed
    except ImportError:
        raise UserError(
            'sharing work needs Dask distributed; install it with: pip install dask distributed, or leave out '
            '--scheduler'
        )
    with contextlib.ExitStack() as stack:
        cluster = Cluster(
            lambda: stack.enter_context(_local(distributed, processes) if processes else _remote(distributed, address))
        )
        yield cluster


def _processes(address):
    """N of 'local:N', or None for 'tcp://HOST:PORT'. Raises UserError for anything else."""
    local = re.fullmatch(r'local:([1-9]\d{0,3})', address, re.ASCII)
    if local:
        return int(local.group(1))
    port = re.fullmatch(r'tcp://(?:[^\s:/\[\]]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})', address, re.ASCII)
    if not port or not 0 < int(port.group(1)) < 2**16:
        raise UserError("'%s' is no scheduler; write %s" % (address, EXAMPLES))
    return None


@contextlib.contextmanager
def _local(distributed, processes):
    """Yields a Client of so many new processes, each with its share of the memory."""
    import dask
    from distributed.system import MEMORY_LIMIT

    never = {
        'distributed.worker.memory.' + name: False for name in ('target', 'spill', 'pause')
    }  # TensorFlow's memory cannot be spilled.
    settings = dict(never, **{'distributed.scheduler.allowed-failures': ALLOWED_LOSSES})
    with dask.config.set(settings), tempfile.TemporaryDirectory() as folder:
        with distributed.LocalCluster(
            n_workers=processes,
            threads_per_worker=1,
            processes=True,
            memory_limit=MEMORY_LIMIT // processes,
            local_directory=folder,
            dashboard_address='127.0.0.1:0',
            scheduler_kwargs=dict(dashboard=False),
            silence_logs=logging.CRITICAL,
        ) as workers:
            with distributed.Client(workers) as client:
                yield client


@contextlib.contextmanager
def _remote(distributed, address):
    """Yields a Client of a scheduler that has workers."""
    try:
        client = distributed.Client(address, timeout=CONNECT_SECONDS)
    except (OSError, distributed.TimeoutError) as error:
        raise UserError(
            'no Dask scheduler answers at %s within %d seconds; start one with `dask scheduler`, or correct the address'
            % (address, CONNECT_SECONDS)
        ) from error
    with client:
        yield client


class Cluster:
    """Workers that compute items of jobs. Made by `connect`.

    Args: start, a callable that gives a distributed.Client.
    """

    def __init__(self, start):
        self._start, self._client = start, None
        self._checked = set()  # SHA-256 of files that all workers can read.
        self._count, self._counted_at = 1, -1.0

    @property
    def client(self):
        """distributed.Client with at least one worker. Raises UserError if there is none."""
        if self._client is None:
            import distributed

            self._client = self._start()
            try:
                self._client.wait_for_workers(1, timeout=START_SECONDS)
            except (OSError, distributed.TimeoutError):
                raise _abandoned() from None
        return self._client

    def map(self, function, files, arguments, items, bundle=1):
        """function(networks, *arguments, item) for each of `items`, computed by the workers: generator, in order.

        A few tasks for each worker are under way at a time, so neither `items` nor results fill the memory. What a lost
        worker was doing is done again by another. When the generator is closed, or ends by Ctrl-C or an error, the rest
        is called off.

        Args:
            function, files, arguments: see jobs.Job.
            items: iterable of picklable values.
            bundle: items that go to a worker together; thousands of tiny tasks a second would keep the scheduler busy.
        Raises:
            UserError: from the function; a worker that must not take part (see jobs); no worker is left; one task lost
                its worker ALLOWED_LOSSES + 1 times.
        """
        job, client = jobs.Job(function, files, arguments, jobs.demands()), self.client
        self._check(job)
        iterator, waiting = iter(items), collections.deque()
        try:
            while True:
                room = AHEAD * self._workers() - len(waiting)
                for chunk in itertools.islice(_chunks(iterator, bundle), max(room, 0)):
                    waiting.append(self._submit(job, chunk))
                if not waiting:
                    return
                yield from self._result(waiting[0])
                waiting.popleft()
        finally:
            if client.status == 'running':
                client.cancel(list(waiting))

    def _workers(self):
        """Number of workers, at least 1; asked for once a second."""
        if time.monotonic() > self._counted_at + 1:
            self._count, self._counted_at = max(1, len(self.client.nthreads())), time.monotonic()
        return self._count

    def _submit(self, job, chunk):
        # Images in tasks are meant: data of their own would be lost with the worker that holds them.
        with warnings.catch_warnings():
            warnings.filterwarnings('ignore', message='Large object|Sending large graph')
            return self.client.submit(jobs.perform, job, chunk, pure=False)

    def _result(self, future):
        """The result of a task. Raises UserError when no worker is left, or one item has brought down several."""
        import distributed
        from distributed.scheduler import KilledWorker

        alone_since = None
        while True:
            try:
                return future.result(timeout=POLL_SECONDS)
            except distributed.TimeoutError:
                alone_since = None if self.client.nthreads() else alone_since or time.monotonic()
                if alone_since and time.monotonic() - alone_since > START_SECONDS:
                    raise _abandoned() from None
            except KilledWorker:
                raise UserError(
                    'several workers in turn were lost over the same task, probably for want of memory; start fewer '
                    'workers '
                    'on a machine, or give them more memory'
                ) from None
            except distributed.CancelledError:
                raise UserError(
                    'the connection to the scheduler was lost; start it and its workers again, then this command'
                ) from None

    def _check(self, job):
        """Refuses workers that differ, and sends them the files that some of them cannot read."""
        files = {file.sha256: file for file in job.files.values()}
        if files.keys() <= self._checked:
            return
        answers = self._ask(_introduce, job.demands, list(files.values()))
        jobs.complain([sentence for sentences, _ in answers.values() for sentence in sentences])
        for sha256 in sorted({sha256 for _, lacking in answers.values() for sha256 in lacking}):
            from regan.scale import shipping

            shipping.ship(self.client, files[sha256])
        self._checked.update(files)

    def _ask(self, function, *arguments):
        try:
            return self.client.run(function, *arguments)
        except ImportError as error:
            raise UserError(
                'a worker cannot import what it needs (%s); install this project and its requirements where workers run'
                % error
            ) from error


def _introduce(demands, files):
    """Called in each worker: (list of differences, list of the SHA-256 of files that it cannot read)."""
    return jobs.differences(demands), jobs.lacking(files)


def _chunks(iterator, size):
    """Lists of up to `size` items, until there are no more."""
    return iter(lambda: list(itertools.islice(iterator, size)), [])


def _abandoned():
    return UserError('the scheduler has had no workers for %d seconds; start some with `dask worker`' % START_SECONDS)
