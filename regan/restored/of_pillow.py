"""Names that Pillow has dropped since 5."""

from regan.restored.put_back import put_back


def restore(module):
    """Puts names back in one module of Pillow."""
    put_back(module, NAMES[module.__name__])


def is_image_type(value):
    """Whether something is an image."""
    from PIL import Image

    return isinstance(value, Image.Image)


# ------------------------------------------------------------------ sizes of texts: width and height from the corner on


def getsize(font, text, *arguments, **options):
    """(width, height) in pixels of a line of text, from the origin to its right and lower edge."""
    box = font.getbbox(text, *arguments, **options)
    return box[2], box[3]


def getoffset(font, text):
    """(x, y) in pixels of the corner of a line of text."""
    return tuple(font.getbbox(text)[:2])


def getsize_multiline(font, text, direction=None, spacing=4, features=None, language=None, stroke_width=0):
    """(width, height) in pixels of several lines of text with `spacing` pixels between them."""
    options = dict(direction=direction, features=features, language=language)
    lines = text.split('\n')
    height = getsize(font, 'A', stroke_width=stroke_width)[1] + stroke_width + spacing
    widths = [font.getlength(line, **options) + 2 * stroke_width for line in lines]
    return int(max(widths)), len(lines) * height - spacing


def textsize(draw, text, font=None, spacing=4, direction=None, features=None, language=None, stroke_width=0):
    """(width, height) in pixels of a text that would be drawn, perhaps in several lines."""
    font = font or draw.getfont()
    if '\n' in text:
        return getsize_multiline(font, text, direction, spacing, features, language, stroke_width)
    box = draw.textbbox(
        (0, 0), text, font, direction=direction, features=features, language=language, stroke_width=stroke_width
    )
    return int(box[2]), int(box[3])


_FONT = {'getsize': getsize, 'getoffset': getoffset, 'getsize_multiline': getsize_multiline}

NAMES = {
    'PIL': {'PILLOW_VERSION': '__version__', 'VERSION': '__version__'},
    'PIL.Image': {
        'ANTIALIAS': 'LANCZOS',
        'CONTAINER': 2,
        'CUBIC': 'BICUBIC',
        'LINEAR': 'BILINEAR',
        'NORMAL': 0,
        'PILLOW_VERSION': '__version__',
        'SEQUENCE': 1,
        'VERSION': '__version__',
        'isImageType': is_image_type,
    },
    'PIL.ImageDraw': {'ImageDraw.textsize': textsize, 'ImageDraw.multiline_textsize': textsize},
    'PIL.ImageFont': {
        '%s.%s' % (kind, name): value
        for kind in ('FreeTypeFont', 'ImageFont', 'TransposedFont')
        for name, value in _FONT.items()
    },
    'PIL.ImageMath': {'eval': 'unsafe_eval'},
}
