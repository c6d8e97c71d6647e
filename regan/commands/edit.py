"""`regan edit`: latents moved along components, and drawn."""
from pathlib import Path

import click

from regan.components import cached
from regan.commands import edit_choices as choices
from regan.commands import options


@click.command()
@click.argument('network')
@click.option('--seed', '--seeds', 'seeds', metavar='LIST', help='Latents to edit, for example 7 or 1-4. Default: those of a named edit.')
@click.option('--edit', 'texts', required=True, multiple=True, metavar='EDIT',
              help='For example "E(v0, 0-4) * 2.0" (strength 1 if left out), "centred E(v15, 8) * 3" or "target E(v22, 9-10) = -8"; a name such as "ffhq/Big smile" '
                   '(see `regan edits list`); or the file of a saved edit (.json or .pkl). May be given several times.')
@choices.EDITS_FILE
@click.option('--layout', type=click.Choice(['strips', 'sequence']),
              help='strips: each edit from -strength to +strength. sequence: one edit after the other. Default: sequence if there is '
                   'a target.')
@click.option('--frames', type=click.IntRange(min=2), default=5, show_default=True, help='Of a strip.')
@click.option('--psi', type=float, callback=options.finite, help='Truncation; 1 for none. Default: that of a named edit, else 0.7.')
@options.CUTOFF
@options.noise_options
@click.option('--out', type=click.Path(dir_okay=False), required=True, callback=options.png,
              help='PNG: one row for each seed and strip. A .json with the same name says what made it.')
@options.PRECISION
@choices.BASIS
@options.pca_options
@options.network_options
def edit(network, seeds, texts, edits_file, layout, frames, psi, cutoff, mode, noise, conversion, out, precision, basis_file, n, components,
         estimator, batch_size, pca_seed, sparsity, networks_folder, trust_embedded_code):
    """Move latents along principal components in some layers, E(v_i, j-k), and draw the result.

    Layers are counted from 0 and printed inclusively. Strengths are standard deviations of the component. Truncation comes
    after the edit, as in GANSpace. A named edit of another network moves this network's own component of that index.
    """
    from regan.base import artefacts, provenance
    from regan.editing import edits
    from regan.networks import models
    from regan.pictures import images
    from regan.sampling import latents
    from regan.networks.network_file import NetworkFile
    from regan.components.pca import PCASpec
    chosen = choices.choose(texts, edits_file)
    seeds = latents.parse_seeds(seeds) if seeds else list(choices.agreed(chosen, 'seeds', '--seed'))
    psi = choices.agreed(chosen, 'psi', '--psi', 0.7) if psi is None else psi
    layout = layout or ('sequence' if any(one.edit.kind == 'target' for one in chosen) else 'strips')
    spec = PCASpec(n, components, estimator=estimator, batch_size=batch_size, seed=pca_seed, sparsity=sparsity)
    basis = choices.read_basis(basis_file) if basis_file else None
    choices.notice_transfer(chosen, network)
    file = NetworkFile(models.resolve(network, networks_folder))
    from regan.networks.generator import Generator  # It imports TensorFlow; the file is read meanwhile.
    with Generator.open(file, trust_embedded_code=trust_embedded_code, precision=precision) as generator:
        options.check_cutoff(cutoff, generator)
        settings = options.resolve(mode, noise, conversion, generator.generation, psi, cutoff)
        choices.check(chosen, generator, len(basis.components) if basis else components)
        _check_layout(chosen, layout)
        generator.set_noise(settings.noise)
        basis = basis or cached.basis(generator, spec)
        dlatents = _rows(generator, seeds, *choices.placed(chosen, basis), layout=layout, frames=frames)
        tiles = _drawn(generator, dlatents, settings)
        images.save_png(out, images.grid(tiles))
        artefacts.write_json(Path(out).with_suffix('.json'), dict(
            provenance.made_by('edit', network, generator), seeds=seeds, edits=[edits.notation(one.edit) for one in chosen],
            names=[one.name for one in chosen], layout=layout, frames=dlatents.shape[1], pca=basis.record,
            basis_file=basis_file, precision=precision, **settings._asdict()))
    click.echo('wrote %s: %d rows of %d (seeds %s, psi %g)' % ((out,) + dlatents.shape[:2] + (', '.join(map(str, seeds)), settings.psi)))


def _check_layout(chosen, layout):
    from regan.base.errors import UserError
    for one in chosen:
        if layout == 'strips' and one.edit.kind == 'target':
            raise UserError('%s leads to one place and gives no strip; leave --layout out' % one.edit)


def _rows(generator, seeds, basis, parsed, layout, frames):
    """Edited latents [rows, frames, L, D]: a row for each seed and, in strips, edit."""
    from regan.editing import edits
    from regan.sampling import latents
    import numpy as np
    rows = []
    for seed in seeds:
        w = generator.map(latents.from_seeds([seed], generator.latent_size))
        start = latents.broadcast(w, generator.num_layers)  # [1, L, D]
        if layout == 'sequence':
            rows.append(edits.sequence(start, basis, parsed))
        else:
            rows += [edits.strip(start, basis, one, frames) for one in parsed]
    return np.stack(rows)  # [rows, frames, L, D]


def _drawn(generator, dlatents, settings):
    """Latents [rows, frames, L, D] -> uint8 [rows, frames, H, W, C], truncated and drawn as the settings say."""
    from regan.sampling import latents
    import tqdm
    flat = latents.truncate(dlatents.reshape((-1,) + dlatents.shape[2:]), generator.dlatent_avg, settings.psi, settings.cutoff)
    options.report_precision(generator, flat, settings.conversion)
    with tqdm.tqdm(total=len(flat), unit=' images', leave=False, disable=None) as bar:
        tiles = generator.synthesize(flat, bar.update, conversion=settings.conversion)
    return tiles.reshape(dlatents.shape[:2] + tiles.shape[1:])
