"""Tables as Markdown and CSV.

A table is a list of dicts with the same keys in the same order: the headings, and a row's values.
"""

import csv
import io
import re
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

from dnnlib import file_kinds
from regan.base import artefacts
from regan.base.errors import UserError
from regan.base.typing import PathLike

Table = Sequence[Dict[str, Any]]
_FORMULA = re.compile(r'[=@]|[+-][^\d.]')


def markdown(rows: Table) -> str:
    """The table as Markdown, one line for each row; values are written by `str`, None as nothing. Without rows: ''.

    >>> print(markdown([{'seed': 1, 'mean': 0.5}, {'seed': 2, 'mean': None}]), end='')
    | seed | mean |
    |---|---|
    | 1 | 0.5 |
    | 2 |  |
    """
    if not rows:
        return ''
    head = '| %s |\n|%s\n' % (' | '.join(rows[0]), '---|' * len(rows[0]))
    cells = [['' if value is None else _cell(value) for value in row.values()] for row in rows]
    return head + ''.join('| %s |\n' % ' | '.join(row) for row in cells)


def _cell(value):
    return ' '.join(str(value).split('\n')).replace('|', '\\|')


def write(folder: Path, name: str, text: str, rows: Table) -> List[Path]:
    """Writes `text`, which is Markdown, as NAME.md and the rows as NAME.csv; returns the two Paths."""
    paths = [folder / (name + '.md'), folder / (name + '.csv')]
    artefacts.write_text(paths[0], text)
    write_csv(paths[1], rows)
    return paths


def write_csv(path: PathLike, rows: Table, digits: Optional[int] = None) -> None:
    """Writes the table as CSV, atomically: None is an empty cell. Without rows the file is empty.

    Args:
        path: the file.
        rows: the table.
        digits: significant ones of the floats; None: all that tell them from others.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    if rows:
        writer.writerow(rows[0])
    for row in rows:
        writer.writerow(
            ['%.*g' % (digits, v) if digits and isinstance(v, float) else _no_formula(v) for v in row.values()]
        )
    artefacts.write_text(path, text.getvalue())


def _no_formula(value):
    """A text that a spreadsheet would take for a formula begins with an apostrophe, which it takes for a text."""
    if isinstance(value, str) and _FORMULA.match(value):
        try:
            float(value)
        except ValueError:
            return "'" + value
    return value


def read_csv(path: PathLike) -> List[Dict[str, str]]:
    """The table in a CSV file, which begins with a row of headings: list of dicts of str.

    Raises:
        UserError: as `read_csv_rows`.
    """
    rows = read_csv_rows(path)
    return [dict(zip(rows[0], row)) for row in rows[1:]]


def read_csv_rows(path: PathLike) -> List[List[str]]:
    """The rows of a CSV file in UTF-8 (with or without a byte order mark), empty ones left out: list of lists of str.

    Raises:
        UserError: the file is missing, or no CSV.
    """
    try:
        with open(str(path), newline='', encoding='utf-8-sig') as file:
            return [row for row in csv.reader(file) if row]
    except (OSError, ValueError, csv.Error) as error:
        raise UserError('%s is no readable .csv file (%s)%s' % (path, error, file_kinds.hint(path))) from error
