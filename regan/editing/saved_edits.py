"""One edit with its direction in a file: GANSpace's pickles, and the same facts as JSON beside an .npz.

GANSpace's viewer saves an edit as a pickled dict, and a pickle can run any code when it is read. Here it is read as data, and
our own form is NAME.json with NAME.npz (arrays lat_comp and act_comp). Both carry the component itself, so the edit needs no
basis, and moves any network whose w has the same width.
"""
import dataclasses
import io
import pickle
import re
from pathlib import Path

import numpy as np

from dnnlib import unpickle
from regan.base import artefacts, json_records
from regan.editing import edits
from regan.sampling import latents
from regan.base.errors import UserError

MODELS = {1: 'StyleGAN', 2: 'StyleGAN2'}  # By generation.
LAYERS = {'StyleGAN': 'g_mapping', 'StyleGAN2': 'style'}  # GANSpace's names of the layer whose output is w.
_PICKLED = dict(name='name', component='component_index', start='edit_start', end='edit_end', strength='sigma_range',
                stdev='lat_stdev', act_stdev='act_stdev', direction='lat_comp', act_direction='act_comp', edit_type='edit_type',
                model='model_name', dataset='output_class', psi='truncation', seed='example_seed')
_PICKLED_PCA = dict(estimator='name', components='components', samples='samples', layer='layer', found_on='class_name')
_ARRAYS = dict(direction='lat_comp', act_direction='act_comp')


@dataclasses.dataclass(frozen=True, eq=False)
class SavedEdit:
    """An edit as GANSpace's viewer saves it: an offset of `strength` stdev along `direction` in layers start .. end - 1.

    Attributes:
        name: for people. component: index in the basis that it comes from.
        start, end: half-open. strength: the slider's end.
        stdev, act_stdev: of the component in the latent space and in the layer.
        direction: float32 [D], in the latent space.
        act_direction: float32, any shape, the component in the layer; only GANSpace's viewer has a use for it.
        space: 'w' or 'z'. edit_type: 'latent', 'activation' or 'both'.
        model, dataset: of the network. found_on: data set of the network behind the components.
        estimator, components, samples, layer: how the components were made.
        psi: truncation. seed: of a latent to show it on.
    """

    name: str
    component: int
    start: int
    end: int
    strength: float
    stdev: float
    act_stdev: float
    direction: np.ndarray
    act_direction: np.ndarray
    space: str
    edit_type: str
    model: str
    dataset: str
    found_on: str
    estimator: str
    components: int
    samples: int
    layer: str
    psi: float
    seed: int

    def __post_init__(self):
        self.to_edit()  # It checks the numbers.

    @property
    def seeds(self):
        """The seed, as a tuple of one."""
        return (self.seed,)

    def to_edit(self, component=None):
        """The `edits.Edit`; its component is the index at the time of saving, or the one given."""
        return edits.Edit(self.component if component is None else component, self.start, self.end, self.strength, name=self.name)

    def check_usable(self):
        """Raises UserError unless the edit moves w."""
        if self.space != 'w' or self.edit_type != 'latent':
            raise UserError("the saved edit '%s' moves %s; only edits of w can be used"
                            % (self.name, self.space if self.edit_type == 'latent' else 'activations of ' + self.layer))

    def place(self, basis):
        """The basis with the saved direction as one more component, and the Edit along it.

        Raises:
            UserError: another width, or no edit of w.
        """
        self.check_usable()
        count, width = basis.components.shape
        if self.direction.shape != (width,):
            raise UserError("the saved edit '%s' has width %d but w has %d; it belongs to another network"
                            % (self.name, self.direction.size, width))
        more = dataclasses.replace(
            basis, components=np.vstack([basis.components, self.direction]), stdev=np.append(basis.stdev, np.float32(self.stdev)),
            act_stdev=np.append(basis.act_stdev, np.float32(self.act_stdev)),
            variance_ratio=np.append(basis.variance_ratio, np.float32(0)), random_stdevs=np.append(basis.random_stdevs, np.float32(0)))
        return more, self.to_edit(count)


def _vector(value, where):
    if not isinstance(value, np.ndarray) or value.dtype.kind != 'f' or not value.size or not np.isfinite(value).all():
        raise UserError('%s must be an array of finite numbers' % where)
    return value.astype(np.float32)


def _direction(value, where):
    return _vector(value, where).reshape(-1)  # [1, D] -> [D]


_TEXT, _NUMBER = json_records.text, json_records.number(-1e9, 1e9)
RULES = dict(
    name=_TEXT, component=json_records.integer(0), start=json_records.integer(0), end=json_records.integer(1), strength=_NUMBER, stdev=json_records.number(0),
    act_stdev=json_records.number(0), direction=_direction, act_direction=_vector, space=json_records.choice('w', 'z'),
    edit_type=json_records.choice('latent', 'activation', 'both'), model=_TEXT, dataset=_TEXT, found_on=_TEXT, estimator=_TEXT,
    components=json_records.integer(1), samples=json_records.integer(1), layer=_TEXT, psi=_NUMBER, seed=json_records.integer(0, latents.LARGEST_SEED))


# ------------------------------------------------------------------ ours

def save(path, saved):
    """Writes NAME.json and, beside it, NAME.npz. Args: path, that of the .json."""
    facts = {key: value for key, value in dataclasses.asdict(saved).items() if key not in _ARRAYS}
    artefacts.write_npz(Path(path).with_suffix('.npz'), {name: getattr(saved, key) for key, name in _ARRAYS.items()})
    artefacts.write_json(path, facts)


def load(path):
    """The SavedEdit of a .json of `save` or of a .pkl of GANSpace; nothing in it is executed.

    Raises:
        UserError: no such file, damaged, not a saved edit, or a wrong value; it names the file and the key.
    """
    return _load_pickle(path) if Path(path).suffix.lower() == '.pkl' else _load_json(path)


def _load_json(path):
    facts = json_records.load(path)
    if not isinstance(facts, dict):
        raise json_records.refuse(str(path), 'a saved edit', facts)
    unknown = sorted(set(facts) - set(RULES))
    if unknown:
        raise UserError("%s is no saved edit: it has the unknown key '%s'; give a file that `regan edits import` wrote" % (path, unknown[0]))
    arrays = artefacts.read_npz(Path(path).with_suffix('.npz'))
    return json_records.build(SavedEdit, dict(facts, **{key: arrays.get(name) for key, name in _ARRAYS.items()}), str(path), RULES)


def from_basis(basis, edit, generator, dataset, psi, seed, name=''):
    """The SavedEdit of an edit along a component of a basis.

    Args:
        edit: of kind 'offset' or 'centred'. A slider knows no centring, so the latter becomes an offset.
        generator: of the basis, with generation and num_layers.

    Raises:
        UserError: a target, layers or a component that are not there.
    """
    if edit.kind == 'target':
        raise UserError('%s leads to one place and a saved edit is an offset; give it as "E(...) * strength"' % edit)
    if edit.component >= len(basis.components):
        raise UserError('%s needs more components than there are: the basis has v0-v%d' % (edit, len(basis.components) - 1))
    layers, direction, stdev = edit.layers(generator.num_layers), basis.components[edit.component], float(basis.stdev[edit.component])
    model = MODELS[generator.generation]
    return SavedEdit(
        name=name or edit.name or edits.notation(edit), component=edit.component, start=layers.start, end=layers.stop,
        strength=edit.strength / (stdev if edit.unit == 'raw' else 1.0), stdev=stdev, act_stdev=float(basis.act_stdev[edit.component]),
        direction=direction, act_direction=direction[np.newaxis], space='w', edit_type='latent', model=model, dataset=dataset,
        found_on=dataset, estimator=basis.record['estimator'], components=len(basis.components), samples=basis.record['n'],
        layer=LAYERS[model], psi=psi, seed=seed)


# ------------------------------------------------------------------ GANSpace's

def file_name(saved):
    """The name that GANSpace gives to the pickle, from which it tells model, class and space."""
    dataset = saved.dataset if saved.dataset == saved.found_on else '%s_onto_%s' % (saved.found_on, saved.dataset)
    return '%s-%s-%s-%s-%s-%s-comp%d-range%d-%d.pkl' % (
        saved.model, re.sub('[^A-Za-z0-9_-]', '_', saved.name), dataset, saved.estimator, saved.space, saved.layer,
        saved.component, saved.start, saved.end)


def export(path, saved):
    """Writes the pickle that GANSpace's viewer loads: a dict of text, numbers and arrays."""
    facts = {theirs: getattr(saved, ours) for ours, theirs in _PICKLED.items()}
    facts.update(lat_comp=saved.direction[np.newaxis], latent_space=saved.space.upper(),
                 decomposition={theirs: getattr(saved, ours) for ours, theirs in _PICKLED_PCA.items()})
    with artefacts.atomic_path(path) as temporary:
        temporary.write_bytes(_portable_pickle(facts))


def _portable_pickle(value):
    """Protocol 2 with NumPy's old module names, which NumPy 1 and 2 both know; NumPy 2 itself writes new ones."""
    return pickle.dumps(value, protocol=2).replace(b'cnumpy._core.multiarray\n_reconstruct\n', b'cnumpy.core.multiarray\n_reconstruct\n')


def _load_pickle(path):
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise UserError('cannot read %s: %s' % (path, error.strerror or error)) from error
    try:
        facts = unpickle.read(io.BytesIO(data), str(path))
    except unpickle.NetworkPickleError as error:
        raise UserError('%s is no saved edit that can be read: %s' % (path, error)) from None
    if not isinstance(facts, dict) or not isinstance(facts.get('decomposition'), dict):
        raise UserError('%s is no edit that GANSpace saved: it holds no dict with a decomposition' % path)
    ours = dict(_renamed(facts, _PICKLED, path), **_renamed(facts['decomposition'], _PICKLED_PCA, path))
    return json_records.build(SavedEdit, dict(ours, space=str(facts.get('latent_space')).lower()), str(path), RULES)


def _renamed(facts, keys, path):
    """Their values under our names; numbers that NumPy wrapped become plain ones."""
    lacking = [theirs for theirs in keys.values() if theirs not in facts]
    if lacking:
        raise UserError('%s lacks %r, which every edit that GANSpace saves has' % (path, lacking[0]))
    return {ours: facts[theirs].item() if isinstance(facts[theirs], np.ndarray) and facts[theirs].size == 1 else facts[theirs]
            for ours, theirs in keys.items()}
