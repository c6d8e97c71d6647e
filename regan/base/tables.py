"""Small tables as Markdown and CSV. A table is a list of dicts with the same keys in the same order; every value is written by `str`."""
import csv
import io

from regan.base import artefacts


def markdown(rows):
    """The table as Markdown, one line for each row.

    >>> print(markdown([{'seed': 1, 'mean': 0.5}, {'seed': 2, 'mean': 0.25}]), end='')
    | seed | mean |
    |---|---|
    | 1 | 0.5 |
    | 2 | 0.25 |
    """
    head = '| %s |\n|%s\n' % (' | '.join(rows[0]), '---|' * len(rows[0]))
    return head + ''.join('| %s |\n' % ' | '.join(str(value) for value in row.values()) for row in rows)


def write(folder, name, text, rows):
    """Writes `text`, which is Markdown, as NAME.md and the rows as NAME.csv; returns the two Paths."""
    table = io.StringIO()
    writer = csv.DictWriter(table, list(rows[0]), lineterminator='\n')
    writer.writeheader()
    writer.writerows(rows)
    paths = [folder / (name + '.md'), folder / (name + '.csv')]
    for path, content in zip(paths, (text, table.getvalue())):
        with artefacts.atomic_path(path) as temporary:
            temporary.write_text(content, encoding='utf-8')
    return paths
