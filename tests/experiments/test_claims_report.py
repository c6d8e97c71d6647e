"""The report's files, and the check of its numbers."""

import csv
import json

import numpy as np
import pytest

from regan import worlds
from regan.base.errors import UserError
from studies import claims_spec, report
from studies.intervals import Estimate, exact

FACTS = dict(
    networks={'toy': dict(sha256='ab' * 32, factors=['grey'], left_out=[])}, seed=1, psi=1.0, least_r2=0.5, pca='ipca'
)


def _section(value=2.0, half=0.1):
    numbers = [
        report.Number('one', 'toy', 'a share', exact(0.25)),
        report.Number('one', 'toy', 'a mean', Estimate(value, value - half, value + half, 30)),
    ]
    rows = [dict(network='toy', component=1, change=np.float64(1) / 3, low=-np.inf, note=None)]
    return report.Section(
        'one',
        'Claim one',
        'How.',
        rows,
        numbers,
        'It holds.',
        ['toy: it is so.'],
        lambda figure: figure.add_subplot(1, 1, 1).plot([1, 2]),
    )


def test_files_of_a_report(tmp_path):
    report.write(tmp_path, [_section()], FACTS)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        'numbers.csv',
        'one.csv',
        'one.png',
        'report.json',
        'report.md',
    ]
    text = (tmp_path / 'report.md').read_text()
    for part in (
        '## Claim one',
        '* **Claim one.** It holds.',
        'toy: it is so.',
        '![Claim one](one.png)',
        '| toy | a mean | 2 [1.9, 2.1] |',
        '`abababababababab`',
    ):
        assert part in text
    with open(str(tmp_path / 'one.csv'), newline='') as file:
        assert list(csv.DictReader(file)) == [dict(network='toy', component='1', change='0.333333', low='', note='')]
    assert (tmp_path / 'one.png').read_bytes().startswith(b'\x89PNG')
    assert report.read_numbers(tmp_path / 'numbers.csv')['one', 'toy', 'a mean'] == ((2.0, 1.9, 2.1, 30), None)
    assert json.loads((tmp_path / 'report.json').read_text()) == FACTS


def test_numbers_that_hold_pass(tmp_path):
    report.write(tmp_path, [_section()], FACTS)
    passed, lines = report.check(tmp_path, [_section(2.3, half=0.5)], FACTS)
    assert passed and len(lines) == 2
    assert lines[1].strip() == 'toy: a mean: 2.3 [1.8, 2.8]; committed 2 [1.9, 2.1], on these latents unknown'


def test_a_planted_number_is_found(tmp_path):
    report.write(tmp_path, [_section()], FACTS)
    table = tmp_path / 'numbers.csv'
    table.write_text(table.read_text().replace('a mean,2,1.9,2.1', 'a mean,3,2.9,3.1'))
    passed, lines = report.check(tmp_path, [_section(2.0, half=0.4)], FACTS)
    assert not passed
    differing = [line for line in lines if 'DIFFERS' in line]
    assert differing == ['DIFFERS toy: a mean: 2 [1.6, 2.4]; committed 3 [2.9, 3.1], on these latents unknown']


@pytest.mark.parametrize('again, passes', [(2.3, True), (2.4, True), (2.6, False)])
def test_the_same_latents_must_give_the_same_again(tmp_path, again, passes):
    report.write(tmp_path, [_section()], FACTS, sample=[_section(2.3, half=0.5)])
    passed, lines = report.check(tmp_path, [_section(again, half=0.5)], FACTS)
    assert passed == passes and 'on these latents 2.3' in lines[1]


def test_a_report_of_another_network_is_refused(tmp_path):
    report.write(tmp_path, [_section()], FACTS)
    other = dict(FACTS, networks={'toy': dict(FACTS['networks']['toy'], sha256='cd' * 32)})
    with pytest.raises(UserError, match='measured on another toy'):
        report.check(tmp_path, [_section()], other)


def test_a_missing_number_a_missing_report_and_a_wrong_table(tmp_path):
    report.write(tmp_path, [], FACTS)
    (tmp_path / 'numbers.csv').write_text('section,network,quantity,value,low,high,latents,sample\n')
    with pytest.raises(UserError, match='has no "a share" of toy; run `make claims`'):
        report.check(tmp_path, [_section()], FACTS)
    with pytest.raises(UserError, match='there is no report in'):
        report.check(tmp_path / 'nowhere', [_section()], FACTS)
    (tmp_path / 'numbers.csv').write_text('one,two\n1,2\n')
    with pytest.raises(UserError, match='is not a table of a report'):
        report.check(tmp_path, [_section()], FACTS)


def test_single_components_are_read_back(tmp_path):
    assert report.read_singles(tmp_path) == {}
    rows = [dict(network='toy', edit='Turn', component=component, strength=-1.5) for component in (None, 7)]
    report.write_csv(tmp_path / 'control.csv', rows)
    assert report.read_singles(tmp_path) == {('toy', 'Turn'): (7, -1.0)}


# ------------------------------------------------------------------ spec


def test_groups_of_the_spec_hold_every_factor_once():
    for world, groups in claims_spec.load().groups.items():
        assert sorted(name for names in groups.values() for name in names) == sorted(worlds.load(world).factor_names)


def _changed(tmp_path, change):
    data = json.loads(claims_spec.SPEC.read_text())
    change(data)
    path = tmp_path / 'claims.json'
    path.write_text(json.dumps(data))
    return path


@pytest.mark.parametrize(
    'change, message',
    [
        (lambda data: data['small'].update(networks=['stylegan3']), 'small.networks must be among'),
        (lambda data: data['full'].update(variations=['seed 9']), 'full.variations must be among'),
        (lambda data: data['full'].update(mappings=['nothing']), 'full.mappings must be among'),
        (lambda data: data['full'].update(samples=100), 'full.samples must be at least as many as latents'),
        (
            lambda data: data['transfers'].append({'source': 'stylegan3', 'target': 'stylegan2-cars-64'}),
            'transfers must be among',
        ),
        (lambda data: data.update(pose=['position']), 'groups of cars must be among'),
        (lambda data: data.update(bands=[[4, 4]]), r'bands\[0\] must be a pair'),
        (lambda data: data.update(colour='red'), "unknown key 'colour'"),
        (lambda data: data['networks']['stylegan2-cars-64']['edits'][0].update(edit='E(v1)'), 'cannot read the edit'),
        (lambda data: data.update(groups={}), 'groups must be a JSON object with something in it'),
    ],
)
def test_a_wrong_spec_is_refused(tmp_path, change, message):
    with pytest.raises(UserError, match=message):
        claims_spec.load(_changed(tmp_path, change))
