"""Compares our networks with golden data of the official ones, on the running stack.

    python -m tests.parity [--golden FOLDER] [CASE ...]

prints, for every case and group of arrays, the comparison that comes closest to its tolerance, or fails;
exit status 1 if any fails. Without --golden the samples in tests/golden are used.
"""

import argparse
import itertools
import sys

import numpy as np
import tensorflow.compat.v1 as tf

import dnnlib.tflib as tflib
from dnnlib import unpickle
from dnnlib.tflib.revival import load_pickle
from tests import golden_cases
from tests.small_networks import fresh_session

DEFAULT = 'default'  # An argument that is not given.


def measure(case, thorough=True):
    """Runs one case: list of golden_cases.Comparison.

    thorough: also every way to give psi and cutoff, the synthesis run directly, and the default structure, each of
        which takes another graph.
    """
    with fresh_session():
        G, D, Gs = load_pickle(case.pickle)
        order = list(variable_orders(case, D, Gs))
        values = dict(mapping_values(case, Gs))
        wrapper = Wrapper(Gs)
        values.update(synthesis_values(case, wrapper))
        values.update(truncation_values(case, wrapper, [0.5], 'default'))
        values.update(image_values(case, wrapper))
        values.update(score_values(case, D, 'auto' if thorough else 'fixed'))
        if thorough:
            values.update(thorough_values(case, G, Gs))
        values.update(uint8_values(values))
        values.update(seedrun_values(case, Gs, wrapper))  # Last: it changes the noise inputs.
        return order + [case.compare(key, value) for key, value in values.items() if key in case]


def variable_orders(case, D, Gs):
    """Our variables against the pickle's, which lists the official ones in their order of creation."""
    _, written_D, written_Gs = unpickle.read(case.pickle)
    for net, written in [(D, written_D), (Gs, written_Gs)] + [
        (Gs.components[k], v) for k, v in written_Gs.components.items()
    ]:
        same = [(n, tuple(v.shape.as_list())) for n, v in net.own_vars.items()] == [
            (n, v.shape) for n, v in written.variables.items()
        ]
        yield golden_cases.Comparison('variables.' + net.name, 0.0 if same else np.inf, 0.0, same)


def thorough_values(case, G, Gs):
    given, everywhere = Wrapper(Gs, cutoff=tf.placeholder(tf.int32, [])), Wrapper(Gs, cutoff=None)
    psis = [0.5, 0.7, 1.0]
    yield from truncation_values(case, given, psis, 8)
    yield from truncation_values(case, given, psis, 4)
    yield from truncation_values(case, everywhere, psis, None)
    yield 'images.mixed', Gs.components.synthesis.run(case['dlatents_mixed'], randomize_noise=False)
    yield 'images.psi0.7_cutoff4', given.run(case, 4, 0.7, 4)
    yield 'images.default', Gs.run(case['z'][:4], case.labels(4), randomize_noise=False)
    yield 'w_trunc.default', default_dlatents(case, Gs)
    if 'G_images.psi1' in case:
        yield 'G_images.psi1', G.run(case['z'][:2], case.labels(2), truncation_psi=1, randomize_noise=False)


class Wrapper:
    """One graph of a generator on stored noise, with z, labels and psi as placeholders.

    Args:
        cutoff: DEFAULT, None, or a placeholder.
    """

    def __init__(self, Gs, cutoff=DEFAULT):
        self.z, self.labels = [tf.placeholder(tf.float32, shape) for shape in Gs.input_shapes]
        self.psi, self.cutoff = tf.placeholder(tf.float32, []), cutoff
        cutoff_argument = {} if cutoff is DEFAULT else {'truncation_cutoff': cutoff}
        self.images = Gs.get_output_for(
            self.z, self.labels, truncation_psi=self.psi, randomize_noise=False, structure='fixed', **cutoff_argument
        )
        self.synthesis_scope = self.images.op.name.rsplit('/', 1)[0] + '/G_synthesis'
        self.dlatents = self.images.graph.get_tensor_by_name(self.synthesis_scope + '/dlatents_in:0')

    def run(self, case, count, psi, cutoff=None, target=None, z=None):
        """Images (or `target`) for the first `count` latents of a case."""
        z = case['z'][:count] if z is None else z
        labels = case.labels(count)
        feeds = {self.z: z, self.psi: psi, self.labels: np.zeros([count, 0]) if labels is None else labels}
        if isinstance(self.cutoff, tf.Tensor):
            feeds[self.cutoff] = cutoff
        return tflib.run(self.images if target is None else target, feeds)

    def layer(self, name):
        """Output tensor of a synthesis layer: the last op of its scope."""
        prefix = self.synthesis_scope + '/' + name + '/'
        return [op for op in self.images.graph.get_operations() if op.name.startswith(prefix)][-1].outputs[0]


def mapping_values(case, Gs):
    mapping, z, labels = Gs.components.mapping, case['z'], case.labels(len(case['z']))
    yield 'w', mapping.run(z, labels)
    if labels is not None:
        yield 'w_nolabels', mapping.run(z, None)
    inputs = dict(zip(mapping.input_templates, [z, np.zeros([len(z), 0]) if labels is None else labels]))
    outputs = {'mapact.' + name: output for name, output, _ in mapping.list_layers() if name.startswith('Dense')}
    yield from tflib.run(outputs, inputs).items()


def synthesis_values(case, wrapper):
    yield 'images.mixed', tflib.run(wrapper.images, {wrapper.dlatents: case['dlatents_mixed']})
    names = [key[len('act.') :] for key in case.facts if key.startswith('act.')]
    outputs = [wrapper.layer(name.replace('.', '/')) for name in names]
    activations = tflib.run(outputs, {wrapper.dlatents: case['dlatents_mixed'][:1]})
    yield from zip(['act.' + name for name in names], activations)


def truncation_values(case, wrapper, psis, cutoff):
    count = len(case['z'])
    for psi in psis:
        yield 'w_trunc.psi%s_cutoff%s' % (psi, cutoff), wrapper.run(case, count, psi, cutoff, wrapper.dlatents)


def image_values(case, wrapper):
    yield 'images.psi1', wrapper.run(case, len(case['z']), 1)
    yield 'images.psi0.5', wrapper.run(case, 4, 0.5)
    if 'labels' in case:
        feeds = {wrapper.z: case['z'][:4], wrapper.labels: np.zeros_like(case.labels(4)), wrapper.psi: 1}
        yield 'images.psi1_nolabels', tflib.run(wrapper.images, feeds)


def default_dlatents(case, Gs):
    """What Gs.run hands to its synthesis, fetched from the graph that it made."""
    name = Gs.scope + '/_Run/%s:0'
    count = len(case['z'])
    labels = np.zeros([count, 0]) if case.labels(count) is None else case.labels(count)
    return tflib.run(
        name % (Gs.name + '/G_synthesis/dlatents_in'), {name % 'latents_in': case['z'], name % 'labels_in': labels}
    )


def uint8_values(values):
    images = tf.placeholder(tf.float32, [None, None, None, None])
    converted = tflib.convert_images_to_uint8(images, nchw_to_nhwc=True)
    shrunk = tflib.convert_images_to_uint8(images, nchw_to_nhwc=True, shrink=2)
    for key, value in list(values.items()):
        group, _, kind = key.partition('.')
        if group == 'images':
            yield 'images_uint8.' + kind, tflib.run(converted, {images: value})
    yield 'images_uint8_shrink2.psi1', tflib.run(shrunk, {images: values['images.psi1'][:4]})


def seedrun_values(case, Gs, wrapper):
    if 'seedrun.seed' not in case:
        return
    rnd = np.random.RandomState(int(case['seedrun.seed']))
    z = rnd.randn(1, *Gs.input_shape[1:])
    yield 'seedrun.z', z
    noise = {name: var for name, var in Gs.components.synthesis.vars.items() if name.startswith('noise')}
    drawn = {name: rnd.randn(*var.shape.as_list()) for name, var in noise.items()}
    yield from (('seedrun.' + name, value.astype(np.float32)) for name, value in drawn.items())
    tflib.set_vars({noise[name]: value for name, value in drawn.items()})
    image = wrapper.run(case, 1, 0.7, z=z)
    yield 'seedrun.image', image
    yield 'seedrun.image_uint8', tflib.run(tflib.convert_images_to_uint8(image, nchw_to_nhwc=True))


def score_values(case, D, structure):
    for kind, batch in itertools.product(('psi1', 'mixed'), (8, 4, 2, 1)):
        key = 'd_scores.%s_batch%d' % (kind, batch)
        if key in case:
            images = case['images.' + kind]
            yield key, D.run(images, case.labels(len(images)), minibatch_size=batch, structure=structure)


# ------------------------------------------------------------------ report


def worst_by_group(comparisons):
    """One comparison for each group of arrays (the key up to its first point): the worst of it, relative to its
    tolerance.
    """
    groups = {}
    for comparison in comparisons:
        groups.setdefault(comparison.key.split('.')[0], []).append(comparison)
    return {group: max(members, key=_badness) for group, members in groups.items()}


def _badness(comparison):
    return not comparison.passed, comparison.delta / comparison.tolerance if comparison.tolerance else comparison.delta


def print_table(folder, names):
    """Prints the table; returns True if everything passed."""
    row = '%-20s %-22s %-29s %-9.1e %-9.1e %s'
    passed = True
    print('%-20s %-22s %-29s %-9s %-9s %s' % ('case', 'arrays', 'worst', 'delta', 'allowed', 'verdict'))
    for case in golden_cases.cases(folder):
        if names and case.name not in names:
            continue
        for group, worst in worst_by_group(measure(case)).items():
            print(row % (case.name, group, worst.key, worst.delta, worst.tolerance, 'ok' if worst.passed else 'FAILED'))
            passed = passed and worst.passed
    return passed


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--golden', metavar='FOLDER', default=golden_cases.FOLDER, help='the full golden data')
    parser.add_argument('cases', nargs='*', metavar='CASE', help='only these')
    arguments = parser.parse_args()
    return 0 if print_table(arguments.golden, arguments.cases) else 1


if __name__ == '__main__':
    sys.exit(main())
