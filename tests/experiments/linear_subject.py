"""A network without a network: factors are linear functions of w, so every number of the report is known in advance."""

import types

import numpy as np

from regan.components.basis import Basis
from regan.networks.latent_traits import MappedTraits
from studies.subject import Subject

NAMES = ['turn', 'tilt', 'tint', 'shine']
GROUPS = {'line': {'pose': ('turn', 'tilt'), 'style': ('tint', 'shine')}}
SCALES = np.array([7.0, 5.0, 3.0, 2.0, 1.0])  # Standard deviations of w, by falling size: the components are the axes.


class Generator(MappedTraits):
    """w = SCALES z in 5 dimensions, 4 layers; an "image" is its dlatents."""

    sha256, backend, path = 'linear', {'numpy': np.__version__}, 'linear.pkl'
    latent_size = dlatent_size = 5
    num_layers, num_channels, resolution = 4, 3, 1
    dlatent_avg = np.zeros(5, np.float32)

    def map(self, z):
        return (z * SCALES).astype(np.float32)

    def synthesize(self, dlatents):
        return dlatents


class Reader:
    """Reads turn and tilt from layers 0 and 1, tint and shine from layers 2 and 3; `weights` [4, 5] say from which
    coordinates.
    """

    sha256, world, factor_names, circular = 'linear', 'line', NAMES, []
    r2 = [0.9, 0.9, 0.9, 0.9]

    def __init__(self, weights):
        self.weights = np.asarray(weights, np.float64)

    def check(self, num_channels, resolution):
        pass

    def read(self, dlatents):
        early, late = dlatents[:, :2].mean(axis=1), dlatents[:, 2:].mean(axis=1)
        return np.concatenate([early.dot(self.weights[:2].T), late.dot(self.weights[2:].T)], axis=1)


def basis(order=range(5)):
    """The axes as components, in some order."""
    order = list(order)
    share = np.square(SCALES[order]) / np.square(SCALES).sum()
    values = SCALES[order].astype(np.float32)
    return Basis(
        np.zeros(5, np.float32),
        np.eye(5, dtype=np.float32)[order],
        values,
        values,
        share.astype(np.float32),
        values,
        {'estimator': 'ipca', 'batch_size': 20, 'seed': 1, 'order': order},
    )


def subject(folder, weights, name='line', order=range(5), samples=400, psi=1.0):
    """A Subject with these weights, whose cache is `folder`."""
    generator = Generator()
    generator.sha256 = name
    return Subject(name, generator, Reader(weights), basis(order), psi, 3, samples, 0.5, folder)


def boundary(codes, scores, ratio):
    """In place of `regan.editing.boundary.train`: least squares, exact where scores are linear."""
    codes = np.asarray(codes, np.float64)
    solution = np.linalg.lstsq(codes - codes.mean(axis=0), scores - np.mean(scores), rcond=None)[0]
    return types.SimpleNamespace(normal=solution / np.linalg.norm(solution), accuracy=1.0)
