"""Images per second of training on the zoo's networks, and how near that comes to the machine's matrix multiplication.

    python benchmarks/train.py
    python benchmarks/train.py --case stylegan2:float32

The time of a minibatch is that of a G step, a D step, and a sixteenth of an R1 step. Counted as work are the
multiply-adds of the convolutions that mix channels: G once forward and twice backward in its own step and once forward
in D's; D once forward and once backward (images only) in G's step, and once forward and twice backward for reals and
for fakes in its own. R1 is not counted as work.
"""

import re
import sys

import click
import common
from synthesis import multiply_adds

from regan.base.command_errors import errors_in_one_line
from regan.base.errors import UserError

NETWORK = dict(
    latent_size=128, dlatent_size=128, mapping_fmaps=128, fmap_base=1024, fmap_max=128
)  # The zoo's, at 64 x 64.
MINIBATCH, R1_INTERVAL = 16, 16
CASES = ['stylegan2:float32', 'stylegan2:bfloat16', 'stylegan:float32', 'stylegan:bfloat16']
COLUMNS = [
    common.Column('case', 'case', '%-19.19s'),
    common.Column('images/s', 'images_per_second', '%8.2f'),
    common.Column('G s', 'G_seconds', '%6.3f'),
    common.Column('D s', 'D_seconds', '%6.3f'),
    common.Column('R1 s', 'R1_seconds', '%6.3f'),
    common.Column('GMAC/image', 'gmac_per_image', '%10.3f'),
    common.Column('GEMM', 'gemm_gmac_per_second', '%6.1f'),
    common.Column('ratio', 'ratio', '%5.2f'),
    common.Column('peak MB', 'peak_megabytes', '%7.0f'),
]
FIGURES = [common.Figure('training %(case)s 64 x 64', 'ratio', 'multiply-adds per second, over a matrix product')]


def measure(case, repeats):
    """Times the three kinds of step. Returns a dict, see COLUMNS; ratios above 1 are possible, since the limit is in
    float32.
    """
    import numpy as np

    from training import recipe as recipes
    from training.dataset import SyntheticDataset
    from training.graph import TrainingGraph
    from training.schedule import Schedule

    name, precision = case.split(':')
    schedule = Schedule(minibatch_size=MINIBATCH, lrate=0.0025)
    options = dict(r1_interval=R1_INTERVAL, discriminator='stylegan2', schedule=schedule, precision=precision)
    recipe = (
        recipes.stylegan(NETWORK, **options)
        if name == 'stylegan'
        else recipes.stylegan2(NETWORK, pl_weight=0, **options)
    )
    with common.session():
        graph = TrainingGraph(recipe, SyntheticDataset(resolution=64))
        images, labels = np.zeros([MINIBATCH, 3, 64, 64], np.uint8), np.zeros([MINIBATCH, 0], np.float32)

        def step(kind):
            return common.timed(lambda: graph.step(kind, 0, schedule.at(0, 64), images, labels, 0.99))[0]

        measured = common.against_gemm(lambda: [step(kind) for kind in ('G', 'D', 'D_reg')], repeats)
        work = 4 * multiply_adds(graph.G.components.synthesis) + 8 * discriminator_multiply_adds(graph.D)
    g, d, r1 = [min(times) for times in zip(*measured.values)]
    rate = MINIBATCH / (g + d + r1 / R1_INTERVAL)
    return dict(
        case=case,
        images_per_second=rate,
        G_seconds=g,
        D_seconds=d,
        R1_seconds=r1,
        gmac_per_image=work / 1e9,
        gemm_gmac_per_second=measured.gemm_rate / 1e9,
        ratio=rate * work / measured.gemm_rate,
        peak_megabytes=measured.peak_megabytes,
    )


def discriminator_multiply_adds(network):
    """Multiply-adds for one image in the convolutions of a discriminator; a halving one is counted where its output
    lies.
    """
    total = 0
    for name, variable in network.vars.items():
        shape, found = variable.shape.as_list(), re.match(r'(\d+)x', name)
        if len(shape) == 4 and found:
            size = int(found.group(1)) // (2 if '/Conv1_down/' in name or '/Skip/' in name else 1)
            total += size**2 * shape[0] * shape[1] * shape[2] * shape[3]
    return total


@common.command
@click.option(
    '--case',
    'cases',
    multiple=True,
    type=click.Choice(CASES),
    help='May be given several times; default: all that the stack can.',
)
@common.options
def main(cases, repeats, out):
    """Time training steps against the machine's matrix multiplication. bfloat16 needs TensorFlow 2."""
    with errors_in_one_line():
        first = sys.version_info < (3, 8)  # Python 3.7 has TensorFlow 1.15 only.
        if first and any(case.endswith('bfloat16') for case in cases):
            raise UserError('bfloat16 needs TensorFlow 2; choose float32 cases on the reference stack')
        cases = cases or [case for case in CASES if not (first and case.endswith('bfloat16'))]
        common.run('train', COLUMNS, measure, [(case, repeats) for case in cases], out, FIGURES)


if __name__ == '__main__':
    main()
