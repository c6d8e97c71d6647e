"""Golden data of the official networks: tests/golden holds samples of it, made by tests/make_golden.py."""

import collections
import json
import os

import numpy as np

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'golden')

# key: name of the array; delta: largest difference; tolerance: of the delta; passed: bool.
Comparison = collections.namedtuple('Comparison', 'key delta tolerance passed')

SAMPLES = 500  # About so many values of an array are kept.
MAX_OFF_FRACTION = 0.005  # uint8 images: one level of difference, in at most so many of the values.


class Case:
    """The golden arrays of one official network, each whole or as samples.

    Attributes: name; pickle (path of the file (G, D, Gs)); facts (dict key -> {'shape': list, 'tolerance_abs': float or
        None}).
    """

    def __init__(self, folder, name, facts):
        self.name = name
        self.facts = facts
        self.pickle = next(
            p for p in (os.path.join(folder, name + end) for end in ('.pkl', '.pkl.xz')) if os.path.exists(p)
        )
        with np.load(os.path.join(folder, name + '.npz')) as archive:
            self._arrays = dict(archive)

    def __contains__(self, key):
        return key in self.facts

    def is_whole(self, key):
        return key in self and list(self._arrays[key].shape) == self.facts[key]['shape']

    def __getitem__(self, key):
        """The array, which must be here as a whole."""
        if not self.is_whole(key):
            raise KeyError('%s of %s is kept as samples only' % (key, self.name))
        return self._arrays[key]

    def labels(self, count):
        """The first `count` labels [count, label_size], None in unconditional networks."""
        return self['labels'][:count] if 'labels' in self else None

    def compare(self, key, values):
        """Holds computed values against the golden ones. A wrong shape is an infinite difference."""
        fact, golden = self.facts[key], self._arrays[key]
        if list(values.shape) != fact['shape'] or values.dtype != golden.dtype:
            return Comparison(key, np.inf, 0.0, False)
        values = values if self.is_whole(key) else samples(values)
        deltas = np.abs(values.astype(np.float64) - golden)
        tolerance = 1.0 if golden.dtype == np.uint8 else fact.get('tolerance_abs') or 0.0
        few_off = golden.dtype != np.uint8 or np.mean(deltas > 0) <= MAX_OFF_FRACTION
        delta = float(deltas.max())
        return Comparison(key, delta, tolerance, bool(delta <= tolerance and few_off))


def cases(folder=FOLDER):
    """Every case of a folder: list of Case."""
    with open(os.path.join(folder, 'manifest.json')) as f:
        return [Case(folder, name, entry['arrays']) for name, entry in sorted(json.load(f).items())]


def case(name, folder=FOLDER):
    return next(c for c in cases(folder) if c.name == name)


def stride(shape):
    """The smallest prime that leaves about SAMPLES values and divides no axis: samples fall on every row and column."""
    size = int(np.prod(shape))
    if size <= SAMPLES:
        return 1
    candidate = max(7, size // SAMPLES)
    while any(candidate % d == 0 for d in range(2, candidate)) or any(s % candidate == 0 for s in shape):
        candidate += 1
    return candidate


def samples(array):
    """Every stride-th value of the flattened array."""
    return np.ascontiguousarray(array.ravel()[:: stride(array.shape)])
