"""What a step of a projection costs beyond the passes through the networks.

    python benchmarks/project.py
    python benchmarks/project.py --random stylegan2:1024

The step is that of method stylegan2 with the discriminator's distance: w and all noise images. The peer is one forward
and one backward pass of the same graph, to the distance and to its gradients by w and noise, with inputs and outputs
that stay inside TensorFlow; the two take turns.
"""

import os
import tempfile

import common
import random_networks

from regan.base.command_errors import errors_in_one_line
from regan.networks import models

DEFAULT_RANDOMS = ['stylegan2:256', 'stylegan2:1024']
COLUMNS = [
    common.Column('network', 'network', '%-17.17s'),
    common.Column('s/step', 'seconds', '%7.3f'),
    common.Column('passes', 'seconds_of_passes', '%7.3f'),
    common.Column('ratio', 'ratio', '%5.2f'),
    common.Column('peak MB', 'peak_megabytes', '%7.0f'),
]
FIGURES = [
    common.Figure(
        'projection step, %(network)s', 'ratio', "time over the graph's forward and backward pass", 'at most 1.25'
    )
]


def measure(name, path, repeats):
    """Times steps and passes in turn. Returns a dict, see COLUMNS."""
    import numpy as np

    from regan.networks.generator import Generator
    from regan.projection import methods
    from regan.projection.distances import DiscriminatorDistance
    from regan.projection.objective import Objective
    from regan.projection.search import Search, Statistics

    distance = DiscriminatorDistance(path)
    with Generator.open(path) as generator:
        spread = Statistics(np.zeros(generator.dlatent_size, np.float32), 1.0)
        size = [1, generator.num_channels, generator.resolution, generator.resolution]
        objective = generator.with_synthesis(lambda synthesis: Objective(synthesis, distance, single=True))
    with objective:
        targets = objective.features(np.random.RandomState(0).uniform(-1, 1, size))
        search = Search(objective, methods.METHODS['stylegan2'], 1000, spread)
        state = search.begin(1)
        passes = _passes(objective, search, state, targets)
        passes()
        runs = []
        for _ in range(repeats + 1):  # The first is the warm-up.
            seconds, state = common.timed(lambda: next(search.states(state, targets))[0])
            runs.append((seconds, common.timed(passes)[0]))
        peak = common.peak_megabytes()
    seconds, of_passes = [min(run[i] for run in runs[1:]) for i in range(2)]
    return dict(
        network=name,
        seconds=seconds,
        seconds_of_passes=of_passes,
        ratio=seconds / of_passes,
        peak_megabytes=peak,
    )


def _passes(objective, search, state, targets):
    """A function that runs the graph to the distance and its gradients, of which nothing comes out."""
    frozen = objective.frozen
    names = ['distance', 'by_dlatents'] + [name for name in frozen.outputs if name.startswith('by_noise')]
    ops = [frozen.outputs[name].op for name in names]
    values = dict(zip(('noise%d' % i for i in range(len(objective.sides))), search.noise(state)))
    values.update(('target%d' % i, value) for i, value in enumerate(targets))
    feeds = {frozen.inputs[name]: value for name, value in dict(values, dlatents=search.dlatents(state)).items()}
    return lambda: frozen.session.run(ops, feeds)


@common.command
@common.network_option
@random_networks.option
@common.options
def main(networks, randoms, repeats, out):
    """Time the step of a projection against the passes through its networks.

    Without --network and --random: StyleGAN2 (configuration F) at 256 x 256 and 1024 x 1024.
    """
    if not networks + randoms:
        randoms = DEFAULT_RANDOMS
    with errors_in_one_line(), tempfile.TemporaryDirectory() as folder:
        paths = [(os.path.basename(network), str(models.resolve(network))) for network in networks]
        paths += [(name, random_networks.make(folder, name, random_networks.write_all)) for name in randoms]
        common.run('project', COLUMNS, measure, [(name, path, repeats) for name, path in paths], out, FIGURES)


if __name__ == '__main__':
    main()
