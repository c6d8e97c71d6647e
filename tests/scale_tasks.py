"""Functions that workers import, for the tests of regan.scale."""

import os
import signal


def squared(networks, offset, item):
    return item**2 + offset, os.getpid()


def deadly(networks, item):
    os.kill(os.getpid(), signal.SIGKILL)


def hash_of(networks, item):
    return networks['generator'].sha256
