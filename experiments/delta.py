"""By how much the programs' pictures differ, and which detail is to blame: noise images, conversion to bytes,
truncation, and the epsilon of StyleGAN's instance norms.

python experiments/delta.py                                  the network that ships with the project
python experiments/delta.py --networks stylegan-faces-64     any other, by name or path
"""

import dataclasses
from pathlib import Path
from typing import Dict, Optional, Tuple, Union

import checkout
import click
import numpy as np

from regan.base import artefacts, command_errors, json_records, provenance, tables
from regan.base.errors import UserError
from regan.base.json_records import choice, declared, key, mapping, number, record, sequence, text
from regan.commands import options
from regan.drawing import modes
from regan.networks import models
from regan.pictures import diff, images
from regan.sampling import latents, noise

SPEC = checkout.SPECS / 'delta.json'
TILE = 128  # Smaller pictures are enlarged to this in the figure.
OFFICIAL_EPSILON = 1e-8  # Of the instance norms of a StyleGAN.
LETTERS = 14  # Height of its words in pixels.


@dataclasses.dataclass(frozen=True)
@declared
class Drawing:
    """One way to draw; see `modes.resolve`."""

    mode: Optional[str] = key(choice(*modes.MODES), 'name of a mode', default=None)
    noise: Union[str, dict, None] = key(noise.check, "choice of noise images; None: the mode's", default=None)
    conversion: Optional[str] = key(choice(*modes.CONVERSIONS), "of colours to bytes; None: the mode's", default=None)
    instance_norm_epsilon: Optional[float] = key(
        number(1e-20), "of a StyleGAN; None: the mode's, else the official one", default=None
    )


@dataclasses.dataclass(frozen=True)
@declared
class Pair:
    """Two drawings that are compared."""

    what: str = key(text, 'what the difference between them shows')
    first: str = key(text, 'name of a drawing')
    second: str = key(text, 'name of the other')


@dataclasses.dataclass(frozen=True)
@declared
class Delta:
    """The spec."""

    title: str = key(text, 'of the table')
    network: str = key(text, 'a name of models.json, or a path')
    seeds: Tuple[int, ...] = key(sequence(latents.SEED), 'of the latents')
    psi: float = key(number(-1, 1), 'truncation, 1 is none')
    drawings: Dict[str, Drawing] = key(mapping(record(Drawing), empty=True), 'by name')
    pairs: Tuple[Pair, ...] = key(sequence(record(Pair)), 'in the order of the table')


def load(path):
    """The Delta of a JSON file. Raises UserError for whatever is wrong in it."""
    spec = json_records.build(Delta, json_records.load(path), Path(path).name)
    for pair in spec.pairs:
        for name in (pair.first, pair.second):
            if name not in spec.drawings:
                raise UserError(
                    '%s: the pair "%s" needs the drawing "%s", which is not there; add it'
                    % (Path(path).name, pair.what, name)
                )
    return spec


def settings_of(spec, generation):
    """Dict name -> modes.Settings of all drawings on a network of that generation."""
    return {
        name: modes.resolve(d.mode, d.noise, d.conversion, generation, spec.psi, None, d.instance_norm_epsilon)
        for name, d in spec.drawings.items()
    }


def draw(spec, generator):
    """Dict name -> uint8 [N, H, W, C], the seeds' images in each drawing."""
    w = generator.map(latents.from_seeds(spec.seeds, generator.latent_size))  # [N, D]
    dlatents = latents.broadcast(w, generator.num_layers)  # [N, L, D]
    drawn = {}
    for name, settings in settings_of(spec, generator.generation).items():
        settings.prepare(generator)
        truncated = latents.truncate(dlatents, generator.dlatent_avg, settings.psi, settings.cutoff)
        drawn[name] = generator.synthesize(truncated, conversion=settings.conversion)
    return drawn


def measure(what, first, second):
    """A row of the table: how two series of images uint8 [N, H, W, C] differ, in colour levels of 255.

    `offset` is the mean of first - second; `changed` is the share of the pixels that differ in any channel.
    """
    tiles = diff.compare(images.strip(first), images.strip(second), *first.shape[1:3])
    levels = first.astype(np.int16) - second
    return {
        'pair': what,
        'largest': max(tile.max for tile in tiles),
        'mean': '%.3f' % np.abs(levels).mean(),
        'RMS': '%.3f' % np.sqrt(np.mean([tile.rms**2 for tile in tiles])),
        'offset': '%+.3f' % levels.mean(),
        'changed, %': '%.2f' % (100 * np.mean([tile.share for tile in tiles])),
    }


def picture(spec, drawn):
    """A row of images of the first pair, then for each pair a row of amplified differences: uint8 [H, W, C]."""
    first = drawn[spec.pairs[0].first]
    rows = _row(spec.pairs[0].first, first)
    for pair in spec.pairs:
        levels = np.abs(drawn[pair.first].astype(np.int16) - drawn[pair.second])
        factor = 255 // max(1, levels.max())
        rows += _row('%s, x %d' % (pair.what, factor), (levels * factor).astype(np.uint8))
    return np.concatenate(rows)


def _row(text, pictures):
    page = images.strip(images.enlarge(pictures, max(1, TILE // pictures.shape[1])))
    return [images.text_row([text], page.shape[1], LETTERS, page.shape[2]), page]


def markdown(spec, network, generation, rows):
    """The table and what each drawing is made with, as Markdown."""
    settings = [
        dict(
            drawing=name,
            noise=noise.notation(s.noise),
            conversion=s.conversion,
            psi='%g' % s.psi,
            cutoff='none' if s.cutoff is None else s.cutoff,
            **_epsilon(s, generation),
        )
        for name, s in settings_of(spec, generation).items()
    ]
    about = (
        '%s, seeds %s, psi %g. Differences are in colour levels of 255; `offset` is the mean of the first drawing '
        'minus the second, '
        '`changed` the share of the pixels that differ in any channel. Psi 1 is no truncation.'
        % (network, ', '.join(map(str, spec.seeds)), spec.psi)
    )
    return '\n\n'.join(['# ' + spec.title, about, tables.markdown(rows), tables.markdown(settings)])


def _epsilon(settings, generation):
    """The column of what StyleGAN's instance norms add to the variance; a StyleGAN2 has none."""
    return {'epsilon': '%g' % (settings.instance_norm_epsilon or OFFICIAL_EPSILON)} if generation == 1 else {}


def run(spec, folder, networks_folder, open_generator=None):
    """Draws, compares, and writes delta-NETWORK.md, .csv, .png and .json; returns the Markdown and the paths."""
    if open_generator is None:
        from regan.networks.generator import Generator  # TensorFlow takes seconds to load

        open_generator = Generator.open
    with open_generator(models.resolve(spec.network, networks_folder)) as generator:
        drawn = draw(spec, generator)
        facts = provenance.made_by('delta', spec.network, generator)
        generation = generator.generation
    rows = [measure(pair.what, drawn[pair.first], drawn[pair.second]) for pair in spec.pairs]
    name = Path(spec.network).name.split('.')[0]
    text, stem = markdown(spec, name, generation, rows), 'delta-' + name
    paths = tables.write(folder, stem, text, rows) + [folder / (stem + '.png'), folder / (stem + '.json')]
    images.save_png(paths[2], picture(spec, drawn))
    settings = {key: value._asdict() for key, value in settings_of(spec, generation).items()}
    artefacts.write_json(paths[3], dict(facts, seeds=list(spec.seeds), drawings=settings, differences=rows))
    return text, paths


@click.command()
@click.option(
    '--networks', metavar='NAME|PATH', help='Another network than that of the spec, which ships with the project.'
)
@click.option(
    '--networks-folder',
    type=click.Path(exists=True, file_okay=False),
    help='Folder with network files that you have; default $REGAN_NETWORKS.',
)
@click.option('--seeds', metavar='LIST', help='For example 1-12 or 3,7,20-22; default: those of the spec.')
@click.option('--psi', type=options.number(), help='Truncation, 1 for none; default: that of the spec.')
@click.option(
    '--spec',
    type=click.Path(dir_okay=False),
    default=str(SPEC),
    show_default='experiments/specs/delta.json',
    help='What is compared.',
)
@click.option(
    '--out',
    type=click.Path(file_okay=False),
    default=str(checkout.OUT),
    show_default='figures/out',
    help='Folder for the files.',
)
def main(networks, networks_folder, seeds, psi, spec, out):
    """Draw the same latents as GANSpace, ReGANSpace and the official tools do, and say by how much the pixels
    differ.
    """
    with command_errors.errors_in_one_line():
        asked = dict(network=networks, seeds=seeds and tuple(latents.parse_seeds(seeds)), psi=psi)
        spec = dataclasses.replace(load(spec), **{key: value for key, value in asked.items() if value is not None})
        text, paths = run(spec, Path(out), networks_folder)
    click.echo(text + '\n' + '\n'.join('wrote %s' % path for path in paths))


if __name__ == '__main__':
    main()
