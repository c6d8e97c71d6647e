"""Claim 2: control without labels. How selective named edits are, beside supervised boundaries and single components
in all layers.
"""

import dataclasses

import numpy as np

from regan.base.errors import UserError
from regan.editing import edits
from studies import intervals, readings
from studies.report import Number, Section

STREAM = 1  # Of the latents on which edits are judged; nothing is chosen, trained or calibrated with them.
PILOTS = 4  # Stream of the latents with which strengths and matches are found.
STEPS = np.array(
    [0.25, 0.5, 1.0, 2.0, 3.0, 4.0]
)  # Standard deviations of a direction, among which the strength is found.
METHODS = ('named edit', 'supervised boundary', 'best single component')
MORE, LESS = 'the edit is more selective', 'the edit is less selective'


def measure(subject, named, profile, choice, latents, pilot, ratio, train, single=None):
    """Readings of latents that were edited in three ways to the same effect on the factor in question.

    The boundary is trained on the scores of the network's samples along the named edit's effect, the single component
    is the most selective one in Claim 1's data; both then take all layers, and the strength at which `pilot` latents
    show the named edit's mean effect.

    Args:
        subject: Subject.
        named: spec.NamedEdit whose factor is read.
        profile: what `importance.profiles` gave.
        choice: dict of JSON values that the profile depends on besides the network.
        latents, pilot: numbers of latents.
        ratio: share of the samples at each end that the boundary is trained on.
        train: callable as `regan.editing.boundary.train`.
        single: (component, side 1 or -1) to take, where the choice has been made before; None: choose.
    Returns: dict of before float32 [n, A], after float32 [3, n, A], component int [], strength float [3] in standard
        deviations, with the side as its sign (the named edit's as it is), accuracy float [].
    """
    factor = subject.units.index(named.factor)

    def run(read):
        w = subject.draw(latents, STREAM)
        start = subject.broadcast(w)
        before = read(start)
        after = [read(edits.apply(start, subject.basis, named.edit))]
        unit, goal = readings.heading((subject.units.positions(after[0]) - subject.units.positions(before))[:, factor])
        boundary = train(subject.w, subject.positions[:, factor].dot(unit), ratio=ratio)
        component, side = single or most_selective(*profile, factor=factor, unit=unit, least=goal / STEPS[-1])
        strengths = [named.edit.strength]
        for direction, sign in ((boundary.normal, 1.0), (subject.basis.components[component], side)):
            step = sign * _step(subject, direction)
            strength = _calibrate(subject, read, subject.draw(pilot, PILOTS), step, factor, unit, goal)
            strengths.append(sign * strength)
            after.append(read(subject.broadcast((w + strength * step).astype(np.float32))))
        return dict(
            before=before,
            after=np.array(after),
            component=np.array(component),
            strength=np.array(strengths),
            accuracy=np.array(boundary.accuracy),
        )

    facts = dict(
        edit=named.edit.to_dict(),
        factor=named.factor,
        read=subject.units.names,
        choice=choice,
        latents=latents,
        pilot=pilot,
        ratio=ratio,
        steps=list(STEPS),
        single=single,
    )
    return subject.cached('control', facts, 4 * latents + 2 * pilot * (1 + len(STEPS)), run)


def _step(subject, direction):
    """One standard deviation of the samples along a direction, float64 [D]."""
    unit = np.asarray(direction, np.float64) / np.linalg.norm(direction)
    return unit * np.dot(subject.w, unit).std()


def _calibrate(subject, read, w, step, factor, unit, goal):
    moved = (w[:, np.newaxis] + np.append(0, STEPS)[:, np.newaxis] * step).astype(np.float32)  # [p, 1 + S, D]
    found = (
        subject.units.positions(read(subject.broadcast(moved.reshape(-1, w.shape[1]))))[:, factor]
        .dot(unit)
        .reshape(len(w), -1)
    )
    return strength_for(STEPS, (found[:, 1:] - found[:, :1]).mean(axis=0), goal)


def strength_for(steps, effects, goal):
    """The smallest strength with an effect, interpolated from 0 through (steps, effects); the one of the largest effect
    if none reaches it.

    >>> strength_for([1, 2, 4], [0.5, 1.0, 0.8], 0.75)
    1.5
    """
    steps, effects = np.append(0, steps), np.append(0, effects)
    reached = np.flatnonzero(effects >= goal)
    if not len(reached):
        return float(steps[effects.argmax()])
    i = reached[0]
    return float(np.interp(goal, effects[i - 1 : i + 1], steps[i - 1 : i + 1])) if i else 0.0


def most_selective(mean, reach, factor, unit, least=0.0):
    """(component, side 1 or -1) whose mean effect on a factor, along a unit vector, is largest against the others'
    change.

    Args:
        mean: float [K, F, 2].
        reach: float [K, F], see `importance.profiles`.
        least: effects below it do not count, unless all are; far out they would not do what is wanted either.
    """
    effect = mean[:, factor].dot(unit)
    others = np.delete(reach, factor, axis=1).mean(axis=1) if reach.shape[1] > 1 else np.ones(len(reach))
    merit = np.abs(effect / np.maximum(others, 1e-9))
    strong = np.abs(effect) >= least
    best = int(np.where(strong, merit, -1).argmax()) if strong.any() else int(np.abs(effect).argmax())
    return best, 1.0 if effect[best] >= 0 else -1.0


@dataclasses.dataclass(frozen=True)
class Outcome:
    """One way of editing: how far the factor goes (along the named edit's effect), how far the others, and the ratio
    of the distances.
    """

    method: str
    strength: float
    effect: intervals.Estimate
    others: intervals.Estimate
    selectivity: intervals.Estimate


def outcomes(subject, named, found):
    """List of Outcome, in the order of METHODS. Raises UserError for an edit that moves nothing but its factor."""
    factor = subject.units.index(named.factor)
    moved = subject.units.positions(found['after']) - subject.units.positions(found['before'])  # [3, n, F, 2]
    unit, _ = readings.heading(moved[0, :, factor])
    result = []
    for method, strength, change in zip(METHODS, found['strength'], moved):
        size = readings.size(change)  # [n, F]
        others = np.delete(size, factor, axis=1).mean(axis=1) if size.shape[1] > 1 else np.ones(len(size))
        if not others.any():
            raise UserError(
                'the %s for %s of %s moves no other factor at all, so it has no selectivity; make the edit stronger'
                % (method, named.name, subject.name)
            )
        result.append(
            Outcome(
                method,
                float(strength),
                intervals.mean(change[:, factor].dot(unit)),
                intervals.mean(others),
                intervals.ratio(size[:, factor], others),
            )
        )
    return result


def section(subjects, entries, measured):
    """The Section on Claim 2.

    Args:
        subjects: list of Subject.
        entries: dict name -> list of NamedEdit that were measured.
        measured: dict name -> list of what `measure` gave, in the same order.
    """
    rows, numbers, sentences, bars, against = [], [], [], [], []
    for subject in subjects:
        for named, found in zip(entries[subject.name], measured[subject.name]):
            results = outcomes(subject, named, found)
            bars.append(('%s\n%s (%s)' % (subject.name, named.name, named.factor), [r.selectivity for r in results]))
            rows += [_row(subject.name, named, result, found) for result in results]
            numbers += [
                Number(
                    'control',
                    subject.name,
                    'selectivity of %s (%s), %s' % (named.name, named.factor, r.method),
                    r.selectivity,
                )
                for r in results
            ]
            sentences.append(_sentence(subject.name, named, results, int(found['component'])))
            against.append([_against(results[0].selectivity, result.selectivity) for result in results[1:]])
    return Section(
        'control',
        'Claim 2: control without labels',
        _METHOD % dict(n=len(found['before'])),
        rows,
        numbers,
        _verdict(against),
        sentences,
        lambda figure: _draw(figure, bars),
        columns=2,
        lines=1 + len(bars) // 6,
    )


_METHOD = (
    'Selectivity: the mean distance that the factor in question goes, over the mean distance of the other factors. '
    'Each named edit, an offset, '
    "is compared with a linear boundary trained on the factor reader's scores, and with the component that is most "
    "selective in "
    'the data of Claim 1 (of those that promise the effect within 4 standard deviations); these two move all layers, '
    'as far as '
    'gives the same mean effect on the factor (4 standard deviations at most). %(n)d latents with which '
    'nothing was chosen; intervals are a bootstrap over them.'
)


def _row(name, named, result, found):
    row = dict(
        network=name,
        edit=named.name,
        notation=str(named.edit),
        factor=named.factor,
        method=result.method,
        strength=result.strength,
        component=int(found['component']) if result.method == METHODS[2] else None,
    )
    for key in ('effect', 'others', 'selectivity'):
        estimate = getattr(result, key)
        row.update({key: estimate.value, key + '_low': estimate.low, key + '_high': estimate.high})
    return row


def _sentence(name, named, results, component):
    ours, supervised, single = [result.selectivity for result in results]
    return (
        '%s, %s = %s: %s moves by %s and is then %s times as far from where it was as the other factors are on '
        'average; the supervised boundary reaches %s (%s), '
        'component %d in all layers %s (%s).'
        % (
            name,
            named.name,
            named.edit,
            named.factor,
            results[0].effect,
            ours,
            supervised,
            _against(ours, supervised),
            component,
            single,
            _against(ours, single),
        )
    )


def _against(ours, theirs):
    return MORE if ours.low > theirs.high else LESS if ours.high < theirs.low else 'no clear difference'


def _verdict(against):
    counts = tuple(column.count(word) for column in zip(*against) for word in (MORE, LESS))
    return (
        'Of %d named edits, %d are clearly more selective than a supervised boundary of the same effect and %d clearly '
        'less; against '
        'the best single component in all layers, %d more and %d less.' % ((len(against),) + counts)
    )


def _draw(figure, bars):
    axes = figure.add_subplot(1, 1, 1)
    for m, method in enumerate(METHODS):
        estimates = [found[m] for _, found in bars]
        error = [[e.value - e.low for e in estimates], [e.high - e.value for e in estimates]]
        axes.barh(
            np.arange(len(bars)) + 0.27 * (m - 1),
            [e.value for e in estimates],
            0.25,
            xerr=error,
            label=method,
            capsize=2,
        )
    axes.set_yticks(range(len(bars)))
    axes.set_yticklabels([label for label, _ in bars], fontsize=7)
    axes.invert_yaxis()
    axes.axvline(1, color='grey', linewidth=0.5)
    axes.set_xlabel('selectivity')
    axes.legend(loc='lower center', bbox_to_anchor=(0.5, 1), ncol=len(METHODS))
