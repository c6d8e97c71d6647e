import dataclasses
import json

import numpy as np
import pytest

from regan.base.errors import UserError
from regan.components.basis import Basis
from regan.editing import edits
from regan.editing.edits import Edit
from regan.sampling import latents

N, L, D, K = 3, 7, 13, 5


@pytest.fixture
def basis():
    generator = np.random.RandomState(0)
    rows = latents.random_basis(1, D)[:K].astype(np.float32)
    spread = np.linspace(2, 0.5, K).astype(np.float32)
    return Basis(
        mean=generator.randn(D).astype(np.float32),
        components=rows,
        stdev=spread,
        act_stdev=spread,
        variance_ratio=spread,
        random_stdevs=spread,
    )


@pytest.fixture
def dlatents():
    return np.random.RandomState(2).randn(N, L, D).astype(np.float32)


def coordinates(dlatents, basis, component):
    """In units of stdev, [N, L]."""
    return (dlatents.astype(np.float64) - basis.mean).dot(basis.components[component]) / basis.stdev[component]


@pytest.mark.parametrize(
    'text, edit',
    [
        ('E(v0, 0-4) * 2.0', Edit(0, 0, 5, 2.0)),
        ('E(v15, 8)', Edit(15, 8, 9)),
        ('E(v3, all) * -1.5', Edit(3, strength=-1.5)),
        ('centred E(v0, 0-4) * 2.0', Edit(0, 0, 5, 2.0, 'centred')),
        ('centred E(v59, 10)', Edit(59, 10, 11, kind='centred')),
        ('target E(v22, 9-10) = -8.0', Edit(22, 9, 11, -8.0, 'target')),
        ('target E(v0, 0-4) = 2.0 inverted', Edit(0, 0, 5, 2.0, 'target', invert=True)),
        ('target E(v0, 0-4) = 1.0', Edit(0, 0, 5, 1.0, 'target')),
        ('E(v9, 0-6) * 1.0 raw', Edit(9, 0, 7, unit='raw')),
        ('target E(v9, all) = 1e-07 raw inverted', Edit(9, 0, None, 1e-7, 'target', True, 'raw')),
    ],
)
def test_notation_round_trip(text, edit):
    assert edits.parse(text) == edit
    assert edits.notation(edit) == text
    assert str(edit) == text
    assert Edit.from_dict(json.loads(json.dumps(edit.to_dict()))) == edit


@pytest.mark.parametrize(
    'text, edit',
    [
        (' E( v0 ,0 - 4 )*2 ', Edit(0, 0, 5, 2.0)),
        ('offset E(v1, 3-3)', Edit(1, 3, 4)),
        ('target E(v1,3)=-8', Edit(1, 3, 4, -8.0, 'target')),
    ],
)
def test_parse_is_lenient_about_blanks(text, edit):
    assert edits.parse(text) == edit


@pytest.mark.parametrize(
    'text, message',
    [
        ('', "cannot read the edit ''; write for example"),
        ('E(0, 0-4)', 'cannot read'),
        ('E(v-1, 0-4)', 'cannot read'),
        ('E(v0, -1)', 'cannot read'),
        ('E(v0, 0-4) = 2', 'cannot read'),
        ('target E(v0, 0-4) * 2', 'cannot read'),
        ('target E(v0, 0-4)', 'cannot read'),
        ('moved E(v0, 0-4)', 'cannot read'),
        ('E(v0, 0-4) * 2 3', 'cannot read'),
        ('E(v0, 4-0)', "the layers of 'E\\(v0, 4-0\\)' run backwards"),
        ('E(v0, 0-4) * two', "'two' in the edit .* is not a number"),
        ('E(v0, 0-4) * nan', 'strength of an edit is nan but must be a finite number'),
        ('E(v0, 0-4) * inf', 'strength of an edit is inf'),
        ('E(v0, 0-4) * 2 inverted', "kind 'offset' cannot be inverted"),
    ],
)
def test_parse_refuses(text, message):
    with pytest.raises(UserError, match=message):
        edits.parse(text)


@pytest.mark.parametrize(
    'facts, message',
    [
        ({'component': -1}, 'component is -1 .* whole number from 0'),
        ({'component': 1.0}, 'component is 1.0'),
        ({'component': True}, 'component is True'),
        ({'component': 0, 'start': -1}, 'start is -1'),
        ({'component': 0, 'start': 3, 'end': 3}, 'start 3 and end 3 .* leave no layer'),
        ({'component': 0, 'start': 3}, 'start 3 and end None .* leave no layer'),
        ({'component': 0, 'strength': '2'}, "strength of an edit is '2'"),
        ({'component': 0, 'strength': float('nan')}, 'strength of an edit is nan'),
        ({'component': 0, 'kind': 'centered'}, "kind is 'centered' .* choose one of"),
        ({'component': 0, 'unit': 'sigma'}, "unit is 'sigma'"),
        ({'component': 0, 'invert': 'yes'}, "invert is 'yes'"),
        ({'component': 0, 'name': 3}, 'name of an edit is 3'),
        ({'component': 0, 'sigma': 3}, "has no 'sigma'; its keys are component, start, end"),
        ({'start': 0}, 'needs a component'),
    ],
)
def test_from_dict_refuses(facts, message):
    with pytest.raises(UserError, match=message):
        Edit.from_dict(facts)


def test_offset_moves_the_coordinate_of_the_layers_in_range(basis, dlatents):
    edited = edits.apply(dlatents, basis, edits.parse('E(v3, 2-4) * -1.5'))
    assert edited.dtype == np.float32
    moved = coordinates(edited, basis, 3) - coordinates(dlatents, basis, 3)
    np.testing.assert_allclose(moved, np.tile([0, 0, -1.5, -1.5, -1.5, 0, 0], (N, 1)), atol=1e-5)
    np.testing.assert_allclose(coordinates(edited, basis, 1), coordinates(dlatents, basis, 1), atol=1e-5)


def test_centred_sets_the_coordinate_of_each_layer(basis, dlatents):
    for strength in [0.0, 2.5]:
        edited = edits.apply(dlatents, basis, Edit(1, 0, 4, strength, 'centred'))
        np.testing.assert_allclose(coordinates(edited, basis, 1)[:, :4], strength, atol=1e-5)
        np.testing.assert_allclose(coordinates(edited, basis, 0), coordinates(dlatents, basis, 0), atol=1e-5)


def test_target_moves_all_layers_as_layer_0_would_have_to(basis, dlatents):
    edited = edits.apply(dlatents, basis, edits.parse('target E(v2, 1-3) = -8'))
    needed = -8 - coordinates(dlatents, basis, 2)[:, :1]  # [N, 1]
    moved = coordinates(edited, basis, 2) - coordinates(dlatents, basis, 2)
    np.testing.assert_allclose(moved[:, 1:4], np.tile(needed, (1, 3)), atol=1e-5)


def test_raw_unit_is_a_length(basis, dlatents):
    edited = edits.apply(dlatents, basis, edits.parse('E(v2, all) * -3 raw'))
    np.testing.assert_allclose(edited - dlatents, np.broadcast_to(-3 * basis.components[2], (N, L, D)), atol=1e-6)
    edited = edits.apply(dlatents, basis, edits.parse('target E(v2, all) = 3 raw'))
    np.testing.assert_allclose(coordinates(edited, basis, 2)[:, 0] * basis.stdev[2], 3, atol=1e-5)


@pytest.mark.parametrize('coordinate, goal', [(1.5, -2), (-1.5, 2), (0.0, -2), (-1e-30, 2)])
def test_inverted_target_goes_to_the_other_side(basis, coordinate, goal):
    basis = dataclasses.replace(
        basis, mean=np.zeros(D, np.float32), components=np.eye(K, D, dtype=np.float32), stdev=np.ones(K, np.float32)
    )
    start = np.zeros((1, L, D), np.float32)
    start[..., 3] = coordinate
    edited = edits.apply(start, basis, edits.parse('target E(v3, all) = 2 inverted'))
    np.testing.assert_array_equal(edited[..., 3], goal)


def test_component_without_spread_can_be_centred_and_targeted(basis, dlatents):
    flat = dataclasses.replace(basis, stdev=np.zeros(K, np.float32))
    for text in ['centred E(v3, 0) * 2', 'target E(v3, 0) = 2 inverted']:
        edited = edits.apply(dlatents, flat, edits.parse(text))
        np.testing.assert_allclose(edits.coordinates(edited[:, 0], basis.mean, basis.components[3]), 0, atol=1e-6)


@pytest.mark.parametrize('kind', edits.KINDS)
def test_other_layers_and_the_input_stay_bit_identical(basis, dlatents, kind):
    before = dlatents.copy()
    edited = edits.apply(dlatents, basis, Edit(2, 3, 5, 20.0, kind))
    np.testing.assert_array_equal(dlatents, before)
    np.testing.assert_array_equal(edited[:, [0, 1, 2, 5, 6]], before[:, [0, 1, 2, 5, 6]])
    assert not np.any(np.all(edited[:, 3:5] == before[:, 3:5], axis=2))


@pytest.mark.parametrize(
    'text, message',
    [
        ('E(v0, 5-7)', 'E\\(v0, 5-7\\) goes past the last layer: this network has layers 0-6'),
        ('E(v0, 7)', 'past the last layer'),
        ('E(v5, 0)', 'E\\(v5, 0\\) needs more components than there are: the basis has v0-v4'),
    ],
)
def test_edits_that_do_not_fit_are_refused(basis, dlatents, text, message):
    with pytest.raises(UserError, match=message):
        edits.apply(dlatents, basis, edits.parse(text))


def test_basis_of_another_network_is_refused(basis, dlatents):
    with pytest.raises(UserError, match='the basis has width 13 but the latents 12'):
        edits.apply(dlatents[..., :-1], basis, edits.parse('E(v0, 0)'))


def test_strip_of_an_offset_is_symmetric_about_the_latent(basis, dlatents):
    frames = edits.strip(dlatents[:1], basis, edits.parse('E(v1, 2-3) * -2'), 5)
    assert (frames.shape, frames.dtype) == ((5, L, D), np.float32)
    np.testing.assert_array_equal(frames[2], dlatents[0])
    expected = coordinates(dlatents[:1], basis, 1)[0, 2] + np.array([2, 1, 0, -1, -2])
    np.testing.assert_allclose(coordinates(frames, basis, 1)[:, 2], expected, atol=1e-5)


def test_strip_of_a_centred_edit_is_symmetric_about_the_mean(basis, dlatents):
    frames = edits.strip(dlatents[:1], basis, edits.parse('centred E(v1, all) * 3'), 7)
    np.testing.assert_allclose(
        coordinates(frames, basis, 1), np.tile(np.arange(-3, 4)[:, np.newaxis], (1, L)), atol=1e-5
    )
    middle = edits.apply(dlatents[:1], basis, Edit(1, strength=0, kind='centred'))[0]
    np.testing.assert_array_equal(frames[3], middle)


def test_strip_refuses(basis, dlatents):
    with pytest.raises(UserError, match='leads to one place and gives no strip'):
        edits.strip(dlatents[:1], basis, edits.parse('target E(v1, 0) = 1'), 5)
    with pytest.raises(UserError, match='at least 2 frames but 1'):
        edits.strip(dlatents[:1], basis, edits.parse('E(v1, 0)'), 1)


def test_sequence_reaches_each_target_in_turn(basis):
    """The sequence of Figure 1: the first latent is the same in all layers."""
    start = latents.broadcast(np.random.RandomState(3).randn(1, D).astype(np.float32), L)
    steps = [
        edits.parse(text)
        for text in [
            'target E(v1, 5-6) = -8',
            'target E(v4, 5) = -18',
            'target E(v0, 0-4) = 2 inverted',
            'target E(v3, 3-5) = 25',
        ]
    ]
    states = edits.sequence(start, basis, steps)  # [5, L, D]
    np.testing.assert_array_equal(states[:1], start)
    goals = [-8, -18, -2 * np.sign(coordinates(start, basis, 0)[0, 0]), 25]
    by_hand = start[0].astype(np.float64)
    for state, edit, goal in zip(states[1:], steps, goals):
        layers = slice(edit.start, edit.end)
        np.testing.assert_allclose(coordinates(state, basis, edit.component)[layers], goal, atol=1e-4)
        needed = goal - coordinates(start, basis, edit.component)[0, 0]
        by_hand[layers] += needed * basis.stdev[edit.component] * basis.components[edit.component]
        np.testing.assert_allclose(state, by_hand, atol=1e-4)


def test_order_of_edits_along_different_components_does_not_matter(basis, dlatents):
    one, two = edits.parse('target E(v1, 1-4) = 3'), edits.parse('target E(v2, 0-2) = -2 inverted')
    np.testing.assert_allclose(
        edits.sequence(dlatents[:1], basis, [one, two])[-1],
        edits.sequence(dlatents[:1], basis, [two, one])[-1],
        atol=1e-5,
    )


def test_truncation_follows_the_edit(basis, dlatents):
    edited = edits.apply(dlatents, basis, edits.parse('E(v1, all) * 3'))
    np.testing.assert_array_equal(latents.truncate(edited, basis.mean, 0.0), np.broadcast_to(basis.mean, (N, L, D)))
    np.testing.assert_array_equal(latents.truncate(edited, basis.mean, 1.0), edited)
    moved = latents.truncate(edited, basis.mean, 0.6) - latents.truncate(dlatents, basis.mean, 0.6)
    np.testing.assert_allclose(moved, 0.6 * (edited - dlatents), atol=1e-6)


def test_centre_puts_latents_on_the_mean_along_any_direction(basis, dlatents):
    direction = 7 * np.random.RandomState(4).randn(D)
    centred = edits.centre(dlatents, basis.mean, direction)
    assert (centred.shape, centred.dtype) == (dlatents.shape, np.float32)
    np.testing.assert_allclose(edits.coordinates(centred, basis.mean, direction), 0, atol=1e-6)
    moved = dlatents - centred
    np.testing.assert_allclose(
        np.linalg.norm(moved, axis=2), np.abs(edits.coordinates(dlatents, basis.mean, direction)), atol=1e-5
    )


def test_middle_frames_of_figure_5_are_equal(basis, dlatents):
    start = edits.centre(dlatents[:1], basis.mean, np.arange(D))
    ours, other = (
        edits.strip(start, basis, edits.parse(text), 5) for text in ['E(v1, 0-2) * -3.2 raw', 'E(v2, all) * 1.2 raw']
    )
    np.testing.assert_array_equal(ours[2], other[2])
    assert not np.array_equal(ours[1], other[1])


@pytest.mark.parametrize('rows', [np.eye(D), latents.random_basis(5, D)])
def test_exchange_of_nothing_and_of_everything(rows):
    generator = np.random.RandomState(6)
    base, samples, mean = generator.randn(D), generator.randn(6, D), generator.randn(D)
    nothing, everything = (edits.exchange(base, samples, mean, rows, slice(0, count)) for count in [0, D])
    np.testing.assert_allclose(nothing, np.tile(base, (6, 1)), atol=1e-13)
    np.testing.assert_allclose(everything, samples, atol=1e-13)


def test_exchange_takes_the_chosen_coordinates_only():
    base, samples = np.zeros(D), np.arange(2 * D).reshape(2, D).astype(np.float32)
    mixed = edits.exchange(base, samples, np.zeros(D), np.eye(D), slice(8, None))
    np.testing.assert_array_equal(mixed, samples * (np.arange(D) >= 8))
    assert mixed.dtype == np.float32
