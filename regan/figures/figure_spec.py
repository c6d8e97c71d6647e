"""What a figure is made of: a JSON file becomes frozen dataclasses. All checks of a spec are here.

A file maps variants to specs: `embedded` runs on the networks that ship with the project, `official` has the
parameters of the published image. Further variants are other readings, where report, code and files disagree.
"""

import dataclasses
from pathlib import Path
from typing import Any, Dict, Optional, Sequence, Tuple, Union

from regan.base import json_records
from regan.base.errors import UserError
from regan.base.json_records import choice, declared, integer, key, made, number, optional, record, sequence, text
from regan.base.typing import PathLike
from regan.components.pca import ESTIMATORS, PCASpec
from regan.drawing import modes
from regan.editing import edit_choices, mixing
from regan.editing.edits import Edit, parse
from regan.figures import biggan_spec, study_spec
from regan.networks import models
from regan.pictures import diff
from regan.sampling import latents, noise

VARIANTS = ('embedded', 'official')
STUDY = ('mixing', 'uncurated', 'noise_detail', 'noise_layers', 'own', 'psis')  # Keys of the StyleGAN study's figures.
BIGGAN = ('resampling', 'replacing', 'random_basis_seed')  # Keys of BigGAN's.
_OF_COMPONENTS = ('edits', 'exchange', 'supervised')  # Keys that need `pca`.


PIXELS = integer(0)


@dataclasses.dataclass(frozen=True)
@declared
class Crop:
    """Pixels to cut off each side of every tile."""

    top: int = key(PIXELS, 'rows at the top', default=0)
    bottom: int = key(PIXELS, 'rows at the bottom', default=0)
    left: int = key(PIXELS, 'columns at the left', default=0)
    right: int = key(PIXELS, 'columns at the right', default=0)


@dataclasses.dataclass(frozen=True)
@declared
class Enlarge:
    """How the figure for the eye is enlarged, see `images.enlarge`."""

    factor: int = key(integer(1, 64), 'how much larger than native', default=1)
    method: str = key(choice('nearest', 'lanczos'), '"nearest" or "lanczos"', default='nearest')


@dataclasses.dataclass(frozen=True)
@declared
class Exchange:
    """Which coordinates of the latents come from the seeds, and which from one base latent (GANSpace Figure 4)."""

    base_seed: int = key(latents.SEED, 'of the base latent')
    first: int = key(integer(1), 'number N of leading components')
    which: str = key(
        choice('keep', 'randomise'), '"keep": the first N are those of the base; "randomise": those of the seeds'
    )
    random_basis_seed: Optional[int] = key(
        latents.SEED, 'of a random orthonormal basis to use in place of the components, or None', default=None
    )


@dataclasses.dataclass(frozen=True)
@declared
class Supervised:
    """The supervised direction beside which an edit is shown."""

    boundary: str = key(text, 'name of a boundary, see `boundary.resolve`')
    strength: float = key(number(-1000, 1000), 'length of the move, in units of the space')


def _edit(value, where):
    """Rule: an edit in notation, the name of one that the explorer has saved, or an object with the keys of `Edit`."""
    if not isinstance(value, str):
        return json_records.build(Edit, value, where)
    try:
        return _saved(value) if edit_choices.is_kept(value) else parse(value)
    except UserError as error:
        raise UserError('%s: %s' % (where, error))


def _saved(name):
    """The Edit of a saved one: along the component of its index, as in notation."""
    found = edit_choices.choose([name])[0]
    made_by = getattr(found.source, 'estimator', None)
    if made_by not in ESTIMATORS:
        raise UserError("the edit '%s' goes along a %s, and a figure's edits along components" % (name, made_by))
    return found.edit


@dataclasses.dataclass(frozen=True)
@declared
class Panel:
    """A block of rows of tiles that share a network and its settings.

    What is recorded goes into the sidecar, in this order.
    """

    heading: str = key(text, 'line above the panel', default='')
    network: str = key(text, 'a name of models.json (or, if the user said so, a path)')
    seeds: Tuple[int, ...] = key(sequence(latents.SEED), 'of the latents, one RandomState each')
    psi: float = key(number(-1, 1), 'truncation, 1 is none')
    cutoff: Optional[int] = key(optional(PIXELS), 'layers from here on are not truncated; None: all are', default=None)
    noise: Union[str, dict] = key(noise.check, 'a choice of `regan.sampling.noise`')
    conversion: str = key(choice(*modes.CONVERSIONS), 'of floats to bytes, see `Generator.synthesize`', default='round')
    pca: Optional[PCASpec] = key(record(PCASpec), 'what basis the edits refer to; None: nothing needs one', None)
    crop: Crop = key(record(Crop), 'of every tile', default=Crop())
    frames: Optional[int] = key(integer(2), 'of a strip, from -strength to +strength', default=None)
    exchange: Optional[Exchange] = key(record(Exchange), 'what Figure 3 needs besides', default=None)
    supervised: Optional[Supervised] = key(record(Supervised), 'what Figure 2 needs besides', default=None)
    mixing: Optional[study_spec.Mixing] = key(record(study_spec.Mixing), 'style mixing', None, recorded=False)
    uncurated: Optional[study_spec.Uncurated] = key(
        record(study_spec.Uncurated), 'a sheet of the latents of one seed', None, recorded=False
    )
    noise_detail: Optional[study_spec.NoiseDetail] = key(
        record(study_spec.NoiseDetail), 'what noise changes', None, recorded=False
    )
    noise_layers: Optional[study_spec.NoiseLayers] = key(
        record(study_spec.NoiseLayers), 'what the noise of some layers changes', None, recorded=False
    )
    own: Optional[study_spec.Own] = key(
        record(study_spec.Own), 'pictures that the network has not drawn', None, recorded=False
    )
    psis: Optional[Tuple[float, ...]] = key(
        study_spec.PSIS, 'truncation of each column, in place of `psi`', None, recorded=False
    )
    resampling: Optional[biggan_spec.Resampling] = key(
        record(biggan_spec.Resampling), 'style resampling', None, recorded=False
    )
    replacing: Optional[biggan_spec.Replacing] = key(
        record(biggan_spec.Replacing), 'style mixing by the output of layers', None, recorded=False
    )
    random_basis_seed: Optional[int] = key(
        optional(latents.SEED), 'of a random orthonormal basis in place of the components', None, recorded=False
    )
    network_class: Optional[int] = key(
        optional(integer(0)), 'of a conditional network, from 0; None: a label of zeros', default=None, recorded=False
    )
    components_of: Optional[str] = key(text, "the network whose components are used; None: the panel's", default=None)
    edits: Tuple[Edit, ...] = key(
        sequence(_edit), 'in the order of use; the sidecar has their notation', default=(), recorded=False
    )
    tolerance: diff.Tolerance = key(
        record(diff.Tolerance), 'of a tile against a reference of other software or another processor', recorded=False
    )
    rows: Tuple[str, ...] = key(sequence(text), 'texts left of the rows', default=(), recorded=False)
    labels: Tuple[str, ...] = key(sequence(text), 'texts below the columns', default=(), recorded=False)
    name: str = made('for messages, "figure5-embedded, panel 2"', default='')
    made_for: Optional[int] = made(
        'pixels of a side of the network that the parameters were published with; None: this one', default=None
    )


@dataclasses.dataclass(frozen=True)
@declared
class FigureSpec:
    """One variant of a figure."""

    title: str = key(text, 'line above the figure')
    source: str = key(text, 'what it reproduces')
    panels: Tuple[Panel, ...] = made('from top to bottom')
    gap: int = key(PIXELS, 'between the tiles of the figure for the eye', default=0)
    enlarge: Enlarge = key(record(Enlarge), 'of the figure for the eye', default=Enlarge())
    name: str = made('figure and variant, the stem of all its files ("figure1-embedded")', default='')


def load(figure: str, folder: PathLike) -> Dict[str, FigureSpec]:
    """The specs of a figure, in FIGURE.json of a folder: dict variant -> FigureSpec.

    What a variant says outside its list of panels holds for every panel that does not say otherwise; a variant without
    such a list is one panel. The embedded variant may be the name of a network's file in its place, which the project
    does not have yet; it is left out.

    Raises UserError, which names the file and the key, for whatever is wrong in the file.
    """
    path = Path(folder) / (figure + '.json')
    variants = json_records.load(path)
    if not isinstance(variants, dict) or not set(VARIANTS) <= set(variants):
        raise UserError('%s must be a JSON object with the keys %s; correct it' % (path.name, ' and '.join(VARIANTS)))
    return {
        variant: _figure('%s-%s' % (figure, variant), data, '%s: %s' % (path.name, variant))
        for variant, data in variants.items()
        if not isinstance(data, str)
    }


def _wanted(figure, folder):
    """The file that the embedded variant waits for, or None if there is that variant."""
    found = json_records.load(Path(folder) / (figure + '.json'))[VARIANTS[0]]
    return found if isinstance(found, str) else None


def _figure(name, data, where):
    if not isinstance(data, dict):
        raise json_records.refuse(where, 'a JSON object', data)
    figure_keys = json_records.rules(FigureSpec)
    own = {key: value for key, value in data.items() if key in figure_keys}
    common = {key: value for key, value in data.items() if key not in figure_keys and key != 'panels'}
    panels = _panels(name, common, data, where)
    return json_records.build(FigureSpec, own, where, panels=panels, name=name)


def _panels(name, common, data, where):
    if 'panels' not in data:
        return (_panel(name, common, where),)
    given = json_records.sequence(_object)(data['panels'], where + '.panels')
    return tuple(
        _panel('%s, panel %d' % (name, i + 1), dict(common, **panel), '%s.panels[%d]' % (where, i))
        for i, panel in enumerate(given)
    )


def _object(value, where):
    if not isinstance(value, dict):
        raise json_records.refuse(where, 'a JSON object', value)
    return value


def _panel(name, data, where):
    panel = json_records.build(Panel, data, where, name=name)
    for role in ('network', 'components_of'):
        network = getattr(panel, role)
        if network is not None and models.find(network) is None:
            raise UserError(
                '%s.%s is %s, which models.json does not have; it has: %s'
                % (where, role, network, ', '.join(models.registry()))
            )
    if panel.pca is None and any(getattr(panel, need) not in (None, ()) for need in _OF_COMPONENTS):
        raise UserError("%s lacks the key 'pca'; add it" % where)
    model: Any = models.find(panel.network)  # It is there.
    check_network(panel, model.resolution, model.num_layers, where)
    return panel


def check_needs(spec: FigureSpec, needs: Sequence[str]) -> None:
    """Check that each panel has the keys that the figure's script uses, and no other that it would not heed.

    Args:
        needs: names among frames, exchange, supervised, edits, STUDY and BIGGAN; a name that ends in "?" may be left
            out, and of several with "|" between, each panel has one. What is made of components needs `pca`, too.

    Raises UserError, which names the panel and the key.
    """
    wanted = {name for need in needs for name in need.rstrip('?').split('|')}
    with_components = bool(wanted & set(_OF_COMPONENTS))
    for panel in spec.panels:
        present = {
            name
            for name in ('edits', 'frames', 'exchange', 'supervised', 'pca') + STUDY + BIGGAN
            if getattr(panel, name) not in (None, ())
        }
        unused = sorted(present - wanted - ({'pca'} if with_components else set()))
        if unused:
            raise UserError("%s has the key '%s', which this figure does not use; remove it" % (panel.name, unused[0]))
        for need in list(needs) + (['pca'] if with_components else []):
            if not need.endswith('?') and len(present & set(need.split('|'))) != 1:
                raise UserError("%s lacks the key '%s'; add it" % (panel.name, need.replace('|', "' or '")))


def check_network(panel: Panel, resolution: int, num_layers: int, where: str) -> None:
    """Check that a network of `resolution` pixels and `num_layers` has all that the panel asks of it.

    Raises UserError, which starts with `where`, for a crop, a cutoff or an edit that does not fit.
    """
    crop = panel.crop
    scaled = panel.made_for is not None and resolution < panel.made_for  # By `borrowed.with_crop`.
    if not scaled and max(crop.top + crop.bottom, crop.left + crop.right) >= resolution:
        raise UserError('%s.crop leaves nothing of %d pixels; cut less' % (where, resolution))
    if panel.cutoff is not None and panel.cutoff > num_layers:
        raise UserError('%s.cutoff is %d but the network has %d layers' % (where, panel.cutoff, num_layers))
    for i, edit in enumerate(panel.edits):
        _check_edit(edit, num_layers, panel.pca.components if panel.pca else 0, '%s.edits[%d]' % (where, i))
    _check_study(panel, resolution, num_layers, where)


def _check_study(panel, resolution, num_layers, where):
    try:
        if panel.mixing:
            study_spec.check_mixing(panel.mixing, len(panel.seeds), num_layers)
        if panel.own:
            study_spec.check_own(panel.own, panel.seeds + (panel.mixing.columns if panel.mixing else ()))
        if panel.uncurated:
            study_spec.check_uncurated(panel.uncurated, len(panel.seeds), resolution)
        if panel.noise_detail:
            study_spec.check_detail(panel.noise_detail, resolution, panel.noise)
        if panel.noise_layers:
            mixing.parse_layers(','.join(panel.noise_layers.layers), num_layers)
    except UserError as error:
        raise UserError('%s: %s' % (where, error))


def _check_edit(edit, num_layers, components, where):
    try:
        edit.layers(num_layers)
    except UserError as error:
        raise UserError('%s: %s' % (where, error))
    if edit.component >= components:
        raise UserError('%s: %s needs a component that pca.components (%d) does not reach' % (where, edit, components))


def choose(figure: str, networks: str, folder: PathLike) -> FigureSpec:
    """The FigureSpec that `networks` means: a variant, the network of all panels of a variant, or any other network.

    Another network (a name of models.json or a path) gets the published parameters, those of
    `official`, and its own name in place of the variant's; `borrowed` makes them fit.
    """
    variants = load(figure, folder)
    if networks == VARIANTS[0] and networks not in variants:
        raise UserError(
            '%s-embedded needs %s, which the project does not have yet; draw it with --networks official, or another '
            'network' % (figure, _wanted(figure, folder))
        )
    if networks in variants:
        return variants[networks]
    for spec in variants.values():
        if {networks} == {panel.network for panel in spec.panels}:
            return spec
    official, stem = variants['official'], Path(networks).name.split('.')[0]
    panels = tuple(
        dataclasses.replace(
            panel,
            network=networks,
            components_of=None,
            name=panel.name.replace('-official', '-' + stem),
            made_for=_resolution(panel.network),
        )
        for panel in official.panels
    )
    return dataclasses.replace(official, panels=panels, name='%s-%s' % (figure, stem))


def _resolution(network):
    model: Any = models.find(network)  # `_panel` has found it.
    return model.resolution


def of_class(spec: FigureSpec, label: int) -> FigureSpec:
    """The spec with all panels of one class of a conditional network, which becomes part of its name."""
    return dataclasses.replace(
        spec,
        panels=tuple(dataclasses.replace(panel, network_class=label) for panel in spec.panels),
        name='%s-class-%d' % (spec.name, label),
    )
