"""The benchmarks: what they count is what runs, the forms they compare agree, and each prints its table. No times
are checked.
"""

import importlib
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from click.testing import CliRunner

import dnnlib.tflib as tflib
from nvlabs_stylegan2 import layers
from tests import small_networks

FOLDER = pathlib.Path(__file__).parents[2] / 'benchmarks'


@pytest.fixture
def load(monkeypatch):
    """The function name -> module of the benchmarks' folder, which is no package."""
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module


# ------------------------------------------------------------------ counts

SYNTHESES = [
    ('nvlabs_stylegan.networks.G_synthesis', {}),
    ('nvlabs_stylegan2.networks.G_synthesis_stylegan2', dict(architecture='skip')),
    ('nvlabs_stylegan2.networks.G_synthesis_stylegan2', dict(architecture='resnet')),
    ('nvlabs_stylegan2.networks.G_synthesis_stylegan2', dict(architecture='orig')),
    ('nvlabs_stylegan2.networks.G_synthesis_stylegan_revised', {}),
    ('nvlabs_stylegan2.ada.G_synthesis', {}),
]


@pytest.mark.parametrize('function, arguments', SYNTHESES)
def test_multiply_adds_are_those_of_the_graphs_convolutions(load, monkeypatch, function, arguments):
    monkeypatch.setattr(layers, 'FOLD_UP_TO_CHANNELS', 0)
    with small_networks.fresh_session():
        synthesis = tflib.Network(
            'G_synthesis', func_name=function, resolution=8, fmap_base=56, fmap_max=13, dlatent_size=11, **arguments
        )
        counted = counted_multiply_adds(load('synthesis'), synthesis)
        images = synthesis.get_output_for(tf.zeros([1, 4, 11]), structure='fixed', randomize_noise=False)
        assert counted == sum(map(multiply_adds, convolutions(images.op))) > 0


def counted_multiply_adds(module, synthesis):
    layers = module.convolutions(synthesis.own_values(), synthesis.output_shape[-1])
    return sum(module.multiply_adds(*layer) for layer in layers)


def convolutions(last):
    """The convolutions that an op needs, each once, but for those that filter RGB images without mixing channels."""
    found, waiting = {last}, [last]
    while waiting:
        inputs = [t.op for t in waiting.pop().inputs if t.op not in found]
        found.update(inputs)
        waiting += inputs
    return [op for op in found if op.type in ('Conv2D', 'Conv2DBackpropInput') and '/Upsample/' not in op.name]


def multiply_adds(op):
    """A convolution reads its kernel once for each output position, its transpose once for each input position.
    Batch 1.
    """
    images = op.outputs[0] if op.type == 'Conv2D' else op.inputs[2]
    kernel = op.inputs[1].shape.as_list()
    return images.shape.num_elements() // kernel[3] * int(np.prod(kernel))


def test_multiply_adds_by_hand(load):
    """StyleGAN2 at 8 x 8: 5 channels at 4 x 4, 3 at 8 x 8, RGB."""
    by_hand = 16 * (9 * 5 * 5 + 5 * 3) + 16 * 9 * 5 * 3 + 64 * (9 * 3 * 3 + 3 * 3)
    with small_networks.fresh_session():
        synthesis = tflib.Network(
            'G_synthesis',
            func_name='nvlabs_stylegan2.networks.G_synthesis_stylegan2',
            resolution=8,
            fmap_base=12,
            fmap_max=5,
        )
        assert counted_multiply_adds(load('synthesis'), synthesis) == by_hand


def test_multiply_adds_of_a_mapping(load):
    with small_networks.fresh_session():
        mapping = small_networks.build('nvlabs_stylegan2.networks.G_mapping')
        assert load('pca').multiply_adds(mapping) == 12 * 14 + 14 * 14 + 14 * 10


# ------------------------------------------------------------------ the forms of the up-convolution


def test_forms_agree(load):
    module, random = load('up_convolution'), np.random.RandomState(0)
    x, w = random.randn(2, 7, 7, 5).astype(np.float32), random.randn(3, 3, 5, 3).astype(np.float32)
    with small_networks.fresh_session():
        forms = {form: module.images(form, tf.constant(x), tf.constant(w)) for form in module.FORMS}
        results = tflib.run(forms)
    assert {form: tensor.op.type for form, tensor in forms.items()} == {
        'filtered': 'DepthwiseConv2dNative',
        '6x6': 'Conv2DBackpropInput',
        'subpixel': 'DepthToSpace',
    }
    assert results['filtered'].shape == (2, 14, 14, 3)
    for form in ('6x6', 'subpixel'):
        assert np.abs(results[form] - results['filtered']).max() < 1e-5 * np.abs(results['filtered']).max()


# ------------------------------------------------------------------ the scripts


def run(script, *words):
    return subprocess.run(
        [sys.executable, str(FOLDER / script)] + [str(word) for word in words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=str(FOLDER.parent),
        env=dict(os.environ, PYTHONPATH=str(FOLDER.parent)),
    )


def run_well(tmp_path, script, *words):
    """Runs a script once on one case; returns (heading and cell, by column), (the case's results in the JSON file)."""
    out = tmp_path / 'out.json'
    done = run(script, '--repeats', 1, '--out', out, *words)
    assert (done.returncode, done.stderr) == (0, '')
    heading, row, last = done.stdout.splitlines()
    assert len(heading) == len(row) and last == 'wrote %s' % out
    facts = json.loads(out.read_text())
    assert (
        facts['benchmark'] == script[: -len('.py')]
        and facts['machine']['tensorflow'] == tf.__version__
        and len(facts['cases']) == 1
    )
    return heading.split(), row.split(), facts['cases'][0]


@pytest.mark.slow
def test_synthesis(tmp_path, tiny_pickle):
    heading, row, case = run_well(tmp_path, 'synthesis.py', '--network', tiny_pickle)
    assert heading[:3] == ['network', 'minibatch', 'GMAC'] and row[:2] == ['tiny.pkl', '16']
    assert (
        case['ratio_to_limit'] == pytest.approx(case['ms'] / case['limit_ms'], rel=1e-3) and case['peak_megabytes'] > 50
    )
    assert (case['bf16_ms'] is None) == tf.__version__.startswith('1.')
    if (FOLDER.parent / '.venv' / 'bench' / 'bin' / 'python').exists():
        assert (
            case['ratio_to_peer'] == pytest.approx(case['peer_ms'] / case['ms'], rel=1e-3)
            and case['peer_share_of_different_pixels'] < 0.01
        )
    else:
        assert case['ratio_to_peer'] is None


@pytest.mark.slow
def test_pca(tmp_path):
    pytest.importorskip('sklearn')
    heading, row, case = run_well(tmp_path, 'pca.py', '--random', 13, '--estimator', 'ipca', '--n', 3001)
    assert heading[:2] == ['mapping', 'Z'] and row[:4] == ['random:13', '13', 'ipca', '3001']
    assert case['seconds'] == pytest.approx(3001 / case['samples_per_second'], rel=1e-3)
    assert case['time_over_limit'] == pytest.approx(case['seconds'] / case['limit_seconds'], rel=1e-2)
    assert 0 < case['sampling_seconds'] < case['seconds'] and 0 < case['mapping_seconds'] < case['seconds']
    assert case['sklearn_over_ours'] > 0 and case['original_over_ours'] > 0 and case['goal_over_limit'] is None


@pytest.mark.slow
def test_feature_pca(tmp_path):
    heading, row, case = run_well(tmp_path, 'feature_pca.py', '--case', '701x211x5')
    assert heading[:3] == ['D', 'rows', 'components'] and row[:3] == ['701', '211', '5']
    assert case['time_over_limit'] == pytest.approx(case['seconds'] / case['limit_seconds'], rel=1e-2)
    assert case['missing'] == pytest.approx(case['missing_of_sklearn'], rel=0.02)


@pytest.mark.slow
def test_up_convolution(tmp_path):
    heading, row, case = run_well(tmp_path, 'up_convolution.py', '--shape', '11x7x5')
    assert heading[-2:] == ['fastest', 'layers.py'] and row[0] == '11x7x5' and row[-2] == case['fastest']
    assert case[case['fastest']] == min(case[form] for form in ('filtered', '6x6', 'subpixel'))


@pytest.mark.parametrize(
    'words, message',
    [
        (['synthesis.py', '--random', 'stylegan3:256'], "'stylegan3:256' is not GENERATION:RESOLUTION"),
        (['synthesis.py', '--random', 'stylegan2:200'], 'one of stylegan, stylegan2 and one of 4, 8, 16'),
        (
            ['synthesis.py', '--network', 'stylegan2-cars-64', '--fmap-base', '64'],
            '--fmap-base is for networks of --random',
        ),
        (['synthesis.py', '--network', 'nowhere.pkl'], 'nowhere.pkl is neither a file nor a registered network'),
        (['pca.py', '--n', '999'], '999 is not in the range x>=1000'),
        (['pca.py', '--scaling', '--random', '64'], '--scaling has networks of its own'),
        (['feature_pca.py', '--case', '64x7'], "'64x7' is not DxROWSxCOMPONENTS"),
        (['up_convolution.py', '--shape', '11x7'], "'11x7' is not HxINxOUT"),
    ],
)
def test_bad_options_end_in_one_sentence(load, words, message):
    script, *others = words
    result = CliRunner().invoke(load(script[: -len('.py')]).main, others)
    assert result.exit_code == 2 and message in result.output.splitlines()[-1]
