"""Do edits that were found on one network work on another?

The paper carries an edit over by its component's *index*. Components of different networks have nothing to do with each
other, so here it is compared with a component that was *matched* by what it does to the factors, and with *chance*: a
random component and side.
"""

import dataclasses

import numpy as np

from regan.editing import edits
from studies import control, design, intervals, readings
from studies.report import Number, Section

METHODS = ('source', 'same index', 'matched', 'chance')


def measure(source, target, named, effect, profile, choice, latents, pilot, components, candidates):
    """Readings of the target's latents under an edit of the source.

    Args:
        source, target: Subject.
        named: spec.NamedEdit of the source.
        effect: float [n, F, 2], what it does there.
        profile: what `importance.profiles` gave of the target.
        choice: dict of JSON values that effect and profile
            depend on.
        latents, pilot: numbers of latents.
        components: a match is sought, and chance is drawn, among that many of the
            first.
        candidates: so many, those most alike in all layers, are tried in the edit's own layers.
    Returns: dict of before float32 [n, A], after float32 [3, n, A] (METHODS without the source), component int [] and
        side float [] of the match.
    """
    components = min(components, len(target.basis.components))
    candidates = min(candidates, components)
    ours, theirs = common(source.units.names, target.units.names)
    wanted = effect.mean(axis=0)[ours]  # [C, 2]

    def run(read):
        start = target.broadcast(target.draw(latents, control.STREAM))
        before = read(start)
        alike = cosines(wanted, profile[0][:components, theirs])
        tried = np.argsort(-np.abs(alike), kind='stable')[:candidates]
        pilots = target.broadcast(target.draw(pilot, control.PILOTS))
        moved = np.array(
            [read(edits.apply(pilots, target.basis, _with(named.edit, j, np.sign(alike[j]) or 1))) for j in tried]
        )
        found = (target.units.positions(moved) - target.units.positions(read(pilots))).mean(
            axis=1
        )  # [candidates, F, 2]
        again = cosines(wanted, found[:, theirs])
        best = int(np.abs(again).argmax())
        side = (np.sign(alike[tried[best]]) or 1) * (np.sign(again[best]) or 1)
        random = np.random.RandomState(target.seed)
        drawn = zip(random.randint(components, size=latents), design.signs(latents, random))
        chance = [
            edits.apply(w[np.newaxis], target.basis, _with(named.edit, int(j), s)) for w, (j, s) in zip(start, drawn)
        ]
        tries = [edits.apply(start, target.basis, edit) for edit in (named.edit, _with(named.edit, tried[best], side))]
        after = np.array([read(dlatents) for dlatents in tries + [np.concatenate(chance)]])
        return dict(before=before, after=after, component=np.array(tried[best]), side=np.array(side))

    facts = dict(
        source=source.generator.sha256,
        edit=named.edit.to_dict(),
        factor=named.factor,
        choice=choice,
        read=[source.units.names, target.units.names],
        latents=latents,
        pilot=pilot,
        components=components,
        candidates=candidates,
    )
    return target.cached('transfer', facts, 4 * latents + pilot * (1 + candidates), run)


def _with(edit, component, side):
    return dataclasses.replace(edit, component=int(component), strength=float(edit.strength * side))


def common(first, second):
    """Numbers of the names that both have, in both: two lists of int.

    >>> common(['yaw', 'hue', 'age'], ['age', 'yaw'])
    ([0, 2], [1, 0])
    """
    shared = [name for name in first if name in second]
    return [first.index(name) for name in shared], [second.index(name) for name in shared]


def cosines(wanted, profiles):
    """How alike changes are, whatever their size: wanted float [C, 2], profiles [K, C, 2] -> [K] in [-1, 1]; 0 for
    no change.
    """
    flat, goal = profiles.reshape(len(profiles), -1), wanted.ravel()
    lengths = np.linalg.norm(flat, axis=1) * np.linalg.norm(goal)
    return flat.dot(goal) / np.where(lengths > 0, lengths, 1)


def succeeded(changes, unit, length, least):
    """Whether a factor's change [n, 2] goes the source's way (a unit vector [2]), by at least the share `least` of
    the source's length.
    """
    return np.dot(changes, unit) >= least * length


def section(cases, least):
    """The Section on transfer.

    Args:
        cases: list of (source Subject, target Subject, NamedEdit, the source's measurement by `control.measure`, what
            `measure` gave).
        least: see `succeeded`.
    """
    rows, numbers = [], []
    for source, target, named, there, here in cases:
        pair = '%s -> %s' % (source.name, target.name)
        for row in _rows(source, target, named, there, here, least):
            rows.append(dict(network=pair, **row))
            numbers.append(
                Number(
                    'transfer',
                    pair,
                    'success of %s (%s), %s' % (named.name, named.factor, row['method']),
                    intervals.Estimate(row['success'], row['success_low'], row['success_high'], row['latents']),
                )
            )
    pairs = list(dict.fromkeys(row['network'] for row in rows))
    index, matched = (sum(bool(work) for work in _working(method, rows)) for method in METHODS[1:3])
    method = _METHOD % dict(least=100 * least, n=rows[0]['latents'])
    verdict = (
        'Clearly more often than by chance, an edit works on another network by its index in %d of %d cases, '
        'by a matched component in %d.' % (index, len(cases), matched)
    )
    return Section(
        'transfer',
        'Transfer: edits of one network on another',
        method,
        rows,
        numbers,
        verdict,
        [_sentence(pair, [row for row in rows if row['network'] == pair]) for pair in pairs],
        lambda figure: _draw(figure, rows),
        columns=2,
        lines=1 + len(rows) // 24,
    )


_METHOD = (
    'An edit succeeds on a latent if the factor moves the way it does on the source, by at least %(least).0f %% of the '
    'mean effect '
    'there. "source" is the edit at home; "same index" is the paper\'s way, the same component number, layers and '
    'strength in '
    'standard deviations; "matched" takes the component whose effect on the common factors is most alike; "chance" a '
    'random '
    'component and side. %(n)d latents; Wilson intervals.'
)


def _rows(source, target, named, there, here, least):
    at_home, factor = source.units.index(named.factor), target.units.index(named.factor)
    home = (source.units.positions(there['after'][0]) - source.units.positions(there['before']))[:, at_home]  # [n, 2]
    unit, length = readings.heading(home)
    away = (target.units.positions(here['after']) - target.units.positions(here['before']))[:, :, factor]  # [3, n, 2]
    components = (named.edit.component, named.edit.component, int(here['component']), None)
    for method, component, change in zip(METHODS, components, [home] + list(away)):
        success, effect = intervals.share(succeeded(change, unit, length, least)), intervals.mean(change.dot(unit))
        yield dict(
            edit=named.name,
            notation=str(named.edit),
            factor=named.factor,
            method=method,
            component=component,
            success=success.value,
            success_low=success.low,
            success_high=success.high,
            effect=effect.value,
            effect_low=effect.low,
            effect_high=effect.high,
            latents=success.n,
        )


def _sentence(pair, rows):
    means = ', '.join(
        '%s %.0f %%' % (method, 100 * np.mean([row['success'] for row in _of(method, rows)])) for method in METHODS
    )
    return '%s: mean success %s; %s; %s.' % (
        pair,
        means,
        _beyond_chance('same index', rows),
        _beyond_chance('matched', rows),
    )


def _of(method, rows):
    return [row for row in rows if row['method'] == method]


def _working(method, rows):
    """For each edit its name if it works clearly more often than by chance, else ''."""
    return [
        row['edit'] if row['success_low'] > chance['success_high'] else ''
        for row, chance in zip(_of(method, rows), _of('chance', rows))
    ]


def _beyond_chance(method, rows):
    working = _working(method, rows)
    names = ', '.join(name for name in working if name)
    return 'clearly above chance by %s: %d of %d%s' % (
        method,
        sum(map(bool, working)),
        len(working),
        ' (%s)' % names if names else '',
    )


def _draw(figure, rows):
    axes = figure.add_subplot(1, 1, 1)
    labels = list(dict.fromkeys((row['network'], row['edit']) for row in rows))
    for m, method in enumerate(METHODS):
        own = _of(method, rows)
        error = [
            [row['success'] - row['success_low'] for row in own],
            [row['success_high'] - row['success'] for row in own],
        ]
        axes.barh(
            np.arange(len(own)) + 0.2 * (m - 1.5),
            [row['success'] for row in own],
            0.19,
            xerr=np.maximum(error, 0),
            label=method,
            capsize=1,
        )
    axes.set_yticks(range(len(labels)))
    axes.set_yticklabels(['%s\n%s' % label for label in labels], fontsize=6)
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xlabel('success rate')
    axes.legend(loc='lower center', bbox_to_anchor=(0.5, 1), ncol=len(METHODS))
