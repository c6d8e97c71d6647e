"""Makes tests/golden from the full golden data of the official implementations.

    python -m tests.make_golden FOLDER

FOLDER holds manifest.json and, for every case, <case>.pkl (G, D, Gs) and <case>.npz. What is kept of it:
the pickle as (Gs, D, Gs), a shared reference that costs nothing; the first four items of every array; of these
arrays the small ones whole, and one batch of images for the discriminator; of the others samples.
"""

import argparse
import json
import lzma
import os
import shutil

import numpy as np

from dnnlib import unpickle
from tests import golden_cases, make_pickles

ITEMS = 4
INPUTS = ('z', 'labels', 'dlatents_mixed', 'dlatent_avg', 'seedrun.seed')
# float32 weights: the byte in the word predicts better than the bytes before.
XZ_FILTERS = [{'id': lzma.FILTER_LZMA2, 'preset': 9, 'lc': 0, 'lp': 2, 'pb': 2}]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('folder')
    folder = parser.parse_args().folder
    shutil.rmtree(golden_cases.FOLDER, ignore_errors=True)
    os.makedirs(golden_cases.FOLDER)
    manifest = {}
    for case in golden_cases.cases(folder):
        write_pickle(case)
        manifest[case.name] = {'arrays': write_arrays(case)}
    with open(os.path.join(golden_cases.FOLDER, 'manifest.json'), 'w') as f:
        json.dump(manifest, f, sort_keys=True, separators=(',', ':'))


def write_pickle(case):
    _, D, Gs = unpickle.read(case.pickle)
    Gs, D = make_pickles.from_data(Gs), make_pickles.from_data(D)
    with lzma.open(os.path.join(golden_cases.FOLDER, case.name + '.pkl.xz'), 'wb', filters=XZ_FILTERS) as f:
        f.write(make_pickles.dumps((Gs, D, Gs), 4))


def write_arrays(case):
    """Writes <case>.npz; returns the facts of the arrays it holds."""
    facts, kept = {}, {}
    scored = 'mixed' if case['images.psi1'][0].size > 3 * 64 * 64 else 'psi1'  # A smaller batch of the largest images.
    for key in sorted(case.facts):
        if not is_kept(key, scored):
            continue
        array = case[key] if key in ('dlatent_avg', 'seedrun.seed') else case[key][:ITEMS]
        facts[key] = {'shape': list(array.shape), 'tolerance_abs': case.facts[key].get('tolerance_abs')}
        kept[key] = array if key in INPUTS + ('images.' + scored,) else golden_cases.samples(array)
    np.savez_compressed(os.path.join(golden_cases.FOLDER, case.name + '.npz'), **kept)
    return facts


def is_kept(key, scored):
    """False for what needs G or images that are not kept whole, and for what follows from seedrun.seed."""
    if key.startswith('d_scores.'):
        return key.startswith('d_scores.' + scored) and not key.endswith('_batch8')
    return not (key.startswith(('G_images.', 'seedrun.noise')) or key == 'seedrun.z')


if __name__ == '__main__':
    main()
