"""Curves of time and memory over the number of samples, the width of w, the resolution, and the number of workers.

python benchmarks/pca.py --scaling; python benchmarks/synthesis.py --scaling; python benchmarks/scale_out.py
python benchmarks/curves.py        draws docs/scaling-*.png from what these left in benchmarks/results/
"""

from pathlib import Path

import click
import common
import numpy as np

from regan.base import artefacts, json_records
from regan.base.command_errors import errors_in_one_line
from regan.base.errors import UserError

DOCS = Path(__file__).parent.parent / 'docs'
STACKS = {'tf1': 'C0', 'tf2': 'C1'}
STYLES = ('-', '--', ':', '-.')
FULL_WIDTH = 512


def cases(name):
    """{stack: list of results} of a benchmark. Raises UserError if no stack has any."""
    paths = {stack: common.RESULTS / ('%s-%s.json' % (name, stack)) for stack in STACKS}
    found = {stack: json_records.load(path)['cases'] for stack, path in paths.items() if path.exists()}
    if not found:
        raise UserError(
            'benchmarks/results has no %s-STACK.json; run the benchmark first, see benchmarks/curves.py' % name
        )
    return found


def samples_and_widths():
    """Figure: seconds and peak memory of components, over n at width 512, and over the width at 100,000 samples."""
    results = cases('pca_scaling')
    over_n, over_width = lambda case: case['width'] == FULL_WIDTH, lambda case: case['samples'] == 10**5
    return _figure(
        [(results, 'samples', 'samples, D = 512', over_n), (results, 'width', 'width D, 100,000 samples', over_width)],
        [('seconds', 'seconds', 1), ('peak_megabytes', 'peak memory, MB', 1)],
        'estimator',
    )


def resolutions():
    """Figure: seconds and peak memory of an image over the resolution, StyleGAN2 configuration F."""
    results = {}
    for name in ('synthesis', 'synthesis_scaling'):  # The later one wins.
        for stack, found in cases(name).items():
            results.setdefault(stack, {}).update(
                {case['network']: case for case in found if case['network'].startswith('stylegan2:')}
            )
    results = {
        stack: [dict(case, side=int(name.rpartition(':')[2])) for name, case in found.items()]
        for stack, found in results.items()
    }
    return _figure(
        [(results, 'side', 'resolution', lambda case: True)],
        [('ms', 'seconds an image', 1e-3), ('peak_megabytes', 'peak memory, MB', 1)],
        None,
    )


def workers():
    """Figure: throughput of 1 and 2 workers over that of the local run, and memory of the largest worker."""
    results = {
        stack: [dict(case, workers=count, ratio=case['ratio_%d' % count]) for case in found for count in (1, 2)]
        for stack, found in cases('scale_out').items()
    }
    return _figure(
        [(results, 'workers', 'workers on 2 processors', lambda case: True)],
        [('ratio', 'throughput over the local run', 1), ('worker_megabytes', 'memory of a worker, MB', 1)],
        'job',
    )


def _figure(columns, rows, series):
    """A row of axes for each quantity, a column for each abscissa; a line for each stack and value of `series`."""
    import matplotlib

    matplotlib.use('Agg')
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(len(rows), len(columns), figsize=(5 * len(columns), 3 * len(rows)), squeeze=False)
    for axis_row, (key, label, unit) in zip(axes, rows):
        for axis, (results, abscissa, title, wanted) in zip(axis_row, columns):
            for stack, found in results.items():
                _lines(axis, stack, [case for case in found if wanted(case)], abscissa, key, unit, series)
            axis.set(xlabel=title, ylabel=label, ylim=(0, 1.08 * max(line.get_ydata().max() for line in axis.lines)))
    axes[0, 0].legend(fontsize='small')
    figure.tight_layout()
    return figure


def _lines(axis, stack, found, abscissa, key, unit, series):
    for index, name in enumerate(dict.fromkeys(case.get(series) for case in found)):
        points = sorted(
            (case[abscissa], case[key] * unit) for case in found if case.get(series) == name and case[key] is not None
        )
        axis.plot(
            *np.transpose(points),
            STYLES[index],
            color=STACKS[stack],
            marker='o',
            label=' '.join(word for word in (stack, name) if word),
        )
    ticks = sorted({case[abscissa] for case in found})
    if ticks[-1] > 4 * ticks[0]:
        axis.set_xscale('log')
        axis.minorticks_off()
    axis.set_xticks(ticks)
    axis.set_xticklabels(['%d' % tick for tick in ticks])


@common.command
def main():
    """Draw docs/scaling-*.png from benchmarks/results."""
    with errors_in_one_line():
        for name, draw in [('samples', samples_and_widths), ('resolution', resolutions), ('workers', workers)]:
            path = DOCS / ('scaling-%s.png' % name)
            figure = draw()
            with artefacts.atomic_path(path) as temporary:
                figure.savefig(str(temporary), dpi=100, format='png')
            click.echo('wrote %s' % path)


if __name__ == '__main__':
    main()
