"""The official training programs' own words: their arguments as recipes, schedules and grids, and what is refused."""

import os

import numpy as np
import PIL.Image
import pytest
import tensorflow.compat.v1 as tf

import dnnlib
from dnnlib import tflib
from regan.base.errors import UserError
from regan.data import tfrecords
from training import misc, official, training_loop
from training.graph import fade

# As the official train.py, run_training.py (config F) and train.py of ADA put them together.
FIRST = dict(
    G_args=dict(func_name='training.networks_stylegan.G_style'),
    D_args=dict(func_name='training.networks_stylegan.D_basic'),
    G_opt_args=dict(beta1=0.0, beta2=0.99, epsilon=1e-8),
    D_opt_args=dict(beta1=0.0, beta2=0.99, epsilon=1e-8),
    G_loss_args=dict(func_name='training.loss.G_logistic_nonsaturating'),
    D_loss_args=dict(func_name='training.loss.D_logistic_simplegp', r1_gamma=10.0),
    dataset_args=dict(tfrecord_dir='ffhq'),
    sched_args=dict(
        minibatch_base=4,
        minibatch_dict={4: 128, 8: 128, 16: 128, 32: 64, 64: 32, 128: 16, 256: 8, 512: 4},
        lod_initial_resolution=8,
        G_lrate_dict={128: 0.0015, 256: 0.002, 512: 0.003, 1024: 0.003},
        D_lrate_dict={128: 0.0015, 256: 0.002, 512: 0.003, 1024: 0.003},
    ),
    grid_args=dict(size='4k', layout='random'),
    tf_config={'rnd.np_random_seed': 1000},
    mirror_augment=True,
    total_kimg=25000,
)
SECOND = dict(
    G_args=dict(func_name='training.networks_stylegan2.G_main'),
    D_args=dict(func_name='training.networks_stylegan2.D_stylegan2'),
    G_opt_args=dict(beta1=0.0, beta2=0.99, epsilon=1e-8),
    D_opt_args=dict(beta1=0.0, beta2=0.99, epsilon=1e-8),
    G_loss_args=dict(func_name='training.loss.G_logistic_ns_pathreg'),
    D_loss_args=dict(func_name='training.loss.D_logistic_r1', gamma=100),
    dataset_args=dict(tfrecord_dir='ffhq', max_label_size='full', max_images=70),
    sched_args=dict(G_lrate_base=0.002, D_lrate_base=0.002, minibatch_size_base=32, minibatch_gpu_base=4),
    grid_args=dict(size='8k', layout='random'),
    tf_config={'rnd.np_random_seed': 7, 'gpu_options.allow_growth': False},
    data_dir='datasets',
    mirror_augment=False,
    image_snapshot_ticks=10,
    network_snapshot_ticks=None,
)
THIRD = dict(
    run_dir='runs/1',
    G_args=dict(func_name='training.networks.G_main', mapping_layers=2),
    D_args=dict(func_name='training.networks.D_main', mbstd_group_size=4),
    G_opt_args=dict(beta1=0.0, beta2=0.99, learning_rate=0.0025),
    D_opt_args=dict(beta1=0.0, beta2=0.99, learning_rate=0.0025),
    loss_args=dict(func_name='training.loss.stylegan2', r1_gamma=0.5, pl_weight=1),
    train_dataset_args=dict(path='data/ffhq', mirror_augment=True, resolution=64, max_label_size='full'),
    metric_dataset_args=dict(path='data/ffhq'),
    augment_args={},
    G_smoothing_kimg=20,
    G_smoothing_rampup=0.05,
    minibatch_size=64,
    minibatch_gpu=32,
)


def test_first_generation():
    plan = official.plan(FIRST)
    recipe = plan.recipe
    assert (recipe.order, recipe.G_reg_interval, recipe.D_reg_interval) == ('stylegan', None, None)
    assert (recipe.mirror_augment, recipe.seed, recipe.ema_kimg) == (True, 1000, 10)
    assert (plan.data_dir, plan.run_dir, plan.resume_pkl) == ('ffhq', os.getcwd(), None)
    assert (plan.image_snapshot_ticks, plan.network_snapshot_ticks, plan.total_kimg) == (1, 10, 25000)
    assert plan.grid == dict(size='4k', layout='random')
    stages = [recipe.schedule.at(kimg * 1000, 1024) for kimg in (0, 900, 1200, 20000)]
    assert [stage.lod for stage in stages] == [7, 6.5, 6, 0]
    assert [stage.minibatch for stage in stages] == [128, 128, 128, 4]
    assert [stage.lrate for stage in stages] == [0.001, 0.001, 0.001, 0.003]
    assert [stage.tick_kimg for stage in stages] == [140, 120, 120, 20]
    assert recipe.D_loss == dict(func_name='training.loss.D_logistic_simplegp', r1_gamma=10.0)


def test_second_generation():
    plan = official.plan(SECOND)
    recipe = plan.recipe
    assert (recipe.order, recipe.G_reg_interval, recipe.D_reg_interval, recipe.seed) == ('stylegan2', 4, 16, 7)
    assert (plan.data_dir, plan.data, plan.fitting) == (
        os.path.join('datasets', 'ffhq'),
        dict(max_images=70),
        dict(max_label_size='full'),
    )
    stage = recipe.schedule.at(0, 1024)
    assert (stage.lod, stage.minibatch, stage.at_once, stage.lrate, stage.tick_kimg) == (0, 32, 4, 0.002, 4)
    assert plan.session == {'gpu_options.allow_growth': False} and plan.network_snapshot_ticks is None
    assert official.plan(dict(SECOND, lazy_regularization=False)).recipe.G_reg_interval is None
    assert plan.metric_data['dataset_args'] == dict(SECOND['dataset_args'], shuffle_mb=0)


def test_third_generation():
    plan = official.plan(THIRD)
    recipe = plan.recipe
    assert recipe.G_loss == dict(func_name='training.loss.G_logistic_ns_pathreg', pl_weight=1)
    assert recipe.D_loss == dict(func_name='training.loss.D_logistic_r1', gamma=0.5)
    assert recipe.G_opt == dict(beta1=0.0, beta2=0.99) == recipe.D_opt
    assert (recipe.mirror_augment, recipe.ema_kimg, recipe.ema_rampup) == (True, 20, 0.05)
    assert (plan.data_dir, plan.data, plan.fitting) == ('data/ffhq', {}, dict(resolution=64, max_label_size='full'))
    stage = recipe.schedule.at(10**6, 64)
    assert (stage.lod, stage.minibatch, stage.at_once, stage.lrate, stage.tick_kimg) == (0, 64, 32, 0.0025, 4)
    assert (plan.run_dir, plan.total_kimg, plan.grid['layout']) == ('runs/1', 25000, 'row_per_class')


def test_a_run_of_dnnlib_is_where_it_is(tmp_path):
    config = dnnlib.SubmitConfig()
    config.run_dir = str(tmp_path)
    assert official.plan(dict(SECOND, submit_config=config)).run_dir == str(tmp_path)
    config.num_gpus = 8
    with pytest.raises(UserError, match='num_gpus = 8 cannot be honoured, only 1'):
        official.plan(dict(SECOND, submit_config=config))


@pytest.mark.parametrize(
    'base, changes, message',
    [
        (FIRST, dict(D_repeats=0), r'D_repeats = 0 is no number of steps'),
        (FIRST, dict(drange_net=[0, 1]), r'drange_net = \[0, 1\] cannot be honoured'),
        (FIRST, dict(sched_args=dict(D_lrate_base=0.1)), 'sched_args has D_lrate_base = 0.1, which differs'),
        (FIRST, dict(sched_args=dict(minibatch_size_base=3, minibatch_base=3)), 'sched_args has minibatch_size_base'),
        (FIRST, dict(resume_run_id='0099'), "resume_run_id = '0099': Run 0099 was not found"),
        (FIRST, dict(G_loss_args={}), 'G_loss_args has no func_name'),
        (SECOND, dict(G_args={}), 'G_args has no func_name'),
        (SECOND, dict(minibatch_repeat=4), "StyleGAN2's training loop has no argument minibatch_repeat;"),
        (SECOND, dict(save_tf_graph=True), 'save_tf_graph = True cannot be honoured'),
        (SECOND, dict(dataset_args=dict(class_name='my.Data')), 'dataset_args has the class_name my.Data'),
        (SECOND, dict(dataset_args={}), 'dataset_args names no data set'),
        (THIRD, dict(num_gpus=2), 'num_gpus = 2 cannot be honoured'),
        (THIRD, dict(augment_args=dict(class_name='training.augment.AdaptiveAugment')), 'augment_args.*--aug=noaug'),
        (THIRD, dict(loss_args=dict(func_name='training.loss.cmethods')), 'loss_args has the func_name'),
        (THIRD, dict(loss_args=dict(G_top_k=True)), 'loss_args has G_top_k'),
        (THIRD, dict(D_opt_args=dict(learning_rate=1)), 'D_opt_args has the learning_rate 1, G_opt_args 0.0025'),
    ],
)
def test_what_cannot_be_honoured_is_named(base, changes, message):
    with pytest.raises(UserError, match=message):
        official.plan(dict(base, **changes))


# ------------------------------------------------------------------ parts that scripts use


DATA = dnnlib.EasyDict(resolution_log2=10, shape=[3, 1024, 1024])


def test_schedule_of_the_first_generation():
    found = training_loop.training_schedule(900000, DATA, num_gpus=3, **dict(FIRST['sched_args'], D_lrate_base=0.5))
    assert found == dict(kimg=900, lod=6.5, resolution=16, minibatch=126, G_lrate=0.001, D_lrate=0.5, tick_kimg=120)
    most = training_loop.training_schedule(0, DATA, num_gpus=2, max_minibatch_per_gpu={4: 3}, minibatch_base=31)
    assert (most.lod, most.resolution, most.minibatch, most.tick_kimg) == (8, 4, 6, 160)


def test_schedule_of_the_second_generation():
    found = training_loop.training_schedule(cur_nimg=500, training_set=DATA, lrate_rampup_kimg=1)
    sizes = dict(minibatch_size=32, minibatch_gpu=4)
    assert found == dict(sizes, kimg=0.5, lod=0, resolution=1024, G_lrate=0.001, D_lrate=0.001, tick_kimg=4)


@pytest.mark.parametrize('lod', [0, 0.25, 1.0, 1.75])
def test_reals_as_networks_see_them(lod):
    images = np.random.RandomState(3).randint(256, size=[2, 3, 4, 4]).astype(np.uint8)
    labels = np.float32([[1, 0], [0, 1]])
    expected = fade(images, lod) * np.float32(2 / 255) - 1
    with tf.Graph().as_default(), tf.Session() as session:
        x = training_loop.process_reals(images, lod, False, [0, 255], [-1, 1])
        both = training_loop.process_reals(
            x=images,
            labels=labels,
            lod=tf.constant(lod),
            mirror_augment=False,
            drange_data=[0, 255],
            drange_net=[-1, 1],
        )
        first, second = session.run([x, both[0]])
        assert both[1] is labels
        assert x.shape.as_list()[:2] == [2, 3]
        mirrored = session.run(training_loop.process_reals(np.tile(images, [8, 1, 1, 1]), lod, True, [0, 255], [-1, 1]))
        with pytest.raises(TypeError, match='process_reals takes x, then lod'):
            training_loop.process_reals(images, lod)
    np.testing.assert_allclose(first, expected, atol=1e-6)
    np.testing.assert_array_equal(first, second)
    flipped = np.abs(mirrored - np.tile(first, [8, 1, 1, 1])).max(axis=(1, 2, 3)) > 1e-6
    np.testing.assert_allclose(mirrored[flipped], np.tile(first, [8, 1, 1, 1])[flipped, :, :, ::-1], atol=1e-6)
    assert 0 < flipped.sum() < 16


def test_grid_of_the_third_generation():
    class Labelled:
        shape, dtype, label_dtype = [3, 512, 512], 'uint8', 'float32'
        label_size = drawn = 0

        def get_minibatch_np(self, n):
            numbers = np.arange(self.drawn, self.drawn + n)
            self.drawn += n
            return np.zeros([n] + self.shape, np.uint8), np.eye(2, dtype=np.float32)[numbers % 2][:, : self.label_size]

    data = Labelled()
    assert training_loop.setup_snapshot_image_grid(data)[0] == (15, 8)
    data.label_size = 2
    labels = training_loop.setup_snapshot_image_grid(training_set=data)[2]
    assert np.argmax(labels, axis=1).reshape(8, 15).tolist() == [[row % 2] * 15 for row in range(8)]
    assert training_loop.save_image_grid is misc.save_image_grid


# ------------------------------------------------------------------ a whole run

SIZES = dict(
    latent_size=5, dlatent_size=6, mapping_fmaps=7, mapping_layers=1, fmap_base=16, fmap_max=4, mbstd_group_size=2
)


class Judge:
    """In place of a metric's class."""

    def __init__(self, name, network):
        self.name, self.network, self.seen = name, network, []

    def check_networks(self):
        if self.network is None:
            raise UserError('the network of %s is missing' % self.name)

    def run(self, pkl, run_dir, num_gpus, tf_config, **data):
        self.seen.append((pkl, run_dir, data))

    def get_results(self):
        return {self.name: float(len(self.seen))}


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp('data') / 'tiny'
    with tfrecords.new_data_set(folder) as writer:
        writer.add(np.random.RandomState(1).randint(256, size=[40, 3, 4, 4]).astype(np.uint8))
    return folder


def test_a_run_as_run_training_starts_it(data, tmp_path, capsys):
    """Through submit_run: its folder has the run, a metric is asked, and abort.txt ends it after a tick."""
    config = dnnlib.SubmitConfig()
    config.run_dir_root, config.run_desc = str(tmp_path), 'tiny'
    config.local.do_not_copy_source_files = True
    arguments = dict(
        SECOND,
        G_args=dict(SECOND['G_args'], **SIZES),
        D_args=dict(SECOND['D_args'], **SIZES),
        data_dir=str(data.parent),
        dataset_args=dict(tfrecord_dir=data.name),
        sched_args=dict(minibatch_size_base=4, minibatch_gpu_base=4, tick_kimg_base=0.004, tick_kimg_dict={}),
        metric_arg_list=[dict(name='judged', func_name=__name__ + '.Judge', network='there')],
        network_snapshot_ticks=1,
        image_snapshot_ticks=None,
        grid_args=dict(size='1080p'),
        resume_kimg=7,
        total_kimg=7.012,
    )
    (tmp_path / '00000-tiny').mkdir()  # Runs count on from what is there.
    with pytest.raises(UserError, match='the network of judged is missing'):
        training_loop.training_loop(
            **dict(arguments, metric_arg_list=[dict(arguments['metric_arg_list'][0], network=None)])
        )
    run = dnnlib.submit_run(config, 'training.training_loop.training_loop', **arguments)
    files = os.listdir(run.run_dir)
    assert {'network-final.pkl', 'network-snapshot-000007.pkl', 'reals.png', 'fakes_init.png', 'log.txt'} <= set(files)
    assert 'fakes000007.png' not in files
    assert PIL.Image.open(os.path.join(run.run_dir, 'fakes_init.png')).size == (32 * 4, 32 * 4)
    with open(os.path.join(run.run_dir, 'log.csv')) as log:
        header, *rows = log.read().splitlines()
    assert len(rows) == 3 and rows[0].startswith('7.004,') and 'judged' in header and rows[2].endswith(',3')
    assert 'tick at kimg 7.0' in open(os.path.join(run.run_dir, 'log.txt')).read()
    with tf.Graph().as_default(), tflib.create_session().as_default():
        G, D, Gs = misc.load_pkl(os.path.join(run.run_dir, 'network-final.pkl'))
        assert Gs.output_shape == [None, 3, 4, 4]
