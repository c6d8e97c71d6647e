"""The notebooks run from top to bottom, in a kernel of their own, and show pictures; as they are stored they hold no
error.
"""

import pathlib

import nbclient
import nbformat
import pytest

NOTEBOOKS = sorted((pathlib.Path(__file__).resolve().parents[1] / 'notebooks').glob('*.ipynb'))


def pictures(notebook):
    """Number of cells that show a picture."""
    return sum(
        any('image/png' in output.get('data', {}) for output in cell.get('outputs', ())) for cell in notebook.cells
    )


def test_they_are_there():
    assert [path.stem for path in NOTEBOOKS] == ['first_tour', 'your_own_pickle']


@pytest.mark.parametrize('path', NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_from_top_to_bottom(path, tmp_path, monkeypatch):
    monkeypatch.setenv('REGAN_CACHE_DIR', str(tmp_path / 'cache'))
    notebook = nbformat.read(str(path), as_version=4)
    stored = pictures(notebook)
    nbclient.NotebookClient(
        notebook, timeout=600, kernel_name='python3', resources={'metadata': {'path': str(tmp_path)}}
    ).execute()
    assert pictures(notebook) == stored >= 3


@pytest.mark.parametrize('path', NOTEBOOKS, ids=lambda path: path.stem)
def test_what_is_stored_is_small_and_without_errors(path):
    notebook = nbformat.read(str(path), as_version=4)
    assert not [
        output
        for cell in notebook.cells
        for output in cell.get('outputs', ())
        if output.output_type in ('error', 'stream') and output.get('name') != 'stdout'
    ]
    assert path.stat().st_size < 1000000
