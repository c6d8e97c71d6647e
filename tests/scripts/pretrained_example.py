"""One image from a downloaded StyleGAN, as first-generation scripts do it."""

import os
import pickle

import numpy as np
import PIL.Image

import config
import dnnlib
import dnnlib.tflib as tflib

URL = 'https://drive.google.com/uc?id=1MEGjdvVpUsu1jB4zrXZN7Y4kBBOzizDQ'


def main():
    tflib.init_tf()
    with dnnlib.util.open_url(URL, cache_dir=config.cache_dir) as f:
        _G, _D, Gs = pickle.load(f)
    Gs.print_layers()

    rnd = np.random.RandomState(5)
    latents = rnd.randn(1, Gs.input_shape[1])
    fmt = dict(func=tflib.convert_images_to_uint8, nchw_to_nhwc=True)
    images = Gs.run(latents, None, truncation_psi=0.7, randomize_noise=True, output_transform=fmt)

    os.makedirs(config.result_dir, exist_ok=True)
    PIL.Image.fromarray(images[0], 'RGB').save(os.path.join(config.result_dir, 'example.png'))


if __name__ == '__main__':
    main()
