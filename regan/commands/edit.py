"""`regan edit`: latents moved along components, and drawn."""
from pathlib import Path

import click

from regan import console
from regan.commands import options


@click.command()
@click.argument('network')
@click.option('--seed', '--seeds', 'seeds', required=True, metavar='LIST', help='Latents to edit, for example 7 or 1-4.')
@click.option('--edit', 'texts', required=True, multiple=True, metavar='EDIT',
              help='For example "E(v0, 0-4) * 2.0", "centred E(v15, 8) * 3" or "target E(v22, 9-10) = -8"; may be given several times.')
@click.option('--layout', type=click.Choice(['strips', 'sequence']),
              help='strips: each edit from -strength to +strength. sequence: one edit after the other. Default: sequence if there is a target.')
@click.option('--frames', type=click.IntRange(min=2), default=5, show_default=True, help='Of a strip.')
@options.PSI
@options.CUTOFF
@click.option('--out', type=click.Path(dir_okay=False), required=True, callback=options.png, help='PNG: one row for each seed and strip. A .json with the same name says what made it.')
@options.pca_options
@options.network_options
def edit(network, seeds, texts, layout, frames, psi, cutoff, out, n, components, estimator, batch_size, pca_seed, networks_folder,
         trust_embedded_code):
    """Move latents along principal components in some layers, E(v_i, j-k), and draw the result.

    Layers are counted from 0 and printed inclusively. Strengths are standard deviations of the component. Truncation comes
    after the edit, as in GANSpace.
    """
    from regan import artefacts, edits, images, latents, models, provenance
    from regan.generator import Generator
    from regan.pca import PCASpec
    import numpy as np
    import tqdm
    seeds, parsed = latents.parse_seeds(seeds), [edits.parse(text) for text in texts]
    layout = layout or ('sequence' if any(e.kind == 'target' for e in parsed) else 'strips')
    spec = PCASpec(n, components, estimator=estimator, batch_size=batch_size, seed=pca_seed)
    with Generator.open(models.resolve(network, networks_folder), trust_embedded_code=trust_embedded_code) as generator:
        options.check_cutoff(cutoff, generator)
        _check_edits(parsed, generator, components)
        basis = console.components(generator, spec)
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
            provenance.made_by('edit', network, generator), seeds=seeds, edits=[edits.notation(e) for e in parsed], layout=layout,
            frames=frames if layout == 'strips' else len(parsed) + 1, psi=psi, cutoff=cutoff, pca=basis.record))
    click.echo('wrote %s: %d rows of %d' % (out, dlatents.shape[0], dlatents.shape[1]))


def _check_edits(parsed, generator, components):
    """Before minutes are spent on components: do the edits fit the network?"""
    from regan.errors import UserError
    for one in parsed:
        one.layers(generator.num_layers)
        if one.component >= components:
            raise UserError('%s needs more components than there are: ask for more than %d with --components' % (one, one.component))
