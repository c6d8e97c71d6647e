"""`regan edit`: latents moved along components, and drawn."""
from pathlib import Path
from typing import NamedTuple

import click

from regan import console
from regan.commands import options


@click.command()
@click.argument('network')
@click.option('--seed', '--seeds', 'seeds', metavar='LIST', help='Latents to edit, for example 7 or 1-4. Default: those of a named edit.')
@click.option('--edit', 'texts', required=True, multiple=True, metavar='EDIT',
              help='For example "E(v0, 0-4) * 2.0" (strength 1 if left out), "centred E(v15, 8) * 3" or "target E(v22, 9-10) = -8"; a name such as "ffhq/Big smile" '
                   '(see `regan edits list`); or the file of a saved edit (.json or .pkl). May be given several times.')
@click.option('--edits-file', type=click.Path(dir_okay=False), help='JSON with named edits of your own.')
@click.option('--layout', type=click.Choice(['strips', 'sequence']),
              help='strips: each edit from -strength to +strength. sequence: one edit after the other. Default: sequence if there is '
                   'a target.')
@click.option('--frames', type=click.IntRange(min=2), default=5, show_default=True, help='Of a strip.')
@click.option('--psi', type=float, callback=options.finite, help='Truncation; 1 for none. Default: that of a named edit, else 0.7.')
@options.CUTOFF
@options.noise_options
@click.option('--out', type=click.Path(dir_okay=False), required=True, callback=options.png,
              help='PNG: one row for each seed and strip. A .json with the same name says what made it.')
@click.option('--basis', 'basis_file', type=click.Path(dir_okay=False),
              help='Components from a file of `regan pca --out` or of GANSpace (.npz), instead of those that the following options mean.')
@options.pca_options
@options.network_options
def edit(network, seeds, texts, edits_file, layout, frames, psi, cutoff, mode, noise, conversion, out, basis_file, n, components,
         estimator, batch_size, pca_seed, sparsity, networks_folder, trust_embedded_code):
    """Move latents along principal components in some layers, E(v_i, j-k), and draw the result.

    Layers are counted from 0 and printed inclusively. Strengths are standard deviations of the component. Truncation comes
    after the edit, as in GANSpace. A named edit of another network moves this network's own component of that index.
    """
    from regan import artefacts, edits, images, latents, models, provenance
    from regan.generator import Generator
    from regan.pca import PCASpec
    chosen = _choose(texts, edits_file)
    seeds = latents.parse_seeds(seeds) if seeds else list(_agreed(chosen, 'seeds', '--seed'))
    psi = _agreed(chosen, 'psi', '--psi', 0.7) if psi is None else psi
    layout = layout or ('sequence' if any(one.edit.kind == 'target' for one in chosen) else 'strips')
    spec = PCASpec(n, components, estimator=estimator, batch_size=batch_size, seed=pca_seed, sparsity=sparsity)
    basis = _read_basis(basis_file) if basis_file else None
    _notice_transfer(chosen, network)
    with Generator.open(models.resolve(network, networks_folder), trust_embedded_code=trust_embedded_code) as generator:
        options.check_cutoff(cutoff, generator)
        settings = options.resolve(mode, noise, conversion, generator.generation, psi, cutoff)
        _check(chosen, generator, len(basis.components) if basis else components, layout)
        generator.set_noise(settings.noise)
        basis = basis or console.components(generator, spec)
        dlatents = _rows(generator, seeds, *_placed(chosen, basis), layout=layout, frames=frames)
        tiles = _drawn(generator, dlatents, settings)
        images.save_png(out, images.grid(tiles))
        artefacts.write_json(Path(out).with_suffix('.json'), dict(
            provenance.made_by('edit', network, generator), seeds=seeds, edits=[edits.notation(one.edit) for one in chosen],
            names=[one.name for one in chosen], layout=layout, frames=dlatents.shape[1], pca=basis.record,
            basis_file=basis_file, **settings._asdict()))
    click.echo('wrote %s: %d rows of %d (seeds %s, psi %g)' % ((out,) + dlatents.shape[:2] + (', '.join(map(str, seeds)), settings.psi)))


def _read_basis(path):
    from regan.basis import Basis
    from regan.errors import UserError
    options.refuse(['n', 'components', 'estimator', 'batch_size', 'pca_seed', 'sparsity'], 'does nothing beside --basis; leave it out')
    basis = Basis.load(path)
    if basis.record.get('space', 'w') != 'w':
        raise UserError('%s has directions in Z, but edits move w; make one with --space w' % path)
    return basis


class _Chosen(NamedTuple):
    """An Edit, the name or file that it was asked for by (None: in notation), and what that name stands for."""

    edit: object
    name: object = None
    source: object = None


def _choose(texts, edits_file):
    from regan import edit_zoo, edits, saved_edits
    among, chosen = edit_zoo.everything(edits_file), []
    for text in texts:
        if Path(text).suffix.lower() in ('.json', '.pkl'):
            source, name = saved_edits.load(text), text
        elif '/' in text:
            source = edit_zoo.find(text, among)
            name = source.id
        else:
            chosen.append(_Chosen(edits.parse(text)))
            continue
        source.check_usable()
        chosen.append(_Chosen(source.to_edit(), name, source))
    return chosen


def _agreed(chosen, what, option, fallback=None):
    """The seeds or psi that named edits bring along. Raises UserError where they have none, or not the same."""
    from regan.errors import UserError
    values = [getattr(one.source, what) for one in chosen if one.source]
    values = list(dict.fromkeys(value for value in values if value not in ((), None))) or [fallback]
    if len(values) > 1:
        raise UserError('the edits come with different %s (%s); choose with %s' % (what, ' and '.join(map(str, values)), option))
    if values[0] is None:
        raise UserError('no latent is chosen; give %s, for example %s 1' % (option, option))
    return values[0]


def _notice_transfer(chosen, network):
    from regan import edit_zoo
    model = edit_zoo.registered(network)
    for one in chosen:
        if isinstance(one.source, edit_zoo.NamedEdit) and not one.source.belongs_to(model):
            click.echo("note: %s was found on %s; here it moves this network's own v%d"
                       % (one.name, ' '.join(filter(None, [one.source.model, one.source.dataset])), one.edit.component), err=True)


def _check(chosen, generator, components, layout):
    """Before minutes are spent on components: do the edits fit the network?"""
    from regan.errors import UserError
    from regan.saved_edits import SavedEdit
    for one in chosen:
        one.edit.layers(generator.num_layers)
        if layout == 'strips' and one.edit.kind == 'target':
            raise UserError('%s leads to one place and gives no strip; leave --layout out' % one.edit)
        if one.edit.component >= components and not isinstance(one.source, SavedEdit):
            raise UserError('%s needs more components than there are: ask for more than %d with --components'
                            % (one.edit, one.edit.component))


def _placed(chosen, basis):
    """The basis with the directions of saved edits as further components, and all Edits along it."""
    from regan.saved_edits import SavedEdit
    parsed = []
    for one in chosen:
        if isinstance(one.source, SavedEdit):
            basis, placed = one.source.place(basis)
            parsed.append(placed)
        else:
            parsed.append(one.edit)
    return basis, parsed


def _rows(generator, seeds, basis, parsed, layout, frames):
    """Edited latents [rows, frames, L, D]: a row for each seed and, in strips, edit."""
    from regan import edits, latents
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
    from regan import latents
    import tqdm
    flat = latents.truncate(dlatents.reshape((-1,) + dlatents.shape[2:]), generator.dlatent_avg, settings.psi, settings.cutoff)
    with tqdm.tqdm(total=len(flat), unit=' images', leave=False, disable=None) as bar:
        tiles = generator.synthesize(flat, bar.update, conversion=settings.conversion)
    return tiles.reshape(dlatents.shape[:2] + tiles.shape[1:])
