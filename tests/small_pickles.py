"""(G, D, Gs) of three small official kinds as pickles, and changes made to their plain state."""

import io
import pickle

import numpy as np

from dnnlib import unpickle
from tests import make_pickles
from tests.small_networks import build, fresh_session

SIZES = dict(resolution=4, mapping_layers=1)  # Every graph takes time to build.
STYLE, MAIN, ADA_MAIN = (
    'nvlabs_stylegan.networks.G_style',
    'nvlabs_stylegan2.networks.G_main',
    'nvlabs_stylegan2.ada.G_main',
)

Z = np.random.RandomState(5).randn(7, 12)


def write(*nets):
    """The networks as official code pickles them."""
    return pickle.dumps(nets if len(nets) > 1 else nets[0], protocol=4)


def pickles_and_images():
    """(G, D, Gs) of three small official kinds, and images of Gs: dict func_name -> (bytes, images)."""
    found = {}
    for func_name, discriminator in [
        (STYLE, 'nvlabs_stylegan.networks.D_basic'),
        (MAIN, 'nvlabs_stylegan2.networks.D_stylegan2'),
        (ADA_MAIN, 'nvlabs_stylegan2.ada.D_main'),
    ]:
        with fresh_session():
            G, Gs = [build(func_name, name, **SIZES) for name in ('G', 'Gs')]
            G.set_var('dlatent_avg', np.zeros(10))
            D = build(discriminator, resolution=4)
            found[func_name] = write(G, D, Gs), images_of(Gs)
    return found


def images_of(Gs):
    return Gs.run(Z, None, randomize_noise=False, structure='fixed')


def damaged(pickled, func_name, change):
    """The pickle of Gs alone, after `change` was made to its plain state."""
    net = make_pickles.from_data(unpickle.read(io.BytesIO(pickled[func_name][0]))[2])
    change(net)
    return io.BytesIO(make_pickles.dumps(net, 4))
