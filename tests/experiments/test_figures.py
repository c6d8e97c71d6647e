"""Every figure has a script, a spec and references; and what is drawn today is what is stored."""

import pathlib
import subprocess
import sys

import checkout
import pytest

from regan.base.errors import UserError
from regan.figures import figure_spec

PROJECT = pathlib.Path(__file__).parents[2]
FIGURES = sorted(path.stem for path in (PROJECT / 'experiments').glob('figure*.py'))


def test_there_are_figures():
    assert 'figure1' in FIGURES


@pytest.mark.parametrize('figure', FIGURES)
def test_complete(figure):
    """A script without a spec, or an embedded variant without a reference for each stack, is unfinished."""
    variants = figure_spec.load(figure, checkout.SPECS)
    if 'embedded' not in variants:
        with pytest.raises(UserError, match='%s-embedded needs networks/.* does not have yet' % figure):
            figure_spec.choose(figure, 'embedded', checkout.SPECS)
        return
    stored = {path.name for path in checkout.REFERENCES.iterdir()}
    name = variants['embedded'].name
    assert {name + end for end in ('.png', '.tf1.png', '.tf1.json', '.tf2.png', '.tf2.json')} <= stored


@pytest.mark.parametrize('figure', ['figure1'])
def test_drawn_as_stored(figure, tmp_path, monkeypatch):
    """From nothing: components, edits, images, and the comparison with both references. `make check-figures` does it
    for all figures.
    """
    monkeypatch.setenv('REGAN_CACHE_DIR', str(tmp_path / 'cache'))
    run = subprocess.run(
        [sys.executable, str(PROJECT / 'experiments' / (figure + '.py')), '--check', '--out', str(tmp_path / 'out')],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert run.returncode == 0, run.stdout
    assert run.stdout.count('agrees with') == 2
