"""Images of users as arrays of one shape: what differs is converted and counted, what cannot be is listed at once."""

import collections

import numpy as np
from PIL import Image

from regan.base.errors import UserError
from regan.data import tfrecords
from regan.pictures import reading

MOST_NAMES = 50  # Files that a message names.
GREY_TO_RGB = 'grey to RGB'
# Ways out of what is wrong.
_RESIZE = 'let them be resized (--resize --resolution R)'
_REPAIR = 'repair or remove those that are damaged or no images'
_CONVERT = 'leave --strict out to have them converted'


class Gathering:
    """The images of a source, in one shape. Making it reads their headers; nothing is decoded yet.

    Args:
        images: `sources.Images`.
        resolution: R that all shall have, or None: that of the first.
        resize: cut the central square out of each and resize it to `resolution` (Lanczos).
        strict: refuse images whose pixels would have to be converted.
    Attributes:
        shape: (C, R, R) of every image: grey if all are, else RGB.
        changes: {what was done: to how many images} of those that were read.
        changed: how many images were converted.
    Raises: UserError that lists all images which cannot be used.
    """

    def __init__(self, images, resolution, resize, strict):
        self._images, self._resize, self._strict = images, resize, strict
        self._bad = collections.OrderedDict()  # Name -> what is wrong with it.
        self._ways_out = []
        self.changes, self.changed = collections.Counter(), 0
        headers = {name: header for name in images.names for header in [self._header(name)] if header}
        channels = 1 if all(header.is_grey for header in headers.values()) else 3
        size = resolution if resize else self._size(headers, resolution)
        self.shape = channels, size, size
        if self._bad:
            for name in headers:  # Those that are cut off are to be in the same list.
                self._read(name)
            raise self._error()

    def _header(self, name):
        try:
            return reading.header(self._images.open(name))
        except reading.UnreadablePicture as error:
            self._refuse(name, str(error), _REPAIR)

    def _size(self, headers, resolution):
        """The side of all images; those that have another one are noted."""
        names = list(headers)
        sizes = [headers[name].size for name in names]
        if not names:
            return resolution
        wanted = (resolution, resolution) if resolution else sizes[0]
        for name, size in zip(names, sizes):
            text = '%dx%d pixels' % size
            if size[0] != size[1] or not tfrecords.is_resolution(size[0]):
                self._refuse(
                    name,
                    text + ', not square with a side of 4, 8, 16, ...',
                    _RESIZE,
                )
            elif size != wanted:
                other = '' if resolution else ' of ' + names[0]
                self._refuse(
                    name,
                    '%s, not the %dx%d%s' % ((text,) + wanted + (other,)),
                    _RESIZE,
                )
        return wanted[0]

    def read(self, names):
        """The images of these names: uint8 [N, C, R, R].

        Raises:
            UserError: some cannot be used; it lists them and all others in the source that cannot.
        """
        arrays = [self._read(name) for name in names]
        if self._bad:
            for name in self._images.names:
                if name not in names:
                    self._read(name)
            raise self._error()
        return np.stack(arrays)

    def _read(self, name):
        """uint8 [C, R, R], or None for one that cannot be used."""
        try:
            picture = reading.read(self._images.open(name))
        except reading.UnreadablePicture as error:
            return self._refuse(name, str(error), _REPAIR)
        image, changes, conversions = picture.image, list(picture.changes), list(picture.conversions)
        if self.shape[0] == 3 and image.mode == 'L':
            changes, conversions = changes + [GREY_TO_RGB], conversions + [GREY_TO_RGB]
        if self._strict and conversions:
            return self._refuse(name, ', '.join(conversions), _CONVERT)
        self.changes.update(changes)
        self.changed += bool(changes)
        if self._resize:
            image = _resized(image, self.shape[1])
        pixels = np.asarray(image.convert('RGB') if self.shape[0] == 3 else image)
        return pixels.reshape(pixels.shape[:2] + (-1,)).transpose(2, 0, 1)  # [C, H, W]

    def _refuse(self, name, why, way_out):
        self._bad.setdefault(name, why)
        if way_out not in self._ways_out:
            self._ways_out.append(way_out)

    def _error(self):
        listed = ['%s (%s)' % item for item in self._bad.items()]
        more = ' and %d more' % (len(listed) - MOST_NAMES) if len(listed) > MOST_NAMES else ''
        return UserError(
            '%d of %d images in %s cannot be used: %s%s; %s'
            % (
                len(listed),
                len(self._images.names),
                self._images.path,
                ', '.join(listed[:MOST_NAMES]),
                more,
                ', and '.join(self._ways_out),
            )
        )


def _resized(image, size):
    """The central square of the shorter side, as `size` x `size`."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side)).resize((size, size), Image.LANCZOS)
