"""Table 1 is reproduced, and the check of it can fail."""

import csv
import json
import pathlib
import subprocess
import sys

import pytest
from click.testing import CliRunner

PROJECT = pathlib.Path(__file__).parents[2]


@pytest.fixture
def table1(monkeypatch):
    monkeypatch.syspath_prepend(str(PROJECT / 'experiments'))
    import table1

    return table1


def changed(table1, folder, **changes):
    spec = json.loads(table1.SPEC.read_text())
    spec['rows'][0].update(changes)
    path = folder / 'changed.json'
    path.write_text(json.dumps(spec))
    return str(path)


def test_the_published_numbers_are_reproduced(table1, tmp_path):
    result = CliRunner().invoke(table1.main, ['--check', '--out', str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert (tmp_path / 'table1.md').read_text() == result.output
    with open(str(tmp_path / 'table1.csv'), newline='') as file:
        rows = list(csv.DictReader(file))
    assert [(row['software'], row['device'], row['published']) for row in rows] == [
        ('PyTorch', 'CPU', '0.3367'),
        ('PyTorch', 'GPU', '0.1940'),
        ('NumPy', 'CPU', '0.49671415'),
    ]
    assert [float(row['ours']) for row in rows] == pytest.approx([0.33669037, 0.1940188, 0.4967141530112327], abs=1e-7)
    assert '| NumPy | CPU | 0.49671415 | 0.4967141530112327 | yes |\n' in result.output


def test_another_number_fails_the_check_only(table1, tmp_path):
    spec = changed(table1, tmp_path, published='0.3368')
    for words, status in ([], 0), (['--check'], 1):
        result = CliRunner().invoke(table1.main, ['--spec', spec, '--out', str(tmp_path)] + words)
        assert result.exit_code == status and '| PyTorch | CPU | 0.3368 | 0.33669037 | no |\n' in result.output


def test_bad_specs(table1, tmp_path):
    for spec, message in [
        (str(tmp_path / 'none.json'), 'there is no file'),
        (changed(table1, tmp_path, generator='torch'), 'changed.json.rows[0].generator must be one of "torch-cpu"'),
    ]:
        result = CliRunner().invoke(table1.main, ['--spec', spec, '--out', str(tmp_path / 'out')])
        assert result.exit_code == 2 and message in result.output and not (tmp_path / 'out').exists()


def test_no_tensorflow_is_needed(tmp_path):
    """The script runs where TensorFlow cannot be imported."""
    code = (
        "import runpy, sys; sys.modules['tensorflow'] = None; sys.argv = ['table1.py', '--check', '--out', %r]; "
        "sys.path.insert(0, 'experiments'); runpy.run_path('experiments/table1.py', run_name='__main__')"
        % str(tmp_path)
    )
    run = subprocess.run(
        [sys.executable, '-c', code],
        cwd=str(PROJECT),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert run.returncode == 0 and '0.33669037' in run.stdout, run.stdout
