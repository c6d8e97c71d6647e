"""Makes tests/golden_torch and tests/golden_biggan from the full golden data of other programs' networks.

    python -m tests.make_other_golden FOLDER

FOLDER has the folders torch and biggan. Network files are kept as they are; of the arrays, the first items of those
that the tests compare, with their tolerances.
"""

import argparse
import json
import pathlib
import shutil

import numpy as np

HERE = pathlib.Path(__file__).parent
ITEMS = 2
TORCH = {  # Network files -> the case whose arrays they give; None: none.
    'formats-legacy.pt': None,
    'formats-pickled-protocol2.pkl': None,
    'formats-pickled-protocol4.pkl': None,
    'formats-pickled-torch17-protocol3.pkl': None,
    'formats-zip-torch17.pt': None,
    'formats-zip.pt': None,
    'ada-res32.pkl': 'ada-res32',
    'ada-res32-cifar-torch17.pkl': 'ada-res32-cifar-torch17',
    'ada-res32-sg3repo-resnet.pkl': 'ada-res32-sg3repo-resnet',
    'ros-res64-cm1.pt': 'ros-res64-cm1',
    'gf-stylegan-from-sg1-res32-labels.pth': None,
    'gf-pggan-from-pggan-res32.pth': None,
    'pggan-res32.pkl': 'pggan-res32',
    'pggan-res32-labels-unfused.pkl': 'pggan-res32-labels-unfused',
}
BIGGAN = (
    'bgd-short.config.json',
    'bgd-short.pytorch_model.bin',
    'bgd-short.few_tensors.zip.bin',
    'bgd-short.hub.tar.gz',
)
IMAGES = ('images.psi1', 'images.psi0.7', 'images.psi0.7_cutoff4', 'images.mixed')


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('folder', type=pathlib.Path)
    folder = parser.parse_args().folder
    make_torch(folder / 'torch', fresh('golden_torch'))
    make_biggan(folder / 'biggan', fresh('golden_biggan'))


def fresh(name):
    shutil.rmtree(str(HERE / name), ignore_errors=True)
    (HERE / name).mkdir()
    return HERE / name


def make_torch(source, target):
    facts = json.loads((source / 'manifest.json').read_text())
    kept = {'formats': {}}
    for file, case in TORCH.items():
        shutil.copyfile(str(source / file), str(target / file))
        if case:
            kept[case] = {key: tolerance(facts[case]['arrays'][key]) for key in write(source, target, case)}
    shutil.copyfile(str(source / 'formats.npz'), str(target / 'formats.npz'))
    (target / 'manifest.json').write_text(json.dumps(kept, indent=1, sort_keys=True) + '\n')


def tolerance(fact):
    return fact.get('tolerance_abs', 0)


def write(source, target, case):
    with np.load(str(source / (case + '.npz'))) as archive:
        names = [name for name in archive.files if is_kept(name)]
        whole = {
            name: archive[name] if name.startswith(('d_', 'latent_avg')) else archive[name][:ITEMS] for name in names
        }
        if 'd_scores.batch4' in whole or 'd_scores.lod0_batch4' in whole:  # What is judged, four at a time.
            judged = 'images.lod0' if 'images.lod0' in whole else 'images.psi1'
            whole[judged] = archive[judged][:4]
            whole.update({name: whole[name][:4] for name in whole if name.startswith('d_')})
            whole.update({name: archive[name][:4] for name in ('z', 'c', 'labels') if name in archive.files})
    np.savez_compressed(str(target / (case + '.npz')), **whole)
    return sorted(whole)


def is_kept(name):
    inputs = ('z', 'c', 'labels', 'ws_mixed', 'latent_avg')
    grown = name.startswith('images.lod') or name in ('images_uint8.lod0', 'images_uint8_shrink2.lod0')
    scores = name.startswith(('d_scores', 'd_labels')) and name.endswith('batch4')
    return name in inputs + IMAGES or grown or scores


def make_biggan(source, target):
    facts = json.loads((source / 'manifest.json').read_text())['bgd-short']['arrays']
    for file in BIGGAN:
        shutil.copyfile(str(source / file), str(target / file))
    with np.load(str(source / 'bgd-short.golden.npz')) as archive:
        names = [name for name in archive.files if is_compared(name)]
        np.savez_compressed(str(target / 'bgd-short.npz'), **{name: archive[name] for name in names})
    with np.load(str(source / 'bgd-short.hub.golden.npz')) as archive:
        names_hub = [name for name in archive.files if name in ('z', 'y') or name.endswith('image')]
        np.savez_compressed(str(target / 'bgd-short.hub.npz'), **{name: archive[name] for name in names_hub})
    kept = {name: facts[name]['tolerance'] for name in names if name in facts}
    (target / 'manifest.json').write_text(json.dumps(kept, indent=1, sort_keys=True) + '\n')


def is_compared(name):
    """Inputs, sigmas, every layer at 0.73, and the images of every other truncation and mode."""
    if '/' not in name:
        return name in ('z', 'y', 'z_layers', 'y_layers', 'sigma.names', 'sigma.values')
    case, layer = name.split('/', 1)
    if layer == 'image':
        return not case.startswith(('trainmode', 'uint8'))
    return case in ('t0.73', 'inner.t0.73') and 'maxpool' not in layer


if __name__ == '__main__':
    main()
