"""Table 1 of RC2021 "[Re] GANSpace": the first normal number of three random generators, without PyTorch."""

import dataclasses
import sys
from pathlib import Path
from typing import Tuple

import checkout
import click
import numpy as np

from regan.base import command_errors, json_records, tables
from regan.base.json_records import choice, declared, key, record, sequence, text
from regan.sampling import latents, torch_random

SPEC = checkout.SPECS / 'table1.json'
GENERATORS = {
    'torch-cpu': torch_random.CPUGenerator,
    'torch-cuda': torch_random.CUDAGenerator,
    'numpy': np.random.RandomState,
}


@dataclasses.dataclass(frozen=True)
@declared
class Row:
    """A row of the table."""

    software: str = key(text, 'whose generator it is')
    device: str = key(text, 'on which it runs')
    generator: str = key(choice(*GENERATORS), 'a name of GENERATORS')
    published: str = key(text, 'the number as it was printed')


@dataclasses.dataclass(frozen=True)
@declared
class Table:
    """The spec."""

    title: str = key(text, 'line above the table')
    source: str = key(text, 'what it reproduces')
    seed: int = key(latents.SEED, 'of every generator')
    rows: Tuple[Row, ...] = key(sequence(record(Row)), 'from top to bottom')


def measure(row, seed):
    """The row that is printed: a dict of texts; `agrees` is yes or no."""
    first = GENERATORS[row.generator](seed).randn(1)[0]
    decimals = len(row.published.partition('.')[2])
    agrees = '%.*f' % (decimals, first) == row.published
    return {
        'software': row.software,
        'device': row.device,
        'published': row.published,
        'ours': str(first),
        'agrees': 'yes' if agrees else 'no',
    }


def write(spec, folder):
    """Writes table1.md and table1.csv; returns (Markdown, whether every row agrees)."""
    rows = [measure(row, spec.seed) for row in spec.rows]
    text = '# %s\n\n%s.\n\n%s' % (spec.title, spec.source, tables.markdown(rows))
    tables.write(Path(folder), 'table1', text, rows)
    return text, all(row['agrees'] == 'yes' for row in rows)


@click.command()
@click.option(
    '--spec',
    type=click.Path(dir_okay=False),
    default=str(SPEC),
    show_default='experiments/specs/table1.json',
    help='The published numbers.',
)
@click.option(
    '--out',
    type=click.Path(file_okay=False),
    default=str(checkout.OUT),
    show_default='figures/out',
    help='Folder for table1.md and table1.csv.',
)
@click.option('--check', is_flag=True, help='Exit 1 if a number does not round to the published one.')
def main(spec, out, check):
    """Print Table 1, ours beside the published numbers."""
    with command_errors.errors_in_one_line():
        text, agrees = write(json_records.build(Table, json_records.load(spec), Path(spec).name), out)
    click.echo(text, nl=False)
    sys.exit(1 if check and not agrees else 0)


if __name__ == '__main__':
    main()
