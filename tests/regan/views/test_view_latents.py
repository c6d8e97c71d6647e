"""regan.views.latents, files and drawing: latents and pictures of views on a network whose images show its latents."""

import hashlib
import io
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest

from regan.base.errors import UserError
from regan.components.basis import Basis
from regan.drawing import edit_images, sweep
from regan.editing import boundary, edits
from regan.networks.latent_traits import MappedTraits
from regan.sampling import latents as z_latents
from regan.views import bases, document, drawing, files, latents

L, D = 8, 7


class Network(MappedTraits):
    """w = 2 z, or 3 z + class with a label; an image has the first three numbers of layer 0 and the noise."""

    latent_size, dlatent_size, num_layers, label_size, generation = D, D, L, 4, 2
    dlatent_avg = np.full(D, 0.25, np.float32)

    def map(self, z, labels=None):
        return 2 * z if labels is None else 3 * z + labels.argmax(axis=1)[:, np.newaxis].astype(np.float32)

    def set_noise(self, noise):
        self.noise = noise

    def synthesize(self, dlatents, progress=None, conversion='round'):
        assert len(dlatents) == 1  # Each alone.
        if progress:
            progress(1)
        levels = np.clip(128 + 20 * dlatents[:, 0, :3] + (self.noise == 'none'), 0, 255).astype(np.uint8)
        return np.tile(levels[:, np.newaxis, np.newaxis], (1, 4, 6, 1))


NETWORK = Network()
ROWS = z_latents.random_basis(1, D)[:3].astype(np.float32)
SPREAD = np.array([3, 2, 1.1], np.float32)
BASIS = Basis(np.linspace(-1, 1, D).astype(np.float32), ROWS, SPREAD, SPREAD, SPREAD, SPREAD)


def view(*moves, **changes):
    facts = {'regan_view': 1, 'network': {'name': 'n', 'sha256': 'a' * 64}, 'latents': [{'seed': 7}, {'seed': 8}]}
    return document.parse(dict(facts, edits=list(moves), **changes))


def edit(component=0, amount=2.5, **changes):
    return dict({'direction': {'component': component}, 'amount': amount}, **changes)


def starts(shown, arrays=None):
    return latents.starts(shown, NETWORK, arrays or {})


def edited(shown, arrays=None, basis=BASIS):
    return latents.edited(shown, starts(shown, arrays), latents.Directions(NETWORK, basis, arrays or {}))


@pytest.mark.parametrize(
    'move, text',
    [
        (edit(layers=[[2, 5]]), 'E(v0, 2-4) * 2.5'),
        (edit(2, -3.3), 'E(v2, all) * -3.3'),
        (edit(2, -3.3, layers=[[0, L]], unit='raw'), 'E(v2, all) * -3.3 raw'),
        (edit(1, 0.7, mode='centred', layers=[[0, 1]]), 'centred E(v1, 0) * 0.7'),
        (edit(1, 0.7, mode='target', layers=[[3, 6]]), 'target E(v1, 3-5) = 0.7'),
        (edit(1, 0.7, mode='target', invert=True), 'target E(v1, all) = 0.7 inverted'),
    ],
)
def test_an_edit_is_that_of_the_notation_to_the_last_bit(move, text):
    shown = view(move)
    for found, start in zip(edited(shown), starts(shown)):
        np.testing.assert_array_equal(found, edits.apply(start[np.newaxis], BASIS, edits.parse(text))[0])


@pytest.mark.parametrize('mode', edits.KINDS)
def test_any_set_of_layers(mode):
    shown = view(edit(1, mode=mode, layers=[[0, 2], [3, 4], [6, 8]]))
    before, after = starts(shown), edited(shown)
    whole = edited(view(edit(1, mode=mode)))
    assert np.array_equal(after[:, [2, 4, 5]], before[:, [2, 4, 5]])
    np.testing.assert_allclose(after[:, [0, 1, 3, 6, 7]], whole[:, [0, 1, 3, 6, 7]], rtol=0, atol=1e-6)
    assert np.array_equal(edited(view(edit(1, mode=mode, layers=[]))), before)


def test_a_mixture_has_layers_of_both():
    array = np.arange(L * D, dtype=np.float32).reshape(1, L, D)
    column = {'file': 'me.npy', 'sha256': 'b' * 64, 'row': 0}
    mix = {'mix': {'row': {'seed': 7}, 'column': column, 'layers': [[1, 3]]}}
    shown = view(latents=[{'seed': 7}, mix])
    plain, mixed = starts(shown, {'b' * 64: array})
    np.testing.assert_array_equal(mixed[1:3], array[0, 1:3])
    np.testing.assert_array_equal(np.delete(mixed, (1, 2), axis=0), np.delete(plain, (1, 2), axis=0))
    assert files.named(shown) == {'b' * 64: 'me.npy'}


def test_a_target_counts_from_layer_0_as_it_was():
    w = np.random.RandomState(3).randn(1, L, D).astype(np.float32)
    axis = edits.along(BASIS, 0)
    moved = edits.move(w, axis, [slice(0, 2), slice(4, 6)], 1.5, 'target')
    now = edits.coordinates(w[:, 0], BASIS.mean, BASIS.components[0])
    way = (1.5 * axis.unit - now) * axis.direction
    np.testing.assert_allclose(moved[0, 4] - w[0, 4], way, atol=1e-6)


def test_edits_follow_each_other_and_off_ones_are_absent():
    moves = [edit(0), edit(1, mode='target', layers=[[1, 3]]), edit(2, on=False)]
    expected = starts(view())
    for text in ('E(v0, all) * 2.5', 'target E(v1, 1-2) = 2.5'):
        expected = np.concatenate([edits.apply(one[np.newaxis], BASIS, edits.parse(text)) for one in expected])
    np.testing.assert_array_equal(edited(view(*moves)), expected)


def test_gain_scales_all_amounts():
    moves = [edit(0, 1.0), edit(1, 2.0, mode='target')]
    halved = [edit(0, 0.5), edit(1, 1.0, mode='target')]
    np.testing.assert_array_equal(edited(view(*moves, gain=0.5)), edited(view(*halved)))


def test_a_label_goes_into_the_mapping():
    w = starts(view(label=2))
    np.testing.assert_array_equal(w[0, 0], 3 * z_latents.from_seed(7, D) + np.float32(2))
    assert (w == w[:, :1]).all() and w.dtype == np.float32


def test_random_directions_have_the_deviation_of_the_component():
    found = latents.Directions(NETWORK, BASIS, {}).axis(view(edit(direction={'random': [5, 2]})).edits[0])
    rows = np.random.RandomState(5).normal(size=(3, D))
    np.testing.assert_allclose(found.direction, rows[2] / np.linalg.norm(rows[2]), rtol=1e-6)
    assert found.unit == float(SPREAD[2])
    ganspace = latents.Directions(NETWORK, BASIS, {}).axis(view(edit(direction={'random': [2, 1]})).edits[0])
    np.testing.assert_array_equal(ganspace.direction, z_latents.random_directions(80, D)[1])


def test_a_named_edit_is_its_component():
    from regan.editing import edit_zoo

    named = [edit_zoo.NamedEdit('my/Redness', edits.parse('E(v1, 2-4) * 3'))]
    move = view(edit(direction={'edit': 'my/redness'})).edits[0]
    found = latents.Directions(NETWORK, BASIS, {}, named).axis(move)
    np.testing.assert_array_equal(found.direction, ROWS[1].astype(np.float64))
    with pytest.raises(UserError, match="there is no edit 'my/redness'"):
        latents.Directions(NETWORK, BASIS, {}).axis(move)


def content_of(array, **others):
    out = io.BytesIO()
    if others:
        np.savez(out, **dict(others))
    else:
        np.save(out, array)
    return out.getvalue()


def given(content, name='me.npy'):
    sha256 = hashlib.sha256(content).hexdigest()
    return {sha256: files.rows(content, name)}, {'file': name, 'sha256': sha256}


def test_latents_of_a_file_for_one_or_every_layer():
    rows = np.random.RandomState(0).randn(3, L, D)
    arrays, source = given(content_of(rows))
    found = starts(view(latents=[dict(source, row=2), {'seed': 7}]), arrays)
    np.testing.assert_array_equal(found[0], rows[2].astype(np.float32))
    np.testing.assert_array_equal(found[1], starts(view())[0])
    for array in (rows[:, 0], rows[:, :1]):
        arrays, source = given(content_of(array))
        found = starts(view(latents=[dict(source, row=1)]), arrays)
        np.testing.assert_array_equal(found[0], np.tile(rows[1, 0].astype(np.float32), (L, 1)))


def test_directions_of_files_and_boundaries(tmp_path, monkeypatch):
    vector = np.arange(1.0, D + 1)
    arrays, source = given(content_of(None, lat_comp=vector[np.newaxis, np.newaxis], lat_mean=np.zeros(3)), 'd.npz')
    directions = latents.Directions(NETWORK, None, arrays)
    stdev, raw = [
        directions.axis(view(edit(direction=dict(source, row=0), unit=unit)).edits[0]) for unit in ('stdev', 'raw')
    ]
    unit = vector / np.linalg.norm(vector)
    np.testing.assert_allclose(raw.direction, unit, rtol=1e-12)
    assert raw.unit == 1 and stdev.unit == pytest.approx(2, rel=0.05)  # w = 2 z
    boundary.save(tmp_path / 'mine_boundary.npy', unit)
    monkeypatch.setenv('REGAN_BOUNDARIES', str(tmp_path))
    found = directions.axis(view(edit(direction={'boundary': 'mine'})).edits[0])
    np.testing.assert_array_equal(found.direction, unit)
    assert found.unit == stdev.unit


@pytest.mark.parametrize(
    'move, basis, message',
    [
        (edit(3), BASIS, 'the view needs component 3, but the basis has 0 to 2'),
        (edit(0), None, 'the view needs components, but there are none'),
        (edit(direction={'random': [0, 65535]}), BASIS, 'the view needs component 65535'),
        (edit(direction={'edit': 'ffhq/Big smile'}), BASIS, 'the view needs component 19'),
        (edit(direction={'edit': 'ffhq/nothing'}), BASIS, "there is no edit 'ffhq/nothing'"),
        (edit(direction={'boundary': 'nothing'}), BASIS, 'nothing is neither a file nor a known boundary'),
        (edit(direction={'file': 'x', 'sha256': 'b' * 64, 'row': 0}), BASIS, 'the view needs the file x .SHA-256 bbb'),
        (edit(layers=[[7, 9]]), BASIS, 'an edit goes to layer 8, but this network has layers 0-7'),
    ],
)
def test_what_an_edit_lacks(move, basis, message):
    with pytest.raises(UserError, match=message):
        edited(view(move), basis=basis)


def bomb():
    """An .npz whose array would have 512 MB."""
    out = io.BytesIO()
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, dict(descr='<f4', fortran_order=False, shape=(2**27,)))
    with zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr('w.npy', header.getvalue() + bytes(2**20))
    content = out.getvalue()
    size = len(header.getvalue()) + 2**20
    return content.replace(struct.pack('<I', size), struct.pack('<I', 2**29))  # It says that it is larger.


def header_only(shape):
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, dict(descr='<f4', fortran_order=False, shape=shape))
    return out.getvalue()


@pytest.mark.parametrize(
    'content, message',
    [
        (b'', 'x is damaged or no .npy or .npz of plain arrays'),
        (b'\x93NUMPY', 'x is damaged or no .npy or .npz'),
        (content_of(np.array([{}], object)), 'x is damaged, or holds objects instead of numbers'),
        (content_of(np.arange(3)), r'x holds an array of type int64 and shape \[3\]'),
        (content_of(np.array([np.nan])), '1 of 1 values are NaN or infinite'),
        (content_of(np.zeros((0, 4))), r'shape \[0, 4\]'),
        (content_of(np.zeros((1, 1, 1, 1))), r'shape \[1, 1, 1, 1\]'),
        (content_of(np.zeros(3))[:-1], 'x is damaged'),
        (header_only((10**12,)), 'x is damaged'),
        (header_only((2**62, 2**62)), 'x is damaged'),
        (header_only((-1,)), 'x is damaged'),
        (bomb(), 'x holds an array of more than 256 MB'),
        (content_of(None, a=np.zeros(3), b=np.zeros(3)), 'x holds 2 arrays, none of which is called latents'),
    ],
    ids=lambda value: '' if isinstance(value, bytes) else value,
)
def test_files_that_are_refused_within_a_bound_of_memory(content, message):
    tracemalloc.start()
    try:
        with pytest.raises(UserError, match=message):
            files.rows(content, 'x')
        assert tracemalloc.get_traced_memory()[1] < 2**23
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    'array, row, message',
    [
        (np.zeros((2, 5)), 0, r'a latent of me.npy has shape \[5\], but this network wants \[8, 7\] or \[7\]'),
        (np.zeros((2, 5, D)), 0, r'has shape \[5, 7\]'),
        (np.zeros((2, D)), 2, 'the view asks for row 2 of me.npy, which has rows 0-1'),
    ],
)
def test_latents_that_do_not_fit(array, row, message):
    arrays, source = given(content_of(array))
    with pytest.raises(UserError, match=message):
        starts(view(latents=[dict(source, row=row)]), arrays)


@pytest.mark.parametrize(
    'array, message', [(np.ones((1, 5)), 'width 5, but this network has 7'), (np.zeros((1, D)), 'is all zeros')]
)
def test_directions_that_do_not_fit(array, message):
    arrays, source = given(content_of(array))
    with pytest.raises(UserError, match=message):
        latents.Directions(NETWORK, BASIS, arrays).axis(view(edit(direction=dict(source, row=0))).edits[0])


def test_what_needs_components():
    boundary_move = {'boundary': 'b'}
    assert not bases.are_needed(view()) and not bases.are_needed(view(edit(direction=boundary_move), edit(on=False)))
    assert bases.are_needed(view(edit(direction=boundary_move, mode='centred')))
    assert bases.are_needed(view(edit(on=False), show={'kind': 'strip'}))
    other = document.to_dict(view(edit()))
    assert bases.are_needed(view(show={'kind': 'side', 'other': other}))


def test_the_name_of_a_basis_depends_on_its_numbers_alone():
    named = bases.name(BASIS)
    assert (named.estimator, named.components, named.n) == ('unknown', 3, None)
    assert (
        bases.name(Basis(*[getattr(BASIS, name) for name in ('mean', 'components', 'stdev')] + [SPREAD + 1] * 3))
        == named
    )
    other = Basis(BASIS.mean, -ROWS, SPREAD, SPREAD, SPREAD, SPREAD, dict(space='w', estimator='pca', n=5, seed=1))
    assert bases.name(other).key != named.key
    assert (bases.name(other).n, bases.name(other).seed, bases.name(other).batch_size) == (5, 1, None)


# ------------------------------------------------------------------ pictures


def image(shown):
    return drawing.image(shown, NETWORK, BASIS, {})


def test_a_strip_is_that_of_the_edit_command():
    shown = view(edit(1, 2.0, mode='centred', layers=[[0, 3]]), show={'kind': 'strip', 'latent': 1, 'frames': 7})
    found = drawing.tiles(shown, NETWORK, {}, latents.Directions(NETWORK, BASIS, {}))
    rows = edit_images.strips(NETWORK, BASIS, [8], [edits.parse('centred E(v1, 0-2) * 2')], 7)
    expected = edit_images.truncated(NETWORK, rows, latents.settings(shown, NETWORK))
    np.testing.assert_array_equal(np.stack([tile.dlatents for tile in found]), expected)
    assert image(shown).shape == (4, 42, 3)


def test_a_strip_to_a_target_begins_without_it():
    shown = view(edit(1, 2.0, mode='target', layers=[[0, 3]]), psi=1, show={'kind': 'strip', 'frames': 4})
    found = drawing.tiles(shown, NETWORK, {}, latents.Directions(NETWORK, BASIS, {}))
    way = sweep.path(starts(shown)[:1], BASIS, edits.parse('target E(v1, 0-2) = 2'), 4)
    np.testing.assert_array_equal(np.stack([tile.dlatents for tile in found]), way)


def test_the_ends_of_a_strip_are_views_among_the_other_edits():
    moves = [edit(0, 1.5), edit(1, 2.0), edit(2, mode='centred')]
    strip = image(view(*moves, gain=0.7, show={'kind': 'strip', 'edit': 1, 'frames': 3}))
    np.testing.assert_array_equal(strip[:, 12:], image(view(*moves, gain=0.7)))
    turned = [moves[0], edit(1, -2.0), moves[2]]
    np.testing.assert_array_equal(strip[:, :6], image(view(*turned, gain=0.7)))
    without = [moves[0], dict(moves[1], on=False), moves[2]]
    np.testing.assert_array_equal(strip[:, 6:12], image(view(*without, gain=0.7)))
    np.testing.assert_array_equal(
        strip,
        image(
            view(
                *[moves[0], dict(moves[1], on=False), moves[2]],
                gain=0.7,
                show={'kind': 'strip', 'edit': 1, 'frames': 3},
            )
        ),
    )


def test_a_grid_has_the_latents_as_they_are_above_each_edit_alone():
    moves = [edit(0), edit(1, on=False), edit(2, mode='target')]
    grid = image(view(*moves, show={'kind': 'grid'}))
    assert grid.shape == (12, 12, 3)
    for row, alone in enumerate([[], moves[:1], moves[2:]]):
        for column in range(2):
            tile = grid[4 * row : 4 * row + 4, 6 * column : 6 * column + 6]
            np.testing.assert_array_equal(tile, image(view(*alone, show={'latent': column})))
    narrow = image(view(show={'kind': 'grid', 'columns': 1}))
    np.testing.assert_array_equal(narrow, np.concatenate([grid[:4, :6], grid[:4, 6:]]))


def test_wipe_and_side_show_what_is_before_on_the_left():
    before, after = image(view()), image(view(edit()))
    assert not np.array_equal(before, after)
    for at, column in [(0, 0), (0.5, 3), (0.25, 2), (1, 6)]:
        wipe = image(view(edit(), show={'kind': 'wipe', 'at': at}))
        np.testing.assert_array_equal(wipe, np.concatenate([before[:, :column], after[:, column:]], axis=1))
    np.testing.assert_array_equal(image(view(edit(), show={'kind': 'side'})), np.concatenate([before, after], axis=1))
    other = document.to_dict(view(edit(1), noise={'mode': 'none'}, show={'latent': 1}))
    pair = image(view(edit(), show={'kind': 'side', 'other': other}))
    np.testing.assert_array_equal(pair, np.concatenate([image(document.parse(other)), after], axis=1))


def test_settings_are_those_of_the_options():
    assert latents.settings(view(psi=0.5, cutoff=3), NETWORK).facts() == dict(
        mode=None, noise='stored', conversion='round', psi=0.5, cutoff=3
    )
    ganspace = latents.settings(view(compat='ganspace', psi=1.5, conversion='round'), NETWORK)
    assert (ganspace.mode, ganspace.psi, ganspace.conversion) == ('ganspace', 1.0, 'round')
    assert ganspace.noise == {'torch_cuda_seed': 0, 'multiprocessors': 80, 'threads': 2048}
