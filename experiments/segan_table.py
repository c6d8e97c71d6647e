"""SEGAN's comparison of the generator modes 0 to 3: same data, same length, same seed; its table beside the published
one.

python experiments/segan_table.py                  train all of experiments/specs/segan.json, measure, compare
python experiments/segan_table.py --kimg 800       as long as the published curves
"""

import pathlib

import click
from checkout import OUT as DRAWN
from checkout import PROJECT, SPECS
from zoo import reader_of, regan

from regan.base import json_records
from regan.base.command_errors import errors_in_one_line
from regan.commands.options import values

SPEC = SPECS / 'segan.json'
OUT = DRAWN / 'segan'


def compare(spec, kimg, precision, build):
    """Trains and measures every run of the spec; what is done already is not done again."""
    data, reader, size = build / 'data', reader_of(spec['world']), spec['data']
    if not data.exists():
        regan(
            'dataset',
            'create',
            data,
            '--world',
            spec['world'],
            '--n',
            size['n'],
            '--resolution',
            size['resolution'],
            '--seed',
            size['seed'],
        )
    results = []
    for label, options in spec['runs'].items():
        run = build / ('mode-' + label.replace(':', '-').replace(' ', '-'))
        network, numbers = run / 'network-final.pkl', run / ('metrics-%g.json' % kimg)
        if not numbers.exists():
            regan(
                'train',
                *spec['train'],
                *options,
                '--precision',
                precision,
                '--data',
                data,
                '--out',
                run,
                '--kimg',
                kimg,
            )
            regan(
                'metrics',
                network,
                '--metrics',
                spec['metrics']['names'],
                '--n',
                spec['metrics']['n'],
                '--data',
                data,
                '--reader',
                reader,
                '--out',
                numbers,
            )
        results.append('%s=%s' % (label, numbers))
    regan('segan', 'table', *results, '--out', OUT)


@click.command()
@click.option('--kimg', type=values.number(above=0), help='Thousands of images of each run; default: that of the spec.')
@click.option(
    '--precision',
    type=click.Choice(['float32', 'bf16']),
    default='float32',
    show_default=True,
    help='bf16 needs TensorFlow 2.',
)
@click.option(
    '--build',
    type=click.Path(file_okay=False),
    default=str(PROJECT / 'build' / 'segan'),
    show_default=True,
    help='Folder of the runs.',
)
def main(kimg, precision, build):
    """Train SEGAN's modes side by side and compare them with the published table."""
    with errors_in_one_line():
        spec = json_records.load(SPEC)
        compare(spec, kimg or spec['kimg'], precision, pathlib.Path(build))


if __name__ == '__main__':
    main()
