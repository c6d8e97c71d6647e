"""Figure 3 as numbers: how much pose and style vary when the first components are kept or drawn again."""

import numpy as np

from regan.editing import edits
from regan.sampling import latents
from studies import intervals
from studies.report import Number, Section

BASES, SAMPLES = 2, 3  # Streams of latents.


def schemes(first):
    """Panel -> (which basis, which components are drawn again)."""
    early, late = slice(0, first), slice(first, None)
    return {
        'keep first %d of PCA' % first: ('pca', late),
        'randomise first %d of PCA' % first: ('pca', early),
        'keep first %d of random' % first: ('random', late),
        'randomise first %d of random' % first: ('random', early),
    }


def measure(subject, first, bases, samples):
    """Readings of `samples` mixtures of each of `bases` latents, as dict(readings=float32 [4, bases, samples, A])."""

    def run(read):
        base, others = subject.draw(bases, BASES), subject.draw(bases * samples, SAMPLES)
        rows = {'pca': subject.basis.components, 'random': latents.random_basis(subject.seed, base.shape[1])}
        found = [
            [
                read(
                    subject.broadcast(
                        edits.exchange(
                            w, others[b * samples : (b + 1) * samples], subject.basis.mean, rows[kind], which
                        )
                    )
                )
                for b, w in enumerate(base)
            ]
            for kind, which in schemes(first).values()
        ]
        return dict(readings=np.array(found))

    return subject.cached('resampling', dict(first=first, bases=bases, per_base=samples), 4 * bases * samples, run)


def variances(positions, members):
    """Mean variance of some factors among the samples of each base: [4, bases, samples, F, 2] -> [4, bases].

    The unit is the factor's variance over the network's own samples, so that 1 is no consistency and 0 is no variation.
    """
    return positions.var(axis=2, ddof=1).sum(axis=-1)[..., members].mean(axis=-1)


def section(subjects, measured, groups, pose, style, first):
    """The Section on Figure 3.

    Args:
        subjects: list of Subject.
        measured: dict name -> what `measure` gave.
        groups: dict world -> dict group ->
            factor names.
        pose, style: names of groups.
        first: number of components that are kept or drawn again.
    """
    rows, bars, sentences = [], {}, []
    for subject in subjects:
        positions = subject.units.positions(measured[subject.name]['readings'])
        own = groups[subject.reader.world]
        found = {
            kind: [intervals.mean(values) for values in variances(positions, subject.units.members(own, chosen))]
            for kind, chosen in [('pose', pose), ('style', style)]
        }
        bars[subject.name] = found
        rows += [
            dict(network=subject.name, scheme=scheme, factors=kind, variance=e.value, low=e.low, high=e.high, bases=e.n)
            for kind, estimates in found.items()
            for scheme, e in zip(schemes(first), estimates)
        ]
        sentences.append(_sentence(subject.name, found, first))
    numbers = [
        Number(
            'resampling',
            row['network'],
            'variance of %s, %s' % (row['factors'], row['scheme']),
            intervals.Estimate(row['variance'], row['low'], row['high'], row['bases']),
        )
        for row in rows
    ]
    holds = [[_consistent(*sides) == HOLDS for sides in _sides(found)] for found in bars.values()]
    return Section(
        'resampling',
        'Figure 3: keep or randomise the first components',
        _METHOD % dict(bases=positions.shape[1], samples=positions.shape[2], first=first),
        rows,
        numbers,
        _VERDICT % (first, sum(pose for pose, _ in holds), len(holds), sum(style for _, style in holds)),
        sentences,
        lambda figure: _draw(figure, bars, list(schemes(first))),
        columns=len(subjects),
    )


_METHOD = (
    'Each of %(bases)d latents exchanges either its first %(first)d coordinates or all others with %(samples)d more '
    'latents, in '
    'the basis of PCA or in a random orthonormal one. The variance of a factor among these mixtures is in units of its '
    'variance '
    "over the network's own samples: 0 is perfect consistency, 1 none. Intervals (t) are over the latents."
)


_VERDICT = (
    'Keeping the first %d components keeps pose more than style, and more than a random basis does, on %d of %d '
    'networks; '
    'randomising them keeps style more than pose on %d.'
)
HOLDS = 'consistent, as the paper shows'


def _sides(found):
    """What `_consistent` compares: for pose when the first components are kept, and for style when they are drawn
    again.
    """
    pose, style = found['pose'], found['style']
    return (pose[0], style[0], pose[2]), (style[1], pose[1], style[2])


def _sentence(name, found, first):
    kept, drawn, random_kept, random_drawn = [(found['pose'][i], found['style'][i]) for i in range(4)]
    pose, style = (_consistent(*sides) for sides in _sides(found))
    return (
        '%s: keeping the first %d components leaves %s of the variance of pose and %s of that of style (a random '
        'basis: %s and %s), '
        'so pose is %s; randomising them gives pose %s and style %s (a random basis: %s and %s), so style is %s.'
        % ((name, first) + kept + random_kept + (pose,) + drawn + random_drawn + (style,))
    )


def _consistent(this, other, free):
    """Is `this` variance below the `other` factors' one, and below what it is where nothing holds it?"""
    if this.high < other.low and this.high < free.low:
        return HOLDS
    return 'not clearly the more consistent of the two' if this.low <= other.high else 'the less consistent of the two'


def _draw(figure, bars, labels):
    grid = figure.subplots(1, len(bars), squeeze=False, sharey=True)[0]
    for axes, (name, found) in zip(grid, bars.items()):
        for shift, (kind, estimates) in zip((-0.2, 0.2), found.items()):
            values = [e.value for e in estimates]
            error = [[e.value - e.low for e in estimates], [e.high - e.value for e in estimates]]
            axes.bar(np.arange(4) + shift, values, 0.4, yerr=error, label=kind, capsize=2)
        axes.set_title(name)
        axes.set_xticks(range(4))
        axes.set_xticklabels(
            [label.replace(' first', '\nfirst').replace(' of', '\nof') for label in labels], fontsize=7
        )
        axes.axhline(1, color='grey', linewidth=0.5)
    grid[0].set_ylabel('variance / variance of own samples')
    grid[0].legend()
