"""BigGAN-deep at its full width, with random weights: time of an image against its convolutions alone, memory, and the
components of its first dense layer.

    python benchmarks/biggan.py
    python benchmarks/biggan.py --resolution 128 --n 100000

The limit of an image is the time of TensorFlow's own convolutions of the same shapes, with nothing between them: no
normalisation, ReLU, upsampling, bias or attention. They take turns with the network. The limit of the components is the
time of the matrix products of the samples, in the plane in which the layer's activations lie, at the rate of a large
float32 matrix product; `closed form` is the time of the components without a sample.
"""

import contextlib
import os
import tempfile

import click
import common
import synthesis

from regan.base.command_errors import errors_in_one_line

Z = WIDTH = 128
CLASSES, ATTENTION = 1000, 8
COMPONENTS, BATCH_SIZE = 80, 20
COLUMNS = [
    common.Column('network', 'network', '%-15.15s'),
    common.Column('GMAC', 'gmac_per_image', '%6.1f'),
    common.Column('ms/image', 'ms', '%8.0f'),
    common.Column('limit', 'limit_ms', '%6.0f'),
    common.Column('/limit', 'ratio_to_limit', '%6.2f'),
    common.Column('peak MB', 'peak_megabytes', '%7.0f'),
    common.Column('samples', 'samples', '%8d'),
    common.Column('seconds', 'pca_seconds', '%7.1f'),
    common.Column('time/limit', 'pca_over_limit', '%10.1f'),
    common.Column('closed form', 'closed_form_seconds', '%11.2f'),
]
FIGURES = [
    common.Figure('%(network)s, an image', 'ratio_to_limit', "time over the convolutions' alone", 'at most 1.5'),
    common.Figure(
        'ipca and regression of %(samples)d at gen_z, %(network)s',
        'pca_over_limit',
        "time over the samples' matrix products",
    ),
]


def measure(resolution, n, repeats):
    """Times one size. Returns a dict, see COLUMNS."""
    import numpy as np

    from regan.biggan import configuration, graph, statistics

    settings = configuration.Configuration(configuration.PUBLISHED[resolution], WIDTH, Z, CLASSES, ATTENTION)
    random = np.random.RandomState(0)
    weights = random_weights(settings, random)
    with contextlib.ExitStack() as stack:
        with common.session():
            frozen = graph.build(weights)
        stack.callback(frozen.close)
        arrays = dict(
            z=np.repeat(random.randn(1, 1, Z), settings.num_latents, axis=0),
            y=np.eye(CLASSES)[np.full([settings.num_latents, 1], FirstLayer.label)],
            rows=statistics.row_weights(1.0, settings.rows),
        )
        frozen.run('image', **arrays)
        peak = common.peak_megabytes()
        layers = convolutions(settings)
        runs = {'ms': lambda: frozen.run('image', **arrays)}
        plain = stack.enter_context(synthesis.plain_convolutions(layers, 1))
        runs.update({'layer %d' % i: run for i, run in enumerate(plain)})
        least = {name: seconds * 1000 for name, seconds in synthesis.fastest(runs, repeats).items()}
    limit = sum(ms for name, ms in least.items() if name.startswith('layer'))
    return dict(
        network='biggan-deep-%d' % resolution,
        gmac_per_image=sum(synthesis.multiply_adds(*layer) for layer in layers) / 1e9,
        ms=least['ms'],
        limit_ms=limit,
        ratio_to_limit=least['ms'] / limit,
        peak_megabytes=peak,
        **components(settings, weights, n, repeats),
    )


class FirstLayer:
    """What the components need of a generator, for its first dense layer alone."""

    sha256, backend, label = 'random', {}, 248

    def __init__(self, settings, weights):
        import numpy as np

        from regan.biggan import affine

        self.latent_size = self.dlatent_size = settings.z_size
        self.num_layers = settings.num_latents
        self.layer_shapes = {'gen_z': settings.shapes['gen_z/bias']}
        self._affine = affine.of_layer(weights, 'gen_z', np.eye(CLASSES)[[self.label] * self.num_layers])

    def prior(self):
        from regan.sampling import priors

        return priors.TruncatedNormal(1.0)

    def map(self, z):
        return z

    def affine(self, layer):
        return self._affine


def components(settings, weights, n, repeats):
    """Times the components of gen_z from a sample and without one."""
    from regan.components import activations, pca

    layer = FirstLayer(settings, weights)
    count = min(COMPONENTS, settings.z_size)
    spec = pca.PCASpec(n, count, BATCH_SIZE)

    def compute(chosen):
        with tempfile.TemporaryDirectory() as folder:
            activations.compute_into(os.path.join(folder, 'gen_z.npz'), layer, 'gen_z', chosen, 'z')
        return n

    with common.session():
        measured = common.against_gemm(lambda: compute(spec), min(repeats, 2))
    closed, _ = common.timed(lambda: compute(pca.PCASpec(n, count, BATCH_SIZE, pca.CLOSED_FORM)))
    # Of a sample: its coordinates and their covariance; of the regression: coordinates, and along the components.
    work = (spec.fitted_rows * 2 + n) * Z * Z + n * Z * count
    seconds = min(measured.seconds)
    return dict(
        samples=n,
        pca_seconds=seconds,
        pca_over_limit=seconds * measured.gemm_rate / work,
        closed_form_seconds=closed,
    )


def random_weights(settings, random):
    """Weights of a configuration that keep activations at the size of 1."""
    import numpy as np

    from regan.biggan.weights import Weights

    tensors = {}
    for name, shape in settings.shapes.items():
        scale = 1 / np.sqrt(np.prod(shape[:-1])) if name.endswith('/kernel') else 0.1
        tensors[name] = (scale * random.standard_normal(shape)).astype(np.float32)
        if name.endswith('/variances'):
            tensors[name] = 1 + np.abs(tensors[name])
    return Weights(settings, tensors, {}, 'random')


def convolutions(settings):
    """The convolutions of an image, as tuples (side of the image, kernel, in, out); of the last one three maps."""
    from regan.biggan.configuration import FIRST_RESOLUTION
    from regan.biggan.graph import IMAGE_CHANNELS

    found, size = [], FIRST_RESOLUTION
    for i, (doubles, _, _) in enumerate(settings.blocks):
        if i == settings.attention:
            found += [
                (size,) + settings.shapes['attention/%s/kernel' % name][1:] for name in ('theta', 'phi', 'g', 'o_conv')
            ]
        for k in range(4):
            size *= 2 if doubles and k == 1 else 1
            found.append((size,) + settings.shapes['block_%02d/conv_%d/kernel' % (i, k)][1:])
    return found + [(size,) + settings.shapes['to_rgb/kernel'][1:3] + (IMAGE_CHANNELS,)]


@common.command
@click.option(
    '--resolution', type=click.Choice(['128', '256', '512']), default='512', show_default=True, help='Of the images.'
)
@click.option(
    '--n', type=click.IntRange(min=2000), default=1000000, show_default=True, help='Samples behind the components.'
)
@common.options
def main(resolution, n, repeats, out):
    """Time a BigGAN-deep with random weights: an image, and the components of its first dense layer."""
    with errors_in_one_line():
        common.run('biggan', COLUMNS, measure, [(int(resolution), n, repeats)], out, FIGURES)


if __name__ == '__main__':
    main()
