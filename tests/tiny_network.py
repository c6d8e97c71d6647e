"""Writes small random networks in the official pickle form, for everything that need not be a trained one."""
import pickle

import numpy as np
import tensorflow.compat.v1 as tf

import dnnlib.tflib as tflib

ARGUMENTS = dict(num_channels=3, resolution=16, fmap_base=64, fmap_max=16, latent_size=13, dlatent_size=11, mapping_fmaps=17, mapping_layers=3)
FUNCTIONS = {1: ('nvlabs_stylegan.networks.G_style', 'nvlabs_stylegan.networks.D_basic'),
             2: ('nvlabs_stylegan2.networks.G_main', 'nvlabs_stylegan2.networks.D_stylegan2')}


def write(path, generation=2, seed=0, **overrides):
    """Pickles (G, D, Gs); G and Gs are the same network. Every variable is normal noise, so nothing is degenerate."""
    arguments = dict(ARGUMENTS, **overrides)
    with tf.Graph().as_default(), tf.Session().as_default():
        generator, discriminator = [tflib.Network(name, func_name=function, **arguments)
                                    for name, function in zip(('Gs', 'D'), FUNCTIONS[generation])]
        random = np.random.RandomState(seed)
        for net in (generator, discriminator):
            tflib.set_vars({v: random.randn(*v.shape.as_list()) * (100 if n.startswith('G_mapping/Dense') and n.endswith('weight') else 0.3)
                            for n, v in net.vars.items() if n.split('/')[-1] != 'lod'})
        with open(str(path), 'wb') as f:
            pickle.dump((generator, discriminator, generator), f, protocol=4)
    return path
