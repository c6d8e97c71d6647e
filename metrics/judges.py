"""The published networks that judge images: where their files are, and what to do where they are not."""

import os

import dnnlib
from regan.base.errors import UserError
from training import misc

FOLDER = 'REGAN_METRIC_NETWORKS'  # Environment variable.
URL = 'https://nvlabs-fi-cdn.nvidia.com/stylegan/networks/metrics/'

INCEPTION_FEATURES = 'inception_v3_features.pkl'  # Images [N, 3, H, W] in 0..255 -> features [N, 2048].
INCEPTION_SOFTMAX = 'inception_v3_softmax.pkl'  # The same -> probabilities [N, classes].
VGG16 = 'vgg16.pkl'  # The same -> features [N, F].
LPIPS = 'vgg16_zhang_perceptual.pkl'  # Two batches of such images -> distances [N].

_ATTRIBUTES = (
    'male smiling attractive wavy-hair young 5-o-clock-shadow arched-eyebrows bags-under-eyes bald bangs big-lips '
    'big-nose black-hair blond-hair blurry brown-hair bushy-eyebrows chubby double-chin eyeglasses goatee gray-hair '
    'heavy-makeup high-cheekbones mouth-slightly-open mustache narrow-eyes no-beard oval-face pale-skin pointy-nose '
    'receding-hairline rosy-cheeks sideburns straight-hair wearing-earrings wearing-hat wearing-lipstick '
    'wearing-necklace wearing-necktie'
).split()

# Images [N, 3, 256, 256] in [-1, 1], no labels -> logits [N, 1], positive where the attribute is there.
CLASSIFIERS = ['celebahq-classifier-%02d-%s.pkl' % (i, name) for i, name in enumerate(_ATTRIBUTES)]


def locate(file, metric):
    """Path of the file of a judge: in the folder $REGAN_METRIC_NETWORKS, in the cache, or downloaded into it.

    Args:
        file: one of the names above.
        metric: the name of the metric, for the message.
    Raises: UserError that says where the file may be put.
    """
    folder = os.environ.get(FOLDER)
    if folder and os.path.isfile(os.path.join(folder, file)):
        return os.path.join(folder, file)
    try:
        return dnnlib.util.open_url(URL + file, cache_dir=misc.CACHE_DIR, return_filename=True)
    except OSError as error:
        raise UserError(
            '%s needs the published network %s, which is not in %s; put it into a folder and name that in %s (%s)'
            % (metric, file, 'the folder %s' % folder if folder else 'the cache', FOLDER, error)
        ) from error


def load(file, metric):
    """The network of a file, in the present graph and session. Arguments and errors as of `locate`, and of
    `misc.load_pkl` for a file that is no network or one whose code is not trusted.
    """
    return misc.load_pkl(locate(file, metric))


def in_colour(images):
    """[N, 1, H, W] -> [N, 3, H, W], as judges see images; others unchanged."""
    return images.repeat(3, axis=1) if images.shape[1] == 1 else images
