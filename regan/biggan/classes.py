"""Classes of ImageNet: by index, WordNet id, or name (biggan 12).

The ids and names are those of WordNet 3.0 (Princeton University).
"""

import difflib
import functools
import json
import pathlib
from typing import Dict, List, NamedTuple, Sequence, Tuple

from regan.base.errors import UserError

COUNT = 1000
_FILE = pathlib.Path(__file__).parent / 'imagenet_classes.json'

# Words of GANSpace's publications, which its program looks up in WordNet: "ship" is no class, but the first kind of
# ship that is one, and so on.
GANSPACE_WORDS: Dict[str, int] = {
    'husky': 248,
    'irish_setter': 213,
    'red_fox': 277,
    'leopard': 288,
    'robin': 15,
    'golden_retriever': 207,
    'ship': 724,
    'barn': 425,
    'lighthouse': 437,
    'castle': 483,
    'church': 497,
    'lemon': 951,
    'promontory': 976,
    'duck': 97,
}


class ImageNetClass(NamedTuple):
    """A class.

    Attributes:
        index: 0 to 999, by rising WordNet id.
        wordnet_id: for example 'n02109961'.
        names: tuple of str, the usual one first.
    """

    index: int
    wordnet_id: str
    names: Tuple[str, ...]


@functools.lru_cache(maxsize=None)
def everything() -> List[ImageNetClass]:
    """All classes, in order."""
    rows = json.loads(_FILE.read_text(encoding='utf-8'))
    return [ImageNetClass(i, row[0], tuple(row[1].split(', '))) for i, row in enumerate(rows)]


def _plain(name: str) -> str:
    return ' '.join(name.lower().replace('_', ' ').replace('-', ' ').split())


def find(text: str, count: int = COUNT) -> int:
    """The index of a class.

    Args:
        text: an index, a WordNet id, or a name that only one class has; capitals, hyphens and underscores do not
            matter.
        count: of the network's classes. Ids and names are those of ImageNet, so they need 1000.

    Raises:
        UserError: no such class, or several; the message suggests some.

    >>> find('n02109961'), find('Siberian husky'), find('248')
    (248, 250, 248)
    """
    text = text.strip()
    if text.isdigit() and text.isascii():
        if int(text) < count:
            return int(text)
        raise UserError('there is no class %s; the classes of this network are 0 to %d' % (text, count - 1))
    if count != COUNT:
        raise UserError(
            "'%s' is no number of a class; the classes of this network are 0 to %d, without names" % (text, count - 1)
        )
    found = [one for one in everything() if text == one.wordnet_id or _plain(text) in map(_plain, one.names)]
    if len(found) == 1:
        return found[0].index
    if found:
        raise UserError("several classes are called '%s': %s; give the number" % (text, _listed(found)))
    raise UserError("ImageNet has no class '%s'%s" % (text, _suggestions(text)))


def _listed(found: Sequence[ImageNetClass]) -> str:
    return ', '.join('%d (%s)' % (one.index, ', '.join(one.names[:2])) for one in found)


def _suggestions(text: str) -> str:
    word = _plain(text)
    if word.replace(' ', '_') in GANSPACE_WORDS:
        published = everything()[GANSPACE_WORDS[word.replace(' ', '_')]]
        return '; GANSpace takes %s for it, which is another thing: give the number if you mean that' % (
            _listed([published])
        )
    close = [one for one in everything() if word and any(word in _plain(name).split() for name in one.names)]
    if not close:
        names = {_plain(name): one for one in everything() for name in one.names}
        close = [names[name] for name in difflib.get_close_matches(word, names, 4, 0.6)]
    unique = sorted(set(close))[:5]
    return '; did you mean %s?' % _listed(unique) if unique else '; give a number from 0 to 999, a WordNet id or a name'
