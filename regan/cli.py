"""The command `regan`: look into a pickle, generate, compute components, edit."""
import json
import math
from pathlib import Path

import click

from regan.commands.dataset import dataset
from regan.commands.metrics import metrics
from regan.commands.reader import reader
from regan.commands.segan import segan
from regan.commands.train import train
from regan.commands.worlds import worlds
from regan.console import errors_in_one_line

# Heavy modules are imported inside the commands, so that --help is instant.


class _Group(click.Group):
    """Commands in the order in which the data flows; a user's mistake ends in one line."""

    def list_commands(self, ctx):
        return ['info', 'generate', 'pca', 'edit', 'worlds', 'dataset', 'train', 'reader', 'metrics', 'segan']

    def invoke(self, ctx):
        with errors_in_one_line():
            return super().invoke(ctx)


@click.group(cls=_Group, context_settings=dict(help_option_names=['-h', '--help'], max_content_width=110))
def main():
    """GANSpace on StyleGAN and StyleGAN2 pickles, on any machine.

    NETWORK is a file, or the name of a registered network such as stylegan2-cars-64 (the one that ships with the project).
    """


for _command in (worlds, dataset, train, reader, metrics, segan):
    main.add_command(_command)


def _finite(ctx, param, value):
    if value is not None and not math.isfinite(value):
        raise click.BadParameter('%r is not a finite number' % value)
    return value


def _png(ctx, param, value):
    if Path(value).suffix.lower() != '.png':
        raise click.BadParameter('%s must end in .png' % value)
    return value


def _network_options(command):
    for option in [
            click.option('--networks-folder', type=click.Path(exists=True, file_okay=False),
                         help='Folder with network files that you have; default $REGAN_NETWORKS.'),
            click.option('--trust-embedded-code', is_flag=True,
                         help='Run the Python code inside the pickle for networks that are not among ours. It can do anything you can.')]:
        command = option(command)
    return command


_PSI = click.option('--psi', type=float, default=0.7, show_default=True, callback=_finite, help='Truncation; 1 for none.')
_CUTOFF = click.option('--cutoff', type=click.IntRange(min=0), help='Truncate only layers below this one; default: all.')


def _pca_options(command):
    for option in [
            click.option('--pca-seed', type=click.IntRange(0, 2 ** 32 - 1), default=1, show_default=True, help='Seed of the sampling.'),
            click.option('--batch-size', type=click.IntRange(min=1), default=20, show_default=True,
                         help='Latents that share one seed; the components depend on it slightly.'),
            click.option('--estimator', type=click.Choice(['ipca', 'pca']), default='ipca', show_default=True,
                         help='ipca is GANSpace\'s; pca is exact.'),
            click.option('--components', type=click.IntRange(min=1), default=80, show_default=True),
            click.option('--n', type=click.IntRange(min=1), default=1000000, show_default=True, help='Number of latents.')]:
        command = option(command)
    return command


# ------------------------------------------------------------------ commands

@main.command()
@click.argument('network')
@click.option('--json', 'as_json', is_flag=True, help='Print JSON.')
@click.option('--networks-folder', type=click.Path(exists=True, file_okay=False), help='Folder with network files that you have.')
def info(network, as_json, networks_folder):
    """Print what is in a network pickle. Nothing of it is executed and no graph is built."""
    from regan import info as module, models
    facts = module.describe(models.resolve(network, networks_folder))
    click.echo(json.dumps(facts, indent=2, default=str) if as_json else module.report(facts))


@main.command()
@click.argument('network')
@click.option('--seeds', required=True, metavar='LIST', help='For example 1-12 or 3,7,20-22.')
@_PSI
@_CUTOFF
@click.option('--noise', type=click.Choice(['stored', 'seed']), default='stored', show_default=True,
              help='Noise images: those of the pickle, or drawn from each seed\'s generator after z, as the official tool does.')
@click.option('--class', 'label', type=click.IntRange(min=0), help='Class of a conditional network.')
@click.option('--columns', type=click.IntRange(min=1), help='Of the grid; default: nearly square.')
@click.option('--out', type=click.Path(file_okay=False), required=True, help='Folder for seedNNNN.png, grid.png and generate.json.')
@_network_options
def generate(network, seeds, psi, cutoff, noise, label, columns, out, networks_folder, trust_embedded_code):
    """Write one image for each seed, and a grid of all."""
    from regan import artefacts, images, latents, models
    from regan.generator import Generator
    import numpy as np
    import tqdm
    seeds = latents.parse_seeds(seeds)
    folder = Path(out)
    with Generator.open(models.resolve(network, networks_folder), trust_embedded_code=trust_embedded_code) as generator:
        _check_cutoff(cutoff, generator)
        labels = _one_hot(label, generator)
        pictures = []
        for seed in tqdm.tqdm(seeds, unit=' images', leave=False, disable=None):
            random = np.random.RandomState(seed)
            z = random.randn(1, generator.latent_size).astype(np.float32)  # The first draw; noise images follow.
            if noise == 'seed':
                generator.set_noise(random)
            dlatents = latents.broadcast(generator.map(z, labels), generator.num_layers)
            pictures += list(generator.synthesize(latents.truncate(dlatents, generator.dlatent_avg, psi, cutoff)))
            images.save_png(folder / ('seed%04d.png' % seed), pictures[-1])
        images.save_png(folder / 'grid.png', images.grid(_arranged(np.stack(pictures), columns)))
        artefacts.write_json(folder / 'generate.json', dict(
            _facts('generate', network, generator), seeds=seeds, psi=psi, cutoff=cutoff, noise=noise, label=label))
    click.echo('wrote %d images and grid.png to %s' % (len(seeds), folder))


@main.command()
@click.argument('network')
@_pca_options
@click.option('--out', type=click.Path(dir_okay=False), help='Also write the components to this .npz (GANSpace\'s arrays).')
@_network_options
def pca(network, n, components, estimator, batch_size, pca_seed, out, networks_folder, trust_embedded_code):
    """Compute the principal components of W; they are cached. An interrupted run goes on where it stopped."""
    from regan import models
    from regan.generator import Generator
    from regan.pca import PCASpec
    spec = PCASpec(n, components, estimator=estimator, batch_size=batch_size, seed=pca_seed)
    with Generator.open(models.resolve(network, networks_folder), trust_embedded_code=trust_embedded_code) as generator:
        basis = _basis(generator, spec)
    total = 0.0
    click.echo('component  stdev    share of variance  cumulative')
    for i, (stdev, share) in enumerate(zip(basis.stdev, basis.variance_ratio)):
        total += share
        click.echo('%9d  %7.4f  %16.2f%%  %9.2f%%' % (i, stdev, 100 * share, 100 * total))
    ties = basis.record.get('near_ties')
    if ties:
        click.echo('too close to tell apart: ' + ', '.join('v%d and v%d' % tuple(pair) for pair in ties))
    if out:
        basis.save(out)
        click.echo('wrote %s' % out)


@main.command()
@click.argument('network')
@click.option('--seed', '--seeds', 'seeds', required=True, metavar='LIST', help='Latents to edit, for example 7 or 1-4.')
@click.option('--edit', 'texts', required=True, multiple=True, metavar='EDIT',
              help='For example "E(v0, 0-4) * 2.0", "centred E(v15, 8) * 3" or "target E(v22, 9-10) = -8"; may be given several times.')
@click.option('--layout', type=click.Choice(['strips', 'sequence']),
              help='strips: each edit from -strength to +strength. sequence: one edit after the other. Default: sequence if there is a target.')
@click.option('--frames', type=click.IntRange(min=2), default=5, show_default=True, help='Of a strip.')
@_PSI
@_CUTOFF
@click.option('--out', type=click.Path(dir_okay=False), required=True, callback=_png, help='PNG: one row for each seed and strip. A .json with the same name says what made it.')
@_pca_options
@_network_options
def edit(network, seeds, texts, layout, frames, psi, cutoff, out, n, components, estimator, batch_size, pca_seed, networks_folder,
         trust_embedded_code):
    """Move latents along principal components in some layers, E(v_i, j-k), and draw the result.

    Layers are counted from 0 and printed inclusively. Strengths are standard deviations of the component. Truncation comes
    after the edit, as in GANSpace.
    """
    from regan import artefacts, edits, images, latents, models
    from regan.generator import Generator
    from regan.pca import PCASpec
    import numpy as np
    import tqdm
    seeds, parsed = latents.parse_seeds(seeds), [edits.parse(text) for text in texts]
    layout = layout or ('sequence' if any(e.kind == 'target' for e in parsed) else 'strips')
    spec = PCASpec(n, components, estimator=estimator, batch_size=batch_size, seed=pca_seed)
    with Generator.open(models.resolve(network, networks_folder), trust_embedded_code=trust_embedded_code) as generator:
        _check_cutoff(cutoff, generator)
        _check_edits(parsed, generator, components)
        basis = _basis(generator, spec)
        rows = []
        for seed in seeds:
            w = generator.map(latents.from_seeds([seed], generator.latent_size))
            start = latents.broadcast(w, generator.num_layers)  # [1, L, D]
            if layout == 'sequence':
                rows.append(edits.sequence(start, basis, parsed))
            else:
                rows += [edits.strip(start, basis, e, frames) for e in parsed]
        dlatents = np.stack(rows)  # [rows, frames, L, D]
        flat = latents.truncate(dlatents.reshape((-1,) + dlatents.shape[2:]), generator.dlatent_avg, psi, cutoff)
        with tqdm.tqdm(total=len(flat), unit=' images', leave=False, disable=None) as bar:
            tiles = generator.synthesize(flat, bar.update)
        images.save_png(out, images.grid(tiles.reshape(dlatents.shape[:2] + tiles.shape[1:])))
        artefacts.write_json(Path(out).with_suffix('.json'), dict(
            _facts('edit', network, generator), seeds=seeds, edits=[edits.notation(e) for e in parsed], layout=layout,
            frames=frames if layout == 'strips' else len(parsed) + 1, psi=psi, cutoff=cutoff, pca=basis.record))
    click.echo('wrote %s: %d rows of %d' % (out, dlatents.shape[0], dlatents.shape[1]))


# ------------------------------------------------------------------ parts

def _basis(generator, spec):
    from regan import artefacts, pca as module
    import tqdm
    with tqdm.tqdm(total=spec.fitted_rows, desc='components', unit=' w', leave=False, disable=None) as bar:
        return module.load_or_compute(generator, spec, artefacts.cache_dir(), bar.update)


def _check_edits(parsed, generator, components):
    """Before minutes are spent on components: do the edits fit the network?"""
    from regan.errors import UserError
    for one in parsed:
        one.layers(generator.num_layers)
        if one.component >= components:
            raise UserError('%s needs more components than there are: ask for more than %d with --components' % (one, one.component))


def _check_cutoff(cutoff, generator):
    if cutoff is not None and cutoff > generator.num_layers:
        raise click.BadParameter('%d is past the last layer; this network has layers 0-%d' % (cutoff, generator.num_layers - 1),
                                 param_hint='--cutoff')


def _one_hot(label, generator):
    """[1, label_size] or None (all zeros)."""
    import numpy as np
    if label is None:
        return None
    if label >= generator.label_size:
        raise click.BadParameter('%d, but this network has %s' % (
            label, 'classes 0-%d' % (generator.label_size - 1) if generator.label_size else 'no classes'), param_hint='--class')
    return np.eye(generator.label_size, dtype=np.float32)[[label]]


def _arranged(pictures, columns):
    """[N, H, W, C] -> [rows, columns, H, W, C]; the last row is filled up with white."""
    import numpy as np
    columns = min(columns or int(math.ceil(math.sqrt(len(pictures)))), len(pictures))
    rows = -(-len(pictures) // columns)
    page = np.full((rows * columns,) + pictures.shape[1:], 255, np.uint8)
    page[:len(pictures)] = pictures
    return page.reshape((rows, columns) + pictures.shape[1:])


def _facts(command, network, generator):
    """The part of a sidecar that every command shares."""
    from regan import provenance
    return dict(provenance.software(generator.backend), command=command, network=str(network), network_sha256=generator.sha256)


if __name__ == '__main__':
    main()
