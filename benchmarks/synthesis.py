"""Time of an image, against PyTorch's for the same network and against the convolutions alone.

    python benchmarks/synthesis.py
    python benchmarks/synthesis.py --network my-network.pkl
    python benchmarks/synthesis.py --random stylegan2:1024 --fmap-base 8192     (configuration E)
    python benchmarks/synthesis.py --scaling                                    (64 to 1024)

The limit is the time of TensorFlow's own convolutions of the same shapes, with nothing between them: no modulation, FIR
filter, noise, bias or activation, and up-convolutions counted where their input lies. The peer is a PyTorch network in
the fastest of the forms of peers/stylegan2_torch.py, with the same weights and latents; its images are compared with
ours. All of them take turns.
"""

import contextlib
import os
import re
import subprocess
import tempfile
from pathlib import Path

import click
import common
import random_networks

from regan.base.command_errors import errors_in_one_line
from regan.base.errors import UserError
from regan.networks import models

VENV_PYTHON = Path(__file__).parents[1] / '.venv' / 'bench' / 'bin' / 'python'
PEER = Path(__file__).parent / 'peers' / 'stylegan2_torch.py'
PEER_FORMS = ['grouped-nchw', 'grouped-nhwc', 'scaled-nchw', 'scaled-nhwc']
DEFAULT_NETWORKS, DEFAULT_RANDOMS = (
    ['stylegan2-cars-64'],
    ['stylegan2:256', 'stylegan2:512', 'stylegan2:1024', 'stylegan:256'],
)
SCALING = ['stylegan2:%d' % 2**log2 for log2 in range(6, 11)]
COLUMNS = [
    common.Column('network', 'network', '%-21.21s'),
    common.Column('minibatch', 'minibatch', '%9d'),
    common.Column('GMAC', 'gmac_per_image', '%7.2f'),
    common.Column('ms/image', 'ms', '%8.1f'),
    common.Column('bf16', 'bf16_ms', '%7.1f'),
    common.Column('limit', 'limit_ms', '%7.1f'),
    common.Column('torch', 'peer_ms', '%7.1f'),
    common.Column('/limit', 'ratio_to_limit', '%6.2f'),
    common.Column('torch/', 'ratio_to_peer', '%6.2f'),
    common.Column('torch/bf16', 'bf16_ratio_to_peer', '%10.2f'),
    common.Column('delta', 'bf16_mean_delta', '%5.2f'),
    common.Column('peak MB', 'peak_megabytes', '%7.0f'),
]
FIGURES = [
    common.Figure('%(network)s, an image', 'ratio_to_peer', "PyTorch's time over ours", 'at least 2'),
    common.Figure('%(network)s, an image in bf16', 'bf16_ratio_to_peer', "PyTorch's time in float32 over ours"),
    common.Figure('%(network)s, an image', 'ratio_to_limit', "time over the convolutions' alone", 'at most 1.6'),
]


def measure(label, path, peer_python, repeats):
    """Times one network with stored noise, from dlatents to uint8 images in NumPy. Returns a dict, see COLUMNS."""
    import numpy as np

    from regan.networks.generator import Generator

    with Generator.open(path) as generator, contextlib.ExitStack() as stack:
        count = generator.images_at_once
        dlatents = (
            np.random.RandomState(0).randn(count, generator.num_layers, generator.dlatent_size).astype(np.float32)
        )
        images = generator.synthesize(dlatents)
        peak = common.peak_megabytes()
        runs = dict(ms=lambda: generator.synthesize(dlatents))
        facts = {}
        if not generator.backend['tensorflow'].startswith('1.'):
            half = stack.enter_context(Generator.open(path, precision='bf16'))
            facts['bf16_mean_delta'], facts['bf16_max_delta'] = map(float, half.bf16_delta(dlatents))
            runs['bf16_ms'] = lambda: half.synthesize(dlatents)
        layers = convolutions(generator.synthesis_values(), generator.resolution)
        runs.update(
            {'layer %d' % i: run for i, run in enumerate(stack.enter_context(plain_convolutions(layers, count)))}
        )
        if peer_python and generator.generation == 2:
            peer = stack.enter_context(Peer(peer_python, generator.synthesis_values(), dlatents))
            facts.update(peer_form=peer.form, peer_share_of_different_pixels=float((peer.images != images).mean()))
            runs['peer_ms'] = peer.run
        best = fastest(runs, repeats)
    least = {name: seconds * 1000 / count for name, seconds in best.items()}
    limit = sum(ms for name, ms in least.items() if name.startswith('layer'))
    peer_ms, bf16_ms = least.get('peer_ms'), least.get('bf16_ms')
    return dict(
        dict.fromkeys(column.key for column in COLUMNS),
        network=label,
        resolution=generator.resolution,
        minibatch=count,
        gmac_per_image=sum(multiply_adds(*layer) for layer in layers) / 1e9,
        ms=least['ms'],
        bf16_ms=bf16_ms,
        limit_ms=limit,
        peer_ms=peer_ms,
        ratio_to_limit=least['ms'] / limit,
        ratio_to_peer=peer_ms and peer_ms / least['ms'],
        bf16_ratio_to_peer=peer_ms and bf16_ms and peer_ms / bf16_ms,
        peak_megabytes=peak,
        **facts,
    )


def fastest(runs, repeats):
    """Least seconds of each of some functions, by name, run in turn. A run may return its seconds itself."""
    best = {}
    for repeat in range(repeats + 1):
        for name, run in runs.items():
            seconds, value = common.timed(run)
            seconds = value if isinstance(value, float) else seconds
            if repeat:
                best[name] = min(seconds, best.get(name, seconds))
    return best


class Peer:
    """The PyTorch network in a process of its own; use it in `with`. Attributes: form, the fastest; images that it
    made.
    """

    def __init__(self, python, values, dlatents):
        import numpy as np

        self._folder = tempfile.TemporaryDirectory()
        weights, images = [os.path.join(self._folder.name, name) for name in ('weights.npz', 'images.npy')]
        np.savez(weights, dlatents=dlatents, **values)
        self._process = subprocess.Popen(
            [python, str(PEER), weights], stdin=subprocess.PIPE, stdout=subprocess.PIPE, universal_newlines=True
        )
        times = {}
        for form in PEER_FORMS * 2:  # The second time is warm.
            times[form] = self._ask(form)
        self.form = min(times, key=times.get)
        self._ask('save %s %s' % (self.form, images))
        self.images = np.load(images)

    def _ask(self, line):
        self._process.stdin.write(line + '\n')
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise UserError('the PyTorch network ended; is torch installed for the Python of --peer-python?')
        return float(answer)

    def run(self):
        """Seconds for all dlatents."""
        return self._ask(self.form)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait()
        self._folder.cleanup()


@contextlib.contextmanager
def plain_convolutions(layers, count):
    """Functions that run one plain convolution each, of `convolutions`, for so many images."""
    import numpy as np

    import dnnlib.tflib as tflib

    # isort: split
    import tensorflow.compat.v1 as tf

    with common.session():
        session = tf.get_default_session()
        ops, variables = [], []
        for size, kernel, fan_in, fan_out in layers:
            x = tf.get_variable(
                'x%d' % len(ops), [count, size, size, fan_in], initializer=tf.initializers.random_normal()
            )
            w = tf.constant(np.random.RandomState(0).randn(kernel, kernel, fan_in, fan_out).astype(np.float32))
            ops.append(tf.nn.conv2d(x, w, [1, 1, 1, 1], 'SAME').op)
            variables.append(x.initializer)
        tflib.run(variables)
        yield [lambda op=op: session.run(op) for op in ops]


def convolutions(values, resolution):
    """The convolutions that mix channels, as tuples (side of the image, kernel, in, out).

    Args:
        values: dict of names of a synthesis network's variables -> arrays.

    These are the network's, not those of the form that computes it: a folded kernel takes more, which is no work done.
    An up-convolution is a transposed one, so it is counted where its input lies; in the first generation its kernel is
    4 x 4 (3 x 3 and nearest-neighbour up-scaling in one).
    """
    first_generation = any(name.endswith('StyleMod/weight') for name in values)
    found = []
    for name, value in values.items():
        if value.ndim == 4 and name.endswith('/weight'):
            scope, size = name.rsplit('/', 1)[0], _output_size(name, resolution)
            kernel, fan_in, fan_out = value.shape[1:]
            if scope.endswith(('Conv0_up', 'Skip')):
                size //= 2
                kernel += 1 if first_generation else 0
            found += [(size, kernel, fan_in, fan_out)] if size else []
    return found


def multiply_adds(size, kernel, fan_in, fan_out):
    """Of one convolution."""
    return (size * kernel) ** 2 * fan_in * fan_out


def _output_size(name, resolution):
    """Side of a layer's images. Networks that grow have a ToRGB for every resolution, of which the last one runs."""
    grown = re.match(r'ToRGB_lod(\d+)/', name)
    if grown:
        return resolution if grown.group(1) == '0' else 0
    return int(re.match(r'(\d+)x', name).group(1))


@common.command
@common.network_option
@random_networks.option
@click.option(
    '--fmap-base',
    type=click.IntRange(min=1),
    help='Widths of the random networks; default: 8192 for stylegan, 16384 (configuration F; E is 8192) for stylegan2.',
)
@click.option('--scaling', is_flag=True, help='Random StyleGAN2 networks of 64 x 64 to 1024 x 1024 instead.')
@click.option(
    '--peer-python',
    type=click.Path(exists=True, dir_okay=False),
    help='Python with torch; default: .venv/bench/bin/python, if it is there.',
)
@common.options
def main(networks, randoms, fmap_base, scaling, peer_python, repeats, out):
    """Time synthesis against PyTorch and against plain convolutions.

    Without --network and --random: the embedded network, StyleGAN2 at 256, 512 and 1024, StyleGAN at 256.
    """
    if scaling:
        networks, randoms = [], SCALING
    elif not networks + randoms:
        networks, randoms = DEFAULT_NETWORKS, DEFAULT_RANDOMS
    if fmap_base and not randoms:
        raise click.UsageError('--fmap-base is for networks of --random; a pickle has its own widths')
    peer_python = peer_python or (str(VENV_PYTHON) if VENV_PYTHON.exists() else None)
    with errors_in_one_line(), tempfile.TemporaryDirectory() as folder:
        cases = [
            (os.path.basename(str(path)), str(path), peer_python, repeats) for path in map(models.resolve, networks)
        ]
        for name in randoms:
            path = random_networks.make(folder, name, random_networks.write_generator, fmap_base)
            cases.append((name, path, peer_python, repeats))
        common.run(
            'synthesis_scaling' if scaling else 'synthesis', COLUMNS, measure, cases, out, () if scaling else FIGURES
        )


if __name__ == '__main__':
    main()
