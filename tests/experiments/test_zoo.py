"""The networks that ship with the project are what their cards say."""

import hashlib
import pathlib
import sys

import pytest

from dnnlib import unpickle
from regan.base import json_records
from regan.networks import models

PROJECT = pathlib.Path(__file__).parents[2]
NETWORKS = PROJECT / 'networks'
ZOO = json_records.load(PROJECT / 'experiments' / 'specs' / 'zoo.json')['networks']
SEGAN = json_records.load(PROJECT / 'experiments' / 'specs' / 'segan.json')


@pytest.mark.parametrize('name', ZOO)
def test_file_card_registry_and_metrics_agree(name):
    content = (NETWORKS / (name + '.pkl')).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    assert len(content) <= 16 * 10**6
    assert models.registry()[name].sha256 == digest
    assert digest in (NETWORKS / (name + '.md')).read_text()
    measured = json_records.load(NETWORKS / 'metrics' / (name + '.json'))
    assert measured['network_sha256'] == digest
    assert (
        measured['reader_sha256']
        == hashlib.sha256((NETWORKS / ('factor-reader-%s-64.pkl' % ZOO[name]['world'])).read_bytes()).hexdigest()
    )
    assert (NETWORKS / (name + '.png')).read_bytes().startswith(b'\x89PNG')


@pytest.mark.parametrize('name', ZOO)
def test_official_form_with_a_discriminator(name):
    networks = unpickle.networks(unpickle.read(str(NETWORKS / (name + '.pkl'))))
    assert [n.name for n in networks] == ['G', 'D', 'Gs']
    assert networks[1].build_func_name == 'D_stylegan2'
    assert networks[2].build_func_name == {'stylegan-': 'G_style', 'stylegan2': 'G_main'}[name[:9]]
    assert networks[2].static_kwargs['resolution'] == 64


def test_all_five_are_there_and_two_are_from_our_trainer():
    assert sorted(ZOO) == [
        'stylegan-faces-64',
        'stylegan-portraits-64',
        'stylegan2-beetles-64',
        'stylegan2-cars-64',
        'stylegan2-faces-64',
    ]
    assert sum(entry['origin'] == 'ours' for entry in ZOO.values()) >= 2


def test_zoo_and_segan_specs_are_commands_that_train_understands(monkeypatch, tmp_path):
    """Every recipe is parsed and checked as the command line does it."""
    from click.testing import CliRunner

    from regan import cli
    from training import training_loop

    spec = json_records.load(PROJECT / 'experiments' / 'specs' / 'zoo.json')
    monkeypatch.setattr(training_loop, 'train', lambda *args, **kwargs: 'done')
    for common, own in [(spec['train'], e['train']) for e in ZOO.values()] + [
        (SEGAN['train'], options) for options in SEGAN['runs'].values()
    ]:
        result = CliRunner().invoke(
            cli.main, ['train', '--data', str(tmp_path), '--out', str(tmp_path / 'run')] + common + own
        )
        assert result.output == 'wrote done\n', result.output


def test_zoo_script_refuses_an_unknown_network(monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(PROJECT / 'experiments'))
    import zoo

    monkeypatch.setattr(sys, 'argv', ['zoo.py', 'judge', 'stylegan3'])
    with pytest.raises(SystemExit) as exit_:
        zoo.main()
    assert exit_.value.code == 2
    assert 'there is no network stylegan3 in the zoo' in capsys.readouterr().err
