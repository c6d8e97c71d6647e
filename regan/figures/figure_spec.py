"""What a figure is made of: a JSON file becomes frozen dataclasses. All checks of a spec are here.

A file maps variants to specs: `embedded` runs on the networks that ship with the project, `official` has the
parameters of the published image. Further variants are other readings, where report, code and files disagree.
"""
import dataclasses
from pathlib import Path
from typing import Optional, Tuple, Union

from regan.base import json_records
from regan.components import pca
from regan.drawing import modes
from regan.networks import models
from regan.pictures import diff
from regan.sampling import latents, noise
from regan.editing.edits import Edit, parse
from regan.base.errors import UserError

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
class Exchange:
    """Which coordinates of the latents come from the seeds, and which from one base latent (GANSpace Figure 4).

    Attributes:
        base_seed: of the base latent.
        first: number N of leading components.
        which: "keep": the first N are the base's; "randomise": the first N are the seeds' own.
        random_basis_seed: of a random orthonormal basis to use in place of the components, or None.
    """

    base_seed: int
    first: int
    which: str
    random_basis_seed: Optional[int] = None


@dataclasses.dataclass(frozen=True)
class Supervised:
    """The supervised direction beside which an edit is shown.

    Attributes:
        boundary: name of a boundary, see `boundary.resolve`.
        strength: length of the move, in units of the space.
    """

    boundary: str
    strength: float


@dataclasses.dataclass(frozen=True)
class Panel:
    """A block of rows of tiles that share a network and its settings.

    Attributes:
        network: a name of models.json (or, if the user said so, a path).
        seeds: of the latents, one RandomState each.
        psi: truncation, 1 is none.
        noise: a choice of `regan.sampling.noise`.
        pca: what basis the edits refer to.
        tolerance: of a tile against a reference of other software or another processor.
        edits: in the order of use.
        cutoff: layers from here on are not truncated; None: all are.
        conversion: of colours to bytes, see `Generator.synthesize`.
        frames: of a strip, from -strength to +strength.
        exchange, supervised: what Figures 3 and 2 need besides.
        components_of: the network whose components are used; None: the panel's own.
        heading: line above the panel. rows, labels: left of the rows, below the columns.
        crop: of every tile.
        name: for messages, "figure5-embedded, panel 2"; not in the JSON.
    """

    network: str
    seeds: Tuple[int, ...]
    psi: float
    noise: Union[str, dict]
    pca: pca.PCASpec
    tolerance: diff.Tolerance
    edits: Tuple[Edit, ...] = ()
    cutoff: Optional[int] = None
    conversion: str = 'round'
    frames: Optional[int] = None
    exchange: Optional[Exchange] = None
    supervised: Optional[Supervised] = None
    components_of: Optional[str] = None
    heading: str = ''
    rows: Tuple[str, ...] = ()
    labels: Tuple[str, ...] = ()
    crop: Crop = Crop()
    name: str = ''


@dataclasses.dataclass(frozen=True)
class FigureSpec:
    """One variant of a figure.

    Attributes:
        title: line above the figure.
        source: what it reproduces.
        panels: from top to bottom.
        gap: pixels between tiles, and enlarge: the layout for the eye.
        name: figure and variant, the stem of all its files ("figure1-embedded"); not in the JSON.
    """

    title: str
    source: str
    panels: Tuple[Panel, ...]
    gap: int = 0
    enlarge: Enlarge = Enlarge()
    name: str = ''


def _edit(value, where):
    if not isinstance(value, str):
        return json_records.build(Edit, value, where, _as_they_are(Edit))
    try:
        return parse(value)
    except UserError as error:
        raise UserError('%s: %s' % (where, error))


def _as_they_are(cls):
    """Rules for a dataclass that checks its own values."""
    return {field.name: json_records.anything for field in dataclasses.fields(cls)}


SEED = json_records.integer(0, latents.LARGEST_SEED)
PIXELS = json_records.integer(0)
FIGURE_RULES = {
    'title': json_records.text,
    'source': json_records.text,
    'gap': PIXELS,
    'enlarge': json_records.record(Enlarge, {
        'factor': json_records.integer(1, 64), 'method': json_records.choice('nearest', 'lanczos')}),
}
PANEL_RULES = {
    'network': json_records.text,
    'seeds': json_records.sequence(SEED),
    'psi': json_records.number(-1, 1),
    'noise': noise.check,
    'pca': pca.FROM_JSON,
    'tolerance': json_records.record(diff.Tolerance, {
        'max': json_records.number(0, 255), 'rms': json_records.number(0, 255), 'reason': json_records.text}),
    'edits': json_records.sequence(_edit),
    'cutoff': json_records.optional(PIXELS),
    'conversion': json_records.choice(*modes.CONVERSIONS),
    'frames': json_records.integer(2),
    'exchange': json_records.record(Exchange, {
        'base_seed': SEED, 'first': json_records.integer(1), 'which': json_records.choice('keep', 'randomise'), 'random_basis_seed': SEED}),
    'supervised': json_records.record(Supervised, {'boundary': json_records.text, 'strength': json_records.number(-1000, 1000)}),
    'components_of': json_records.text,
    'heading': json_records.text,
    'rows': json_records.sequence(json_records.text),
    'labels': json_records.sequence(json_records.text),
    'crop': json_records.record(Crop, {'top': PIXELS, 'bottom': PIXELS, 'left': PIXELS, 'right': PIXELS}),
}


def load(figure, folder=SPECS):
    """The specs of a figure: dict variant -> FigureSpec.

    What a variant says outside its list of panels holds for every panel that does not say otherwise; a variant without
    such a list is one panel.

    Raises UserError, which names the file and the key, for whatever is wrong in the file.
    """
    path = Path(folder) / (figure + '.json')
    variants = json_records.load(path)
    if not isinstance(variants, dict) or not set(VARIANTS) <= set(variants):
        raise UserError('%s must be a JSON object with the keys %s; correct it' % (path.name, ' and '.join(VARIANTS)))
    return {variant: _figure('%s-%s' % (figure, variant), data, '%s: %s' % (path.name, variant)) for variant, data in variants.items()}


def _figure(name, data, where):
    if not isinstance(data, dict):
        raise json_records.refuse(where, 'a JSON object', data)
    common = {key: value for key, value in data.items() if key not in FIGURE_RULES and key != 'panels'}
    panels = _panels(name, common, data, where)
    own = {key: value for key, value in data.items() if key in FIGURE_RULES}
    spec = json_records.build(FigureSpec, dict(own, panels=panels), where, dict(FIGURE_RULES, panels=json_records.anything))
    return dataclasses.replace(spec, name=name)


def _panels(name, common, data, where):
    if 'panels' not in data:
        return (_panel(name, common, where),)
    given = json_records.sequence(_object)(data['panels'], where + '.panels')
    return tuple(_panel('%s, panel %d' % (name, i + 1), dict(common, **panel), '%s.panels[%d]' % (where, i))
                 for i, panel in enumerate(given))


def _object(value, where):
    if not isinstance(value, dict):
        raise json_records.refuse(where, 'a JSON object', value)
    return value


def _panel(name, data, where):
    panel = dataclasses.replace(json_records.build(Panel, data, where, PANEL_RULES), name=name)
    for key in ('network', 'components_of'):
        network = getattr(panel, key)
        if network is not None and models.find(network) is None:
            raise UserError('%s.%s is %s, which models.json does not have; it has: %s'
                            % (where, key, network, ', '.join(models.registry())))
    model = models.find(panel.network)
    check_network(panel, model.resolution, model.num_layers, where)
    return panel


def check_needs(spec, needs):
    """Check that each panel has the keys that the figure's script uses, and no other that it would not heed.

    Args:
        needs: names among frames, exchange, supervised, edits; a name that ends in "?" may be left out.

    Raises UserError, which names the panel and the key.
    """
    wanted = {need.rstrip('?') for need in needs}
    for panel in spec.panels:
        for key in ('edits', 'frames', 'exchange', 'supervised'):
            present = getattr(panel, key) not in (None, ())
            if present and key not in wanted:
                raise UserError("%s has the key '%s', which this figure does not use; remove it" % (panel.name, key))
            if not present and key in needs:
                raise UserError("%s lacks the key '%s'; add it" % (panel.name, key))


def check_network(panel, resolution, num_layers, where):
    """Check that a network of `resolution` pixels and `num_layers` has all that the panel asks of it.

    Raises UserError, which starts with `where`, for a crop, a cutoff or an edit that does not fit.
    """
    crop = panel.crop
    if max(crop.top + crop.bottom, crop.left + crop.right) >= resolution:
        raise UserError('%s.crop leaves nothing of %d pixels; cut less' % (where, resolution))
    if panel.cutoff is not None and panel.cutoff > num_layers:
        raise UserError('%s.cutoff is %d but the network has %d layers' % (where, panel.cutoff, num_layers))
    for i, edit in enumerate(panel.edits):
        _check_edit(edit, num_layers, panel.pca.components, '%s.edits[%d]' % (where, i))


def _check_edit(edit, num_layers, components, where):
    try:
        edit.layers(num_layers)
    except UserError as error:
        raise UserError('%s: %s' % (where, error))
    if edit.component >= components:
        raise UserError('%s: %s needs a component that pca.components (%d) does not reach' % (where, edit, components))


def choose(figure, networks, folder=SPECS):
    """The FigureSpec that `networks` means: a variant, the network of all panels of a variant, or any other network.

    Another network (a name of models.json or a path) gets the published parameters, those of
    `official`, and its own name in place of the variant's.
    """
    variants = load(figure, folder)
    if networks in variants:
        return variants[networks]
    for spec in variants.values():
        if {networks} == {panel.network for panel in spec.panels}:
            return spec
    official, stem = variants['official'], Path(networks).name.split('.')[0]
    panels = tuple(dataclasses.replace(panel, network=networks, components_of=None, name=panel.name.replace('-official', '-' + stem))
                   for panel in official.panels)
    return dataclasses.replace(official, panels=panels, name='%s-%s' % (figure, stem))
