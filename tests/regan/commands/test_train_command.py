"""`regan train`: which recipe the options make, and what it says about bad ones."""

import pytest
from click.testing import CliRunner

from regan import cli
from training import training_loop


@pytest.fixture
def call(tmp_path, monkeypatch):
    """Runs the command without training: (exit status, output, arguments of the training loop or None)."""
    seen = []
    monkeypatch.setattr(
        training_loop, 'train', lambda *args, **kwargs: seen.append((args, kwargs)) or 'network-final.pkl'
    )

    def run(*words):
        del seen[:]
        result = CliRunner().invoke(
            cli.main, ['train', '--data', str(tmp_path), '--out', str(tmp_path / 'run')] + list(words)
        )
        return result.exit_code, result.output, seen[0] if seen else None

    return run


def test_stylegan2_is_config_f(call):
    status, output, (args, kwargs) = call('--network', 'stylegan2')
    recipe = args[0]
    assert (status, output) == (0, 'wrote network-final.pkl\n')
    assert args[3] == 25000 and kwargs['max_label_size'] == 0
    assert recipe.order == 'stylegan2' and (recipe.G_reg_interval, recipe.D_reg_interval) == (4, 16)
    assert recipe.G == dict(func_name='training.networks_stylegan2.G_main', style_mixing_prob=0.9)
    assert recipe.D == dict(func_name='training.networks_stylegan2.D_stylegan2')
    assert recipe.G_loss == dict(func_name='training.loss.G_logistic_ns_pathreg', pl_weight=2.0)
    assert recipe.D_loss == dict(func_name='training.loss.D_logistic_r1', gamma=10.0)
    assert (recipe.schedule.minibatch_size, recipe.schedule.lrate, recipe.schedule.lod_initial_resolution) == (
        32,
        0.002,
        None,
    )
    assert (recipe.ema_kimg, recipe.ema_rampup, recipe.precision) == (10, None, 'float32')


def test_stylegan_has_r1_in_every_step_and_a_fixed_resolution(call):
    recipe = call('--network', 'stylegan', '--latent-size', '64', '--precision', 'bf16', '--labels', '-1')[2][0][0]
    assert recipe.order == 'stylegan' and (recipe.G_reg_interval, recipe.D_reg_interval) == (None, None)
    assert recipe.G == dict(
        func_name='training.networks_stylegan.G_style', latent_size=64, structure='fixed', style_mixing_prob=0.9
    )
    assert recipe.D_loss == dict(func_name='training.loss.D_logistic_simplegp', r1_gamma=10.0)
    assert recipe.precision == 'bfloat16'


def test_stylegan_may_grow(call):
    recipe = call('--network', 'stylegan', '--grow-from', '8', '--grow-kimg', '20')[2][0][0]
    assert recipe.G['structure'] == 'auto' and recipe.schedule.lod_initial_resolution == 8
    assert recipe.schedule.lod_training_kimg == recipe.schedule.lod_transition_kimg == 20


def test_segan_options_reach_g_only(call):
    recipe = call(
        '--network',
        'segan',
        '--segan-mode',
        '1',
        '--subspace-init',
        'eigen-columns',
        '--orth-weight',
        '1',
        '--fmap-max',
        '64',
    )[2][0][0]
    assert recipe.G == dict(
        func_name='nvlabs_stylegan2.segan.G_segan', fmap_max=64, mode=1, subspace_init='eigen-columns'
    )
    assert recipe.D == dict(func_name='training.networks_stylegan2.D_stylegan2', fmap_max=64)
    assert recipe.G_loss == dict(
        func_name='training.loss_segan.G_logistic_ns_pathreg', pl_weight=2.0, pl_minibatch_shrink=1, orth_weight=1.0
    )


def test_biggan_takes_all_labels_and_has_no_r1(call):
    words = ['--network', 'biggan', '--latent-size', '64', '--width', '16', '--d-steps', '1']
    (recipe, *_), arguments = call(*words)[2]
    sizes = dict(latent_size=64, width=16)
    assert recipe.G == dict(sizes, func_name='training.networks_biggan.G_biggan')
    assert recipe.D == dict(sizes, func_name='training.networks_biggan.D_biggan')
    assert recipe.D_loss == dict(func_name='training.loss_biggan.D_hinge')
    assert (recipe.D_repeats, recipe.D_lrate_ratio, recipe.schedule.lrate) == (1, 4, 5e-5)
    assert arguments['max_label_size'] == 'full'


@pytest.mark.parametrize(
    'words, sentence',
    [
        (['--network', 'stylegan2', '--lrate', '0'], '--lrate must be larger than 0, not 0.0'),
        (['--network', 'stylegan2', '--kimg', 'nan'], '--kimg must be larger than 0, not nan'),
        (['--network', 'stylegan2', '--kimg', 'inf'], '--kimg must be a finite number, not inf'),
        (['--network', 'stylegan2', '--ema-rampup', 'nan'], '--ema-rampup must be a finite number, not nan'),
        (['--network', 'stylegan', '--grow-from', '8', '--grow-kimg', '1e999'], '--grow-kimg must be a finite number'),
        (['--network', 'stylegan2', '--gamma', 'inf'], '--gamma must be a finite number, not inf'),
        (['--network', 'stylegan2', '--gamma', '-1'], '--gamma must be 0 or larger, not -1.0'),
        (['--network', 'stylegan2', '--grow-from', '8'], '--grow-from is for --network stylegan'),
        (['--network', 'stylegan2', '--segan-mode', '1'], '--segan-mode is for --network segan'),
        (['--network', 'stylegan2', '--width', '16'], '--width is for --network biggan'),
        (['--network', 'biggan', '--gamma', '1'], '--gamma is not for --network biggan'),
        (['--network', 'biggan', '--d-lrate-ratio', '0'], '--d-lrate-ratio must be larger than 0'),
        (['--network', 'biggan', '--resume', __file__], '--resume is not for --network biggan: no file holds its'),
        (['--network', 'segan'], 'needs --segan-mode'),
        (['--network', 'segan', '--segan-mode', '1', '--style-mixing', '0.5'], 'knows no --style-mixing'),
        (['--network', 'segan', '--segan-mode', '3', '--orth-weight', '1'], 'needs subspaces with a basis'),
        (['--network', 'stylegan', '--path-length-weight', '1'], 'has no path lengths'),
        (
            ['--network', 'stylegan2', '--minibatch', '32', '--minibatch-part', '5'],
            'the minibatch of 32 images cannot be made of parts of 5',
        ),
    ],
)
def test_bad_options_end_in_a_sentence(call, words, sentence):
    status, output, arguments = call(*words)
    assert status == 2 and arguments is None
    assert output.startswith('Error: ') and sentence in output and output.count('\n') == 1


def test_an_interrupted_run_says_so(call, monkeypatch):
    monkeypatch.setattr(training_loop, 'train', lambda *args, **kwargs: None)
    status, output, _ = call('--network', 'stylegan2')
    assert status == 130 and 'run the same command to go on' in output
