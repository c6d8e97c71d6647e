"""The comparison of SEGAN's modes: ours next to the published numbers, and how far the orders agree."""

import dataclasses
import itertools
import math
import re
from pathlib import Path
from typing import Optional

from regan.base import artefacts, json_records, tables
from regan.base.errors import UserError

PUBLISHED = Path(__file__).with_name('published.json')
METRICS = {'frechet': 'Frechet distance', 'ppl': 'PPL'}
NAMES = {
    'frechet': r'fid.*|frechet_.*',
    'ppl': r'ppl.*_segan',
}  # How `regan metrics` may call them, by what judged the images.
CONDITIONS = (
    'n',
    'seed',
    'psi',
    'label',
    'mirror',
    'data',
    'reader_sha256',
    'inception_sha256',
    'lpips_sha256',
)  # Alike, or not comparable.


@dataclasses.dataclass(frozen=True)
class Result:
    """What was measured of one network.

    Attributes:
        mode: 0 to 4.
        variant: '' for the mode as published, else what is different, e.g. 'orthogonality 1'.
        frechet, ppl: lower is better.
        ppl_stderr: standard error of ppl, or None.
        conditions: dict of what the numbers depend on besides the network; the same for all results of a table.
    """

    mode: int
    variant: str
    frechet: float
    ppl: float
    ppl_stderr: Optional[float]
    conditions: dict

    @property
    def name(self):
        return '%d' % self.mode + (' (%s)' % self.variant if self.variant else '')


def load(arguments):
    """Results from what `regan metrics --metrics frechet,ppl_segan --out FILE.json` wrote; sorted by mode and variant.

    Args:
        arguments: list of 'MODE=FILE' or 'MODE:VARIANT=FILE', e.g. '1:orthogonality 1=orth.json'.
    Raises: UserError for an unreadable argument or file, a mode that is given twice, or numbers that cannot be
        compared.
    """
    results = {}
    for argument in arguments:
        mode, variant, path = _parse(argument)
        result = _read(mode, variant, path)
        if result.name in results:
            raise UserError(
                'mode %s is given twice; leave one out, or name a variant as in 1:orthogonality=FILE' % result.name
            )
        first = next(iter(results.values()), result)
        for key, value in result.conditions.items():
            if value != first.conditions[key]:
                raise UserError(
                    '%s cannot be compared with mode %s: %s is %s there and %s here; measure all networks alike'
                    % (path, first.name, key, first.conditions[key], value)
                )
        results[result.name] = result
    return sorted(results.values(), key=lambda r: (r.mode, r.variant))


def _parse(argument):
    match = re.match(r'^([0-4])(?::([^=]+))?=(.+)$', argument)
    if not match:
        raise UserError(
            "cannot read '%s'; write MODE=FILE or MODE:VARIANT=FILE, for example 2=mode2.json (modes 0 to 4)" % argument
        )
    return int(match.group(1)), match.group(2) or '', match.group(3)


def _read(mode, variant, path):
    data = json_records.load(path)
    if not isinstance(data, dict) or not isinstance(data.get('results'), list):
        raise UserError('%s was not written by regan metrics --out; give such a file' % path)
    conditions, found = {key: data.get(key) for key in CONDITIONS}, {}
    for metric, pattern in NAMES.items():
        fitting = [
            r for r in data['results'] if isinstance(r, dict) and re.match('^(%s)$' % pattern, str(r.get('metric')))
        ]
        if len(fitting) != 1 or not _is_number(fitting[0].get('value')):
            raise UserError(
                '%s should hold one %s, but holds %d; measure with --metrics frechet,ppl_segan'
                % (path, METRICS[metric], len(fitting))
            )
        found[metric], conditions[metric] = fitting[0], fitting[0]['metric']
    return Result(
        mode, variant, found['frechet']['value'], found['ppl']['value'], found['ppl'].get('standard_error'), conditions
    )


def _is_number(value):
    return type(value) in (int, float) and math.isfinite(value)


def published():
    """The published numbers: dict metric -> dict mode (int) -> float."""
    data = json_records.load(PUBLISHED)
    return {metric: {int(mode): value for mode, value in data[metric].items()} for metric in METRICS}


def order(values):
    """Keys by rising value, as text.

    >>> order({0: 133.75, 1: 139.33, 2: 123.79, 3: 163.29})
    '2 < 0 < 1 < 3'
    """
    return ' < '.join(str(key) for key in sorted(values, key=lambda k: (values[k], k)))


def rank_agreement(first, second):
    """How far two sets of numbers order their common keys alike (Kendall's tau without ties).

    Args:
        first, second: dict key -> number. Equal numbers in either count as a pair that disagrees.
    Returns: dict(keys, pairs, concordant, tau in [-1, 1], chance: how probable so many concordant pairs are for a
        random order); tau and chance are None for fewer than two keys.

    >>> rank_agreement({0: 1, 1: 2, 2: 3}, {0: 10, 1: 30, 2: 20})['concordant']
    2
    """
    keys = sorted(set(first) & set(second))
    pairs = list(itertools.combinations(keys, 2))
    concordant = sum((first[a] - first[b]) * (second[a] - second[b]) > 0 for a, b in pairs)
    if not pairs:
        return dict(keys=keys, pairs=0, concordant=0, tau=None, chance=None)
    counts = [
        sum(a < b for a, b in itertools.combinations(order, 2)) for order in itertools.permutations(range(len(keys)))
    ]
    return dict(
        keys=keys,
        pairs=len(pairs),
        concordant=concordant,
        tau=2 * concordant / len(pairs) - 1,
        chance=sum(count >= concordant for count in counts) / len(counts),
    )


def agreements(results):
    """`rank_agreement` of each metric over the modes as published, and both orders: dict metric -> dict."""
    theirs, found = published(), {}
    for metric in METRICS:
        ours = {r.mode: getattr(r, metric) for r in results if not r.variant and r.mode in theirs[metric]}
        common = {mode: theirs[metric][mode] for mode in ours}
        found[metric] = dict(rank_agreement(common, ours), published=order(common), ours=order(ours))
    return found


def rows(results):
    """Table rows: list of dicts mode, frechet, frechet_published, ppl, ppl_stderr, ppl_published; None where
    unknown.
    """
    theirs = published()
    return [
        dict(
            mode=r.name,
            frechet=r.frechet,
            frechet_published=None if r.variant else theirs['frechet'].get(r.mode),
            ppl=r.ppl,
            ppl_stderr=r.ppl_stderr,
            ppl_published=None if r.variant else theirs['ppl'].get(r.mode),
        )
        for r in results
    ]


def markdown(results):
    """The table and one sentence for each metric, as Markdown."""
    lines = tables.markdown([_shown(row) for row in rows(results)]).splitlines()
    lines += ['', '* Ours: %(frechet)s and %(ppl)s over %(n)s images and pairs, seed %(seed)s.' % results[0].conditions]
    return '\n'.join(lines + [_sentence(METRICS[metric], a) for metric, a in agreements(results).items()]) + '\n'


def _shown(row):
    ppl = _number(row['ppl']) + (' ± ' + _number(row['ppl_stderr']) if row['ppl_stderr'] is not None else '')
    return {
        'mode': row['mode'],
        'Frechet distance, ours': _number(row['frechet']),
        'FID, published': _number(row['frechet_published']),
        'PPL, ours': ppl,
        'PPL, published': _number(row['ppl_published']),
    }


def _number(value):
    return '' if value is None else '%.2f' % value if value >= 1 or value == 0 else '%.3g' % value


def _sentence(name, agreement):
    if agreement['tau'] is None:
        return '* %s: too few modes to compare orders.' % name
    return (
        '* %s: published order %s, ours %s; %d of %d pairs agree (tau %.2f; a random order does as well with '
        'probability %.2f).'
        % (
            name,
            agreement['published'],
            agreement['ours'],
            agreement['concordant'],
            agreement['pairs'],
            agreement['tau'],
            agreement['chance'],
        )
    )


def write(folder, results):
    """Writes table.md, table.csv and table.json (rows and agreements) to a folder."""
    folder, table = Path(folder), rows(results)
    tables.write(folder, 'table', markdown(results), table)
    artefacts.write_json(
        folder / 'table.json', dict(rows=table, conditions=results[0].conditions, agreements=agreements(results))
    )
