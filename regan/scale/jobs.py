"""What a worker process does: it opens the network files of a job, keeps them open, and works on items.

Float results of TensorFlow depend on its version, on NumPy's, on the processor, and on the number of threads among
which an operation is divided (not on how many processors these threads have to share). So every process of a job takes
the number that the client has, and a process that differs in the rest is refused.
"""

import collections
import os
import socket
import threading
from typing import Callable, NamedTuple, Tuple

from dnnlib import contents
from regan.base import artefacts, notices, provenance
from regan.base.errors import UserError
from regan.networks import network_file

MOST_OPEN = 6  # Network files that a process keeps open: as many as a job of metrics has.
THREADS = 'TF_NUM_INTRAOP_THREADS'  # TensorFlow reads both when it makes its first session.
KERNELS = 'TF_ENABLE_ONEDNN_OPTS'

_lock = threading.RLock()  # A generator serves one thread at a time; it uses all its threads anyway.
_settled = {}  # The settings of this process, once TensorFlow may have read them.
_open = collections.OrderedDict()  # File without its path -> network, the last one used last.
_shipped = {}  # SHA-256 -> path of a file that the client has sent.


class File(NamedTuple):
    """A network file.

    Attributes:
        opener: function (path, *arguments) -> network with close(), such as by_name.open_generator; importable.
        path: of the client; a worker may have the file in the same place.
        sha256: what it must hold.
        arguments: of the opener.
    """

    opener: Callable
    path: str
    sha256: str
    arguments: Tuple = ()


class Job(NamedTuple):
    """What the items of a piece of work have in common.

    Attributes:
        function: importable, called as function(networks, *arguments, item) with networks as a dict of the names in
            `files`.
        files: dict of names -> File.
        arguments: picklable.
        demands: of the process, from `demands`.
    """

    function: Callable
    files: dict
    arguments: Tuple
    demands: dict


def generator_file(generator, trust_embedded_code=False):
    """The File of an open Generator."""
    from regan.networks import by_name

    return File(
        by_name.open_generator,
        os.path.abspath(generator.path),
        generator.sha256,
        (None, 'stored', trust_embedded_code, generator.precision, generator.allow_non_finite, generator.label),
    )


def demands():
    """What this process computes with, as two dicts: 'versions', which others must have, and 'settings', which they
    can take over.
    """
    threads = int(os.environ.get(THREADS) or 0) or cores()
    return dict(versions=_versions(), settings={THREADS: str(threads), KERNELS: os.environ.get(KERNELS, '')})


def cores():
    """Processors that this process may use, as TensorFlow counts them."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()


def _versions():
    from regan.networks.opening import backend

    facts = provenance.software(backend())
    return {name: facts[name] for name in ('regan', 'tensorflow', 'numpy', 'processor')}


def perform(job, items):
    """The results of some items, in order: list. Raises UserError if this process must not or cannot work on the
    job.
    """
    with _lock, notices.silence():  # What there is to say, the client has said.
        complain(differences(job.demands))
        networks = {name: _opened(file) for name, file in job.files.items()}
        return [job.function(networks, *(tuple(job.arguments) + (item,))) for item in items]


def differences(wanted):
    """Sentences that say why this process would give other results than one with these demands: list of str.

    Takes over the settings if nothing was computed yet.
    """
    with _lock:
        if not _settled:
            _settled.update(wanted['settings'])
            for name, value in _settled.items():
                os.environ.pop(name, None)
                os.environ.update({name: value} if value else {})
        found = dict(_versions(), **_settled)
        return [
            '%s has %s %s where this machine has %s' % (where(), name, found[name] or 'unset', value or 'unset')
            for name, value in sorted(dict(wanted['versions'], **wanted['settings']).items())
            if found[name] != value
        ]


def complain(sentences):
    """Raises UserError if there are any sentences of `differences`."""
    if sentences:
        raise UserError(
            'worker %s, so results would depend on who computes them; give all workers the software, processors and '
            'settings '
            'of this machine, and start them again' % '; '.join(sentences)
        )


def lacking(files):
    """Those of the files that this process can read neither in their place nor among what was sent: list of their
    SHA-256.
    """
    return [file.sha256 for file in files if _place(file) is None]


def receive(sha256, path):
    """Notes where a file lies that the client has sent."""
    _shipped[sha256] = str(path)


def where():
    """This process, for messages."""
    return '%s (process %d)' % (socket.gethostname(), os.getpid())


def _place(file):
    """The path of the file here, or None."""
    here, choice = contents.split(file.path)
    for path in (here, _shipped.get(file.sha256)):
        if path and os.access(path, os.R_OK):
            if network_file.identity(artefacts.sha256_file(path), choice) == file.sha256:
                return path if choice is None else path + contents.CHOICE + choice
    return None


def _opened(file):
    """The network of a file, opened now if it is not open yet; the one that was used longest ago is closed if there
    are many.
    """
    key = file._replace(path='')
    if key not in _open:
        path = _place(file)
        if path is None:
            raise UserError(
                'worker %s cannot read %s as it is on this machine; put it there, or start the command again, which '
                'sends it' % (where(), file.path)
            )
        while len(_open) >= MOST_OPEN:
            _open.popitem(last=False)[1].close()
        _open[key] = file.opener(path, *file.arguments)
    _open.move_to_end(key)
    return _open[key]
