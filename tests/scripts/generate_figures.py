"""Style mixing, noise detail and the truncation trick, as the first generation's figure script draws them."""

import os
import pickle

import numpy as np
import PIL.Image

import config
import dnnlib
import dnnlib.tflib as tflib

synthesis_kwargs = dict(output_transform=dict(func=tflib.convert_images_to_uint8, nchw_to_nhwc=True), minibatch_size=8)

_Gs_cache = dict()


def load_Gs(url):
    if url not in _Gs_cache:
        with dnnlib.util.open_url(url, cache_dir=config.cache_dir) as f:
            _G, _D, Gs = pickle.load(f)
        _Gs_cache[url] = Gs
    return _Gs_cache[url]


def latents_of(Gs, seeds):
    return np.stack([np.random.RandomState(seed).randn(Gs.input_shape[1]) for seed in seeds])


def draw_style_mixing_figure(png, Gs, w, h, src_seeds, dst_seeds, style_ranges):
    src_dlatents = Gs.components.mapping.run(latents_of(Gs, src_seeds), None)  # [seed, layer, component]
    dst_dlatents = Gs.components.mapping.run(latents_of(Gs, dst_seeds), None)
    src_images = Gs.components.synthesis.run(src_dlatents, randomize_noise=False, **synthesis_kwargs)
    dst_images = Gs.components.synthesis.run(dst_dlatents, randomize_noise=False, **synthesis_kwargs)

    canvas = PIL.Image.new('RGB', (w * (len(src_seeds) + 1), h * (len(dst_seeds) + 1)), 'white')
    for col, image in enumerate(src_images):
        canvas.paste(PIL.Image.fromarray(image, 'RGB'), ((col + 1) * w, 0))
    for row, image in enumerate(dst_images):
        canvas.paste(PIL.Image.fromarray(image, 'RGB'), (0, (row + 1) * h))
        row_dlatents = np.stack([dst_dlatents[row]] * len(src_seeds))
        row_dlatents[:, style_ranges[row]] = src_dlatents[:, style_ranges[row]]
        row_images = Gs.components.synthesis.run(row_dlatents, randomize_noise=False, **synthesis_kwargs)
        for col, mixed in enumerate(row_images):
            canvas.paste(PIL.Image.fromarray(mixed, 'RGB'), ((col + 1) * w, (row + 1) * h))
    canvas.save(png)


def draw_noise_detail_figure(png, Gs, w, h, num_samples, seeds):
    canvas = PIL.Image.new('RGB', (w * 2, h * len(seeds)), 'white')
    for row, seed in enumerate(seeds):
        latents = np.stack([np.random.RandomState(seed).randn(Gs.input_shape[1])] * num_samples)
        images = Gs.run(latents, None, truncation_psi=1, **synthesis_kwargs)
        canvas.paste(PIL.Image.fromarray(images[0], 'RGB'), (0, row * h))
        diff = np.std(np.mean(images, axis=3), axis=0) * 4
        diff = np.clip(diff + 0.5, 0, 255).astype(np.uint8)
        canvas.paste(PIL.Image.fromarray(diff, 'L'), (w, row * h))
    canvas.save(png)


def draw_truncation_trick_figure(png, Gs, w, h, seeds, psis):
    latents = latents_of(Gs, seeds)
    dlatents = Gs.components.mapping.run(latents, None)
    dlatent_avg = Gs.get_var('dlatent_avg')

    canvas = PIL.Image.new('RGB', (w * len(psis), h * len(seeds)), 'white')
    for row, dlatent in enumerate(list(dlatents)):
        row_dlatents = (dlatent[np.newaxis] - dlatent_avg) * np.reshape(psis, [-1, 1, 1]) + dlatent_avg
        row_images = Gs.components.synthesis.run(row_dlatents, randomize_noise=False, **synthesis_kwargs)
        for col, image in enumerate(list(row_images)):
            canvas.paste(PIL.Image.fromarray(image, 'RGB'), (col * w, row * h))
    canvas.save(png)


def main():
    tflib.init_tf()
    os.makedirs(config.result_dir, exist_ok=True)
    Gs = load_Gs('ffhq.pkl')
    size = Gs.output_shape[2]
    draw_style_mixing_figure(
        os.path.join(config.result_dir, 'style-mixing.png'),
        Gs,
        size,
        size,
        [639, 701],
        [888, 829, 1898],
        [range(2), range(2, 4), range(4, 8)],
    )
    draw_noise_detail_figure(
        os.path.join(config.result_dir, 'noise-detail.png'), Gs, size, size, num_samples=20, seeds=[1157]
    )
    draw_truncation_trick_figure(
        os.path.join(config.result_dir, 'truncation.png'), Gs, size, size, [91, 388], [1, 0.5, 0, -1]
    )


if __name__ == '__main__':
    main()
