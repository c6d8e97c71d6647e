"""regan.views.saved: which latents a file has on a network."""

import hashlib
import json

import numpy as np
import pytest

from regan.base.errors import UserError
from regan.drawing import starts
from regan.networks.latent_traits import MappedTraits
from regan.pictures import images
from regan.sampling import latents as z_latents
from regan.views import carriers, document, drawing, files, latents, saved

L, D, Z = 6, 11, 13
FACTS = {'regan_view': 1, 'network': {'name': 'n', 'sha256': 'a' * 64}}


class Network(MappedTraits):
    """w = the first numbers of 2 z."""

    latent_size, dlatent_size, num_layers, label_size, generation, sha256 = Z, D, L, 0, 2, 'a' * 64
    dlatent_avg = np.full(D, 0.25, np.float32)

    def map(self, z, labels=None):
        return 2 * z[:, :D]


NETWORK = Network()


def numbers(*shape, dtype=np.float32):
    return np.random.RandomState(3).randn(*shape).astype(dtype)


def written(path, array, **others):
    if path.suffix == '.npy':
        np.save(str(path), array)
    else:
        np.savez(str(path), **others)
    return path


def taken(path, space=None):
    """(list of codes, spaces) of a file."""
    found = saved.on(saved.read(path), NETWORK, space)
    assert [one.row for one in found] == list(range(len(found)))
    assert all(one.alone == (len(found) == 1) and one.codes.dtype == np.float32 for one in found)
    return [one.codes for one in found], {one.space for one in found}


@pytest.mark.parametrize(
    'shape, space, expected, kept',
    [
        ((D,), None, [(1, D)], None),
        ((1, D), None, [(1, D)], None),
        ((4, D), None, [(1, D)] * 4, None),
        ((4, 1, D), None, [(1, D)] * 4, None),
        ((L, D), None, [(L, D)], 'w+'),
        ((L, D), 'w+', [(L, D)], 'w+'),
        ((L, D), 'w', [(1, D)] * L, None),
        ((1, L, D), None, [(L, D)], None),
        ((4, L, D), None, [(L, D)] * 4, None),
        ((Z,), 'z', [(1, Z)], 'z'),
        ((3, Z), 'z', [(1, Z)] * 3, 'z'),
    ],
)
def test_what_a_latent_is_follows_from_the_shape(shape, space, expected, kept, tmp_path):
    array = numbers(*shape)
    codes, spaces = taken(written(tmp_path / 'me.npy', array), space)
    assert [one.shape for one in codes] == expected and spaces == {kept}
    np.testing.assert_array_equal(np.concatenate([one.reshape(-1) for one in codes]), array.reshape(-1))


@pytest.mark.parametrize('dtype', ['<f2', '>f4', '>f8', '<f8'])
def test_types(dtype, tmp_path):
    array = numbers(2, D, dtype=dtype)
    codes, _ = taken(written(tmp_path / 'me.npy', array))
    np.testing.assert_array_equal(np.concatenate(codes), array.astype(np.float32))


@pytest.mark.parametrize(
    'shape, space, message',
    [
        ((12,), None, r'me.npy has shape \[12\], but this network \(6 layers of width 11\) takes \[11\]'),
        ((4, 12), None, r'has shape \[4, 12\]'),
        ((2, 5, D), None, r'has shape \[2, 5, 11\], but .* or \[6, 11\] or \[N, 6, 11\] \(W\+\)'),
        ((2, L, D), 'w', r'takes \[N, 11\], a w for all layers'),
        ((4, D), 'w+', r'takes \[6, 11\] or \[N, 6, 11\], W\+'),
        ((4, D), 'z', r'takes z of shape \[13\] or \[N, 13\]'),
    ],
)
def test_shapes_that_are_refused(shape, space, message, tmp_path):
    with pytest.raises(UserError, match=message):
        taken(written(tmp_path / 'me.npy', numbers(*shape)), space)


def test_names_in_archives(tmp_path):
    array = numbers(L, D)
    for name in ('w', 'dlatents', 'projected_w', 'w_plus', 'anything'):
        more = {} if name == 'anything' else {'noise0': numbers(1, 1, 4, 4)}
        codes, spaces = taken(written(tmp_path / 'me.npz', None, **{name: array}, **more))
        np.testing.assert_array_equal(codes[0], array)
    codes, spaces = taken(written(tmp_path / 'z.npz', None, z=numbers(2, Z)))
    assert spaces == {'z'} and len(codes) == 2


def test_files_that_hold_no_latents(tmp_path):
    for name, content, message in [
        ('net.npy', b'\x80\x04}.', 'holds no latents'),
        ('none.txt', b'hello', 'holds no latents'),
        ('empty.npy', b'', 'holds no latents'),
        ('plain.png', images.png(np.zeros((2, 2, 3), np.uint8)), 'is a PNG without a view'),
    ]:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UserError, match=message):
            saved.read(tmp_path / name)
    with pytest.raises(UserError, match='there is no file'):
        saved.read(tmp_path / 'missing.npy')
    with pytest.raises(UserError, match='objects instead of numbers'):
        saved.read(written(tmp_path / 'objects.npy', np.array([{}], object)))
    with pytest.raises(UserError, match='NaN or infinite'):
        saved.read(written(tmp_path / 'large.npy', np.full(D, 1e300)))


def picture(path, **facts):
    view = document.parse(dict(FACTS, **facts))
    images.save_bytes(path, carriers.png(np.zeros((2, 2, 3), np.uint8), view))
    return view


def test_a_picture_gives_its_latents_back(tmp_path):
    directions = numbers(1, D)
    direction = {'file': 'd.npy', 'sha256': '', 'row': 0}
    np.save(str(tmp_path / 'd.npy'), directions)
    direction['sha256'] = hashlib.sha256((tmp_path / 'd.npy').read_bytes()).hexdigest()
    edit = {'direction': direction, 'amount': 2, 'unit': 'raw', 'layers': [[1, 3]]}
    view = picture(tmp_path / 'it.png', latents=[{'seed': 7}], edits=[edit], psi=0.5, cutoff=4)
    source = saved.read(tmp_path / 'it.png')
    (one,) = saved.on(source, NETWORK)
    arrays = files.load([tmp_path / 'd.npy'])
    expected = latents.edited(view, latents.starts(view, NETWORK, arrays), latents.Directions(NETWORK, None, arrays))
    np.testing.assert_array_equal(one.codes, expected[0])
    assert saved.truncation(source, NETWORK) == (0.5, 4)
    # A further view names the picture, and is drawn with its latent.
    again = document.parse(dict(FACTS, latents=[starts.fact(one)], psi=1))
    found = drawing.tiles(again, NETWORK, saved.load([tmp_path / 'it.png'], NETWORK), None)
    np.testing.assert_array_equal(found[0].dlatents, expected[0])


def test_of_a_strip_all_frames_and_of_a_grid_all_images(tmp_path):
    edit = {'direction': {'boundary': 'x'}, 'amount': 0, 'on': False}
    picture(tmp_path / 'grid.png', latents=[{'seed': 7}, {'seed': 8}], edits=[edit], show={'kind': 'grid'})
    found = saved.on(saved.read(tmp_path / 'grid.png'), NETWORK)
    assert len(found) == 2 and not found[0].alone
    np.testing.assert_array_equal(found[1].codes[0], NETWORK.map(z_latents.from_seeds([8], Z))[0])


def test_a_view_of_another_network_is_refused(tmp_path):
    picture(tmp_path / 'it.png', latents=[{'seed': 7}], network={'name': 'other', 'sha256': 'b' * 64})
    with pytest.raises(UserError, match='of the network other'):
        saved.on(saved.read(tmp_path / 'it.png'), NETWORK)


def test_what_is_written_is_read(tmp_path, capsys):
    dlatents = numbers(2, 3, L, D)
    saved.write(tmp_path / 'out.npz', dlatents, dict(psi=0.6, cutoff=2, network_sha256='b' * 64))
    source = saved.read(tmp_path / 'out.npz')
    codes, _ = taken(tmp_path / 'out.npz')
    np.testing.assert_array_equal(np.stack(codes), dlatents.reshape(6, L, D))
    assert saved.truncation(source, NETWORK) == (0.6, 2) and 'of another network' in capsys.readouterr().err
    for record in ('[', '{"psi": "x"}', json.dumps(dict(psi=1e999))):
        np.savez(str(tmp_path / 'odd.npz'), w=numbers(D), record=np.array(record))
        assert saved.truncation(saved.read(tmp_path / 'odd.npz'), NETWORK) == (1.0, None)


def test_views_of_the_layers_of_one_latent_and_of_z():
    array = numbers(L, D)
    w_plus = {'file': 'm.npy', 'sha256': 'c' * 64, 'row': 0, 'space': 'w+'}
    z = {'file': 'z.npz', 'sha256': 'd' * 64, 'row': 1, 'space': 'z'}
    view = document.parse(dict(FACTS, latents=[w_plus, z]))
    arrays = {'c' * 64: array, 'd' * 64: numbers(2, Z)}
    found = latents.starts(view, NETWORK, arrays)
    np.testing.assert_array_equal(found[0], array)
    np.testing.assert_array_equal(found[1, 3], NETWORK.map(arrays['d' * 64][1:])[0])
    assert document.to_dict(view)['latents'] == [w_plus, z]
    for wrong in (dict(w_plus, row=1), dict(seed=1, space='w+'), dict(w_plus, space='w')):
        with pytest.raises(UserError, match='space'):
            document.parse(dict(FACTS, latents=[wrong]))
