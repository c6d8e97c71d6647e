"""Truncation against edits: what psi costs in variety, and what it leaves of an edit."""

import dataclasses
from typing import Optional

import numpy as np

from regan.base import artefacts, cache
from regan.editing import edits
from regan.metrics import frechet, neighbours
from regan.pictures import images
from regan.sampling import latents
from studies import intervals, readings

ALGORITHM = 1  # Raise it whenever the same facts give other readings or features.
MINIBATCH = 16  # Images that share their noise, as in `regan.metrics`.
LETTERS = 14  # Height in pixels of headings and labels.


@dataclasses.dataclass(frozen=True)
class Point:
    """One psi of one curve.

    Attributes:
        network, psi, cutoff. edit: name of the edit that every image went through before truncation; '' for none.
        n: number of images.
        frechet, precision, recall: against as many reals, by the factor reader's features.
        strength: the mean change of the edit's factor, in standard deviations of it over untruncated samples and along
            the mean change without truncation.
    """

    network: str
    psi: float
    cutoff: Optional[int]
    edit: str
    n: int
    frechet: float
    precision: float
    recall: float
    strength: Optional[intervals.Estimate] = None

    def row(self):
        """A dict for the CSV."""
        found = dict(vars(self))
        strength = found.pop('strength') or intervals.Estimate(None, None, None, 0)
        return dict(found, strength=strength.value, strength_low=strength.low, strength_high=strength.high)


class Drawn:
    """Readings and features of a network's images at any psi, before and after edits; cached.

    For each minibatch of 16 the draws are z, then the noise images, as in `regan.metrics`: the unedited images are
    those of `regan metrics --psi`, and edits are judged on the same latents and noise.

    Args:
        generator: open Generator; its noise is another afterwards.
        reader: open FactorReader.
        basis: Basis.
        n, seed: of the images.
        cache: folder, pathlib.Path.
        progress: callable that gets the number of images done since its last call, or None.
    """

    def __init__(self, generator, reader, basis, n, seed, cache, progress=None):
        self._generator, self._reader, self._basis, self._n, self._seed, self._cache = (
            generator,
            reader,
            basis,
            n,
            seed,
            cache,
        )
        self._progress = progress or (lambda k: None)

    def at(self, psi, cutoff, edit=None):
        """dict of readings float32 [n, A] and features float32 [n, K]. Truncation follows the edit."""
        cutoff = None if psi == 1 else cutoff  # There is nothing to cut off.
        facts = dict(
            network=self._generator.sha256,
            backend=self._generator.backend,
            reader=self._reader.sha256,
            psi=psi,
            cutoff=cutoff,
            n=self._n,
            seed=self._seed,
            algorithm=ALGORITHM,
            edit=edit and edit.to_dict(),
            basis=edit and self._basis.record,
        )
        path = self._cache / ('truncation-%s.npz' % artefacts.cache_key(facts))
        if cache.has(path):
            self._progress(self._n)
        return cache.arrays(path, lambda: self._draw(psi, cutoff, edit))

    def _draw(self, psi, cutoff, edit):
        random, pieces = np.random.RandomState(self._seed), []
        for begin in range(0, self._n, MINIBATCH):
            w = self._generator.map(random.randn(min(MINIBATCH, self._n - begin), self._generator.latent_size))
            self._generator.set_noise(random)
            dlatents = latents.broadcast(w, self._generator.num_layers)
            dlatents = edits.apply(dlatents, self._basis, edit) if edit else dlatents
            tiles = self._generator.synthesize(latents.truncate(dlatents, self._generator.dlatent_avg, psi, cutoff))
            pieces.append(self._reader.look(signed(tiles)))
            self._progress(len(w))
        return dict(zip(('readings', 'features'), (np.concatenate(arrays) for arrays in zip(*pieces))))


def sweep(name, drawn, units, reals, psis, cutoffs, edited):
    """The Points of a network.

    Args:
        name: of the network.
        drawn: Drawn.
        units: readings.Units.
        reals: (frechet.Gaussian, reals.Neighbours) of as many reals.
        edited: list of (name, Edit, factor), measured as well as the images without an edit.
    """
    points = []
    for cutoff in cutoffs:
        for psi in psis:
            plain = drawn.at(psi, cutoff)
            points.append(Point(name, psi, cutoff, '', len(plain['features']), *judge(reals, plain['features'])))
            for label, edit, factor in edited:
                unit = readings.heading(_changes(units, factor, drawn.at(1.0, None), drawn.at(1.0, None, edit)))[0]
                after = drawn.at(psi, cutoff, edit)
                strength = intervals.mean(_changes(units, factor, plain, after).dot(unit))
                points.append(
                    Point(
                        name,
                        psi,
                        cutoff,
                        label,
                        len(after['features']),
                        *judge(reals, after['features']),
                        strength=strength,
                    )
                )
    return points


def signed(tiles):
    """uint8 [n, H, W, C] -> float32 [n, C, H, W], range [-1, 1], as a reader looks at them."""
    return tiles.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(127.5) - 1


def judge(reals, features):
    """(Frechet distance, precision, recall) of features [n, K]."""
    gaussian, near = reals
    return (frechet.distance(gaussian, frechet.fit([features])),) + neighbours.precision_recall(
        near.features, features, near.radii
    )


def _changes(units, factor, before, after):
    """[n, 2]"""
    return (units.positions(after['readings']) - units.positions(before['readings']))[:, units.index(factor)]


def strips(generator, basis, edit, seed, psis, frames):
    """The edit from -strength to +strength, a row for each psi (RC2021 Figure 5): uint8 [psis, frames, H, W, C]."""
    start = latents.broadcast(generator.map(latents.from_seeds([seed], generator.latent_size)), generator.num_layers)
    return _rows(generator, edits.strip(start, basis, edit, frames), psis)


def samples(generator, seeds, psis):
    """Images without an edit, a row for each psi: uint8 [psis, seeds, H, W, C]."""
    w = generator.map(latents.from_seeds(seeds, generator.latent_size))
    return _rows(generator, latents.broadcast(w, generator.num_layers), psis)


def _rows(generator, dlatents, psis):
    return np.stack([generator.synthesize(latents.truncate(dlatents, generator.dlatent_avg, psi)) for psi in psis])


def page(blocks, psis, factor):
    """Blocks of rows below each other, each under its heading, enlarged: uint8 [H, W, C].

    Args:
        blocks: list of (heading, tiles [psis, frames, H, W, C]).
        psis: for the labels of the rows.
    """
    parts = []
    for heading, tiles in blocks:
        grid = images.grid(images.enlarge(tiles, factor))
        rows = images.text_column(['psi %g' % psi for psi in psis], grid.shape[0], LETTERS, grid.shape[2])
        parts += [
            images.text_row([heading], rows.shape[1] + grid.shape[1], LETTERS, grid.shape[2]),
            np.concatenate([rows, grid], axis=1),
        ]
    return images.stack(parts)[0]


def draw_curves(figure, points):
    """Frechet distance, precision, recall and edit strength over psi, a column for each network; dashed for a
    cutoff.
    """
    names = list(dict.fromkeys(point.network for point in points))
    grid = figure.subplots(4, len(names), squeeze=False, sharex=True)
    for axes, name in zip(grid.T, names):
        curves = {}
        for point in points:
            if point.network == name:
                curves.setdefault((point.edit, point.cutoff), []).append(point)
        colours = {edit: 'C%d' % i for i, edit in enumerate(dict.fromkeys(edit for edit, _ in curves))}
        for (edit, cutoff), found in curves.items():
            style = dict(
                color=colours[edit],
                linestyle='-' if cutoff is None else '--',
                marker='.',
                label=(edit or 'no edit') + _below(cutoff),
            )
            for one, measure in zip(axes, ('frechet', 'precision', 'recall')):
                one.plot([p.psi for p in found], [getattr(p, measure) for p in found], **style)
            if edit:
                estimates = [p.strength for p in found]
                error = [[e.value - e.low for e in estimates], [e.high - e.value for e in estimates]]
                axes[3].errorbar([p.psi for p in found], [e.value for e in estimates], error, **style)
        axes[0].set_title(name)
        axes[0].legend(fontsize=7)
        axes[3].set_xlabel('psi')
    for axes, label in zip(
        grid[:, 0], ('Frechet distance (reader)', 'precision', 'recall', 'strength of the edit [sd]')
    ):
        axes.set_ylabel(label)


def _below(cutoff):
    return '' if cutoff is None else ', layers 0-%d only' % (cutoff - 1)
