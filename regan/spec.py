"""What a figure is made of: a JSON file becomes frozen dataclasses. All checks of a spec are here.

A file maps variants to specs: `embedded` runs on the network that ships with the project,
`official` has the published parameters.
"""
import dataclasses
from pathlib import Path
from typing import Optional, Tuple, Union

from regan import diff, edits, latents, models, pca, records
from regan.errors import UserError

VARIANTS = ('embedded', 'official')
SPECS = models.PROJECT / 'experiments' / 'specs'


@dataclasses.dataclass(frozen=True)
class Crop:
    """Pixels to cut off each side of every tile."""

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0


@dataclasses.dataclass(frozen=True)
class Enlarge:
    """How much larger than native the figure for the eye is, and by which method of `images.enlarge`."""

    factor: int = 1
    method: str = 'nearest'


@dataclasses.dataclass(frozen=True)
class FigureSpec:
    """One variant of a figure.

    Attributes:
        name: figure and variant, the stem of all its files ("figure1-embedded"); not in the JSON.
        title: line above the figure.
        source: what it reproduces.
        network: a name of models.json (or, if the user said so, a path).
        seeds: of the latents, one RandomState each.
        psi: truncation, 1 is none.
        cutoff: layers from here on are not truncated; None: all are.
        noise: "stored" (the pickle's noise variables) or {"numpy_seed": S}.
        pca: what basis the edits refer to.
        edits: in the order of use.
        tolerance: of a tile against a reference of other software or another processor.
        crop, gap (pixels between tiles), labels (below the columns), enlarge: the layout.
    """

    title: str
    source: str
    network: str
    seeds: Tuple[int, ...]
    psi: float
    noise: Union[str, dict]
    pca: pca.PCASpec
    edits: Tuple[edits.Edit, ...]
    tolerance: diff.Tolerance
    cutoff: Optional[int] = None
    crop: Crop = Crop()
    gap: int = 0
    labels: Tuple[str, ...] = ()
    enlarge: Enlarge = Enlarge()
    name: str = ''


def _noise(value, where):
    if value == 'stored':
        return value
    if not isinstance(value, dict) or list(value) != ['numpy_seed']:
        raise records.refuse(where, '"stored" or {"numpy_seed": S}', value)
    return {'numpy_seed': SEED(value['numpy_seed'], where + '.numpy_seed')}


def _edit(value, where):
    return records.build(edits.Edit, value, where, _as_they_are(edits.Edit))


def _as_they_are(cls):
    """Rules for a dataclass that checks its own values."""
    return {field.name: records.anything for field in dataclasses.fields(cls)}


SEED = records.integer(0, latents.LARGEST_SEED)
PIXELS = records.integer(0)
RULES = {
    'title': records.text,
    'source': records.text,
    'network': records.text,
    'seeds': records.sequence(SEED),
    'psi': records.number(-1, 1),
    'noise': _noise,
    'pca': records.record(pca.PCASpec, _as_they_are(pca.PCASpec)),
    'edits': records.sequence(_edit),
    'tolerance': records.record(diff.Tolerance, {
        'max': records.number(0, 255), 'rms': records.number(0, 255), 'reason': records.text}),
    'cutoff': records.optional(PIXELS),
    'crop': records.record(Crop, {'top': PIXELS, 'bottom': PIXELS, 'left': PIXELS, 'right': PIXELS}),
    'gap': PIXELS,
    'labels': records.sequence(records.text),
    'enlarge': records.record(Enlarge, {
        'factor': records.integer(1, 64), 'method': records.choice('nearest', 'lanczos')}),
}


def load(figure, folder=SPECS):
    """The specs of a figure: dict variant -> FigureSpec.

    Raises UserError, which names the file and the key, for whatever is wrong in the file.
    """
    path = Path(folder) / (figure + '.json')
    variants = records.load(path)
    if not isinstance(variants, dict) or sorted(variants) != sorted(VARIANTS):
        raise UserError('%s must be a JSON object with the keys %s; correct it' % (path.name, ' and '.join(VARIANTS)))
    return {variant: _figure(figure, variant, data, path.name) for variant, data in variants.items()}


def _figure(figure, variant, data, file):
    where = '%s: %s' % (file, variant)
    spec = records.build(FigureSpec, data, where, RULES)
    model = models.find(spec.network)
    if model is None:
        raise UserError('%s.network is %s, which models.json does not have; it has: %s'
                        % (where, spec.network, ', '.join(models.registry())))
    check_network(spec, model.resolution, model.num_layers, where)
    return dataclasses.replace(spec, name='%s-%s' % (figure, variant))


def check_network(spec, resolution, num_layers, where):
    """Check that a network of `resolution` pixels and `num_layers` has all that the spec asks of it.

    Raises UserError, which starts with `where`, for a crop, a cutoff or an edit that does not fit.
    """
    crop = spec.crop
    if max(crop.top + crop.bottom, crop.left + crop.right) >= resolution:
        raise UserError('%s.crop leaves nothing of %d pixels; cut less' % (where, resolution))
    if spec.cutoff is not None and spec.cutoff > num_layers:
        raise UserError('%s.cutoff is %d but the network has %d layers' % (where, spec.cutoff, num_layers))
    for i, edit in enumerate(spec.edits):
        _check_edit(edit, num_layers, spec.pca.components, '%s.edits[%d]' % (where, i))


def _check_edit(edit, num_layers, components, where):
    try:
        edit.layers(num_layers)
    except UserError as error:
        raise UserError('%s: %s' % (where, error))
    if edit.component >= components:
        raise UserError('%s: %s needs a component that pca.components (%d) does not reach' % (where, edit, components))


def choose(figure, networks, folder=SPECS):
    """The FigureSpec that `networks` means: a variant, the network of a variant, or any other network.

    Another network (a name of models.json or a path) gets the published parameters, those of
    `official`, and its own name in place of the variant's.
    """
    variants = load(figure, folder)
    for variant, spec in variants.items():
        if networks in (variant, spec.network):
            return spec
    stem = Path(networks).name.split('.')[0]
    return dataclasses.replace(variants['official'], network=networks, name='%s-%s' % (figure, stem))
