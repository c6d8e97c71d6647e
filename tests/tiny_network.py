"""Writes small random networks in the official pickle form, for everything that need not be a trained one."""

import pickle

from tests import small_networks

WIDTHS = dict(latent_size=13, dlatent_size=11, mapping_fmaps=17)  # Unequal, so that a mix-up shows.
ARGUMENTS = dict(small_networks.GENERATOR_SIZES, **WIDTHS)
FUNCTIONS = {
    1: ('nvlabs_stylegan.networks.G_style', 'nvlabs_stylegan.networks.D_basic'),
    2: ('nvlabs_stylegan2.networks.G_main', 'nvlabs_stylegan2.networks.D_stylegan2'),
}


def write(path, generation=2):
    """Pickles (G, D, Gs); G and Gs are the same network."""
    with small_networks.fresh_session():
        generator, discriminator = FUNCTIONS[generation]
        generator = small_networks.build(generator, 'Gs', **WIDTHS)
        with open(str(path), 'wb') as f:
            pickle.dump((generator, small_networks.build(discriminator, 'D'), generator), f, protocol=4)
    return path
