"""Which layers the Inception-v3 of December 2015 has, the network that FID and Inception score are defined with.

It differs from later ones: averages do not count what lies outside of the image, the last block takes maxima, and there
are 1008 classes. Names are those of its graph (`classify_image_graph_def.pb`).
"""

import collections

# A convolution with ReLU. Of stride 2, and where `same` is False, it looks at nothing outside of the image.
Convolution = collections.namedtuple('Convolution', 'name height width outputs stride same')
# Of 3 x 3: `kind` 'max' or 'avg'; of stride 2 as above.
Pool = collections.namedtuple('Pool', 'kind stride')


def _conv(name, height, width, outputs, stride=1, same=True):
    return Convolution(name, height, width, outputs, stride, same and stride == 1)


def _first(scope, pooled):
    """A block at 35 x 35."""
    tower, second, third = [scope + '/tower' + end for end in ('', '_1', '_2')]
    return [
        [_conv(scope + '/conv', 1, 1, 64)],
        [_conv(tower + '/conv', 1, 1, 48), _conv(tower + '/conv_1', 5, 5, 64)],
        [
            _conv(second + '/conv', 1, 1, 64),
            _conv(second + '/conv_1', 3, 3, 96),
            _conv(second + '/conv_2', 3, 3, 96),
        ],
        [Pool('avg', 1), _conv(third + '/conv', 1, 1, pooled)],
    ]


def _middle(scope, width):
    """A block at 17 x 17."""
    tower, second, third = [scope + '/tower' + end for end in ('', '_1', '_2')]
    return [
        [_conv(scope + '/conv', 1, 1, 192)],
        [
            _conv(tower + '/conv', 1, 1, width),
            _conv(tower + '/conv_1', 1, 7, width),
            _conv(tower + '/conv_2', 7, 1, 192),
        ],
        [
            _conv(second + '/conv', 1, 1, width),
            _conv(second + '/conv_1', 7, 1, width),
            _conv(second + '/conv_2', 1, 7, width),
            _conv(second + '/conv_3', 7, 1, width),
            _conv(second + '/conv_4', 1, 7, 192),
        ],
        [Pool('avg', 1), _conv(third + '/conv', 1, 1, 192)],
    ]


def _last(scope, pool):
    """A block at 8 x 8; where a branch ends in a tuple, these go side by side."""
    tower, second, third = [scope + '/tower' + end for end in ('', '_1', '_2')]

    def fork(branch):
        return (_conv(branch + '/mixed/conv', 1, 3, 384), _conv(branch + '/mixed/conv_1', 3, 1, 384))

    return [
        [_conv(scope + '/conv', 1, 1, 320)],
        [_conv(tower + '/conv', 1, 1, 384), fork(tower)],
        [_conv(second + '/conv', 1, 1, 448), _conv(second + '/conv_1', 3, 3, 384), fork(second)],
        [Pool(pool, 1), _conv(third + '/conv', 1, 1, 192)],
    ]


# In order: a convolution, a pool, or a block, which is a list of branches whose results are joined.
LAYERS = [
    _conv('conv', 3, 3, 32, stride=2),
    _conv('conv_1', 3, 3, 32, same=False),
    _conv('conv_2', 3, 3, 64),
    Pool('max', 2),
    _conv('conv_3', 1, 1, 80, same=False),
    _conv('conv_4', 3, 3, 192, same=False),
    Pool('max', 2),
    _first('mixed', 32),
    _first('mixed_1', 64),
    _first('mixed_2', 64),
    [
        [_conv('mixed_3/conv', 3, 3, 384, stride=2)],
        [
            _conv('mixed_3/tower/conv', 1, 1, 64),
            _conv('mixed_3/tower/conv_1', 3, 3, 96),
            _conv('mixed_3/tower/conv_2', 3, 3, 96, stride=2),
        ],
        [Pool('max', 2)],
    ],
    _middle('mixed_4', 128),
    _middle('mixed_5', 160),
    _middle('mixed_6', 160),
    _middle('mixed_7', 192),
    [
        [_conv('mixed_8/tower/conv', 1, 1, 192), _conv('mixed_8/tower/conv_1', 3, 3, 320, stride=2)],
        [
            _conv('mixed_8/tower_1/conv', 1, 1, 192),
            _conv('mixed_8/tower_1/conv_1', 1, 7, 192),
            _conv('mixed_8/tower_1/conv_2', 7, 1, 192),
            _conv('mixed_8/tower_1/conv_3', 3, 3, 192, stride=2),
        ],
        [Pool('max', 2)],
    ],
    _last('mixed_9', 'avg'),
    _last('mixed_10', 'max'),
]


def apply(x, convolve, pool, join):
    """What the layers make of x, for whatever x is.

    Args:
        x: the input.
        convolve: function of (x, Convolution) -> x.
        pool: function of (x, Pool) -> x.
        join: function of a list of results -> x.
    """

    def one(x, layer):
        if isinstance(layer, Convolution):
            return convolve(x, layer)
        return pool(x, layer) if isinstance(layer, Pool) else join([follow(x, branch) for branch in layer])

    def follow(x, branch):
        for layer in branch:
            x = join([convolve(x, part) for part in layer]) if type(layer) is tuple else one(x, layer)
        return x

    return follow(x, LAYERS)
