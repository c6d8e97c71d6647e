"""The projector of StyleGAN2 as its scripts use it, on a small network."""

import numpy as np
import pytest

import dnnlib.tflib as tflib
import projector
from dnnlib import unpickle
from dnnlib.tflib.revival import revive
from metrics import judges
from regan.base.errors import UserError
from regan.projection.distances import DiscriminatorDistance
from tests import small_networks


@pytest.fixture(scope='module')
def networks(tiny_pickle):
    """Gs in the default session, and a projector that has it."""
    with small_networks.fresh_session():
        Gs = revive(unpickle.read(tiny_pickle), 'tiny')[2]
        proj = projector.Projector()
        proj.dlatent_avg_samples, proj.distance = 50, DiscriminatorDistance(tiny_pickle)
        with pytest.raises(RuntimeError, match='set_network has to be called'):
            proj.start(np.zeros([1, 3, 16, 16]))
        proj.set_network(Gs)
        yield Gs, proj


def test_a_generated_image_is_projected(networks, capsys):
    """As run_projector.py goes about it: start, steps, snapshots."""
    Gs, proj = networks
    noise = [var for name, var in Gs.components.synthesis.vars.items() if name.startswith('noise')]
    random = np.random.RandomState(1)
    z = random.randn(1, *Gs.input_shape[1:])
    tflib.set_vars({var: random.randn(*var.shape.as_list()) for var in noise})
    target = Gs.run(z, None, truncation_psi=1.0, randomize_noise=False)
    proj.num_steps, proj.verbose, shown = 6, True, []
    proj.start(target)
    first = proj.get_noises()
    while proj.get_cur_step() < proj.num_steps:
        proj.step()
        if proj.get_cur_step() in (3, 6):
            shown.append(proj.get_images())
    assert 'Projector: 6 ' in capsys.readouterr().out
    assert shown[0].shape == target.shape and abs(shown[1] - shown[0]).max() > 0
    dlatents, noises = proj.get_dlatents(), proj.get_noises()
    assert dlatents.shape == (1, 6, 11) and (dlatents == dlatents[:, :1]).all()
    assert [one.shape for one in noises] == [tuple(var.shape.as_list()) for var in noise]
    assert abs(noises[0] - first[0]).max() > 0 and abs(noises[-1].std() - 1) < 1e-5
    tflib.set_vars(dict(zip(noise, noises)))
    again = Gs.components.synthesis.run(dlatents, randomize_noise=False)
    np.testing.assert_allclose(again, shown[1], atol=1e-5)


def test_run_gives_all_and_numbers_of_the_method_count(networks):
    _, proj = networks
    proj.num_steps, proj.verbose, proj.initial_learning_rate = 2, False, 0.0
    found = proj.run(np.zeros([1, 3, 32, 32]))
    assert proj.get_cur_step() == 2 and found.images.shape == (1, 3, 16, 16) and len(found.noises) == 5
    start = found.dlatents
    proj.initial_learning_rate = 0.1
    assert abs(proj.run(np.zeros([1, 3, 16, 16])).dlatents - start).max() > 0
    with pytest.raises(ValueError, match=r'shape \[2, 3, 16, 16\], but must have \[1, 3, 16, 16\]'):
        proj.start(np.zeros([2, 3, 16, 16]))


def test_lpips_is_asked_for_where_it_is_missing(networks, tmp_path, monkeypatch):
    def offline(*_, **__):
        raise OSError('no network')

    monkeypatch.setenv(judges.FOLDER, str(tmp_path))
    monkeypatch.setattr('dnnlib.util.open_url', offline)
    with pytest.raises(UserError, match='the projector needs the published network vgg16_zhang_perceptual.pkl'):
        projector.Projector().set_network(networks[0])
