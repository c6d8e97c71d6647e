"""Keeps TensorFlow's start-up notices off the terminal; everything else it prints gets through."""

import contextlib
import os
import re
import sys
import tempfile

# Notices that say nothing about the user's program.
_NOTICES = [
    b'absl::InitializeLog',
    b'oneDNN custom operations are on',
    b'cpu_feature_guard',
    b'CPU instructions in performance-critical',
    b'To enable the following instructions',
    b'TF-TRT Warning',
    b'computation placer already registered',
    b'Unable to register cu',
    b'Overriding orig_value setting',
]

# About a GPU that the machine does not have: noise there, and news where an NVIDIA driver is installed.
_ABOUT_GPU = [
    b'cuInit',
    b'cuda_diagnostics',
    b'Could not find cuda drivers',
    b'Could not load dynamic library',
    b'Cannot dlopen some GPU libraries',
    b'Skipping registering GPU devices',
    b'libcuda',
    b'UNKNOWN ERROR (303)',
]


@contextlib.contextmanager
def filtered_stderr():
    """Holds back what is written to file descriptor 2 inside, then writes out all lines but known start-up notices.

    TensorFlow's C++ core writes there directly, before any logging of Python's can be set up.
    """
    try:
        sys.stderr.flush()
        terminal = os.dup(2)
    except (AttributeError, OSError, ValueError):  # No standard error at all: nothing to keep quiet.
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)
            held.seek(0)
            for line in held:
                if not _is_notice(line):
                    os.write(2, line)


def _is_notice(line):
    has_driver = os.path.exists('/proc/driver/nvidia/version')
    return bool(re.search(b'|'.join(re.escape(n) for n in _NOTICES + ([] if has_driver else _ABOUT_GPU)), line))
