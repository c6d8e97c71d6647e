"""Published parameters on networks that they were not published for: all that does not fit is made to, and said."""

import dataclasses
import types

import checkout
import numpy as np
import pytest

from regan.base.errors import UserError
from regan.figures import borrowed, figure_spec
from regan.figures.figure_spec import Crop

FIGURES = ['figure1', 'figure2', 'figure3', 'figure4', 'figure5', 'figure_components', 'figure_teaser', 'figure_zoo']


def network(resolution, num_layers, dlatent_size=512):
    return types.SimpleNamespace(resolution=resolution, num_layers=num_layers, dlatent_size=dlatent_size)


def spec(name='figure1'):
    return figure_spec.choose(name, 'some/GREY-64.pkl', checkout.SPECS)


def fitted(*shape, name='figure1'):
    return borrowed.fitted(spec(name).panels, network(*shape))


def test_a_network_as_large_as_the_published_one_changes_nothing(capsys):
    panels = spec().panels
    assert borrowed.fitted(panels, network(512, 16)) == list(panels)
    assert borrowed.with_crop(panels[0], 512, 512) == panels[0] == borrowed.with_crop(panels[0], 1024, 1024)
    own = figure_spec.choose('figure1', 'official', checkout.SPECS).panels[0]
    assert borrowed.with_crop(own, 64, 64) == own
    assert capsys.readouterr().err == ''


def test_layers_end_with_the_last_one(capsys):
    (panel,) = fitted(64, 10)
    assert [str(edit).split(' = ')[0] for edit in panel.edits] == [
        'target E(v22, 9)',
        'target E(v41, 9)',
        'target E(v0, 0-4)',
        'target E(v16, 3-5)',
    ]
    assert panel.labels == ('seed 440749230', 'E(v22, 9)', 'E(v41, 9)', 'E(v0, 0-4)', 'E(v16, 3-5)')
    said = capsys.readouterr().err
    assert (
        said.count('\n') == 1 and 'GREY-64.pkl has 10 layers' in said and 'E(v22, 9) in place of E(v22, 9-10)' in said
    )


def test_edits_without_layers_or_component_are_left_out(capsys):
    (panel,) = fitted(16, 6, 20)
    assert [edit.component for edit in panel.edits] == [0, 16] and panel.pca.components == 20
    assert panel.labels == ('seed 440749230', 'E(v0, 0-4)', 'E(v16, 3-5)')
    said = capsys.readouterr().err
    assert '20 components in place of 80' in said and 'E(v41, 9-10) left out' in said


def test_rows_go_with_their_edits():
    panel = spec('figure2').panels[0]
    first, second = panel.edits[0], spec('figure2').panels[1].edits[0]
    panel = dataclasses.replace(panel, seeds=(1, 2), edits=(first, second), rows=tuple('abcdefgh'))
    (found,) = borrowed.fitted([panel], network(64, 10, 20))  # v44 is too much for w of width 20.
    assert found.edits == (first,) and found.rows == ('a', 'b', 'e', 'f')


def test_panels_without_any_edit_are_left_out():
    assert len(fitted(1024, 18, 40, name='figure2')) == 3 < len(spec('figure2').panels)
    with pytest.raises(UserError, match='too few for any edit of this figure; choose a larger network'):
        fitted(4, 2, 2, name='figure4')


@pytest.mark.parametrize(
    'height, width, crop',
    [
        (64, 64, Crop(8, 8, 0, 0)),
        (256, 256, Crop(32, 32, 0, 0)),
        (64, 128, Crop(8, 8, 0, 0)),
        (256, 1024, Crop(32, 32, 1, 1)),
        (4, 4, Crop()),
    ],
)
def test_crops_are_scaled(capsys, height, width, crop):
    (panel,) = spec().panels
    assert borrowed.with_crop(panel, height, width).crop == crop
    said = capsys.readouterr().err
    assert said.count('\n') == 1 and 'draws %dx%d pixels (width x height)' % (width, height) in said


def test_small_tiles_are_enlarged_for_their_labels():
    tiles = np.zeros([1, 5, 48, 64, 3], np.uint8)
    assert borrowed.enlarged(spec(), [tiles]).enlarge.factor == 5
    official = figure_spec.choose('figure1', 'official', checkout.SPECS)
    assert borrowed.enlarged(official, [tiles]) == official


@pytest.mark.parametrize('name', FIGURES)
@pytest.mark.parametrize('shape', [(64, 10, 48), (32, 8, 512), (1024, 18, 32), (8, 4, 140)])
def test_every_figure_fits_every_network(name, shape):
    """What is left is within the network, and has a label for each column and row that had one."""
    before = spec(name)
    try:
        panels = borrowed.fitted(before.panels, network(*shape))
    except UserError:
        return
    for panel in panels:
        panel = borrowed.with_crop(panel, shape[0], shape[0])
        figure_spec.check_network(panel, shape[0], shape[1], panel.name)
        assert panel.pca.components <= shape[2]
        for texts in (panel.rows, panel.labels):
            old = next(one for one in before.panels if one.name == panel.name)
            assert bool(texts) == bool(old.rows if texts is panel.rows else old.labels)


def test_a_class_is_that_of_all_panels():
    chosen = figure_spec.of_class(spec('figure2'), 3)
    assert {panel.network_class for panel in chosen.panels} == {3} and chosen.name == 'figure2-GREY-64-class-3'
