"""What scripts written for the official StyleGAN repositories import as `dnnlib`.

TensorFlow is imported with `dnnlib.tflib`, not here.
"""

from dnnlib import submission, util
from dnnlib.submission.run_context import RunContext
from dnnlib.submission.submit import (
    PathType,
    SubmitConfig,
    SubmitTarget,
    convert_path,
    get_path_from_template,
    make_run_dir_path,
    submit_run,
)
from dnnlib.util import EasyDict, make_cache_dir_path

submit_config = None  # The SubmitConfig of the run in progress; `submit_run` sets it.
