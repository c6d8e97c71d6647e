"""Networks in other forms: each does what the network does, and nothing that does not is kept."""

import importlib
import io
import json
import pathlib
import pickle
import sys
import types

import numpy as np
import pytest
from click.testing import CliRunner

from dnnlib import architectures, interfaces, unpickle
from dnnlib.tflib.revival import revive
from regan import cli
from regan.base.errors import UserError
from regan.conversion import formats, graphs, onnx_model, pickles, probes, pytorch, saved_model, source
from tests import small_networks, tiny_network

GOLDEN = pathlib.Path(__file__).parents[2] / 'golden_torch'
ADA, PROGRESSIVE = GOLDEN / 'ada-res32-sg3repo-resnet.pkl', GOLDEN / 'pggan-res32-labels-unfused.pkl'


@pytest.fixture(scope='module')
def ada():
    """(Source, Graph, Probe) of a network of stylegan2-ada-pytorch."""
    with opened(ADA) as found:
        yield found


class opened:
    def __init__(self, path):
        self._source = source.read(path)

    def __enter__(self):
        self._graph = graphs.Graph(self._source.Gs, self._source.generation, self._source.path)
        return self._source, self._graph, probes.measure(self._graph)

    def __exit__(self, *_):
        self._graph.__exit__()


def differences(module, found, target):
    network, graph, probe = found
    module.write(network, graph, target)
    deltas = probes.compare(module.drawn(target, probe), probe, target)
    return {key: delta.largest for key, delta in deltas.items()}


def test_a_probe_is_what_the_network_makes(ada):
    network, graph, probe = ada
    with small_networks.fresh_session():
        Gs = revive(network.Gs, network.path)
        w = Gs.components.mapping.run(probe.z, probe.labels)
        images = Gs.components.synthesis.run(probe.dlatents, randomize_noise=False)
    assert np.abs(probe.w - w).max() < 1e-5 and np.abs(probe.images - images).max() < 1e-5
    np.testing.assert_array_equal(probe.dlatents[1, 1], probe.w[1, 1])
    np.testing.assert_array_equal(probe.dlatents[1, 0], probe.w[0, 0])


def test_a_pickle_of_pytorch_becomes_an_official_one(ada, tmp_path):
    assert differences(pickles, ada, tmp_path / 'x.pkl') == {'images': 0, 'w': 0}
    written = unpickle.read(tmp_path / 'x.pkl')
    for state, original in zip(written, (ada[0].G, ada[0].D, ada[0].Gs)):
        assert architectures.check(state) == architectures.ADA
        assert 'def %s(' % state.build_func_name in state.build_module_src
        for part, before in [(state, original)] + [
            (state.components[k], original.components[k]) for k in state.components
        ]:
            assert list(part.variables) == list(before.variables)
            for name, value in part.variables.items():
                np.testing.assert_array_equal(value, before.variables[name], err_msg=name)


def test_inputs_and_outputs_are_those_of_the_graph(ada):
    with small_networks.fresh_session():
        for state in (ada[0].Gs, ada[0].D):
            network = revive(state, 'x')
            for part in [network] + list(network.components.values()):
                known = interfaces.of(part.build_func_name, part.static_kwargs)
                part.build()
                assert known == {key: getattr(part, key) for key in known}
    assert interfaces.of('G_main', {'return_dlatents': True}) is interfaces.of('F_reader', {}) is None


@pytest.mark.parametrize('path', [PROGRESSIVE, GOLDEN / 'gf-stylegan-from-sg1-res32-labels.pth'], ids=['pg', 'sg1'])
def test_saved_models_of_other_generations(path, tmp_path):
    with opened(path) as found:
        assert max(differences(saved_model, found, tmp_path / 'x').values()) < 1e-5
        if 'onnx' in sys.modules or importlib.util.find_spec('onnxruntime'):
            assert max(differences(onnx_model, found, tmp_path / 'x.onnx').values()) < 2e-5
        with pytest.raises(UserError, match='the PyTorch code makes StyleGAN2 networks only'):
            pytorch.write(found[0], found[1], tmp_path / 'x.npz')
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == '.npz') == []


def test_onnx_models(ada, tmp_path):
    pytest.importorskip('onnx')
    pytest.importorskip('onnxruntime')
    assert max(differences(onnx_model, ada, tmp_path / 'x.onnx').values()) < 1e-5
    assert sorted(path.name for path in tmp_path.iterdir()) == ['x.mapping.onnx', 'x.onnx']


def test_missing_packages_are_named(monkeypatch):
    monkeypatch.setitem(sys.modules, 'onnx', None)
    with pytest.raises(UserError, match='pip install onnx onnxruntime'):
        onnx_model.check()


@pytest.fixture(scope='module')
def tensors(ada, tmp_path_factory):
    folder = tmp_path_factory.mktemp('torch')
    assert differences(pytorch, ada, folder / 'x.npz') == {'images': 0, 'w': 0}
    return folder


def test_tensors_of_pytorch_are_those_of_the_file(tensors):
    """mod_bias is stored less 1 in TensorFlow, and rounded."""
    from dnnlib.torch_files import containers

    with open(str(ADA), 'rb') as stream:
        value = containers.read(stream, 'x')
    with np.load(str(tensors / 'x.npz')) as archive:
        for key in ('G_ema', 'G', 'D'):
            original = {n: v for n, v in value[key].tensors().items() if not n.endswith('resample_filter')}
            assert sorted(original) == sorted(n[len(key) + 1 :] for n in archive.files if n.startswith(key + '/'))
            for name, expected in original.items():
                assert archive['%s/%s' % (key, name)].shape == expected.shape
                np.testing.assert_allclose(archive['%s/%s' % (key, name)], expected, rtol=0, atol=1.2e-7)


def test_the_script_makes_the_official_classes_with_these_settings(tensors, monkeypatch, tmp_path):
    """Stand-ins for torch and the checkout; the arguments are those of the file itself."""
    made = []

    class Network:
        def __init__(self, **arguments):
            made.append(arguments)

        def load_state_dict(self, state, strict):
            self.state = state
            return types.SimpleNamespace(missing_keys=['b4.resample_filter'], unexpected_keys=[])

        def eval(self):
            return self

        def requires_grad_(self, _):
            return self

        def to(self, device):
            return self

    class Generator(Network):
        def __init__(self, z_dim, c_dim, w_dim, img_resolution, img_channels, mapping_kwargs, synthesis_kwargs):
            super().__init__(z_dim=z_dim, mapping=mapping_kwargs, synthesis=synthesis_kwargs)

    fake = types.SimpleNamespace(Generator=Generator, Discriminator=Network)
    monkeypatch.setitem(sys.modules, 'torch', types.SimpleNamespace(from_numpy=np.asarray))
    script = {'__file__': str(tensors / 'x.py'), '__name__': 'x'}
    exec((tensors / 'x.py').read_text(), script)
    script['networks_module'] = lambda: fake
    assert 'synthesis.b8.conv0.weight' in script['load']('G_ema').state and 'b4.out.bias' in script['load']('D').state
    assert made[0]['mapping']['lr_multiplier'] == 0.02 and made[0]['synthesis']['architecture'] == 'resnet'
    assert made[0]['synthesis']['conv_clamp'] == 1.5 and made[1]['epilogue_kwargs']['mbstd_num_channels'] == 2


def test_a_name_cannot_break_out_of_the_script():
    text = pytorch._in_docstring('x""";import os#\n\\')
    assert eval('"""%s"""' % text) == "x''';import os#\n\\"


# ------------------------------------------------------------------ what is kept


def test_what_differs_is_not_kept(ada, tmp_path, monkeypatch):
    monkeypatch.setattr(saved_model, 'drawn', lambda target, probe: {'images': probe.images + 1})
    (tmp_path / 'x.json').write_text('before')
    result = CliRunner().invoke(cli.main, ['convert', str(ADA), str(tmp_path / 'x')])
    assert result.exit_code == 2 and 'was not kept' in result.output and 'Traceback' not in result.output
    assert [path.name for path in tmp_path.iterdir()] == ['x.json']


def test_the_command(tiny_pickle, tmp_path):
    out = tmp_path / 'model'
    result = CliRunner().invoke(cli.main, ['convert', str(tiny_pickle), str(out)])
    assert result.exit_code == 0, result.output
    assert 'images differ by' in result.output and (out / 'saved_model.pb').is_file()
    facts = json.loads((tmp_path / 'model.json').read_text())
    assert (
        facts['format'] == 'saved-model'
        and len(facts['network_sha256']) == 64
        and facts['check']['images']['mean'] < 1e-5
    )
    (out / 'old').write_text('')
    formats.check_place(out)
    with formats.staged(out) as target:
        target.mkdir()
    assert list(out.iterdir()) == [] and sorted(path.name for path in tmp_path.iterdir()) == ['model', 'model.json']


@pytest.mark.parametrize(
    'network, out, words, message',
    [
        (ADA, 'x.h5', [], 'does not say by its ending'),
        (ADA, 'x.pkl', ['--to', 'onnx'], 'must end in .onnx'),
        (GOLDEN / 'manifest.json', 'x.pkl', [], 'is a JSON file'),
        (GOLDEN / 'formats-zip.pt', 'x.pkl', [], 'is a PyTorch file'),
        (PROGRESSIVE, 'x.npz', [], 'StyleGAN2 networks only'),
        (str(ADA) + '::D', 'x.pkl', [], 'is no generator'),
        (ADA, '', [], 'is a folder with other files'),
    ],
)
def test_what_cannot_be_converted(network, out, words, message, tmp_path):
    (tmp_path / 'mine.txt').write_text('')
    result = CliRunner().invoke(cli.main, ['convert', str(network), str(tmp_path / out), *words])
    assert result.exit_code == 2 and message in result.output, result.output
    assert result.output.count('Error') == 1 and 'Traceback' not in result.output
    assert [path.name for path in tmp_path.iterdir()] == ['mine.txt']


def test_weights_that_are_not_finite(tmp_path):
    tiny_network.write(tmp_path / 'a.pkl')
    G, D, Gs = unpickle.read(tmp_path / 'a.pkl')
    Gs.components['synthesis'].variables['4x4/Const/const'][0, 0, 0, 0] = np.nan
    pickles.dump((G, D, Gs), 'a', tmp_path / 'b.pkl')
    with pytest.raises(UserError, match='--allow-non-finite'):
        source.read(tmp_path / 'b.pkl')
    assert source.read(tmp_path / 'b.pkl', allow_non_finite=True).G is not None
    assert probes.delta(np.array([np.nan, 1]), np.array([np.nan, 1])) == (0, 0)
    with pytest.raises(UserError, match='not kept'):
        probes.compare({'images': np.array([np.nan])}, probes.Probe(None, None, None, None, np.array([1.0])), 'x')
