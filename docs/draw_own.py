"""The picture of the README of an own picture and an edit of it: its commands, and their pictures beside each other.

python docs/draw_own.py     in the environment of a stack, after the cars network or the projection has changed
"""

import pathlib
import subprocess
import sys

import numpy as np

from regan.pictures import images, pages, reading

DOCS = pathlib.Path(__file__).resolve().parent
DRAWN = DOCS.parent / 'build' / 'own'
NETWORK, NAME = 'stylegan2-cars-64', '00000005'
COMMANDS = (
    ['worlds', 'render', 'cars', '--n', '6', '--resolution', '128', '--seed', '20191232', '--out', 'renders'],
    ['project', NETWORK, 'renders/%s.png' % NAME, '--method', 'adam', '--steps', '200', '--out', 'found'],
    ['edit', NETWORK, '--latents', 'found/%s.npz' % NAME, '--edit', 'E(v1, 5-9) * 4', '--n', '100000', '--frames', '3',
     '--plain', '--out', 'edited.png'],
)  # fmt: skip
CAPTIONS = 'own picture', 'its latent', 'E(v1, 5-9) * -4', 'E(v1, 5-9) * 4'


def main():
    """Runs the commands, then writes own.png."""
    DRAWN.mkdir(parents=True, exist_ok=True)
    for words in COMMANDS:
        subprocess.run([sys.executable, '-m', 'regan'] + words, cwd=str(DRAWN), check=True)
    target, strip = (_read(DRAWN / name) for name in ('found/%s-target.png' % NAME, 'edited.png'))
    minus, found, plus = np.split(strip, 3, axis=1)
    images.save_png(DOCS / 'own.png', pages.sheet(np.stack([target, found, minus, plus]), CAPTIONS, columns=4))


def _read(path):
    return np.asarray(reading.read(path).image)


if __name__ == '__main__':
    main()
