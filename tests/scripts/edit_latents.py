"""Images of edited dlatents on one fixed set of noise images, as GANSpace experiments on StyleGAN2 make them."""

import pickle
import sys

import numpy as np

import dnnlib.tflib as tflib


def main(network_pkl, npz):
    tflib.init_tf()
    with open(network_pkl, 'rb') as f:
        _G, _D, Gs = pickle.load(f)

    noise_vars = [var for name, var in Gs.components.synthesis.vars.items() if name.startswith('noise')]
    noise_rnd = np.random.RandomState(0)
    tflib.set_vars({var: noise_rnd.randn(*var.shape.as_list()) for var in noise_vars})

    z = np.stack([np.random.RandomState(seed).randn(*Gs.input_shape[1:]) for seed in (3, 5)])
    w = Gs.components.mapping.run(z, None)  # [N, L, D]
    w_avg = Gs.get_var('dlatent_avg')
    w = w_avg + (w - w_avg) * 0.7
    direction = np.random.RandomState(7).randn(w.shape[2])
    w[:, 2:4] += direction

    fmt = dict(func=tflib.convert_images_to_uint8, nchw_to_nhwc=True)
    images = Gs.components.synthesis.run(w, randomize_noise=False, output_transform=fmt, minibatch_size=4)
    np.savez(npz, images=images, w=w)


if __name__ == '__main__':
    main(*sys.argv[1:])
