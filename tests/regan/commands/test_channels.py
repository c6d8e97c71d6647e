"""Networks with 1, 2, 4 and 5 channels in every command that writes their images."""

import numpy as np
import pytest
from click.testing import CliRunner

from regan import cli
from regan.base.errors import UserError
from regan.figures import figure, figure_spec
from regan.networks.generator import Generator
from regan.pictures import images, video
from tests import small_networks, small_pickles

PCA = ['--n', '40', '--components', '3']
COMMANDS = {
    'generate': ['--seeds', '1-2', '--out', 'OUT'],
    'edit': ['--seed', '1', '--edit', 'E(v0, 0-1)', '--frames', '3', '--out', 'OUT.png'] + PCA,
    'sweep': ['--seeds', '1', '--vectors', '0', '--frames', '2', '--video', '--out', 'OUT'] + PCA,
    'boundary': ['BOUNDARY', '--seeds', '1', '--steps', '2', '--out', 'OUT.png'],
}


@pytest.fixture(scope='module')
def networks(tmp_path_factory):
    """{channels: path of a generator}."""
    folder, paths = tmp_path_factory.mktemp('networks'), {}
    for channels in (1, 2, 4):
        with small_networks.fresh_session():
            made = small_networks.build(small_pickles.MAIN, 'Gs', **dict(small_pickles.SIZES, num_channels=channels))
            paths[channels] = folder / ('%d-channels.pkl' % channels)
            paths[channels].write_bytes(small_pickles.write(made))
    np.save(str(folder / 'up.npy'), np.eye(1, 10))
    return paths


@pytest.fixture
def run(networks, tmp_path, monkeypatch):
    monkeypatch.setenv('REGAN_CACHE_DIR', str(tmp_path / 'cache'))
    boundary = str(networks[1].with_name('up.npy'))

    def call(command, channels):
        words = [command] + (['edit'] if command == 'boundary' else []) + [str(networks[channels])]
        words += [word.replace('OUT', str(tmp_path / command)) for word in COMMANDS[command]]
        result = CliRunner().invoke(cli.main, [boundary if word == 'BOUNDARY' else word for word in words])
        assert not isinstance(result.exception, Exception) or isinstance(result.exception, SystemExit), result.exception
        return result

    return call


@pytest.mark.parametrize('channels', [1, 4])
def test_grey_and_rgba_are_written_as_such(run, tmp_path, channels):
    for command in COMMANDS:
        result = run(command, channels)
        assert result.exit_code == 0, result.output
        assert ('videos have no transparency' in result.output) == (command == 'sweep' and channels == 4)
    pictures = sorted(path for path in tmp_path.rglob('*.png'))
    assert len(pictures) == 6 and len(list(tmp_path.rglob('*.mp4'))) == 1
    assert {images.read_png(path).shape[2] for path in pictures} == {channels}
    assert images.read_png(tmp_path / 'generate' / 'seed0001.png').shape == (4, 4, channels)


@pytest.mark.parametrize('command', COMMANDS)
def test_other_numbers_are_refused_before_anything_is_drawn(run, tmp_path, command):
    result = run(command, 2)
    assert result.exit_code == 2 and '2-channels.pkl draws images with 2 channels, but pictures' in result.output
    assert result.output.startswith('Error: ') and result.output.count('\n') == 1
    assert list(tmp_path.iterdir()) == []


def test_figures(networks, tmp_path):
    spec = figure_spec.choose('figure5', str(networks[4]), 'experiments/specs')
    with pytest.raises(UserError, match='2-channels.pkl draws images with 2 channels'):
        figure.run(figure_spec.choose('figure5', str(networks[2]), 'experiments/specs'), None, tmp_path / 'out')
    page = figure.compose(spec, [np.zeros([3, len(spec.panels[0].labels) or 2, 4, 4, 4], np.uint8)])
    assert page.shape[2] == 4 and (page[: figure.LETTERS, :, 3] == 255).all()


def test_python_gets_numbers_but_no_pictures(networks):
    with Generator.open(networks[2]) as generator:
        dlatents = np.zeros([1, generator.num_layers, generator.dlatent_size])
        assert generator.render(dlatents).shape == (1, 2, 4, 4)
        for draw in (generator.synthesize, lambda dlatents: generator.cut('round')):
            with pytest.raises(UserError, match='draws images with 2 channels'):
                draw(dlatents)


def test_letters_are_opaque_and_videos_on_white():
    for letters in (images.text_row(['a', 'b'], 40, 10, 4), images.text_column(['a', 'b'], 40, 10, 4)):
        assert letters.shape[2] == 4 and (letters[..., 3] == 255).all() and letters[..., 0].min() < 128
    picture = np.array([[[200, 0, 100, 0], [200, 0, 100, 255], [200, 0, 100, 51]]], np.uint8)
    expected = [[[255, 255, 255], [200, 0, 100], [244, 204, 224]]]
    assert images.on_white(picture).tolist() == expected
    assert images.on_white(picture[..., :3]).tolist() == picture[..., :3].tolist()
    assert video._presentable(picture)[:1, :3].tolist() == expected
