import copy
import ctypes
import io
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

import dnnlib
from dnnlib import util


def test_import_is_light():
    code = (
        "import sys, dnnlib; print([m for m in ('tensorflow', 'requests') if m in sys.modules], dnnlib.submit_config)"
    )
    env = dict(os.environ, PYTHONPATH=os.path.dirname(os.path.dirname(dnnlib.__file__)))
    assert subprocess.check_output([sys.executable, '-c', code], env=env).decode().strip() == '[] None'


class TestEasyDict:
    def test_items_are_attributes(self):
        d = dnnlib.EasyDict([('a', 1)], b=2)
        d.c = 3
        del d.a
        assert d == {'b': 2, 'c': 3} and d['c'] == d.c == 3

    def test_missing_attribute(self):
        with pytest.raises(AttributeError, match='nothing'):
            dnnlib.EasyDict().nothing
        with pytest.raises(AttributeError, match='nothing'):
            del dnnlib.EasyDict().nothing

    @pytest.mark.parametrize(
        'copied', [copy.deepcopy, lambda d: pickle.loads(pickle.dumps(d)), lambda d: pickle.loads(pickle.dumps(d, 0))]
    )
    def test_survives_copies(self, copied):
        d = copied(dnnlib.EasyDict(a=dnnlib.EasyDict(b=[1])))
        assert type(d) is dnnlib.EasyDict and d.a.b == [1]


class TestLogger:
    def test_copies_both_streams(self, tmp_path, monkeypatch):
        out, err = io.StringIO(), io.StringIO()
        monkeypatch.setattr(sys, 'stdout', out)
        monkeypatch.setattr(sys, 'stderr', err)
        with util.Logger(str(tmp_path / 'log.txt')):
            print('one')
            print('two', file=sys.stderr)
        assert out.getvalue() == 'one\ntwo\n' == (tmp_path / 'log.txt').read_text()
        assert sys.stdout is out and sys.stderr is err

    def test_appends(self, tmp_path):
        for text in ['a', 'b']:
            with util.Logger(str(tmp_path / 'log.txt'), file_mode='a'):
                print(text)
        assert (tmp_path / 'log.txt').read_text() == 'a\nb\n'

    def test_leaves_a_stream_that_another_replaced(self, monkeypatch):
        other = io.StringIO()
        old_err = sys.stderr
        logger = util.Logger()
        monkeypatch.setattr(sys, 'stdout', other)
        logger.close()
        assert sys.stdout is other and sys.stderr is old_err


@pytest.mark.parametrize(
    'seconds, text',
    [
        (0, '0s'),
        (59.4, '59s'),
        (59.6, '1m 00s'),
        (3599, '59m 59s'),
        (3600, '1h 00m 00s'),
        (86399, '23h 59m 59s'),
        (86400, '1d 00h 00m'),
        (100 * 86400 + 3 * 3600 + 7 * 60 + 5, '100d 03h 07m'),
    ],
)
def test_format_time(seconds, text):
    assert util.format_time(seconds) == text


def test_ask_yes_no_insists(monkeypatch, capsys):
    answers = iter(['maybe', '', 'Yes', 'n'])
    monkeypatch.setattr('builtins.input', lambda: next(answers))
    assert util.ask_yes_no('Sure?') is True
    assert util.ask_yes_no('Sure?') is False
    assert capsys.readouterr().out == 'Sure? [y/n]\n' * 4


def test_tuple_product():
    assert util.tuple_product((3, 5, 7)) == 105 and util.tuple_product(()) == 1


@pytest.mark.parametrize('given', ['int16', np.int16, np.dtype('int16')])
def test_dtype_and_ctype(given):
    assert util.get_dtype_and_ctype(given) == (np.dtype('int16'), ctypes.c_int16)


def test_dtype_unknown():
    with pytest.raises(ValueError, match='complex64'):
        util.get_dtype_and_ctype('complex64')


def test_is_pickleable():
    assert util.is_pickleable(dict(a=1)) and not util.is_pickleable(lambda: 0)


def top_level(a, b=2):
    return a + b


class TestNames:
    def test_longest_module_wins(self):
        assert util.get_module_from_obj_name('os.path.join') == (os.path, 'join')
        assert util.get_module_from_obj_name('np.random.RandomState') == (np.random, 'RandomState')
        assert util.get_module_from_obj_name('dnnlib.util') == (util, '')

    def test_nested_attributes(self):
        assert util.get_obj_by_name('dnnlib.util.EasyDict.fromkeys')('a', 1) == {'a': 1}

    def test_unknown_names(self):
        with pytest.raises(ImportError, match='no.such.module'):
            util.get_obj_by_name('no.such.module')
        with pytest.raises(AttributeError, match='no_such'):
            util.get_obj_by_name('dnnlib.util.no_such')

    def test_errors_inside_a_module_are_shown(self, tmp_path, monkeypatch):
        (tmp_path / 'broken_by_import.py').write_text('import a_package_that_is_missing\n')
        (tmp_path / 'broken_by_error.py').write_text('1 / 0\n')
        monkeypatch.syspath_prepend(str(tmp_path))
        with pytest.raises(ImportError, match='a_package_that_is_missing'):
            util.get_obj_by_name('broken_by_import.f')
        with pytest.raises(ZeroDivisionError):
            util.get_obj_by_name('broken_by_error.f')

    def test_calls(self):
        name = util.get_top_level_function_name(top_level)
        assert name == 'test_util.top_level'
        assert util.call_func_by_name(3, b=4, func_name=name) == 7
        assert util.construct_class_by_name(class_name='dnnlib.EasyDict', a=1) == {'a': 1}
        with pytest.raises(TypeError, match='not callable'):
            util.call_func_by_name(func_name='dnnlib.submit_config')

    def test_top_level(self):
        assert util.is_top_level_function(top_level) and not util.is_top_level_function(lambda: 0)
        with pytest.raises(ValueError, match='top-level'):
            util.get_top_level_function_name(lambda: 0)

    def test_main_is_called_by_the_name_of_its_file(self, monkeypatch):
        main = type(sys)('__main__')
        main.__file__ = os.path.join('anywhere', 'my_script.py')
        exec('def f(): pass', vars(main))
        monkeypatch.setitem(sys.modules, '__main__', main)
        assert util.get_top_level_function_name(main.f) == 'my_script.f'

    def test_module_dir(self):
        assert util.get_module_dir_by_obj_name('dnnlib.util.EasyDict') == os.path.dirname(dnnlib.__file__)

    def test_tensorflow_names_are_those_of_version_1(self):
        tf = pytest.importorskip('tensorflow.compat.v1')
        assert util.get_obj_by_name('tf.train.AdamOptimizer') is tf.train.AdamOptimizer


class TestFiles:
    @pytest.fixture
    def tree(self, tmp_path):
        for name in ['a.py', 'a.pyc', 'sub/b.py', 'sub/skip/c.py']:
            (tmp_path / 'tree' / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / 'tree' / name).write_text(name)
        return tmp_path / 'tree'

    def test_list(self, tree):
        found = util.list_dir_recursively_with_ignore(str(tree), ['*.pyc', 'skip'])
        assert sorted(found) == [
            (str(tree / 'a.py'), 'a.py'),
            (str(tree / 'sub' / 'b.py'), os.path.join('sub', 'b.py')),
        ]

    def test_list_with_base(self, tree):
        found = util.list_dir_recursively_with_ignore(str(tree), ['sub'], add_base_to_relative=True)
        assert sorted(rel for _, rel in found) == [os.path.join('tree', 'a.py'), os.path.join('tree', 'a.pyc')]

    def test_copy(self, tree, tmp_path):
        util.copy_files_and_create_dirs([(str(tree / 'a.py'), str(tmp_path / 'x' / 'y' / 'a.py'))])
        assert (tmp_path / 'x' / 'y' / 'a.py').read_text() == 'a.py'


@pytest.mark.parametrize(
    'text, plain, with_files',
    [
        ('https://example.com/a.pkl', True, True),
        ('http://127.0.0.1:80/a', True, True),
        ('file:///a.pkl', False, True),
        ('http://localhost/a', False, False),
        ('a.pkl', False, False),
        ('gdrive:networks/a.pkl', False, False),
        ('://x.y', False, False),
        ('http://[bad.x', False, False),
        (7, False, False),
    ],
)
def test_is_url(text, plain, with_files):
    assert util.is_url(text) == plain
    assert util.is_url(text, allow_file_urls=True) == with_files
