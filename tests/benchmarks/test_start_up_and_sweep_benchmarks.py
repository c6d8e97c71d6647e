"""The benchmarks of start-up, sweeps and the explorer print their tables and write what was measured; no times are
checked.
"""

import json
import os
import pathlib
import subprocess
import sys

import pytest

FOLDER = pathlib.Path(__file__).parents[2] / 'benchmarks'


def run(script, *words):
    return subprocess.run(
        [sys.executable, str(FOLDER / script)] + [str(word) for word in words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=str(FOLDER.parent),
        env=dict(os.environ, PYTHONPATH=str(FOLDER.parent)),
    )


def cases_of(tmp_path, script, *words):
    out = tmp_path / 'out.json'
    done = run(script, '--repeats', 1, '--out', out, *words)
    assert done.returncode == 0, done.stderr
    facts = json.loads(out.read_text())
    assert len(done.stdout.splitlines()) == len(facts['cases']) + 2 and facts['figures']
    return facts['cases']


@pytest.mark.slow
def test_sweep(tmp_path, tiny_pickle):
    (case,) = cases_of(tmp_path, 'sweep.py', '--network', tiny_pickle, '--layer', 3, '--no-commands')
    assert (
        case['network'] == 'tiny.pkl'
        and case['layer'] == '3'
        and case['largest_difference'] <= 1
        and case['held_megabytes'] > 0
    )
    assert case['gain'] == pytest.approx(case['images_per_second'] / case['images_per_second_in_full'], rel=1e-2)


@pytest.mark.slow
def test_explore(tmp_path, tiny_pickle):
    (case,) = cases_of(tmp_path, 'explore.py', '--network', tiny_pickle)
    assert case['frames'] > 10 and case['drag_95_ms'] >= case['drag_ms'] > 0 and case['sheet_s'] >= case['rows_s'] > 0
    assert case['final_ratio'] == pytest.approx(case['final_ms'] / case['synthesis_ms'], rel=1e-2)


def test_read_torch(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    import read_torch

    for form in read_torch.FORMS:
        path = str(tmp_path / form)
        read_torch.write(path, form, 1)
        case = read_torch.measure(path, form, 1)
        assert case['megabytes'] == pytest.approx(1, rel=0.3) and case['ratio'] > 0
        assert [line['goal'] for line in read_torch.common.lines([case], read_torch.FIGURES)] == ['at most 3']


def test_start_up(tmp_path, tiny_pickle, monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    import start_up

    case = start_up.measure('regan --help', start_up.REGAN + ['--help'], start_up.LIGHT, tiny_pickle, 1)
    assert (
        case['ratio'] == case['over_click'] > 0
        and case['over_goal'] == case['seconds'] / 0.3
        and case['peak_megabytes'] > 5
    )
    assert (
        list(case['phases'])[:3] == ['import tensorflow', 'import regan', 'read (limit)']
        and 'first image' in case['phases_text']
    )


@pytest.mark.parametrize('script', ['start_up.py', 'sweep.py', 'explore.py'])
def test_bad_options_end_in_one_sentence(script):
    done = run(script, '--random', 'stylegan3:256')
    assert (
        done.returncode == 2
        and "'stylegan3:256' is not GENERATION:RESOLUTION" in done.stderr
        and 'Traceback' not in done.stderr
    )
