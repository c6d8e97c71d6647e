"""`submit_run`: calls a function in a run folder of its own, on this machine."""

import copy
import enum
import getpass
import inspect
import os
import pickle
import platform
import pprint
import re
import time
import traceback

import dnnlib
from dnnlib import portable_pickle, util
from dnnlib.submission import run_context


class SubmitTarget(enum.Enum):
    """Where a run is executed."""

    LOCAL = 1


class PathType(enum.Enum):
    """Whose separators a path gets; AUTO is this machine's."""

    WINDOWS = 1
    LINUX = 2
    AUTO = 3


class PlatformExtras(util.EasyDict):
    """Hints for readers of data that scripts may bring; nothing here reads them.

    Attributes:
        data_reader_buffer_size: bytes.
        data_reader_process_count: int, 0 for none besides this one.
    """

    def __init__(self):
        super().__init__(data_reader_buffer_size=1 << 30, data_reader_process_count=0)


class SubmitConfig(util.EasyDict):
    """Settings of a run.

    To be set by the user:
        run_dir_root: folder of all runs; may be a template, see `get_path_from_template`.
        run_desc: str, part of the run folder's name.
        run_dir_ignore: patterns of file and folder names that are not copied with the sources.
        run_dir_extra_files: list of (source, path relative to the copied sources), or None.
        submit_target: SubmitTarget.
        num_gpus: int, for the function called to use.
        print_info: print the settings.
        ask_confirmation: ask before starting.
        local.do_not_copy_source_files: no copy of the sources.
        nvprof, datasets, platform_extras: names that scripts may set; only nvprof=False is supported.

    Filled in by `submit_run`: run_id (int), run_name ('%05d-<run_desc>'), run_dir (absolute), run_func_name,
    run_func_kwargs, user_name, task_name, host_name.
    """

    def __init__(self):
        super().__init__()
        self.run_dir_root = ''
        self.run_desc = ''
        self.run_dir_ignore = ['.*', '__pycache__', '*.pyproj', '*.sln', '*.suo', '_cudacache']
        self.run_dir_extra_files = []
        self.submit_target = SubmitTarget.LOCAL
        self.num_gpus = 1
        self.print_info = False
        self.ask_confirmation = False
        self.local = util.EasyDict(do_not_copy_source_files=False)
        self.nvprof = False
        self.datasets = []
        self.platform_extras = PlatformExtras()

        self.run_id = None
        self.run_name = None
        self.run_dir = None
        self.run_func_name = None
        self.run_func_kwargs = None
        self.user_name = None
        self.task_name = None
        self.host_name = 'localhost'


# ------------------------------------------------------------------ paths


def get_path_from_template(path_template, path_type=PathType.AUTO):
    """The template with <USERNAME> filled in and the separators of `path_type`."""
    if path_type == PathType.AUTO:
        path_type = PathType.WINDOWS if platform.system() == 'Windows' else PathType.LINUX
    path = path_template.replace('<USERNAME>', get_user_name())
    return path.replace('/', '\\') if path_type == PathType.WINDOWS else path.replace('\\', '/')


def get_template_from_path(path):
    """A path as a template, which has '/' between its parts on every machine.

    >>> get_template_from_path('results\\\\runs/<USERNAME>')
    'results/runs/<USERNAME>'
    """
    return path.replace('\\', '/')


def convert_path(path, path_type=PathType.AUTO):
    """A path of any machine with the separators of `path_type`; see `get_path_from_template`."""
    return get_path_from_template(get_template_from_path(path), path_type)


_user_name_override = None


def set_user_name_override(name):
    """Makes `get_user_name` return this name in place of the user's; None: no longer."""
    global _user_name_override
    _user_name_override = name


def get_user_name():
    """The name that <USERNAME> stands for: that of the user who runs this process, unless another one was set."""
    if _user_name_override is not None:
        return _user_name_override
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):  # A container may run under a number that has no name.
        return str(os.getuid())


def make_run_dir_path(*paths):
    """A path below the folder of the run in progress, or below the current folder outside a run."""
    run_dir = os.getcwd() if dnnlib.submit_config is None else dnnlib.submit_config.run_dir
    return os.path.join(run_dir, *paths)


def load_submit_config(run_dir):
    """The settings of an earlier run as a SubmitConfig, from its submit_config.pkl.

    The file is read as data: it can hold numbers, text, lists, dicts and this module's own types.
    Raises FileNotFoundError, pickle.UnpicklingError.
    """
    with open(os.path.join(run_dir, 'submit_config.pkl'), 'rb') as f:
        return _ConfigUnpickler(f).load()


class _ConfigUnpickler(pickle.Unpickler):
    _types = {
        ('dnnlib.submission.submit', 'SubmitConfig'): SubmitConfig,
        ('dnnlib.submission.submit', 'SubmitTarget'): SubmitTarget,
        ('dnnlib.submission.submit', 'PlatformExtras'): PlatformExtras,
        ('dnnlib.util', 'EasyDict'): util.EasyDict,
    }

    def find_class(self, module, name):
        try:
            return self._types[(module, name)]
        except KeyError:
            raise pickle.UnpicklingError(
                'submit_config.pkl names %s.%s; only plain settings are read.' % (module, name)
            ) from None


# ------------------------------------------------------------------ runs


def submit_run(submit_config, run_func_name, **run_func_kwargs):
    """Calls the function in a new run folder <run_dir_root>/<run id>-<run_desc>, and waits for it.

    The folder gets submit_config.pkl and .txt, log.txt (all output), run.txt, the sources in src/ and, at the end
    or after a failure, _finished.txt.

    Args:
        submit_config: SubmitConfig; not changed.
        run_func_name: dotted name of a function. It is given the settings if it has an argument `submit_config`.
    Returns: the SubmitConfig of the run, or None if the user did not confirm it.
    Raises: what the function raises; ValueError for settings that cannot be honoured.
    """
    config = copy.deepcopy(submit_config)
    if config.submit_target != SubmitTarget.LOCAL or config.nvprof:
        raise ValueError('Only plain runs on this machine are supported (submit_target LOCAL, nvprof False).')
    config.run_func_name = run_func_name
    config.run_func_kwargs = run_func_kwargs
    config.user_name = get_user_name()
    _choose_run_dir(config)
    if config.ask_confirmation and not util.ask_yes_no('Start %s in %s?' % (run_func_name, config.run_dir)):
        return None
    _fill_run_dir(config)
    if config.print_info:
        print(pprint.pformat(dict(config)))
    run_wrapper(config)
    return config


def _choose_run_dir(config):
    root = os.path.abspath(get_path_from_template(config.run_dir_root))
    config.run_id = _next_run_id(root)
    config.run_name = '%05d-%s' % (config.run_id, config.run_desc)
    config.task_name = '%s-%s' % (config.user_name, config.run_name)
    config.run_dir = os.path.join(root, config.run_name)


def _next_run_id(root):
    """1 + the largest number that a folder name begins with; 0 for the first run."""
    names = os.listdir(root) if os.path.isdir(root) else []
    numbers = [re.match('[0-9]+', n) for n in names if os.path.isdir(os.path.join(root, n))]
    return max([int(m.group()) for m in numbers if m], default=-1) + 1


def _fill_run_dir(config):
    pickled = portable_pickle.dumps(config)  # Settings that cannot be pickled leave no folder behind.
    os.makedirs(config.run_dir)
    with open(os.path.join(config.run_dir, 'submit_config.pkl'), 'wb') as f:
        f.write(pickled)
    with open(os.path.join(config.run_dir, 'submit_config.txt'), 'w', encoding='utf-8') as f:
        pprint.pprint(dict(config), stream=f, indent=4, width=200)
    if not config.local.do_not_copy_source_files:
        util.copy_files_and_create_dirs(_source_files(config))


def _source_files(config):
    """(source, destination) pairs: the function's package with what lies beside it, dnnlib, and the extra files."""
    source_dir = util.get_module_dir_by_obj_name(config.run_func_name)
    for _ in range(config.run_func_name.count('.') - 1):
        source_dir = os.path.dirname(source_dir)
    runs = os.path.dirname(config.run_dir) + os.sep
    files = util.list_dir_recursively_with_ignore(source_dir, config.run_dir_ignore)
    files = [f for f in files if not f[0].startswith(runs)]
    files += util.list_dir_recursively_with_ignore(
        os.path.dirname(dnnlib.__file__), config.run_dir_ignore, add_base_to_relative=True
    )
    files += config.run_dir_extra_files or []
    return [(src, os.path.join(config.run_dir, 'src', dst)) for src, dst in files]


def run_wrapper(submit_config):
    """Calls the function of a run whose folder is there: what is printed goes to its log.txt, too.

    Args:
        submit_config: SubmitConfig with run_dir, run_func_name and run_func_kwargs, as `submit_run` fills it in.
    Raises: what the function raises.
    """
    config = submit_config
    name = config.run_func_name.split('.')[-1]
    start = time.time()
    dnnlib.submit_config = config
    run_context.RunContext(config)
    with util.Logger(os.path.join(config.run_dir, 'log.txt')) as logger:
        try:
            print('dnnlib: Running %s() on %s...' % (name, config.host_name))
            _call(config)
            print('dnnlib: Finished %s() in %s.' % (name, util.format_time(time.time() - start)))
        except BaseException:
            traceback.print_exc(file=logger.file)  # The caller prints it on the terminal.
            raise
        finally:
            run_context.close_current()
            dnnlib.submit_config = None
            open(os.path.join(config.run_dir, '_finished.txt'), 'w').close()


def _call(config):
    func = util.get_obj_by_name(config.run_func_name)
    kwargs = dict(config.run_func_kwargs)
    if 'submit_config' in inspect.signature(func).parameters:
        kwargs['submit_config'] = config
    func(**kwargs)
