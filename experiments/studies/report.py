"""From sections to files: Markdown, one CSV and one plot for each section, the headline numbers, and their check."""

import dataclasses
import math
from typing import Callable, List, NamedTuple

from regan.base import artefacts, json_records, plots, tables
from regan.base.errors import UserError
from studies.intervals import Estimate, agrees, equals

NUMBERS = 'numbers.csv'
PANEL = (4.2, 3.4)  # Inches of one network's share of a plot's width, and of a plot's row.


class Number(NamedTuple):
    """A headline number; (section, network, quantity) name it."""

    section: str
    network: str
    quantity: str
    estimate: Estimate


@dataclasses.dataclass(frozen=True)
class Section:
    """One part of the report.

    Attributes:
        name: stem of its files.
        title: heading.
        method: how it was measured, one paragraph.
        rows: list of dicts with equal keys, the CSV.
        numbers: list of Number, what a check measures again.
        verdict: what they say together, one sentence.
        sentences: list of str, the reading of the numbers.
        draw: callable that fills a matplotlib Figure.
        columns, lines: of panels in the plot.
    """

    name: str
    title: str
    method: str
    rows: List[dict]
    numbers: List[Number]
    verdict: str
    sentences: List[str]
    draw: Callable
    columns: int = 1
    lines: int = 1


def write(folder, sections, facts, sample=()):
    """Writes report.md, report.json, numbers.csv, and NAME.csv and NAME.png of each section.

    Args:
        facts: dict of JSON values.
        sample: the sections measured on fewer latents, whose numbers a check will find
            again.
    """
    for section in sections:
        write_csv(folder / (section.name + '.csv'), section.rows)
        save_plot(folder / (section.name + '.png'), section.draw, section.columns, section.lines)
    again = {number[:3]: number.estimate.value for section in sample for number in section.numbers}
    rows = [
        dict(
            section=n.section,
            network=n.network,
            quantity=n.quantity,
            value=n.estimate.value,
            low=n.estimate.low,
            high=n.estimate.high,
            latents=n.estimate.n,
            sample=again.get(n[:3]),
        )
        for section in sections
        for n in section.numbers
    ]
    write_csv(folder / NUMBERS, rows)
    artefacts.write_json(folder / 'report.json', facts)
    artefacts.write_text(folder / 'report.md', markdown(sections, facts))


def write_csv(path, rows):
    """Rows (dicts with equal keys) as CSV, numbers to six digits; None and infinity become empty."""
    finite = [{key: None if _is_infinite(value) else value for key, value in row.items()} for row in rows]
    tables.write_csv(path, finite, digits=6)


def _is_infinite(value):
    """Also for NaN."""
    return isinstance(value, float) and not math.isfinite(value)


def save_plot(path, draw, columns, lines):
    """PNG of what draw(figure) draws in so many columns and lines of panels."""
    plots.save(path, draw, (max(6, PANEL[0] * columns), PANEL[1] * lines), dpi=80)


def markdown(sections, facts):
    """The report as Markdown."""
    lines = [
        '# The claims of GANSpace, measured',
        '',
        'Every number comes from networks whose images have known factors; a factor reader reads them back. A change '
        'of a factor is '
        "in standard deviations of that factor over the network's own samples; circular factors count by their cosine "
        "and sine. "
        'Brackets hold 95 % intervals. `make claims` measures everything again; `sample` in numbers.csv is what a '
        'check on fewer '
        'latents has to find.',
        '',
    ]
    lines += tables.markdown(
        [
            {
                'network': name,
                'SHA-256': '`%s`' % network['sha256'][:16],
                'factors that are read': ', '.join(network['factors']),
                'left out (R2 below %g)' % facts['least_r2']: ', '.join(network['left_out']) or 'none',
            }
            for name, network in facts['networks'].items()
        ]
    ).splitlines()
    lines += ['', 'Seed %(seed)d, truncation psi %(psi)g, stored noise, %(pca)s.' % facts, '']
    lines += ['* **%s.** %s' % (section.title, section.verdict) for section in sections]
    for section in sections:
        lines += ['', '## ' + section.title, '', section.method, ''] + [
            '* ' + sentence for sentence in section.sentences
        ]
        lines += ['', '![%s](%s.png)' % (section.title, section.name), '']
        numbers = [dict(network=n.network, quantity=n.quantity, value=n.estimate) for n in section.numbers]
        lines += tables.markdown(numbers).splitlines()
        lines += ['', 'All numbers: [%s.csv](%s.csv).' % (section.name, section.name)]
    return '\n'.join(lines) + '\n'


def check(folder, sections, facts):
    """Compares numbers that were measured on fewer latents with a report: with its intervals, and with those it had on
    the same latents.

    Returns: (passed, lines that say how it went).
    Raises: UserError when there is no report, it is of another network, or it lacks a number.
    """
    committed, known = read_numbers(folder / NUMBERS), json_records.load(folder / 'report.json')['networks']
    for name, network in facts['networks'].items():
        if known.get(name, network)['sha256'] != network['sha256']:
            raise UserError(
                '%s was measured on another %s (SHA-256 %s...); run `make claims`'
                % (folder, name, known[name]['sha256'][:16])
            )
    lines, passed = [], True
    for number in (number for section in sections for number in section.numbers):
        if number[:3] not in committed:
            raise UserError(
                '%s has no "%s" of %s; run `make claims`' % (folder / NUMBERS, number.quantity, number.network)
            )
        known, sample = committed[number[:3]]
        fine = agrees(known, number.estimate) and (sample is None or equals(sample, number.estimate))
        passed = passed and fine
        lines.append(
            '%-8s%s: %s: %s; committed %s, on these latents %s'
            % (
                '' if fine else 'DIFFERS ',
                number.network,
                number.quantity,
                number.estimate,
                known,
                'unknown' if sample is None else '%.3g' % sample,
            )
        )
    return passed, lines


def read_numbers(path):
    """The headline numbers of a report: dict (section, network, quantity) -> (Estimate, value on fewer latents or
    None).

    Raises: UserError.
    """
    found = {}
    for row in _read(path, ('section', 'network', 'quantity', 'value', 'low', 'high', 'latents', 'sample')):
        value, low, high, sample = [float(row[key]) if row[key] else None for key in ('value', 'low', 'high', 'sample')]
        found[row['section'], row['network'], row['quantity']] = Estimate(value, low, high, int(row['latents'])), sample
    return found


def read_singles(folder):
    """`singles` of a report; empty if it has no Claim 2."""
    path = folder / 'control.csv'
    return singles(_read(path, ('network', 'edit', 'component', 'strength'))) if path.exists() else {}


def singles(rows):
    """The single components among Claim 2's rows: dict (network, edit) -> (component, side 1 or -1)."""
    return {
        (row['network'], row['edit']): (int(row['component']), math.copysign(1, float(row['strength'])))
        for row in rows
        if row['component'] not in (None, '')
    }


def _read(path, columns):
    if not path.exists():
        raise UserError('there is no report in %s; run `make claims`' % path.parent)
    rows = tables.read_csv(path)
    if not all(set(columns) <= set(row) for row in rows):
        raise UserError('%s is not a table of a report; run `make claims`' % path)
    return rows
