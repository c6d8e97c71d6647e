"""`regan explore`: what it says at the start, about bad input, and at the end."""

import doctest
import os
import pathlib
import pickle
import signal
import socket
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from regan import cli
from regan.explore import assets, start
from tests import small_networks

PROJECT = pathlib.Path(__file__).resolve().parents[3]


def run(*words):
    return CliRunner().invoke(cli.main, ['explore', *map(str, words)])


def refused(*words):
    result = run(*words)
    assert result.exit_code == 2 and 'Traceback' not in result.output, result.output
    return result.output


def test_bad_input(tiny_pickle, tmp_path):
    """One sentence each, before anything is started."""
    assert 'neither a file nor a registered network' in refused('no-such-network')
    assert 'cannot read' in refused(tiny_pickle, '--view', tmp_path / 'none.json')
    (tmp_path / 'bad.json').write_text('{"regan_view": 1}')
    assert 'lacks the key' in refused(tiny_pickle, '--view', tmp_path / 'bad.json')
    assert 'damaged' in refused(tiny_pickle, '--view', '#view=!!!')
    assert 'there is no file' in refused(tiny_pickle, '--latents', tmp_path / 'none.npy')
    assert '--allow-host' in refused(tiny_pickle, '--host', '0.0.0.0')
    assert '--allow-host' in refused(tiny_pickle, '--allow-host', 'lab')
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen(1)
        port = taken.getsockname()[1]
        assert 'port %d' % port in refused(tiny_pickle, '--port', port)


def test_a_network_without_w(tmp_path):
    """It is found out while the page is up already, and ends the command all the same."""
    with small_networks.fresh_session():
        network = small_networks.build('nvlabs_stylegan2.networks.D_stylegan2', resolution=8)
        (tmp_path / 'd.pkl').write_bytes(pickle.dumps(network, protocol=4))
    output = refused(tmp_path / 'd.pkl', '--no-browser')
    assert 'http://127.0.0.1:' in output and 'holds no generator' in output.splitlines()[-1]


def test_where_it_is_found(monkeypatch):
    assert doctest.testmod(start).failed == 0
    for name in ('DISPLAY', 'WAYLAND_DISPLAY'):
        monkeypatch.delenv(name, raising=False)
    assert start.has_display() == (sys.platform in ('win32', 'darwin'))
    monkeypatch.setenv('DISPLAY', ':0')
    assert start.has_display()


def test_a_usual_port_that_is_taken_gives_another():
    sites = [start.listen('127.0.0.1', None, ('Lab',)) for _ in range(2)]
    try:
        (one, _), (other, _) = sites
        assert one.port != other.port and one.token != other.token and len(one.token) >= 43
        assert 'lab:%d' % one.port in one.hosts
    finally:
        for _, sockets in sites:
            for each in sockets:
                each.close()


def test_assets(tmp_path):
    assert assets.table()['index.html'].content_type == 'text/html; charset=utf-8'
    (tmp_path / 'vendor').mkdir()
    for name in ('app.js', 'vendor/LICENSE', 'vendor/x.mjs', '.hidden', 'bad.exe', 'a b.js'):
        (tmp_path / name).write_text('x')
    (tmp_path / 'link.js').symlink_to(tmp_path / 'app.js')
    found = {name: asset.content_type.split(';')[0] for name, asset in assets.table(tmp_path).items()}
    assert found == {'app.js': 'text/javascript', 'vendor/LICENSE': 'text/plain', 'vendor/x.mjs': 'text/javascript'}


def test_the_page_is_up_before_tensorflow_is_imported():
    program = 'import sys, regan.explore.start; print([m for m in ("tensorflow", "matplotlib") if m in sys.modules])'
    done = subprocess.run(
        [sys.executable, '-c', program],
        env=dict(os.environ, PYTHONPATH=str(PROJECT)),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert done.stdout.strip() == '[]'


@pytest.mark.slow
@pytest.mark.parametrize('seconds', [0, 20])
def test_ctrl_c(tiny_pickle, seconds):
    """While TensorFlow is imported, and after."""
    command = [sys.executable, '-m', 'regan', 'explore', str(tiny_pickle), '--no-browser']
    with subprocess.Popen(
        command,
        env=dict(os.environ, PYTHONPATH=str(PROJECT)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        first = process.stdout.readline()
        assert 'http://127.0.0.1:' in first
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0 and 'Traceback' not in err and 'has ended' in out
