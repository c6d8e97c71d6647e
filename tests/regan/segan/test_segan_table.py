"""The table of the modes: published numbers, agreement of orders, files, refusals."""

import itertools
import json

import pytest
from click.testing import CliRunner
from scipy.stats import kendalltau

from regan.base.errors import UserError
from regan.commands.segan import segan
from regan.segan import table

OURS = {0: (30.5, 0.4), 1: (31.25, 0.3), 2: (33.0, 0.2), 3: (40.0, 0.7)}
ABOUT = dict(
    network='net.pkl',
    n=5000,
    seed=0,
    psi=None,
    mirror=False,
    data=dict(world='cars'),
    reader_sha256='ab',
    inception_sha256=None,
)


def write(folder, name, frechet, ppl, stderr=None, **changed):
    """A file as `regan metrics` writes it."""
    results = [
        dict(metric='frechet_reader', value=frechet, n=5000, standard_error=None, details=None),
        dict(metric='precision_reader', value=0.5, n=5000, standard_error=None, details=None),
        dict(metric='ppl_reader_segan', value=ppl, n=5000, standard_error=stderr, details=None),
        dict(metric='ppl_reader_zfull', value=9.0, n=5000, standard_error=None, details=None),
    ]
    path = folder / (name + '.json')
    path.write_text(json.dumps(dict(dict(ABOUT, results=results), **changed)))
    return path


@pytest.fixture
def files(tmp_path):
    return ['%d=%s' % (mode, write(tmp_path, 'mode%d' % mode, *values)) for mode, values in OURS.items()]


def test_published_numbers():
    published = table.published()
    assert table.order(published['frechet']) == '2 < 0 < 1 < 3'
    assert table.order(published['ppl']) == '1 < 2 < 0 < 3'
    assert published == dict(
        frechet={0: 133.75, 1: 139.33, 2: 123.79, 3: 163.29}, ppl={0: 821.70, 1: 816.25, 2: 818.62, 3: 824.03}
    )


def test_agreement_against_scipy():
    """Over all orders of four: Kendall's tau, and the share of orders that do as well."""
    published = table.published()['frechet']
    found = [
        table.rank_agreement(published, dict(enumerate(order)))
        for order in itertools.permutations([1.0, 2.0, 3.0, 4.0])
    ]
    for order, agreement in zip(itertools.permutations([1.0, 2.0, 3.0, 4.0]), found):
        assert agreement['tau'] == pytest.approx(kendalltau([published[k] for k in range(4)], order)[0])
        assert agreement['chance'] == pytest.approx(sum(a['tau'] >= agreement['tau'] - 1e-9 for a in found) / 24)
    assert max(a['concordant'] for a in found) == 6


def test_agreement_of_few_and_of_equal_numbers():
    assert table.rank_agreement({0: 1}, {0: 5, 1: 6}) == dict(keys=[0], pairs=0, concordant=0, tau=None, chance=None)
    assert table.rank_agreement({0: 1, 1: 2}, {0: 3, 1: 3})['concordant'] == 0


def test_the_files(files, tmp_path):
    extra = [
        '1:orthogonality 1=%s' % write(tmp_path, 'orth', 29.0, 0.25, 0.0125),
        '4=%s' % write(tmp_path, 'four', 28.0, 0.2),
    ]
    out = tmp_path / 'out'
    result = CliRunner().invoke(segan, ['table'] + extra + files + ['--out', str(out)])
    assert result.exit_code == 0, result.output
    text = (out / 'table.md').read_text(encoding='utf-8')
    assert (
        text.splitlines()
        == result.output.splitlines()
        == [
            '| mode | Frechet distance, ours | FID, published | PPL, ours | PPL, published |',
            '|---|---|---|---|---|',
            '| 0 | 30.50 | 133.75 | 0.4 | 821.70 |',
            '| 1 | 31.25 | 139.33 | 0.3 | 816.25 |',
            '| 1 (orthogonality 1) | 29.00 |  | 0.25 ± 0.0125 |  |',
            '| 2 | 33.00 | 123.79 | 0.2 | 818.62 |',
            '| 3 | 40.00 | 163.29 | 0.7 | 824.03 |',
            '| 4 | 28.00 |  | 0.2 |  |',
            '',
            '* Ours: frechet_reader and ppl_reader_segan over 5000 images and pairs, seed 0.',
            '* Frechet distance: published order 2 < 0 < 1 < 3, ours 0 < 1 < 2 < 3; 4 of 6 pairs agree (tau 0.33; a '
            'random order does as well '
            'with probability 0.38).',
            '* PPL: published order 1 < 2 < 0 < 3, ours 2 < 1 < 0 < 3; 5 of 6 pairs agree (tau 0.67; a random order '
            'does as well with '
            'probability 0.17).',
        ]
    )
    lines = (out / 'table.csv').read_text(encoding='utf-8').splitlines()
    assert lines[0] == 'mode,frechet,frechet_published,ppl,ppl_stderr,ppl_published'
    assert lines[3] == '1 (orthogonality 1),29.0,,0.25,0.0125,'
    facts = json.loads((out / 'table.json').read_text())
    assert (
        facts['agreements']['frechet']['ours'] == '0 < 1 < 2 < 3'
        and len(facts['rows']) == 6
        and facts['conditions']['reader_sha256'] == 'ab'
    )


def test_one_mode_has_no_order(files):
    assert '* Frechet distance: too few modes to compare orders.' in table.markdown(table.load(files[:1]))


@pytest.mark.parametrize(
    'name, changed, message',
    [
        ('1', {}, 'mode 1 is given twice; leave one out, or name a variant'),
        ('5', {}, r"cannot read '5=.*bad\.json'; write MODE=FILE or MODE:VARIANT=FILE"),
        ('1:', {}, "cannot read '1:="),
        (
            '1:x',
            dict(n=100),
            r'bad\.json cannot be compared with mode 0: n is 5000 there and 100 here; measure all networks alike',
        ),
        ('1:x', dict(reader_sha256='cd'), 'reader_sha256 is ab there and cd here'),
        ('1:x', dict(data=dict(world='faces')), 'data is .*cars.* there and .*faces.* here'),
        ('1:x', dict(results=3), r'bad\.json was not written by regan metrics --out; give such a file'),
        (
            '1:x',
            dict(results=[]),
            r'bad\.json should hold one Frechet distance, but holds 0; measure with --metrics frechet,ppl_segan',
        ),
        (
            '1:x',
            dict(results=[dict(metric='fid50k', value=1.0), dict(metric='ppl_segan', value=None)]),
            'should hold one PPL, but holds 1',
        ),
        (
            '1:x',
            dict(results=[dict(metric='fid50k', value=1.0), dict(metric='ppl_segan', value=2.0)]),
            'frechet is frechet_reader there and fid50k here',
        ),
    ],
)
def test_results_that_are_refused(files, tmp_path, name, changed, message):
    bad = write(tmp_path, 'bad', 1.0, 2.0, **changed)
    with pytest.raises(UserError, match=message):
        table.load(files + ['%s=%s' % (name, bad)])


def test_a_missing_file(tmp_path):
    with pytest.raises(UserError, match='there is no file .*none.json'):
        table.load(['0=%s' % (tmp_path / 'none.json')])
