"""regan.networks.models: the registry and where files come from. Nothing is downloaded."""

import hashlib
import json

import pytest

from regan.base import artefacts, places
from regan.base.errors import UserError
from regan.biggan import configuration
from regan.networks import models


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv('REGAN_CACHE_DIR', str(tmp_path / 'cache'))
    monkeypatch.delenv('REGAN_NETWORKS', raising=False)
    return tmp_path / 'cache' / 'networks'


@pytest.fixture
def entry(monkeypatch):
    """Makes models.find return one entry, whatever is asked for."""

    def use(**changes):
        facts = dict(
            file='net.pkl',
            source='download',
            url='https://example.org/net.pkl',
            alias=None,
            sha256=None,
            licence='none',
            generation=2,
            resolution=64,
            num_layers=10,
            dataset='none',
            remark='none',
        )
        monkeypatch.setattr(models, 'find', lambda name: models.Model(**dict(facts, **changes)))

    return use


def test_registry_is_sound():
    networks = models.registry()
    assert len({model.file for model in networks.values()}) == len(networks)
    for name, model in networks.items():
        if model.generation:
            assert 2 ** (model.num_layers // 2 + 1) == model.resolution, name
        else:
            found = configuration.Configuration(configuration.PUBLISHED[model.resolution], 128, 128, 1000, 8)
            assert (found.num_latents, found.resolution) == (model.num_layers, model.resolution), name
        if model.source == 'embedded':
            assert len(model.sha256) == 64 and model.url is None, name
        else:
            assert model.url.startswith('https://'), name


def test_embedded_networks_are_there_and_small():
    embedded = {model.file for model in models.registry().values() if model.source == 'embedded'}
    files = list(models.EMBEDDED.glob('*.pkl'))
    assert {path.name for path in files if not path.name.startswith('factor-reader-')} == embedded
    assert all(path.stat().st_size <= 16 * 2**20 for path in files)


def test_embedded_network_is_found_and_checked():
    path = models.resolve('stylegan2-cars-64')
    assert path.read_bytes()[:1] == b'\x80'  # the first byte of a pickle


def test_official_aliases_lead_to_public_addresses():
    car = models.find('gdrive:networks/stylegan2-car-config-f.pkl')
    assert car == models.find('stylegan2-car-config-f')
    assert car.url == 'https://nvlabs-fi-cdn.nvidia.com/stylegan2/networks/stylegan2-car-config-f.pkl'
    assert models.find('no such name') is None


def test_a_path_is_itself(tmp_path):
    (tmp_path / 'mine.pkl').write_bytes(b'x')
    assert models.resolve(str(tmp_path / 'mine.pkl')) == tmp_path / 'mine.pkl'


def test_unknown_name_suggests_one():
    with pytest.raises(UserError, match='neither a file nor a registered network .did you mean stylegan2-cars-64'):
        models.resolve('stylegan2-car-64')


def test_replaced_embedded_file_is_refused(tmp_path, monkeypatch, entry):
    monkeypatch.setattr(models, 'EMBEDDED', tmp_path)
    (tmp_path / 'net.pkl').write_bytes(b'other')
    entry(source='embedded', url=None, sha256='0' * 64)
    with pytest.raises(UserError, match='net.pkl has SHA-256 %s but' % hashlib.sha256(b'other').hexdigest()):
        models.resolve('net')
    (tmp_path / 'net.pkl').unlink()
    with pytest.raises(UserError, match='cannot read .*net.pkl'):
        models.resolve('net')


def test_embedded_network_that_a_wheel_lacks(tmp_path, cache, monkeypatch, entry):
    """It is taken from the user's folder; without it, the message says where it is."""
    monkeypatch.setattr(models, 'EMBEDDED', tmp_path / 'shipped')
    monkeypatch.setattr(places, 'INSTALLED', True)
    entry(source='embedded', url=None, sha256=hashlib.sha256(b'x').hexdigest())
    with pytest.raises(UserError, match='a checkout of the project has it in its folder networks/'):
        models.resolve('net')
    monkeypatch.setenv('REGAN_NETWORKS', str(tmp_path))
    (tmp_path / 'net.pkl').write_bytes(b'x')
    assert models.resolve('net') == tmp_path / 'net.pkl'


def test_files_of_the_user_come_before_the_cache(tmp_path, cache, monkeypatch, entry):
    entry()
    for folder in [cache, tmp_path / 'variable', tmp_path / 'option']:
        folder.mkdir(parents=True)
        (folder / 'net.pkl').write_bytes(b'x')
    assert models.resolve('net') == cache / 'net.pkl'
    monkeypatch.setenv('REGAN_NETWORKS', str(tmp_path / 'variable'))
    assert models.resolve('net') == tmp_path / 'variable' / 'net.pkl'
    assert models.resolve('net', tmp_path / 'option') == tmp_path / 'option' / 'net.pkl'


def test_by_hand_says_where_to_get_it_and_where_to_put_it(cache, entry):
    entry(source='by hand', url='https://example.org/page')
    with pytest.raises(UserError) as error:
        models.resolve('net')
    assert 'https://example.org/page' in str(error.value) and str(cache) in str(error.value)


def test_bad_entry_is_named(tmp_path):
    entries = json.loads(models.REGISTRY.read_text())
    entries['beetle'] = dict(entries.pop('stylegan2-beetles'), generation=4)
    (tmp_path / 'models.json').write_text(json.dumps(entries))
    with pytest.raises(UserError, match='models.json, beetle.generation must be one of 0, 1, 2, not 4'):
        models.registry(tmp_path / 'models.json')


def test_record_hash_changes_only_the_hash(tmp_path, monkeypatch):
    monkeypatch.setattr(models, 'EMBEDDED', tmp_path)
    (tmp_path / 'stylegan2-cars-64.pkl').write_bytes(b'a better network')
    registry = tmp_path / 'models.json'
    artefacts.write_json(registry, json.loads(models.REGISTRY.read_text()))
    assert registry.read_text() == models.REGISTRY.read_text()
    models.record_hash('stylegan2-cars-64', path=registry)
    before, after = [path.read_text().splitlines() for path in (models.REGISTRY, registry)]
    changed = [line for line, old in zip(after, before) if line != old]
    assert changed == ['    "sha256": "%s",' % hashlib.sha256(b'a better network').hexdigest()]
