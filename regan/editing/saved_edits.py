"""One edit with its direction in a file: GANSpace's pickles, and the same facts as JSON beside an .npz.

GANSpace's viewer saves an edit as a pickled dict, and a pickle can run any code when it is read. Here it is read as
data, and our own form is NAME.json with NAME.npz (arrays lat_comp and act_comp). Both carry the component itself, so
the edit needs no basis, and moves any network whose w has the same width.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import TYPE_CHECKING, Tuple

import numpy as np

from dnnlib import file_kinds, portable_pickle, unpickle
from regan.base import artefacts, json_records, names
from regan.base.errors import UserError
from regan.base.json_records import choice, declared, integer, key, number, sequence, text
from regan.base.typing import PathLike
from regan.editing import edits
from regan.sampling import latents

if TYPE_CHECKING:
    from regan.components.basis import Basis
    from regan.networks.base_generator import BaseGenerator

LAYERS = {'StyleGAN': 'g_mapping', 'StyleGAN2': 'style'}  # GANSpace's names of the layer whose output is w.
_PICKLED = dict(
    name='name',
    component='component_index',
    start='edit_start',
    end='edit_end',
    strength='sigma_range',
    stdev='lat_stdev',
    act_stdev='act_stdev',
    direction='lat_comp',
    act_direction='act_comp',
    edit_type='edit_type',
    model='model_name',
    dataset='output_class',
    psi='truncation',
    seed='example_seed',
)
_PICKLED_PCA = dict(estimator='name', components='components', samples='samples', layer='layer', found_on='class_name')
_MOST_OF_A_NAME = 40  # Characters of each text in a file's name; file systems allow 255 in all.
_ARRAYS = dict(direction='lat_comp', act_direction='act_comp')


def _vector(value, where):
    if not isinstance(value, np.ndarray) or value.dtype.kind != 'f' or not value.size or not np.isfinite(value).all():
        raise UserError('%s must be an array of finite numbers' % where)
    return value.astype(np.float32)


def _direction(value, where):
    return _vector(value, where).reshape(-1)  # [1, D] -> [D]


_NUMBER = number(-1e9, 1e9)


@dataclasses.dataclass(frozen=True, eq=False)
@declared
class SavedEdit:
    """An edit as GANSpace's viewer saves it: an offset of `strength` stdev along `direction` in some layers."""

    name: str = key(text, 'for people')
    component: int = key(integer(0), 'index in the basis that it comes from')
    start: int = key(integer(0), 'first layer')
    end: int = key(integer(1), 'layer after the last')
    strength: float = key(_NUMBER, "the slider's end")
    stdev: float = key(number(0), 'of the component in the latent space')
    act_stdev: float = key(number(0), 'of the component in the layer')
    direction: np.ndarray = key(_direction, 'float32 [D], in the latent space', recorded=False)
    act_direction: np.ndarray = key(
        _vector, "float32, any shape, the component in the layer; only GANSpace's viewer uses it", recorded=False
    )
    space: str = key(choice('w', 'z'), "'w' or 'z'")
    edit_type: str = key(choice('latent', 'activation', 'both'), "'latent', 'activation' or 'both'")
    model: str = key(text, 'of the network')
    dataset: str = key(text, 'of the network')
    found_on: str = key(text, 'data set of the network behind the components')
    estimator: str = key(text, 'how the components were made')
    components: int = key(integer(1), 'how many were made')
    samples: int = key(integer(1), 'from how many latents')
    layer: str = key(text, 'of which they are')
    psi: float = key(_NUMBER, 'truncation to show it with')
    seed: int = key(latents.SEED, 'of a latent to show it on')
    tags: Tuple[str, ...] = key(sequence(text, empty=True), 'for people; only ours have any', default=())

    def __post_init__(self) -> None:
        self._along(self.component)  # It checks the numbers.

    @property
    def seeds(self) -> Tuple[int]:
        """The seed, as a tuple of one."""
        return (self.seed,)

    @property
    def edit(self) -> edits.Edit:
        """The `edits.Edit`; its component is the index at the time of saving."""
        return self._along(self.component)

    def _along(self, component):
        return edits.Edit(component, self.start, self.end, self.strength, name=self.name)

    def check_usable(self) -> None:
        """Raises UserError unless the edit moves latents alone."""
        if self.edit_type != 'latent':
            raise UserError(
                "the saved edit '%s' moves activations of %s; only edits of latents can be used"
                % (self.name, self.layer)
            )

    def place(self, basis: Basis) -> Tuple[Basis, edits.Edit]:
        """The basis with the saved direction as one more component, and the Edit along it.

        Raises:
            UserError: another width or space, or no edit of latents.
        """
        self.check_usable()
        count, width = basis.components.shape
        if self.direction.shape != (width,):
            raise UserError(
                "the saved edit '%s' has width %d but %s has %d; it belongs to another network"
                % (self.name, self.direction.size, basis.space, width)
            )
        if self.space != basis.space:
            raise UserError(
                "the saved edit '%s' moves %s, but the components are directions in %s; draw them apart"
                % (self.name, self.space, basis.space)
            )
        more = dataclasses.replace(
            basis,
            components=np.vstack([basis.components, self.direction]),
            stdev=np.append(basis.stdev, np.float32(self.stdev)),
            act_stdev=np.append(basis.act_stdev, np.float32(self.act_stdev)),
            variance_ratio=np.append(basis.variance_ratio, np.float32(0)),
            random_stdevs=np.append(basis.random_stdevs, np.float32(0)),
        )
        return more, self._along(count)


# ------------------------------------------------------------------ ours


def save(path: PathLike, saved: SavedEdit) -> None:
    """Writes NAME.json and, beside it, NAME.npz. Args: path, that of the .json."""
    arrays = {theirs: getattr(saved, ours) for ours, theirs in _ARRAYS.items()}
    artefacts.write_npz(Path(path).with_suffix('.npz'), arrays)
    artefacts.write_json(path, json_records.recorded(saved))


def load(path: PathLike) -> SavedEdit:
    """The SavedEdit of a .json of `save` or of a .pkl of GANSpace; nothing in it is executed.

    Raises:
        UserError: no such file, damaged, not a saved edit, or a wrong value; it names the file and the key.
    """
    return _load_pickle(path) if Path(path).suffix.lower() == '.pkl' else _load_json(path)


def arrays_path(path: PathLike) -> Path:
    """The Path of the file with the directions of the saved edit in `path`: itself if it is a .pkl, else the .npz."""
    return Path(path) if Path(path).suffix.lower() == '.pkl' else Path(path).with_suffix('.npz')


def _load_json(path):
    facts = json_records.load(path)
    if not isinstance(facts, dict):
        raise UserError('%s is no saved edit%s' % (path, file_kinds.hint(path)))
    unknown = sorted(set(facts) - set(json_records.rules(SavedEdit)))
    if unknown:
        raise UserError(
            "%s is no saved edit: it has the unknown key '%s'; give a file that `regan edits import` wrote"
            % (path, unknown[0])
        )
    arrays = artefacts.read_npz(Path(path).with_suffix('.npz'))
    facts.update((ours, arrays.get(theirs)) for ours, theirs in _ARRAYS.items())
    return json_records.build(SavedEdit, facts, str(path))


def layer_of(generator: BaseGenerator) -> str:
    """GANSpace's name of the layer that stands for a generator's latent space, or ours where it has none."""
    return LAYERS.get(generator.original_name, generator.first_layer or '')


def from_basis(
    basis: Basis, edit: edits.Edit, generator: BaseGenerator, dataset: str, psi: float, seed: int, name: str = ''
) -> SavedEdit:
    """The SavedEdit of an edit along a component of a basis.

    Args:
        edit: of kind 'offset' or 'centred'. A slider knows no centring, so the latter becomes an offset.
        generator: of the basis, with its names and num_layers.

    Raises:
        UserError: a target, layers or a component that are not there.
    """
    if edit.kind == 'target':
        raise UserError('%s leads to one place and a saved edit is an offset; give it as "E(...) * strength"' % edit)
    if edit.component >= len(basis.components):
        raise UserError(
            '%s needs more components than there are: the basis has v0-v%d' % (edit, len(basis.components) - 1)
        )
    layers, direction, stdev = (
        edit.layers(generator.num_layers),
        basis.components[edit.component],
        float(basis.stdev[edit.component]),
    )
    return SavedEdit(
        name=name or edit.name or edits.notation(edit),
        component=edit.component,
        start=layers.start,
        end=layers.stop,
        strength=edit.strength / (stdev if edit.unit == 'raw' else 1.0),
        stdev=stdev,
        act_stdev=float(basis.act_stdev[edit.component]),
        direction=direction,
        act_direction=direction[np.newaxis],
        space=basis.space,
        edit_type='latent',
        model=generator.original_name,
        dataset=dataset,
        found_on=dataset,
        estimator=basis.record['estimator'],
        components=len(basis.components),
        samples=basis.record['n'],
        layer=layer_of(generator),
        psi=psi,
        seed=seed,
    )


# ------------------------------------------------------------------ GANSpace's


def file_name(saved: SavedEdit) -> str:
    """The name that GANSpace gives to the pickle, from which it tells model, class and space."""
    dataset = saved.dataset if saved.dataset == saved.found_on else '%s_onto_%s' % (saved.found_on, saved.dataset)
    model, dataset, estimator, layer = [
        names.for_file(text)[:_MOST_OF_A_NAME] for text in (saved.model, dataset, saved.estimator, saved.layer)
    ]
    return '%s-%s-%s-%s-%s-%s-comp%d-range%d-%d.pkl' % (
        model,
        re.sub('[^A-Za-z0-9_-]', '_', saved.name)[:_MOST_OF_A_NAME],
        dataset,
        estimator,
        saved.space,
        layer,
        saved.component,
        saved.start,
        saved.end,
    )


def export(path: PathLike, saved: SavedEdit) -> None:
    """Writes the pickle that GANSpace's viewer loads: a dict of text, numbers and arrays."""
    facts = {theirs: getattr(saved, ours) for ours, theirs in _PICKLED.items()}
    facts.update(
        lat_comp=saved.direction[np.newaxis],
        latent_space=saved.space.upper(),
        decomposition={theirs: getattr(saved, ours) for ours, theirs in _PICKLED_PCA.items()},
    )
    with artefacts.atomic_path(path) as temporary:
        temporary.write_bytes(portable_pickle.dumps(facts))


def _load_pickle(path):
    artefacts.check_there(path)
    try:
        facts = unpickle.read(path)
    except unpickle.NetworkPickleError as error:
        raise UserError('%s is no saved edit that can be read: %s' % (path, error)) from None
    except OSError as error:
        raise UserError('cannot read %s: %s' % (path, error.strerror or error)) from error
    if not isinstance(facts, dict) or not isinstance(facts.get('decomposition'), dict):
        raise UserError(
            '%s is no edit that GANSpace saved: it holds no dict with a decomposition%s' % (path, file_kinds.hint(path))
        )
    ours = dict(_renamed(facts, _PICKLED, path), **_renamed(facts['decomposition'], _PICKLED_PCA, path))
    return json_records.build(SavedEdit, dict(ours, space=str(facts.get('latent_space')).lower()), str(path))


def _renamed(facts, keys, path):
    """Their values under our names; numbers that NumPy wrapped become plain ones."""
    lacking = [theirs for theirs in keys.values() if theirs not in facts]
    if lacking:
        raise UserError('%s lacks %r, which every edit that GANSpace saves has' % (path, lacking[0]))
    return {
        ours: facts[theirs].item()
        if isinstance(facts[theirs], np.ndarray) and facts[theirs].size == 1
        else facts[theirs]
        for ours, theirs in keys.items()
    }
