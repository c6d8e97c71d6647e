"""Images and style mixing from the command line, as second-generation scripts do it."""

import argparse
import re
import sys

import numpy as np
import PIL.Image

import dnnlib
import dnnlib.tflib as tflib
import pretrained_networks


def generate_images(network_pkl, seeds, truncation_psi):
    _G, _D, Gs = pretrained_networks.load_networks(network_pkl)
    noise_vars = [var for name, var in Gs.components.synthesis.vars.items() if name.startswith('noise')]

    Gs_kwargs = dnnlib.EasyDict()
    Gs_kwargs.output_transform = dict(func=tflib.convert_images_to_uint8, nchw_to_nhwc=True)
    Gs_kwargs.randomize_noise = False
    if truncation_psi is not None:
        Gs_kwargs.truncation_psi = truncation_psi

    for i, seed in enumerate(seeds):
        print('Generating image for seed %d (%d/%d) ...' % (seed, i, len(seeds)))
        rnd = np.random.RandomState(seed)
        z = rnd.randn(1, *Gs.input_shape[1:])
        tflib.set_vars({var: rnd.randn(*var.shape.as_list()) for var in noise_vars})
        images = Gs.run(z, None, **Gs_kwargs)
        PIL.Image.fromarray(images[0], 'RGB').save(dnnlib.make_run_dir_path('seed%04d.png' % seed))


def style_mixing_example(network_pkl, row_seeds, col_seeds, truncation_psi, col_styles, minibatch_size=4):
    _G, _D, Gs = pretrained_networks.load_networks(network_pkl)
    w_avg = Gs.get_var('dlatent_avg')
    kwargs = dict(
        output_transform=dict(func=tflib.convert_images_to_uint8, nchw_to_nhwc=True),
        randomize_noise=False,
        minibatch_size=minibatch_size,
    )

    all_seeds = sorted(set(row_seeds + col_seeds))
    all_z = np.stack([np.random.RandomState(seed).randn(*Gs.input_shape[1:]) for seed in all_seeds])
    all_w = Gs.components.mapping.run(all_z, None)
    all_w = w_avg + (all_w - w_avg) * truncation_psi
    w_of = dict(zip(all_seeds, all_w))

    pairs = [(seed, seed) for seed in all_seeds] + [(row, col) for row in row_seeds for col in col_seeds]
    mixed = []
    for row, col in pairs:
        w = w_of[row].copy()
        w[col_styles] = w_of[col][col_styles]
        mixed.append(w)
    for (row, col), image in zip(pairs, Gs.components.synthesis.run(np.stack(mixed), **kwargs)):
        PIL.Image.fromarray(image, 'RGB').save(dnnlib.make_run_dir_path('%d-%d.png' % (row, col)))


def parse_numbers(text):
    first_and_last = re.match(r'^(\d+)-(\d+)$', text)
    if first_and_last:
        return list(range(int(first_and_last.group(1)), int(first_and_last.group(2)) + 1))
    return [int(number) for number in text.split(',')]


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest='command')
    generate = commands.add_parser('generate-images')
    generate.add_argument('--seeds', type=parse_numbers, required=True)
    mixing = commands.add_parser('style-mixing-example')
    mixing.add_argument('--row-seeds', type=parse_numbers, required=True)
    mixing.add_argument('--col-seeds', type=parse_numbers, required=True)
    mixing.add_argument('--col-styles', type=parse_numbers, default='0-6')
    for command in (generate, mixing):
        command.add_argument('--network', dest='network_pkl', required=True)
        command.add_argument('--truncation-psi', type=float, default=0.5)
        command.add_argument('--result-dir', default='results')
    kwargs = vars(parser.parse_args())

    command = kwargs.pop('command')
    if command is None:
        print('Error: missing subcommand.')
        sys.exit(1)
    sc = dnnlib.SubmitConfig()
    sc.num_gpus = 1
    sc.submit_target = dnnlib.SubmitTarget.LOCAL
    sc.local.do_not_copy_source_files = True
    sc.run_dir_root = kwargs.pop('result_dir')
    sc.run_desc = command
    functions = {
        'generate-images': 'run_generator.generate_images',
        'style-mixing-example': 'run_generator.style_mixing_example',
    }
    dnnlib.submit_run(sc, functions[command], **kwargs)


if __name__ == '__main__':
    main()
