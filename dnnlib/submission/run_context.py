"""What a running function tells about its progress, and how it learns that it shall stop."""

import datetime
import os
import pprint
import time

import dnnlib


class RunContext:
    """Context manager for the part of a run that reports progress. Writes run.txt into the run folder.

    Outside a run (`submit_config` None) it keeps time, but writes nothing.

    Args:
        submit_config: SubmitConfig of the run, or None.
        config_module: module whose public values are written to config.txt.
    """

    _current = None

    def __init__(self, submit_config, config_module=None):
        self.submit_config = submit_config
        self.start_time = time.time()
        self.last_update_time = self.start_time
        self.last_update_interval = 0.0
        self._closed = False
        self._facts = dict(start_time=_now())
        if submit_config is not None:
            self._facts.update(task_name=submit_config.task_name, host_name=submit_config.host_name)
            if config_module is not None:
                public = {k: v for k, v in vars(config_module).items() if not k.startswith('_')}
                self._write('config.txt', public)
        self._write_facts()
        RunContext._current = self

    @staticmethod
    def get():
        """The context in use; a new one for the run in progress if there is none."""
        return RunContext._current or RunContext(dnnlib.submit_config)

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.close()

    def update(self, loss=0, cur_epoch=0, max_epoch=None):
        """Notes the progress; to be called regularly. The values are written to run.txt as they are."""
        now = time.time()
        self.last_update_interval = now - self.last_update_time
        self.last_update_time = now
        self._write_facts(loss=loss, cur_epoch=cur_epoch, max_epoch=max_epoch, last_update_time=_now())

    def should_stop(self):
        """Whether somebody has put a file abort.txt into the run folder."""
        return self.submit_config is not None and os.path.exists(os.path.join(self.submit_config.run_dir, 'abort.txt'))

    def get_time_since_start(self):
        """Seconds since the context was made."""
        return time.time() - self.start_time

    def get_time_since_last_update(self):
        """Seconds since the last `update`, or since the start."""
        return time.time() - self.last_update_time

    def get_last_update_interval(self):
        """Seconds between the last two updates."""
        return self.last_update_interval

    def close(self):
        """Notes the end. Only the first call does something."""
        if self._closed:
            return
        self._closed = True
        self._write_facts(end_time=_now())
        if RunContext._current is self:
            RunContext._current = None

    def _write_facts(self, **facts):
        self._facts.update(facts)
        self._write('run.txt', self._facts)

    def _write(self, name, values):
        if self.submit_config is not None:
            with open(os.path.join(self.submit_config.run_dir, name), 'w', encoding='utf-8') as f:
                pprint.pprint(values, stream=f, indent=4, width=160)


def close_current():
    """Closes the context in use, if there is one."""
    if RunContext._current is not None:
        RunContext._current.close()


def _now():
    return datetime.datetime.now().isoformat(' ', 'seconds')
