"""regan.views.made: which view the picture of a command carries."""

import dataclasses
import types

import numpy as np
import pytest

from regan.components.basis import Basis
from regan.drawing import modes
from regan.editing import edit_choices, edits
from regan.sampling import latents
from regan.views import bases, document, files, made

SPREAD = np.ones(20, np.float32)
ROWS = latents.random_directions(20, 7)
BASIS = Basis(np.zeros(7, np.float32), ROWS, SPREAD, SPREAD, SPREAD, SPREAD)
GENERATOR = types.SimpleNamespace(sha256='a' * 64, latent_space='w')


def origin(network='stylegan2-cars-64', **settings):
    return made.Origin(network, GENERATOR, modes.Settings(**settings), BASIS)


def choices(*texts):
    return edit_choices.choose(texts)


def test_a_strip_of_one_seed_and_edit():
    view = made.rows(origin(psi=0.5, cutoff=3), [7], choices('centred E(v1, 2-4) * -3 raw'), 9)
    (edit,) = view.edits
    assert (edit.direction.component, edit.layers, edit.mode, edit.unit, edit.amount, edit.on) == (
        1,
        ((2, 5),),
        'centred',
        'raw',
        -3,
        True,
    )
    assert (view.show.kind, view.show.frames, view.show.edit, view.show.latent) == ('strip', 9, 0, 0)
    assert (view.psi, view.cutoff, view.latents[0].seed) == (0.5, 3, 7)
    assert view.network.name == 'stylegan2-cars-64' and view.basis == bases.name(BASIS)


def test_of_several_rows_the_first_one_shows():
    view = made.rows(origin(), range(20), choices('E(v1, all)', 'E(v2, 8)', 'ffhq/Big smile'), 5)
    assert [latent.seed for latent in view.latents] == list(range(16))
    assert [edit.on for edit in view.edits] == [True, False, False]
    assert [edit.layers for edit in view.edits] == [None, ((8, 9),), ((4, 5),)]
    assert view.edits[2].name == 'Big smile' and view.edits[2].direction.component == 19
    assert (view.show.kind, view.show.edit) == ('strip', 0)


def test_a_strip_of_too_many_frames_is_its_end():
    assert made.rows(origin(), [7], choices('E(v1, all)'), 34).show.kind == 'single'


def test_sequences():
    one = made.rows(origin(), [7], choices('target E(v1, all) = 2 inverted'))
    assert one.show.kind == 'side' and one.edits[0].invert
    two = made.rows(origin(), [7, 8], choices('target E(v1, all) = 2', 'E(v2, 1)'))
    assert two.show.kind == 'single' and all(edit.on for edit in two.edits)


def test_tables_and_sheets():
    grid = made.tables(origin(), [7, 8], choices('E(v1, all)', 'E(v2, 1)'))
    assert grid.show.kind == 'grid' and grid.show.columns is None and len(grid.active) == 2
    assert made.tables(origin(), range(16), choices(*['E(v1, all)'] * 4)).show.kind == 'single'
    sheet = made.sheets(origin(), [1, 2, 3])
    assert (sheet.show.kind, sheet.show.columns) == ('grid', 2)
    assert made.sheets(origin(), [1, 2, 3], columns=7).show.columns == 3
    assert made.sheets(origin(), [1]).show.kind == made.sheets(origin(), range(17)).show.kind == 'single'


def test_settings_of_modes():
    for mode in modes.MODES:
        for conversion in (None,) + modes.CONVERSIONS:
            settings = modes.resolve(mode, None, conversion, 2, 0.7, None)
            view = made.sheets(made.Origin('x', GENERATOR, settings), [1])
            again = modes.resolve(view.compat, view.noise.choice, view.conversion, 2, view.psi, view.cutoff)
            assert again == settings
    assert made.sheets(origin(noise='seed'), [1]).noise.mode == 'seed'


@pytest.mark.parametrize(
    'settings, text',
    [({}, 'E(v1, all) * 101'), (dict(noise={'torch_cpu_seed': 2**32}), 'E(v1, all)'), (dict(psi=101.0), 'E(v1, all)')],
)
def test_what_no_view_can_say(settings, text):
    assert made.rows(origin(**settings), [7], choices(text), 5) is None


def test_no_view_can_say_edits_in_z():
    in_z = dataclasses.replace(BASIS, space='z')
    assert made.rows(origin()._replace(basis=in_z), [7], choices('E(v1, all)'), 5) is None


def test_how_the_components_were_made_is_said():
    record = dict(space='w', estimator='fbpca', n=400, batch_size=20, seed=1, signs='found', zero_rows=True)
    view = made.rows(origin()._replace(basis=dataclasses.replace(BASIS, record=record)), [7], choices('E(v1, 1)'), 5)
    assert (view.basis.n, view.basis.signs, view.basis.zero_rows) == (400, 'found', True)
    assert document.loads(document.canonical(view)) == view


def test_names_are_fitted():
    view = made.sheets(origin('/some/where/' + '\n\ud800' + 'n' * 100), [1])
    assert view.network.name == '__' + 'n' * 62


def test_a_saved_edit_is_a_direction_of_its_file(tmp_path):
    from regan.editing import saved_edits

    facts = types.SimpleNamespace(num_layers=8, original_name='StyleGAN2', first_layer=None)
    spread = np.linspace(1.7, 0.9, 20).astype(np.float32)
    recorded = Basis(BASIS.mean, ROWS, spread, spread, spread, spread, dict(estimator='ipca', n=5))
    saved = saved_edits.from_basis(recorded, edits.parse('E(v1, 2-4) * 3'), facts, 'ffhq', 0.7, 1, 'Glow')
    saved_edits.save(tmp_path / 'glow.json', saved)
    saved_edits.export(tmp_path / 'glow.pkl', saved)
    for name, kept in [('glow.json', 'glow.npz'), ('glow.pkl', 'glow.pkl')]:
        view = made.rows(origin(), [7], choices(str(tmp_path / name)), 5)
        (edit,) = view.edits
        assert (edit.direction.file, edit.unit, edit.name) == (kept, 'raw', 'Glow')
        assert edit.amount == 3 * float(spread[1])
        loaded = files.load([tmp_path / kept])
        np.testing.assert_array_equal(loaded[edit.direction.sha256][0], ROWS[1])


def test_every_made_view_reads_back():
    for view in [made.sheets(origin(), [1, 2]), made.rows(origin(), [1], choices('E(v1, all)'), 5)]:
        assert document.loads(document.canonical(view)) == view
