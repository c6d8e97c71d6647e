"""`regan info`: facts without a graph."""

import re
import subprocess
import sys

import numpy as np
import pytest

from dnnlib import architectures, trust, unpickle
from regan.base.errors import UserError
from regan.networks import by_name, description
from tests import make_pickles, tiny_network


def test_facts_of_a_generator_file(tiny_pickle):
    facts = description.describe(tiny_pickle)
    first, d, last = facts['networks']
    assert first == last and d['build_function'] == 'D_stylegan2' and d['resolution'] == 16
    assert {
        k: last[k]
        for k in (
            'name',
            'build_function',
            'generation',
            'latent_size',
            'dlatent_size',
            'label_size',
            'resolution',
            'state_version',
        )
    } == dict(
        name='Gs',
        build_function='G_main',
        generation='stylegan2',
        latent_size=13,
        dlatent_size=11,
        label_size=0,
        resolution=16,
        state_version=4,
    )
    assert last['static_kwargs'] == tiny_network.ARGUMENTS
    assert len(facts['sha256']) == 64
    text = description.report(facts)
    assert facts['sha256'] in text and '8x8/ToRGB, 16x16/Conv0_up' in text


def test_parameter_count_is_the_sum_of_the_variables(tiny_pickle):
    import tensorflow.compat.v1 as tf

    from dnnlib.tflib.revival import load_pickle

    with tf.Graph().as_default(), tf.Session().as_default():
        gs = load_pickle(tiny_pickle)[2]
        expected = sum(int(np.prod(v.shape.as_list())) for v in gs.vars.values())
    assert description.describe(tiny_pickle)['networks'][2]['parameters'] == expected


@pytest.mark.parametrize(
    'generation, resolution, index, at, scopes',
    [
        (architectures.STYLEGAN, 1024, 0, 4, ['4x4/Const']),
        (architectures.STYLEGAN, 1024, 17, 1024, ['1024x1024/Conv1']),
        (architectures.STYLEGAN, 64, 6, 32, ['32x32/Conv0_up']),
        (architectures.STYLEGAN2, 1024, 0, 4, ['4x4/Conv']),
        (architectures.STYLEGAN2, 1024, 1, 8, ['4x4/ToRGB', '8x8/Conv0_up']),
        (architectures.STYLEGAN2, 1024, 17, 1024, ['1024x1024/ToRGB']),
        (architectures.ADA, 256, 12, 256, ['256x256/Conv1']),
    ],
)
def test_which_layers_an_index_drives(generation, resolution, index, at, scopes):
    """The tables of the official networks (StyleGAN 3.2, StyleGAN2 4.2)."""
    layers = description.style_layers(generation, resolution)
    assert len(layers) == 2 * np.log2(resolution) - 2
    assert layers[index] == dict(index=index, resolution=at, scopes=scopes)


def fork(path, tiny_pickle, change):
    """Writes the generator of `tiny_pickle` with `change` made to its plain state; returns the path."""
    net = make_pickles.from_data(unpickle.read(tiny_pickle)[2])
    change(net)
    path.write_bytes(make_pickles.dumps((None, None, net), 4))
    return path


def _not_square(net):
    net.static_kwargs.update(min_h=5, min_w=4, res_log2=7)
    del net.static_kwargs['resolution']


def _attention(net):
    net.components['synthesis'].variables.append(('16x16/Attention/weight', np.zeros([1, 1, 8, 8], np.float32)))


FORKS = {
    'other sides': (_not_square, r'was built with the argument min_h = 5, which our implementation does not know'),
    'another function': (
        lambda net: net.__dict__.update(build_func_name='G_wide'),
        r"is built by the function 'G_wide', which is not one of ours",
    ),
    'another part': (
        lambda net: net.components['synthesis'].__dict__.update(build_func_name='G_synthesis_wide'),
        r"is built by the function 'G_synthesis_wide', which stylegan2 does not have",
    ),
    'further layers': (_attention, r'has the variable 16x16/Attention/weight, which no network of ours has'),
    'another resolution': (
        lambda net: net.components['synthesis'].static_kwargs.update(resolution=32),
        r'is for the resolution 32 by its arguments, but its layers end at 16',
    ),
    'oblong layers': (
        lambda net: net.components['synthesis'].variables.append(('16x24/Conv1/bias', np.zeros(8, np.float32))),
        r'has the variable 16x24/Conv1/bias, which no network of ours has',
    ),
}


@pytest.mark.parametrize('what', sorted(FORKS))
def test_of_a_fork_only_what_is_known_is_said(tmp_path, tiny_pickle, what):
    """Its arguments and the shapes of its variables as they stand; that it is not ours, and what could run it."""
    change, problem = FORKS[what]
    path = fork(tmp_path / 'fork.pkl', tiny_pickle, change)
    (facts,) = description.describe(path)['networks']
    assert facts['generation'] == 'unknown' and not {'resolution', 'layers', 'latent_size'} & set(facts)
    shapes = facts['variables']
    assert (shapes['G_synthesis/4x4/Const/const'], shapes['dlatent_avg']) == ([1, 16, 4, 4], [11])
    assert re.search(problem, facts['problem']) and '--trust-embedded-code' in facts['problem']
    text = description.report(description.describe(path))
    assert 'G_synthesis/4x4/Const/const [1, 16, 4, 4]' in text and problem[:20] in text and '1024x1024' not in text
    with pytest.raises(UserError, match=r'fork\.pkl: .*' + problem):
        by_name.open_generator(path)


def test_a_fork_with_code_of_its_own(tmp_path, tiny_pickle):
    def change(net):
        net.__dict__.update(build_func_name='G_wide', build_module_src='def G_wide(): pass')

    (facts,) = description.describe(fork(tmp_path / 'fork.pkl', tiny_pickle, change))['networks']
    assert facts['problem'].endswith(trust.ADVICE + '.')


def test_networks_are_named_as_in_their_file(tmp_path, tiny_pickle):
    G, D, Gs = [make_pickles.from_data(state) for state in unpickle.read(tiny_pickle)]
    path = tmp_path / 'dict.pkl'
    path.write_bytes(make_pickles.dumps({'run': {'G': G, 'D': D, 'G_ema': Gs}}, 4))
    facts = description.describe(path)['networks']
    assert [(f['key'], f['name']) for f in facts] == [('run/G', 'Gs'), ('run/D', 'D'), ('run/G_ema', 'Gs')]
    assert 'run/G_ema, named Gs: G_main, stylegan2' in description.report(description.describe(path))
    (only,) = description.describe(str(path) + '::D')['networks']
    assert only['build_function'] == 'D_stylegan2'


def test_refused_before_tensorflow_is_imported(tmp_path, tiny_pickle):
    """What is no network of ours is known after milliseconds; TensorFlow takes seconds."""
    (tmp_path / 'image.pkl').write_bytes(b'\x89PNG\r\n\x1a\n' + bytes(20))
    code = (
        'import sys\nfrom regan.base.errors import UserError\nfrom regan.networks import by_name\n'
        'for path in sys.argv[1:]:\n    try:\n        by_name.open_generator(path)\n'
        '    except UserError:\n        assert "tensorflow" not in sys.modules\n    else:\n        sys.exit(1)'
    )
    paths = [fork(tmp_path / 'fork.pkl', tiny_pickle, _not_square), tmp_path / 'image.pkl', str(tiny_pickle) + '::D']
    assert subprocess.call([sys.executable, '-c', code] + [str(path) for path in paths]) == 0


def test_needs_no_tensorflow(tiny_pickle):
    code = (
        'import sys; from regan.networks import description; description.describe(%r); '
        'sys.exit("tensorflow" in sys.modules)' % str(tiny_pickle)
    )
    assert subprocess.call([sys.executable, '-c', code]) == 0
