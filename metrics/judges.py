"""The published networks that judge images: where their files are, and what to do where they are not."""

import os

import dnnlib
from regan.base.errors import UserError
from regan.judges import judge_files
from regan.judges.judge_files import (  # Names that metrics take from here.
    CLASSIFIERS,
    FOLDER,
    INCEPTION_FEATURES,
    INCEPTION_SOFTMAX,
    LPIPS,
    URL,
    VGG16,
)
from training import misc

__all__ = ['CLASSIFIERS', 'FOLDER', 'INCEPTION_FEATURES', 'INCEPTION_SOFTMAX', 'LPIPS', 'URL', 'VGG16']


def locate(file, metric):
    """Path of the file of a judge: in the folder $REGAN_METRIC_NETWORKS, where the same weights may also have the form
    of other programs, in the cache, or downloaded into it.

    Args:
        file: one of the names above.
        metric: the name of the metric, for the message.
    Raises: UserError that says where the file may be put.
    """
    folder, path = os.environ.get(FOLDER), judge_files.at_hand(file)
    if path is not None:
        return path
    try:
        return dnnlib.util.open_url(URL + file, cache_dir=misc.CACHE_DIR, return_filename=True)
    except OSError as error:
        raise UserError(
            '%s needs the published network %s, which is not in %s; put it into a folder and name that in %s (%s)'
            % (metric, file, 'the folder %s' % folder if folder else 'the cache', FOLDER, error)
        ) from error


def load(file, metric):
    """The network of a file, in the present graph and session. Arguments and errors as of `locate`, and of
    `misc.load_pkl` for a file that is no network or no judge that is known.
    """
    path, kind = locate(file, metric), judge_files.kind_of(file)
    if kind == 'classifier' or os.path.splitext(path)[1] != '.pkl':
        return judge_files.read(kind, path).network()
    return misc.load_pkl(path)


def in_colour(images):
    """[N, 1, H, W] -> [N, 3, H, W], as judges see images; others unchanged."""
    return images.repeat(3, axis=1) if images.shape[1] == 1 else images
