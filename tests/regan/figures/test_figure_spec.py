"""regan.figures.figure_spec and regan.base.json_records: what a spec may say, and how each mistake is answered."""

import copy
import json

import checkout
import pytest

from regan.base.errors import UserError
from regan.components import pca
from regan.editing import edits
from regan.figures import figure_spec
from regan.networks import models
from regan.pictures import diff

GOOD = {
    'title': 'T',
    'source': 'S',
    'network': 'stylegan2-cars-64',
    'seeds': [0, 5],
    'psi': 0.5,
    'noise': {'numpy_seed': 0},
    'cutoff': 3,
    'pca': {'estimator': 'ipca', 'n': 10000, 'components': 7, 'batch_size': 50, 'seed': 2},
    'edits': [{'component': 6, 'start': 1, 'end': 10, 'kind': 'target', 'strength': -8, 'invert': True}],
    'crop': {'top': 1, 'left': 2},
    'gap': 3,
    'labels': ['a', 'b'],
    'enlarge': {'factor': 2, 'method': 'lanczos'},
    'tolerance': {'max': 1, 'rms': 0.5, 'reason': 'R'},
}


def load(tmp_path, embedded):
    (tmp_path / 'fig.json').write_text(json.dumps({'embedded': embedded, 'official': GOOD}))
    return figure_spec.load('fig', tmp_path)


def test_every_value_arrives(tmp_path):
    panel = figure_spec.Panel(
        network='stylegan2-cars-64',
        seeds=(0, 5),
        psi=0.5,
        noise={'numpy_seed': 0},
        cutoff=3,
        pca=pca.PCASpec(10000, 7, 50, 'ipca', 2),
        edits=(edits.Edit(6, 1, 10, -8, kind='target', invert=True),),
        crop=figure_spec.Crop(top=1, left=2),
        labels=('a', 'b'),
        tolerance=diff.Tolerance(1, 0.5, 'R'),
        name='fig-embedded',
    )
    assert load(tmp_path, GOOD)['embedded'] == figure_spec.FigureSpec(
        title='T', source='S', panels=(panel,), gap=3, enlarge=figure_spec.Enlarge(2, 'lanczos'), name='fig-embedded'
    )


def test_panels_inherit_what_they_do_not_say(tmp_path):
    data = dict(
        GOOD,
        panels=[
            {'psi': 1, 'edits': ['centred E(v0, all) * 2'], 'frames': 5},
            {
                'network': 'stylegan2-faces-64',
                'components_of': 'stylegan2-cars-64',
                'exchange': {'base_seed': 1, 'first': 3, 'which': 'keep'},
                'supervised': {'boundary': 'smile', 'strength': -2},
            },
        ],
    )
    first, second = load(tmp_path, data)['embedded'].panels
    assert (first.psi, second.psi, first.seeds, second.seeds) == (1, 0.5, (0, 5), (0, 5))
    assert first.edits == (edits.Edit(0, strength=2.0, kind='centred'),) and first.frames == 5 and second.frames is None
    assert second.exchange == figure_spec.Exchange(1, 3, 'keep') and second.supervised == figure_spec.Supervised(
        'smile', -2
    )
    assert (first.name, second.name) == ('fig-embedded, panel 1', 'fig-embedded, panel 2')


@pytest.mark.parametrize(
    'panels, message',
    [
        ([], r'embedded.panels must be a list with something in it'),
        ([3], r'embedded.panels\[0\] must be a JSON object, not 3'),
        (
            [{}, {'edits': ['E(v9, 3)']}],
            r'embedded.panels\[1\].edits\[0\]: E\(v9, 3\) needs a component that pca.components',
        ),
        ([{'edits': ['E(9)']}], r"embedded.panels\[0\].edits\[0\]: cannot read the edit 'E\(9\)'"),
        ([{'components_of': 'vans'}], r'embedded.panels\[0\].components_of is vans, which models.json does not have'),
        ([{'exchange': {'base_seed': 1, 'first': 3, 'which': 'drop'}}], r'which must be one of "keep", "randomise"'),
        ([{'frames': 1}], r'embedded.panels\[0\].frames must be a whole number of 2 or more'),
        ([{'gap': 1}], r"embedded.panels\[0\] has the unknown key 'gap'"),
    ],
)
def test_mistakes_in_panels(tmp_path, panels, message):
    with pytest.raises(UserError, match=message):
        load(tmp_path, dict(GOOD, panels=panels))


def test_left_out_layout_is_plain(tmp_path):
    needed = {key: GOOD[key] for key in GOOD if key not in ('cutoff', 'crop', 'gap', 'labels', 'enlarge')}
    figure = load(tmp_path, dict(needed, noise='stored'))['embedded']
    [plain] = figure.panels
    assert (plain.cutoff, plain.crop, plain.labels, plain.noise) == (None, figure_spec.Crop(0, 0, 0, 0), (), 'stored')
    assert (figure.enlarge, figure.gap) == (figure_spec.Enlarge(1, 'nearest'), 0)


@pytest.mark.parametrize(
    'path, value, message',
    [
        (
            'psy',
            0.5,
            r"fig.json: embedded has the unknown key 'psy'; allowed are: components_of, conversion, crop, cutoff, "
            r"edits, .*psi, ",
        ),
        ('crop.up', 1, r"embedded.crop has the unknown key 'up'; allowed are: bottom, left, right, top"),
        ('pca.batch', 1, r"embedded.pca has the unknown key 'batch'; allowed are: batch_size, "),
        ('edits.0.layer', 1, r"embedded.edits\[0\] has the unknown key 'layer'; allowed are: component, end, "),
        ('title', ' ', r'embedded.title must be a text, not " "'),
        ('network', 'stylegan2-vans', r'embedded.network is stylegan2-vans, which models.json does not have'),
        ('seeds', [], r'embedded.seeds must be a list with something in it, not \[\]'),
        ('seeds', [0, 2**32], r'embedded.seeds\[1\] must be a whole number from 0 to 4294967295'),
        ('seeds', [True], r'embedded.seeds\[0\] must be a whole number .*not true'),
        ('psi', '0.5', r'embedded.psi must be a number from -1 to 1, not "0.5"'),
        ('psi', 1.5, r'embedded.psi must be a number from -1 to 1, not 1.5'),
        ('psi', float('nan'), r'embedded.psi must be a number .*NaN'),
        ('noise', 'random', r'embedded.noise must be "stored", "none", {"numpy_seed": S}'),
        ('noise.numpy_seed', -1, r'embedded.noise.numpy_seed must be a whole number'),
        ('cutoff', 11, r'embedded.cutoff is 11 but the network has 10 layers'),
        ('pca.n', 10, r'embedded.pca: n is 10, less than one batch'),
        ('pca', 3, r'embedded.pca must be a JSON object, not 3'),
        ('edits.0.end', 11, r'embedded.edits\[0\]: .*past the last layer'),
        ('edits.0.component', 7, r'embedded.edits\[0\]: .* needs a component that pca.components \(7\) does not reach'),
        ('edits.0.kind', 'move', r"embedded.edits\[0\]: kind is 'move'"),
        ('crop', {'top': 32, 'bottom': 32}, r'embedded.crop leaves nothing of 64 pixels'),
        ('gap', -1, r'embedded.gap must be a whole number of 0 or more'),
        ('enlarge.method', 'cubic', r'embedded.enlarge.method must be one of "nearest", "lanczos"'),
        ('tolerance.reason', '', r'embedded.tolerance.reason must be a text'),
    ],
)
def test_each_mistake_is_named_with_its_place(tmp_path, path, value, message):
    data = copy.deepcopy(GOOD)
    *parents, last = path.split('.')
    place = data
    for key in parents:
        place = place[int(key) if key.isdigit() else key]
    place[last] = value
    with pytest.raises(UserError, match=message):
        load(tmp_path, data)


@pytest.mark.parametrize('key', ['title', 'source', 'network', 'seeds', 'psi', 'noise', 'pca', 'tolerance'])
def test_missing_key_is_named(tmp_path, key):
    data = copy.deepcopy(GOOD)
    del data[key]
    with pytest.raises(UserError, match="fig.json: embedded lacks the key '%s'" % key):
        load(tmp_path, data)


def test_bad_files(tmp_path):
    with pytest.raises(UserError, match='no file .*none.json'):
        figure_spec.load('none', tmp_path)
    (tmp_path / 'cut.json').write_text('{"embedded": ')
    with pytest.raises(UserError, match='cut.json is not valid JSON'):
        figure_spec.load('cut', tmp_path)
    (tmp_path / 'one.json').write_text(json.dumps({'embedded': GOOD}))
    with pytest.raises(UserError, match='one.json must be a JSON object with the keys embedded and official'):
        figure_spec.load('one', tmp_path)


def test_choose(tmp_path):
    load(tmp_path, dict(GOOD, title='E'))
    assert figure_spec.choose('fig', 'embedded', tmp_path).title == 'E'
    assert figure_spec.choose('fig', 'stylegan2-cars-64', tmp_path).name == 'fig-embedded'
    assert figure_spec.choose('fig', 'official', tmp_path).title == 'T'
    other = figure_spec.choose('fig', 'some/folder/my-cars.pkl', tmp_path)
    assert (other.title, other.panels[0].network, other.name) == ('T', 'some/folder/my-cars.pkl', 'fig-my-cars')


FIGURES = sorted(path.stem for path in (checkout.PROJECT / 'experiments').glob('figure*.py'))


def test_figures_and_specs_belong_together():
    assert FIGURES and FIGURES == sorted(path.stem for path in checkout.SPECS.glob('figure*.json'))


@pytest.mark.parametrize('figure', FIGURES)
def test_every_spec_is_right(figure):
    variants = figure_spec.load(figure, checkout.SPECS)
    for variant, spec in variants.items():
        for panel in spec.panels:
            assert (models.find(panel.network).source == 'embedded') == (variant == 'embedded')


@pytest.mark.parametrize('variant', figure_spec.VARIANTS)
def test_labels_of_figure1_are_its_edits(variant):
    [figure1] = figure_spec.load('figure1', checkout.SPECS)[variant].panels
    assert figure1.labels[0] == 'seed %d' % figure1.seeds[0]
    for label, edit in zip(figure1.labels[1:], figure1.edits):
        assert label in edits.notation(edit)
    assert len(figure1.labels) == len(figure1.edits) + 1


def test_official_figure1_is_the_published_one():
    """RC2021 Figure 1 with component 41 for the grass, as in the code: the report's 11 is a misprint."""
    [figure1] = figure_spec.load('figure1', checkout.SPECS)['official'].panels
    assert (figure1.seeds, figure1.psi, figure1.noise) == ((440749230,), 0.6, {'numpy_seed': 0})
    assert figure1.pca == pca.PCASpec(n=1000000, components=80, batch_size=200, estimator='ipca', seed=1)
    assert [edits.notation(edit) for edit in figure1.edits] == [
        'target E(v22, 9-10) = -8.0',
        'target E(v41, 9-10) = -18.0',
        'target E(v0, 0-4) = 2.0 inverted',
        'target E(v16, 3-5) = 25.0',
    ]
    assert figure1.crop == figure_spec.Crop(64, 64, 1, 1)
