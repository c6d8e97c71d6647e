import os
import pickle
import re
import sys

import pytest

import dnnlib
from dnnlib.submission import submit
from dnnlib.submission.run_context import RunContext
from tests import portable

SCRIPT = '''
import sys
import dnnlib

def v2_style(a, b=2):
    print('v2', a, b)
    print('to stderr', file=sys.stderr)
    dnnlib.RunContext.get().update(loss='0.5', cur_epoch=3, max_epoch=7)
    open(dnnlib.make_run_dir_path('result.txt'), 'w').close()

def v1_style(submit_config, **kwargs):
    with dnnlib.RunContext(submit_config, sys.modules[__name__]) as context:
        context.update('0.5', 3, 7)
        open(submit_config.run_dir + '/abort.txt', 'w').close()
        print('stopping', context.should_stop(), kwargs)

def fails():
    raise KeyError('a mistake')
'''


@pytest.fixture
def config(tmp_path, monkeypatch):
    """A SubmitConfig for the functions of SCRIPT, whose module is given a new name for each test."""
    name = re.sub('[^a-z0-9_]', '_', 'script_in_' + tmp_path.name.lower())
    (tmp_path / (name + '.py')).write_text(SCRIPT)
    (tmp_path / '.hidden').mkdir()
    (tmp_path / '.hidden' / 'file').write_text('')
    monkeypatch.syspath_prepend(str(tmp_path))
    c = dnnlib.SubmitConfig()
    c.script = name
    c.run_dir_root = str(tmp_path / 'results')
    c.run_desc = 'test'
    c.local.do_not_copy_source_files = True
    yield c
    sys.modules.pop(name, None)
    assert dnnlib.submit_config is None and RunContext._current is None


def read(*path):
    with open(os.path.join(*path)) as f:
        return f.read()


def test_v2_run(config):
    run = dnnlib.submit_run(config, config.script + '.v2_style', a=1)
    assert run.run_dir == os.path.join(config.run_dir_root, '00000-test')
    assert sorted(os.listdir(run.run_dir)) == [
        '_finished.txt',
        'log.txt',
        'result.txt',
        'run.txt',
        'submit_config.pkl',
        'submit_config.txt',
    ]
    assert re.match(
        'dnnlib: Running v2_style.*\nv2 1 2\nto stderr\ndnnlib: Finished v2_style', read(run.run_dir, 'log.txt')
    )
    run_txt = read(run.run_dir, 'run.txt')
    assert all(text in run_txt for text in ["'max_epoch': 7", "'end_time'", "'host_name': 'localhost'", run.task_name])
    with open(os.path.join(run.run_dir, 'submit_config.pkl'), 'rb') as file:
        assert portable.faults(file.read()) == []
    assert config.run_dir is None, 'the settings given are not changed'


def test_v1_run(config):
    run = dnnlib.submit_run(config, config.script + '.v1_style', extra=5)
    assert "stopping True {'extra': 5}" in read(run.run_dir, 'log.txt')
    assert "'max_epoch': 7" in read(run.run_dir, 'run.txt')
    assert 'v1_style' in read(run.run_dir, 'config.txt')


def test_run_ids(config):
    for name in ['00003-old', '17', 'notes-99', '00020-file']:
        os.makedirs(os.path.join(config.run_dir_root, name))
    os.rename(os.path.join(config.run_dir_root, '00020-file'), os.path.join(config.run_dir_root, 'x'))
    open(os.path.join(config.run_dir_root, '00020-file'), 'w').close()
    run = dnnlib.submit_run(config, config.script + '.v2_style', a=1)
    assert (run.run_id, run.run_name) == (18, '00018-test')


def test_failure_is_logged_and_passed_on(config):
    with pytest.raises(KeyError, match='a mistake'):
        dnnlib.submit_run(config, config.script + '.fails')
    run_dir = os.path.join(config.run_dir_root, '00000-test')
    assert "KeyError: 'a mistake'" in read(run_dir, 'log.txt')
    assert os.path.exists(os.path.join(run_dir, '_finished.txt'))


def test_sources_are_copied(config, tmp_path):
    config.local.do_not_copy_source_files = False
    config.run_dir_extra_files = [(str(tmp_path / '.hidden' / 'file'), os.path.join('more', 'extra.txt'))]
    dnnlib.submit_run(config, config.script + '.v2_style', a=1)
    src = os.path.join(dnnlib.submit_run(config, config.script + '.v2_style', a=1).run_dir, 'src')
    assert sorted(os.listdir(src)) == ['dnnlib', 'more', config.script + '.py']  # Neither .hidden nor the earlier run.
    assert read(src, config.script + '.py') == SCRIPT
    assert os.path.exists(os.path.join(src, 'dnnlib', 'submission', 'submit.py'))


def test_settings_are_kept(config):
    run = dnnlib.submit_run(config, config.script + '.v2_style', a=[1, 'x'])
    loaded = submit.load_submit_config(run.run_dir)
    assert loaded == run and loaded.run_func_kwargs == {'a': [1, 'x']}
    assert type(loaded) is dnnlib.SubmitConfig and loaded.submit_target is dnnlib.SubmitTarget.LOCAL


def test_settings_are_read_as_data(tmp_path):
    (tmp_path / 'submit_config.pkl').write_bytes(pickle.dumps(os.path.join))
    with pytest.raises(pickle.UnpicklingError, match='path.join'):
        submit.load_submit_config(str(tmp_path))


def test_no_folder_for_settings_that_cannot_be_kept(config):
    with pytest.raises(Exception, match='[Pp]ickle'):
        dnnlib.submit_run(config, config.script + '.v2_style', a=lambda: 0)
    assert not os.path.exists(config.run_dir_root)


def test_refused(config, monkeypatch):
    config.ask_confirmation = True
    monkeypatch.setattr('builtins.input', lambda: 'no')
    assert dnnlib.submit_run(config, config.script + '.fails') is None
    config.nvprof = True
    with pytest.raises(ValueError, match='nvprof'):
        dnnlib.submit_run(config, config.script + '.fails')
    assert not os.path.exists(config.run_dir_root)


def test_print_info(config, capsys):
    config.print_info = True
    dnnlib.submit_run(config, config.script + '.v2_style', a=1)
    assert "'run_desc': 'test'" in capsys.readouterr().out


def test_paths(monkeypatch, tmp_path):
    monkeypatch.setattr(submit, '_user_name_override', None)
    submit.set_user_name_override('somebody')
    assert dnnlib.get_path_from_template('runs\\<USERNAME>/x', dnnlib.PathType.LINUX) == 'runs/somebody/x'
    assert dnnlib.get_path_from_template('runs/<USERNAME>', dnnlib.PathType.WINDOWS) == 'runs\\somebody'
    assert dnnlib.convert_path('a/b') == os.path.join('a', 'b')
    assert submit.get_template_from_path('a\\b/<USERNAME>') == 'a/b/<USERNAME>'
    assert dnnlib.convert_path('a\\b', submit.PathType.LINUX) == 'a/b'
    assert submit.get_user_name() == 'somebody'
    submit.set_user_name_override(None)
    assert submit.get_user_name() not in ('', 'somebody')
    monkeypatch.chdir(tmp_path)
    assert dnnlib.make_run_dir_path('a', 'b') == os.path.join(os.getcwd(), 'a', 'b')


def test_context_outside_a_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with RunContext.get() as context:
        assert RunContext.get() is context
        context.update(0, 1, 2)
        assert not context.should_stop()
        assert 0 <= context.get_time_since_last_update() <= context.get_time_since_start()
        assert 0 <= context.get_last_update_interval() <= context.get_time_since_start()
    assert os.listdir(str(tmp_path)) == []
    with RunContext.get() as other:
        assert other is not context


def test_the_part_of_a_run_that_calls(config, tmp_path):
    """Scripts that make the folder themselves use it."""
    config.run_dir, config.task_name = str(tmp_path), 'task'
    config.run_func_name, config.run_func_kwargs = config.script + '.v2_style', dict(a=3)
    submit.run_wrapper(config)
    assert 'v2 3 2' in read(config.run_dir, 'log.txt') and os.path.exists(os.path.join(config.run_dir, 'result.txt'))


def test_hints_for_platforms_are_kept_with_the_settings(config):
    config.platform_extras.data_reader_process_count = 3
    run = dnnlib.submit_run(config, config.script + '.v2_style', a=1)
    extras = submit.load_submit_config(run.run_dir).platform_extras
    assert type(extras) is submit.PlatformExtras and extras == config.platform_extras
    assert extras.data_reader_buffer_size == 1 << 30
