"""Edits as people ask for them: in notation, by name, or by the file of a saved edit."""

import os
import re
from pathlib import Path
from typing import Any, Iterable, List, NamedTuple, Optional, Sequence, Tuple, Union

from dnnlib import file_kinds
from regan.base import artefacts, names
from regan.base.errors import UserError
from regan.base.typing import PathLike
from regan.components.basis import Basis
from regan.editing import edit_zoo, edits, saved_edits

SAVED = ('.json', '.pkl')  # Endings of the files of saved edits.
_OURS = re.compile('[A-Za-z0-9][A-Za-z0-9 _-]*')  # Names that the explorer gives to files.


class EditChoice(NamedTuple):
    """An edit that somebody has asked for.

    Attributes:
        edit: edits.Edit.
        name: the name or file that it was asked for by; None: in notation.
        source: what that name stands for, or None. It may bring seeds and a psi along.
    """

    edit: edits.Edit
    name: Optional[str] = None
    source: Union[edit_zoo.NamedEdit, saved_edits.SavedEdit, None] = None

    @property
    def file_stem(self) -> str:
        """What stands for the edit in the name of a file.

        >>> EditChoice(edits.parse('E(v1, 5-9) * 4')).file_stem
        'e-v1-5-9-4.0'
        """
        return names.for_file(re.sub('[^A-Za-z0-9.-]+', '-', self.name or str(self.edit)).strip('-.').lower())


def choose(texts: Iterable[str], edits_file: Optional[PathLike] = None) -> List[EditChoice]:
    """The edits that some texts mean.

    Args:
        texts: list of str: notation such as 'E(v0, 0-4) * 2.0', a name such as 'ffhq/Big smile', the file of a saved
            edit, or the name of one in the user's folder, `artefacts.edits_dir`.
        edits_file: JSON with further named edits, see `edit_zoo.everything`.

    Returns:
        List of EditChoice.

    Raises:
        UserError: a text that is none of these, or an edit that moves something else than w of a StyleGAN.
    """
    named = edit_zoo.everything(edits_file)
    return [_choice(text, named) for text in texts]


def _choice(text, named):
    if is_saved(text):
        source: Union[edit_zoo.NamedEdit, saved_edits.SavedEdit] = saved_edits.load(text)
        name = text
    elif os.path.isfile(text):
        raise UserError('%s is no file of a saved edit (.json or .pkl)%s' % (text, file_kinds.hint(text)))
    elif '/' in text:
        source = found = edit_zoo.find(text, named)
        name = found.id
    elif is_kept(text):
        source, name = saved_edits.load(_in_folder(text)), text
    else:
        return EditChoice(edits.parse(text))
    source.check_usable()
    return EditChoice(source.edit, name, source)


def is_kept(text: str) -> bool:
    """Whether a text is the name of an edit in the user's folder."""
    return bool(_OURS.fullmatch(text)) and _in_folder(text).is_file()


def _in_folder(name):
    return artefacts.edits_dir() / (name + '.json')


def is_saved(text: str) -> bool:
    """Whether a text means the file of a saved edit."""
    return Path(text).suffix.lower() in SAVED


def combinations(components: Sequence[int], layers: Sequence[str], strength: float) -> List[EditChoice]:
    """An offset along each of some components in each of some ranges of layers.

    Args:
        components: list of int.
        layers: list of str, ranges as in the notation: '0-3', '8' or 'all'.
        strength: standard deviations.

    Returns:
        List of EditChoice: all ranges of the first component, then those of the next.

    Raises:
        UserError: a range that cannot be read.
    """
    texts = ['E(v%d, %s) * %r' % (component, part, strength) for component in components for part in layers]
    return [EditChoice(edits.parse(text)) for text in texts]


def agreed(choices: Sequence[EditChoice], what: str, option: str, fallback: Any = None) -> Any:
    """What the named edits among some choices bring along.

    Args:
        choices: list of EditChoice.
        what: 'seeds' or 'psi'.
        option: that says it otherwise, for messages.
        fallback: where no edit brings any; None refuses.

    Raises:
        UserError: there is none, or not the same for all.
    """
    values = [getattr(choice.source, what) for choice in choices if choice.source]
    values = list(dict.fromkeys(value for value in values if value not in ((), None))) or [fallback]
    if len(values) > 1:
        raise UserError(
            'the edits come with different %s (%s); choose with %s' % (what, ' and '.join(map(str, values)), option)
        )
    if values[0] is None:
        raise UserError('no latent is chosen; give %s, for example %s 1' % (option, option))
    return values[0]


def network_class(choices: Sequence[EditChoice]) -> Optional[int]:
    """The class that named edits among some choices were found with, or None.

    Raises:
        UserError: it is not the same for all.
    """
    sources = [choice.source for choice in choices if isinstance(choice.source, edit_zoo.NamedEdit)]
    found = sorted({source.network_class for source in sources if source.network_class is not None})
    if len(found) > 1:
        raise UserError(
            'the edits come with different classes (%s); choose with --class' % ' and '.join(map(str, found))
        )
    return found[0] if found else None


def found_elsewhere(choices: Sequence[EditChoice], network: PathLike) -> List[EditChoice]:
    """Those of the choices that are named edits of another network than this one (a registered name, or a path)."""
    model = edit_zoo.registered(network)
    return [
        choice
        for choice in choices
        if isinstance(choice.source, edit_zoo.NamedEdit) and not choice.source.belongs_to(model)
    ]


def check(choices: Sequence[EditChoice], num_layers: int, components: int, space: str = 'w') -> None:
    """Whether edits fit a network, before minutes are spent on its components.

    Args:
        choices: list of EditChoice.
        num_layers: L of the network.
        components: K that there will be.
        space: 'w' or 'z', where they are.

    Raises:
        UserError: an edit goes past the last layer or component, or moves the other space.
    """
    for choice in choices:
        choice.edit.layers(num_layers)
        if choice.source is not None and choice.source.space != space:
            raise UserError(
                "'%s' moves %s, but the components are directions in %s; draw them apart"
                % (choice.name, choice.source.space, space)
            )
        if choice.edit.component >= components and not isinstance(choice.source, saved_edits.SavedEdit):
            raise UserError(
                '%s needs more components than there are: ask for more than %d with --components'
                % (choice.edit, choice.edit.component)
            )


def placed(choices: Sequence[EditChoice], basis: Basis) -> Tuple[Basis, List[edits.Edit]]:
    """Edits along one basis, which gets the directions of saved edits as further components.

    Args:
        choices: list of EditChoice.
        basis: Basis.

    Returns:
        (Basis, list of edits.Edit).
    """
    moves = []
    for choice in choices:
        if isinstance(choice.source, saved_edits.SavedEdit):
            basis, edit = choice.source.place(basis)
            moves.append(edit)
        else:
            moves.append(choice.edit)
    return basis, moves


def own_space(choices: Sequence[EditChoice]) -> Optional[str]:
    """'z' if all choices are saved edits that move z, so that no components of W are needed; else None."""
    spaces = {choice.source.space if isinstance(choice.source, saved_edits.SavedEdit) else 'w' for choice in choices}
    return 'z' if spaces == {'z'} else None
