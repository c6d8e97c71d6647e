"""Where the files are that ship with the project. No other module of `regan` knows.

In a checkout, or an editable installation of one, they are in its top-level folders. A wheel has copies of some of them
in regan/shipped/, where setup.py puts them.
"""

import sys
from pathlib import Path
from typing import Dict

_REGAN = Path(__file__).resolve().parents[1]
_SHIPPED = _REGAN / 'shipped'

INSTALLED = _SHIPPED.is_dir()  # From a wheel, that is without a checkout around it.
_ROOT = _SHIPPED if INSTALLED else _REGAN.parent

NETWORKS = _ROOT / 'networks'  # In a wheel, only the networks that models.json marks as packaged.
EXPERIMENTS = _ROOT / 'experiments'  # In a wheel, only the figures.
REFERENCES = _ROOT / 'figures' / 'reference'  # In a checkout only.
_OFFICIAL = _SHIPPED / 'official' if INSTALLED else _ROOT


def official_modules() -> str:
    """Makes `config`, `pretrained_networks`, `projector`, `training` and `metrics` importable, as official scripts
    expect.

    A wheel keeps modules of such common names off the import path, so that nobody else finds them by accident. This
    puts their folder first on it.

    Returns:
        That folder, a str.
    """
    folder = str(_OFFICIAL)
    if sys.path[0] != folder:
        sys.path.insert(0, folder)
    return folder


def startup() -> str:
    """The folder whose `sitecustomize` puts older names back in a Python that has it on PYTHONPATH; see
    `regan.restored`.
    """
    return str(_REGAN / 'restored' / 'startup')


def figures() -> Dict[str, Path]:
    """The scripts of the figures: dict of what `regan figure` calls them ("1", "components") -> Path."""
    scripts = sorted(EXPERIMENTS.glob('figure*.py'))
    return {path.stem[len('figure') :].lstrip('_'): path for path in scripts}
