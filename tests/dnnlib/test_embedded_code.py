"""Source text in pickles: executed for those who trust it, and for nobody else."""

import pickle
import sys
import warnings

import numpy as np
import pytest

import pretrained_networks
from dnnlib import trust
from dnnlib.tflib.revival import load_pickle
from dnnlib.unpickle import NetworkPickleError
from regan.commands import options
from regan.commands.generate import generate
from tests import make_pickles, official_judges, one_command
from tests.small_networks import fresh_session
from tests.small_pickles import ADA_MAIN, MAIN, STYLE, damaged, images_of
from training import misc


def renamed_with_source(suffix):
    """A change of a state: a function that is not ours, with source text that defines it and begins with `suffix`."""

    def change(net):
        source = net.build_module_src.replace('def G_main(', 'def G_of_a_fork(')
        net.build_func_name, net.build_module_src = 'G_of_a_fork', suffix + source

    return change


def test_embedded_source_is_not_executed_without_trust(pickled, tmp_path):
    canary = tmp_path / 'executed'
    change = renamed_with_source('open(%r, "w")\n' % str(canary))
    with fresh_session():
        with pytest.raises(
            NetworkPickleError,
            match="the file: network 'Gs' is built by the function 'G_of_a_fork', which is not one of ours",
        ):
            load_pickle(damaged(pickled, MAIN, change), name='the file')
        with pytest.raises(NetworkPickleError, match='G_of_a_fork'):
            pickle.load(damaged(pickled, MAIN, change))
    assert not canary.exists()


@pytest.mark.parametrize('trust', [False, True])
def test_embedded_source_of_networks_that_are_ours_is_never_executed(pickled, tmp_path, trust):
    canary = tmp_path / 'executed'

    def change(net):
        for state in [net] + list(net.components.values()):
            state.build_module_src = 'open(%r, "w")\n' % str(canary) + state.build_module_src

    with fresh_session(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        Gs = load_pickle(damaged(pickled, MAIN, change), trust_embedded_code=trust)
        np.testing.assert_array_equal(images_of(Gs), pickled[MAIN][1])
    assert not canary.exists() and not [w for w in caught if 'Executing' in str(w.message)]


@pytest.mark.parametrize('func_name', [STYLE, MAIN, ADA_MAIN])
def test_our_embedded_source_is_self_contained(pickled, func_name, monkeypatch):
    """Trusted source is executed, with a warning; ours then gives the same images without our packages."""
    old, new = 'def %s(' % func_name.rsplit('.', 1)[1], 'def G_of_a_fork('

    def change(net):
        net.build_func_name, net.build_module_src = 'G_of_a_fork', net.build_module_src.replace(old, new)
        assert new in net.build_module_src
        for component in net.components.values():
            name = component.build_func_name
            component.build_func_name = name + '_of_a_fork'
            component.build_module_src = component.build_module_src.replace(
                'def %s(' % name, 'def %s_of_a_fork(' % name
            )

    for module in [name for name in sys.modules if name.startswith(('nvlabs_stylegan', 'dnnlib.tflib.primitives'))]:
        monkeypatch.setitem(sys.modules, module, None)  # An import of it fails.
    with fresh_session(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        Gs = load_pickle(damaged(pickled, func_name, change), trust_embedded_code=True, name='the file')
        texts = [str(w.message) for w in caught]
        for name in ('Gs', 'G_synthesis', 'G_mapping'):
            assert any(
                text.startswith('Executing the Python code embedded in the file for network %r' % name)
                for text in texts
            ), name
        np.testing.assert_array_equal(images_of(Gs), pickled[func_name][1])
        # Saved again, the pickle carries the source that it came with.
        assert new in Gs.__getstate__()['build_module_src']


@pytest.mark.parametrize('func_name', [STYLE, MAIN])
def test_a_fork_that_changed_a_function_of_ours_gets_its_own(pickled, func_name):
    """Only the wrapper has a new name; the synthesis has an official name, and another result."""
    old = 'def %s(' % func_name.rsplit('.', 1)[1]

    def change(net):
        net.build_func_name, net.build_module_src = 'G_of_a_fork', net.build_module_src.replace(old, 'def G_of_a_fork(')
        synthesis = net.components['synthesis']
        synthesis.build_module_src += (
            '\n_official = %s\n\ndef %s(dlatents_in, **kwargs):\n    return -_official(dlatents_in, **kwargs)\n'
            % ((synthesis.build_func_name,) * 2)
        )

    with fresh_session(), pytest.warns(UserWarning, match='Executing'):
        Gs = load_pickle(damaged(pickled, func_name, change), trust_embedded_code=True)
        np.testing.assert_array_equal(images_of(Gs), -pickled[func_name][1])


def test_embedded_source_that_fails_is_reported(pickled):
    with fresh_session(), pytest.warns(UserWarning, match='Executing'), pytest.raises(
        NetworkPickleError, match=r"the file, network 'Gs': the embedded code failed \(ZeroDivisionError"
    ):
        load_pickle(damaged(pickled, MAIN, renamed_with_source('1 / 0\n')), trust_embedded_code=True, name='the file')


# ------------------------------------------------------------------ the environment's opt-in


@pytest.fixture
def judge(tmp_path):
    """Files with a network that is not ours, alone and three times; its source leaves `executed` where it runs."""
    source = 'open(%r, "w")\n' % str(tmp_path / 'executed') + official_judges.SOURCES['lpips']
    net = make_pickles.state('lpips', 'judge_two', [('scale', 2.0)], build_module_src=source)
    (tmp_path / 'one.pkl').write_bytes(make_pickles.dumps(net, 4))
    (tmp_path / 'three.pkl').write_bytes(make_pickles.dumps((net, net, net), 4))
    return tmp_path


WAYS_TO_LOAD = {
    'pickle.load': lambda folder: pickle.loads((folder / 'one.pkl').read_bytes()),
    'misc.load_pkl': lambda folder: misc.load_pkl(str(folder / 'one.pkl')),
    'load_networks': lambda folder: pretrained_networks.load_networks(str(folder / 'three.pkl'))[2],
    'load_pickle': lambda folder: load_pickle(str(folder / 'one.pkl')),
}


@pytest.mark.parametrize('way', list(WAYS_TO_LOAD))
def test_the_environment_opts_in_for_every_way_to_load(judge, way, monkeypatch):
    for value in ('', '0', None):
        monkeypatch.delenv(trust.VARIABLE, raising=False)
        if value is not None:
            monkeypatch.setenv(trust.VARIABLE, value)
        with fresh_session(), pytest.raises(NetworkPickleError, match=trust.VARIABLE + '=1 in the environment'):
            WAYS_TO_LOAD[way](judge)
    assert not (judge / 'executed').exists()
    monkeypatch.setenv(trust.VARIABLE, '1')
    images = np.ones([2, 3, 16, 16], np.float32)
    with fresh_session(), pytest.warns(UserWarning, match=trust.VARIABLE):
        np.testing.assert_allclose(WAYS_TO_LOAD[way](judge).run(images, images * 3), [8, 8])
    assert (judge / 'executed').exists()


@pytest.mark.parametrize('way', list(WAYS_TO_LOAD))
@pytest.mark.parametrize('value', ['yes', 'True', '01', ' 1'])
def test_an_unknown_value_in_the_environment(judge, way, value, monkeypatch):
    monkeypatch.setenv(trust.VARIABLE, value)
    with fresh_session(), pytest.raises(NetworkPickleError) as error:
        WAYS_TO_LOAD[way](judge)
    assert str(error.value) == (
        '%s is %r in the environment; 1 lets network files run code of their own, 0 does not.' % (trust.VARIABLE, value)
    )
    assert not (judge / 'executed').exists()


def test_commands_take_it_from_the_environment(monkeypatch):
    assert not options.asked_network('NAME').trusted and options.asked_network('NAME', None, True).trusted
    monkeypatch.setenv(trust.VARIABLE, '1')
    assert options.asked_network('NAME').trusted
    monkeypatch.setenv(trust.VARIABLE, 'on')
    done = one_command.run(generate, 'stylegan2-cars-64', '--seeds', '1', '--out', 'nowhere')
    assert done.exit_code == 2 and done.output.strip().count('\n') == 0
    assert "REGAN_TRUST_EMBEDDED_CODE is 'on' in the environment" in done.output
