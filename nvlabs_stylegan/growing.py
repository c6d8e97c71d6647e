"""Progressive growing: which resolutions' images and features the variable lod blends."""

import tensorflow.compat.v1 as tf

import dnnlib.tflib as tflib
from dnnlib.tflib.primitives.layout import publish


def grow_image(structure, lod_in, top, first_block, block, to_rgb, up):
    """Progressive growing of an image from its blocks (StyleGAN section 3.4), in internal layout.

    y_2 = rgb_2, y_r = lerp_clip(rgb_r, up(y_{r-1}), lod - (top - r)); the result is y_top.

    Args:
        structure: 'fixed' (lod ignored), 'linear' (every branch), 'recursive' (only the branches that lod needs).
        lod_in: scalar tensor.
        top: log2 of the resolution.
        first_block: function () -> x_2.
        block: function (r, x_{r-1}) -> x_r.
        to_rgb: function (r, x_r) -> image.
        up: function (image, factor=2) -> image.
    Raises: ValueError for an unknown structure.
    """
    if structure not in ('fixed', 'linear', 'recursive'):
        raise ValueError('structure %r is unknown; choose auto, fixed, linear or recursive' % (structure,))
    x = first_block()
    if structure == 'recursive':
        return _grow_on_demand(lod_in, 2, top, None, x, block, to_rgb, up)
    images = to_rgb(2, x) if structure == 'linear' or top == 2 else None
    for res in range(3, top + 1):
        x = block(res, x)
        if structure == 'linear':
            finer, coarser = to_rgb(res, x), up(images)
            with tf.variable_scope('Grow_lod%d' % (top - res)):
                images = _blended(finer, coarser, lod_in - (top - res))
        elif res == top:
            images = to_rgb(res, x)
    return images


def _blended(finer, coarser, t):
    """`tflib.lerp_clip` of internal images, under the name that it has in the official graph, and as a layer."""
    with tf.name_scope('LerpClip'):
        x = tf.add(finer, (coarser - finer) * tf.clip_by_value(t, 0.0, 1.0), name='blended')
        x = publish(x, 'add')
    return publish(x)


def _grow_on_demand(lod_in, res, top, coarser_x, x, block, to_rgb, up):
    """The image of full size, given the features x of this resolution and coarser_x of the one before."""
    excess = lod_in - (top - res)  # In [0, 1): this resolution is the one that lod asks for.

    def blended():
        return tflib.lerp_clip(to_rgb(res, x), up(to_rgb(res - 1, coarser_x)), excess)

    def here():
        image = to_rgb(res, x) if coarser_x is None else tf.cond(excess > 0, blended, lambda: to_rgb(res, x))
        return up(image, 2 ** (top - res))

    if res == top:
        return here()
    return tf.cond(
        excess < 0, lambda: _grow_on_demand(lod_in, res + 1, top, x, block(res + 1, x), block, to_rgb, up), here
    )


def shrink_features(structure, lod_in, top, images, from_rgb, block, down):
    """Progressive growing on the discriminator's side (StyleGAN section 5): features at 4 x 4.

    im_top = images, im_{r-1} = down(im_r), x = from_rgb(top, im_top); for r = top .. 3:
    x <- lerp_clip(block_r(x), from_rgb_{r-1}(im_{r-1}), lod - (top - r)).

    Args:
        structure: 'fixed', 'linear' or 'recursive', as in `grow_image`.
        lod_in: scalar tensor.
        top: log2 of the resolution.
        images: internal images of that resolution.
        from_rgb: function (r, image) -> features.
        block: function (r, x_r) -> x_{r-1}.
        down: function (image, factor=2) -> image.
    Raises: ValueError for an unknown structure.
    """
    if structure not in ('fixed', 'linear', 'recursive'):
        raise ValueError('structure %r is unknown; choose auto, fixed, linear or recursive' % (structure,))
    if structure == 'recursive':
        return _shrink_on_demand(lod_in, 2, top, images, from_rgb, block, down)
    x = from_rgb(top, images)
    for res in range(top, 2, -1):
        x = block(res, x)
        if structure == 'linear':
            images = down(images)
            coarser = from_rgb(res - 1, images)
            with tf.variable_scope('Grow_lod%d' % (top - res)):
                x = _blended(x, coarser, lod_in - (top - res))
    return x


def _shrink_on_demand(lod_in, res, top, images, from_rgb, block, down):
    """The features that enter the block below `res`: from the RGB image directly, from finer features, or a blend."""

    def direct():
        return from_rgb(res, down(images, 2 ** (top - res)))

    if res == top:
        return direct()
    excess = lod_in - (top - res - 1)  # <= 0: finer features only; >= 1: the RGB image only.

    def from_finer():
        x = block(res + 1, _shrink_on_demand(lod_in, res + 1, top, images, from_rgb, block, down))
        return tf.cond(excess > 0, lambda: tflib.lerp_clip(x, direct(), excess), lambda: x)

    return tf.cond(excess < 1, from_finer, direct)
