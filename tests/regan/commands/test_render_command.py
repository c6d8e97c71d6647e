"""`regan render`: the pixels of `regan edit` and `regan generate`, the same bytes each time, and bad input."""

import hashlib
import json

import numpy as np
import pytest
from click.testing import CliRunner

from regan import cli
from regan.base import artefacts
from regan.components.basis import Basis
from regan.networks import models
from regan.pictures import images
from regan.sampling import latents
from regan.views import bases, carriers, document, links


def run(*words):
    return CliRunner().invoke(cli.main, [str(w) for w in words])


def run_well(*words):
    result = run(*words)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch, stays_open):
    monkeypatch.setenv('REGAN_CACHE_DIR', str(tmp_path / 'cache'))


@pytest.fixture(scope='module')
def basis(tmp_path_factory):
    """A file of components, which need not be principal ones."""
    path = tmp_path_factory.mktemp('basis') / 'basis.npz'
    spread = np.linspace(1, 0.3, 5).astype(np.float32)
    Basis(np.zeros(11, np.float32), latents.random_directions(5, 11), spread, spread, spread, spread).save(path)
    return path


@pytest.fixture
def write(tmp_path, tiny_pickle, basis):
    """Writes a view of the tiny network; returns its path."""

    def write(name='view.json', **changes):
        network = {'name': 'tiny', 'sha256': artefacts.sha256_file(tiny_pickle)}
        facts = {'regan_view': 1, 'network': network, 'latents': [{'seed': 3}, {'seed': 5}]}
        known = bases.name(Basis.load(basis))
        facts['basis'] = {key: getattr(known, key) for key in known.keys}
        path = tmp_path / name
        path.write_text(json.dumps(dict(facts, **changes)), encoding='utf-8')
        return path

    return write


def render(path, tiny_pickle, basis, out, *words):
    return run_well('render', path, '--network', tiny_pickle, '--basis', basis, '--out', out, *words)


def assert_same(path, expected):
    """The same picture, but for the last bits of images that were drawn alone and in minibatches."""
    found, expected = [images.read_png(one).astype(int) for one in (path, expected)]
    assert found.shape == expected.shape
    difference = np.abs(found - expected)
    assert difference.max() <= 1 and np.count_nonzero(difference) <= 1e-3 * difference.size


def edit(component=1, amount=2.0, **changes):
    return dict({'direction': {'component': component}, 'amount': amount}, **changes)


@pytest.mark.parametrize(
    'changes, words',
    [
        (
            dict(edits=[edit(layers=[[0, 3]])], show={'kind': 'strip'}),
            ['--edit', 'E(v1, 0-2) * 2', '--seed', 3],
        ),
        (
            dict(
                edits=[edit(4, -3, mode='centred', unit='raw')],
                psi=0.4,
                cutoff=4,
                compat='ganspace',
                noise={'mode': 'numpy', 'seed': 4},
                show={'kind': 'strip', 'latent': 1, 'frames': 3},
            ),
            ['--edit', 'centred E(v4, all) * -3 raw', '--seed', 5, '--frames', 3, '--psi', 0.4, '--cutoff', 4]
            + ['--mode', 'ganspace', '--noise', 'numpy:4'],
        ),
        (
            dict(edits=[edit(mode='target', invert=True)], conversion='truncate', show={'kind': 'side'}),
            ['--edit', 'target E(v1, all) = 2 inverted', '--seed', 3, '--conversion', 'truncate'],
        ),
    ],
)
def test_the_pixels_are_those_of_edit(write, tiny_pickle, basis, tmp_path, changes, words):
    render(write(**changes), tiny_pickle, basis, tmp_path / 'a.png')
    run_well('edit', tiny_pickle, '--basis', basis, '--out', tmp_path / 'b.png', '--plain', *words)
    assert_same(tmp_path / 'a.png', tmp_path / 'b.png')


@pytest.mark.parametrize('noise', ['stored', 'seed'])
def test_the_pixels_are_those_of_generate(write, tiny_pickle, tmp_path, noise):
    """Without components, and none are computed."""
    words = ['--seeds', '3,5', '--psi', 0.9, '--noise', noise, '--out', tmp_path / 'out', '--columns', 2, '--plain']
    run_well('generate', tiny_pickle, *words)
    for show, name in [({'kind': 'grid'}, 'grid'), ({'latent': 1}, 'seed0005')]:
        view = write(psi=0.9, noise={'mode': noise}, show=show)
        run_well('render', view, '--network', tiny_pickle, '--out', tmp_path / 'a.png')
        assert_same(tmp_path / 'a.png', tmp_path / 'out' / (name + '.png'))


def test_a_seed_alone_has_the_bytes_of_generate(tiny_pickle, tmp_path):
    run_well('generate', tiny_pickle, '--seeds', 6, '--out', tmp_path)
    run_well('render', tmp_path / 'seed0006.png', '--network', tiny_pickle, '--out', tmp_path / 'a.png')
    assert (tmp_path / 'a.png').read_bytes() == (tmp_path / 'seed0006.png').read_bytes()


def test_every_carrier_gives_the_same_bytes(write, tiny_pickle, basis, tmp_path):
    source = write(edits=[edit(layers=[[0, 2], [4, 5]], name='\u00e9', tags=['a'])], show={'kind': 'wipe'})
    render(source, tiny_pickle, basis, tmp_path / 'a.png')
    view = carriers.read(tmp_path / 'a.png')
    assert view == carriers.read(source)
    sources = [
        source,
        tmp_path / 'a.png',
        tmp_path / 'a.json',
        links.to_link(view, 'http://127.0.0.1:80/'),
        links.to_link(view),
    ]
    for path in sources:
        assert document.view_id(view) in render(path, tiny_pickle, basis, tmp_path / 'b.png')
        assert (tmp_path / 'b.png').read_bytes() == (tmp_path / 'a.png').read_bytes()
        assert (tmp_path / 'b.json').read_bytes() == (tmp_path / 'a.json').read_bytes()


def test_pictures_of_the_other_commands_carry_their_views(tiny_pickle, basis, tmp_path):
    common = ['--basis', basis, '--seed', 4, '--edit', 'E(v1, 2) * 2', '--psi', 0.6, '--plain']
    run_well('edit', tiny_pickle, *common, '--out', tmp_path / 'strip.png')
    run_well('edit', tiny_pickle, *common, '--layout', 'sequence', '--out', tmp_path / 'side.png')
    grid = ['--layout', 'grid', '--edit', 'target E(v2, all) = 1', '--seeds', '4,6']
    run_well('sweep', tiny_pickle, *common, *grid, '--out', tmp_path / 'sweep')
    run_well('sweep', tiny_pickle, *common, '--out', tmp_path / 'sweep')
    run_well('generate', tiny_pickle, '--seeds', '4-6', '--plain', '--out', tmp_path / 'seeds')
    made = ['strip', 'side', 'sweep/grid', 'sweep/000-e-v1-2-2.0', 'seeds/grid', 'seeds/seed0005']
    for name in made:
        picture = tmp_path / (name + '.png')
        render(picture, tiny_pickle, basis, tmp_path / 'again.png')
        assert_same(tmp_path / 'again.png', picture)
        assert carriers.read(tmp_path / 'again.png') == carriers.read(picture)
        beside = tmp_path / ('seeds/generate.json' if name == 'seeds/grid' else name + '.json')
        if beside.exists():
            assert carriers.read(beside) == carriers.read(picture)


def test_a_view_is_not_replaced_by_the_json_beside_its_picture(write, tiny_pickle, basis, tmp_path):
    source = write('a.json')
    before = source.read_bytes()
    render(source, tiny_pickle, basis, tmp_path / 'a.png')
    assert source.read_bytes() == before and (tmp_path / 'a.png').exists()


def test_a_strip_as_a_video(write, tiny_pickle, basis, tmp_path):
    imageio = pytest.importorskip('imageio.v2')
    pytest.importorskip('imageio_ffmpeg')
    source = write(edits=[edit()], show={'kind': 'strip', 'frames': 4})
    for name in ('a.mp4', 'b.mp4'):
        render(source, tiny_pickle, basis, tmp_path / name, '--fps', 5)
    assert (tmp_path / 'a.mp4').read_bytes() == (tmp_path / 'b.mp4').read_bytes()
    with imageio.get_reader(str(tmp_path / 'a.mp4')) as reader:
        assert reader.count_frames() == 6 and reader.get_meta_data()['fps'] == 5
    assert carriers.read(tmp_path / 'a.mp4') == carriers.read(source) == carriers.read(tmp_path / 'a.json')


def test_files_that_the_view_names_are_found_beside_it(write, tiny_pickle, tmp_path):
    np.save(str(tmp_path / 'me.npy'), np.zeros((2, 6, 11), np.float32))
    sha256 = hashlib.sha256((tmp_path / 'me.npy').read_bytes()).hexdigest()
    source = write(latents=[{'file': 'me.npy', 'sha256': sha256, 'row': 1}])
    run_well('render', source, '--network', tiny_pickle, '--out', tmp_path / 'a.png')
    (tmp_path / 'elsewhere').mkdir()
    moved = tmp_path / 'elsewhere' / 'mine.npy'
    (tmp_path / 'me.npy').rename(moved)
    link = links.to_link(carriers.read(source))
    result = run('render', link, '--network', tiny_pickle, '--out', tmp_path / 'b.png')
    assert result.exit_code == 2 and 'the view needs the file me.npy' in result.output
    result = run('render', source, '--network', tiny_pickle, '--out', tmp_path / 'b.png')
    assert result.exit_code == 2 and 'the view needs the file me.npy' in result.output
    run_well('render', source, '--network', tiny_pickle, '--out', tmp_path / 'b.png', '--file', moved)
    assert (tmp_path / 'b.png').read_bytes() == (tmp_path / 'a.png').read_bytes()


def test_components_come_from_the_cache_by_their_key(write, tiny_pickle, tmp_path):
    small = ['--n', 4000, '--components', 5, '--batch-size', 40]
    asked = ['--seed', 3, '--edit', 'E(v1, 0-2) * 2', '--plain', '--out', tmp_path / 'b.png']
    run_well('edit', tiny_pickle, *asked, *small)
    (cached,) = (tmp_path / 'cache').glob('*.npz')
    key = bases.name(Basis.load(cached)).key
    changes = dict(edits=[edit(layers=[[0, 3]])], show={'kind': 'strip'})
    source = write(basis={'key': key, 'estimator': 'ipca', 'components': 5}, **changes)
    run_well('render', source, '--network', tiny_pickle, '--out', tmp_path / 'a.png')
    assert_same(tmp_path / 'a.png', tmp_path / 'b.png')
    cached.unlink()
    full = {'key': 'f' * 16, 'estimator': 'ipca', 'components': 5, 'n': 4000, 'batch_size': 40, 'seed': 1}
    source = write(basis=full, **changes)
    said = run_well('render', source, '--network', tiny_pickle, '--out', tmp_path / 'c.png')
    assert 'note: the view was made with other components (key ffffffffffffffff)' in said and key in said
    assert (tmp_path / 'c.png').read_bytes() != (tmp_path / 'a.png').read_bytes()  # The views differ in the key.
    np.testing.assert_array_equal(images.read_png(tmp_path / 'c.png'), images.read_png(tmp_path / 'a.png'))


def test_a_registered_network_is_found_by_its_checksum(write, tiny_pickle, tmp_path, monkeypatch):
    import dataclasses

    from regan.networks import by_name

    any_model = next(iter(models.registry().values()))
    mine = dataclasses.replace(any_model, sha256=artefacts.sha256_file(tiny_pickle))
    monkeypatch.setattr(models, 'registry', lambda *_: {'other': any_model, 'mine': mine})
    opened = []
    open_generator = by_name.open_generator
    monkeypatch.setattr(
        by_name, 'open_generator', lambda name, *rest: opened.append(name) or open_generator(tiny_pickle, *rest)
    )
    run_well('render', write(), '--out', tmp_path / 'a.png')
    assert opened == ['mine']


@pytest.mark.parametrize(
    'changes, words, message',
    [
        (dict(psi='x'), [], 'view.json.psi must be a number'),
        (dict(network={'name': 'cars', 'sha256': 'b' * 64}), [], 'the view is of the network cars (bbbbbbbb...)'),
        (dict(edits=[edit(layers=[[0, 7]])]), [], 'edits[0].layers goes to layer 6, but this network has layers 0-5'),
        (dict(edits=[edit(5)], basis=None), [], 'edits[0].direction.component needs component 5, but the basis has 0'),
        (dict(cutoff=7), [], 'cutoff is 7'),
        (dict(label=0), [], 'has no classes, so there is no class 0'),
        ({}, ['--out', 'x.mp4'], "a video is of a strip, but the view shows a 'single'"),
        ({}, ['--out', 'x.jpg'], 'must end in .png or .mp4'),
        ({}, ['--fps', '3'], '--fps is for a video'),
        ({}, ['--file', 'nowhere.npy'], 'cannot read nowhere.npy'),
    ],
)
def test_bad_views(write, tiny_pickle, basis, tmp_path, monkeypatch, changes, words, message):
    monkeypatch.chdir(tmp_path)
    source = write(**changes)
    result = run('render', source, '--network', tiny_pickle, '--basis', basis, '--out', 'out.png', *words)
    assert result.exit_code == 2 and 'Traceback' not in result.output
    assert message in ' '.join(result.output.split())
    assert not list(tmp_path.glob('*.png')) and not list(tmp_path.glob('*.mp4'))


def test_a_network_that_is_not_registered(write, tmp_path):
    result = run('render', write(), '--out', tmp_path / 'a.png')
    assert result.exit_code == 2 and 'is not registered; give its file with --network' in result.output
    result = run('render', tmp_path / 'nothing.json', '--out', tmp_path / 'a.png')
    assert result.exit_code == 2 and 'nothing.json: No such file' in result.output
