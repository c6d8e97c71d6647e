"""The table of all benchmarks: each figure as a ratio to a peer or a limit in the same run, on both stacks.

    python benchmarks/table.py        after the benchmarks, which leave JSON files in benchmarks/results/

It is printed and written to benchmarks/results/README.md, with the machines that measured.
"""

import click
import common

from regan.base import artefacts, json_records, tables
from regan.base.command_errors import errors_in_one_line
from regan.base.errors import UserError

ORDER = (
    'start_up',
    'read_torch',
    'pca',
    'feature_pca',
    'synthesis',
    'biggan',
    'sweep',
    'explore',
    'scale_out',
    'train',
)
STACKS = ('tf1', 'tf2')
TITLE = """# Benchmarks

Every number is a ratio to a peer, or to a limit of the machine, that was measured in alternation with it in the same
run.
`make bench` measures again; the JSON files in this folder hold all that was measured. tf1 is TensorFlow 1.15 on
Python 3.7, tf2 TensorFlow 2.

"""


def collect(folder):
    """{(benchmark, stack): results} of a folder. Raises UserError if there are none with figures."""
    found = {}
    for name in ORDER:
        for stack in STACKS:
            path = folder / ('%s-%s.json' % (name, stack))
            if path.exists() and json_records.load(path).get('figures'):
                found[name, stack] = json_records.load(path)
    if not found:
        raise UserError('%s holds no results with figures; run the benchmarks first (make bench)' % folder)
    return found


def rows(found):
    """The table: list of dicts, a line for each figure, with the values of both stacks side by side."""
    table = {}
    for (name, stack), results in found.items():
        for line in results['figures']:
            row = table.setdefault(
                (ORDER.index(name), line['what'], line['ratio']),
                dict(
                    {'what': line['what'], 'ratio': line['ratio'], 'goal': line['goal'] or '-'},
                    **dict.fromkeys(_columns(), '-'),
                ),
            )
            row[stack] = '%.3g' % line['value']
            if line['peak_megabytes']:
                row[stack + ', peak MB'] = '%.0f' % line['peak_megabytes']
    return [table[key] for key in sorted(table, key=lambda key: key[0])]  # Otherwise as measured: sorting is stable.


def _columns():
    return [stack + ending for ending in ('', ', peak MB') for stack in STACKS]


def machines(found):
    """One line for each set of facts, with the benchmarks that it holds for."""
    facts = {}
    for (name, _stack), results in found.items():
        machine = {key: value for key, value in results['machine'].items() if key != 'load_before'}
        facts.setdefault(tuple(sorted(machine.items())), []).append(name)
    return ''.join(
        '* %s: %s\n' % (', '.join(names), ', '.join('%s %s' % item for item in key)) for key, names in facts.items()
    )


@common.command
def main():
    """Print the table of what the benchmarks measured, and write it to benchmarks/results/README.md."""
    with errors_in_one_line():
        found = collect(common.RESULTS)
        text = TITLE + tables.markdown(rows(found)) + '\nMeasured on:\n\n' + machines(found)
        path = common.RESULTS / 'README.md'
        artefacts.write_text(path, text)
        click.echo(text)
        click.echo('wrote %s' % path)


if __name__ == '__main__':
    main()
