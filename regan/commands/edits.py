"""`regan edits`: edits by name, and edits in files."""

import json
from pathlib import Path

import click

from regan.commands import options


@click.group()
def edits():
    """Named edits: GANSpace's, its reproduction's, ours, and those in your own files."""


@edits.command('list')
@click.option('--network', help='Only edits found on a network like this one (a registered name).')
@click.option('--dataset', help='Only edits of this data set, for example ffhq.')
@options.EDITS_FILE
@click.option('--json', 'as_json', is_flag=True, help='Print JSON, in the form of an edits file.')
def list_edits(network, dataset, edits_file, as_json):
    """Print the names of all edits, with what they do; a star marks those that a publication shows."""
    from regan.editing import edit_zoo
    from regan.editing import edits as notation

    found = edit_zoo.everything(edits_file)
    if network:
        found = edit_zoo.for_network(_registered(network), found)
    if dataset:
        known, found = found, edit_zoo.for_dataset(dataset, found)
        if not found:
            raise click.BadParameter(
                'there is no edit of %s; there are some of %s'
                % (dataset, ', '.join(sorted({entry.dataset for entry in known}))),
                param_hint='--dataset',
            )
    if as_json:
        click.echo(json.dumps([entry.to_dict() for entry in found], indent=2))
        return
    for entry in found:
        click.echo(
            '%s %-42s %-11s %s'
            % ('*' if entry.published else ' ', entry.id, entry.model or '', notation.notation(entry.edit))
        )
    click.echo('%d edits' % len(found))


@edits.command()
@click.argument('name')
@options.EDITS_FILE
def show(name, edits_file):
    """Print all that is known of one edit."""
    from regan.editing import edit_zoo
    from regan.editing import edits as notation

    entry = edit_zoo.find(name, edit_zoo.everything(edits_file))
    click.echo('%s: %s' % (entry.id, notation.notation(entry.edit)))
    found_on = entry.model or 'no network in particular', entry.dataset, entry.space
    for key, value in [
        ('found on', ', '.join(found_on)),
        ('psi', entry.psi),
        ('seeds', ', '.join(map(str, entry.seeds))),
        ('sources', ', '.join(entry.sources)),
        ('published', 'with a picture' if entry.published else 'no picture'),
    ]:
        click.echo('%-10s %s' % (key, '-' if value in (None, '') else value))


@edits.command('import')
@click.argument('file', type=click.Path(dir_okay=False))
@click.option(
    '--out',
    type=click.Path(dir_okay=False),
    required=True,
    callback=options.ending('.json'),
    help='JSON; the directions go to an .npz with the same name.',
)
def import_edit(file, out):
    """Turn the pickle of an edit that GANSpace's viewer saved into JSON and .npz. Nothing in it is executed."""
    from regan.editing import saved_edits

    saved = saved_edits.load(file)
    saved_edits.save(out, saved)
    click.echo('wrote %s: %s, %s' % (out, saved.name, saved.edit))


@edits.command()
@click.argument('edit')
@click.option('--network', help='To take the component from; not needed for the file of a saved edit.')
@click.option('--name', help='Of the edit, for people; default: that of a named edit.')
@click.option('--dataset', help='Of the network; default: as registered.')
@click.option(
    '--seed',
    type=click.IntRange(0, 2**32 - 1),
    help='Of a latent to show it on; default: that of a named edit, else 0.',
)
@click.option('--psi', type=options.number(), help='To show it with; default: that of a named edit, else 0.7.')
@options.EDITS_FILE
@click.option('--format', 'kind', type=click.Choice(['ganspace', 'json']), default='ganspace', show_default=True)
@click.option(
    '--out', type=click.Path(file_okay=False), required=True, help='Folder; the file is named as GANSpace names it.'
)
@options.components
@options.network
@options.group('facts', dict, also=['name', 'dataset', 'seed', 'psi'])
def export(edit, network, facts, edits_file, kind, out, spec):
    """Write an edit with its direction: as the pickle that GANSpace's viewer loads, or as JSON and .npz.

    EDIT is in notation ("E(v15, 8) * -2.8"), a name, or the file of a saved edit.
    """
    from regan.editing import edit_choices, saved_edits

    if edit_choices.is_saved(edit):
        options.refuse(
            ['network', 'name', 'dataset', 'seed', 'psi', 'n', 'components', 'estimator'],
            'is for an edit of a network; a file has its own',
        )
        saved = saved_edits.load(edit)
    elif network.name is None:
        raise click.UsageError('%s needs a --network to take the component from' % edit)
    else:
        saved = _from_network(edit_choices.choose([edit], edits_file)[0], network, spec, facts)
    path = Path(out) / saved_edits.file_name(saved)
    if kind == 'json':
        path = path.with_suffix('.json')
    (saved_edits.save if kind == 'json' else saved_edits.export)(path, saved)
    click.echo('wrote %s' % path)


def _from_network(choice, network, spec, given):
    """The SavedEdit of an EditChoice along a component of a Network.

    Args:
        choice: EditChoice, in notation or by name.
        network: options.Network.
        spec: PCASpec of its components.
        given: dict of name, dataset, seed and psi; None: that of a named edit, or the usual one.
    """
    from regan.components import cached
    from regan.editing import edit_choices, edit_zoo, saved_edits

    model, named = edit_zoo.registered(network.name), choice.source
    usual = dict(
        name=choice.edit.name,
        dataset=model.dataset if model else Path(network.name).stem,
        seed=named.seeds[0] if named and named.seeds else 0,
        psi=0.7 if named is None or named.psi is None else named.psi,
    )
    facts = {key: usual[key] if value is None else value for key, value in given.items()}
    with network.open() as generator:
        edit_choices.check([choice], generator.num_layers, spec.components, generator.latent_space)
        return saved_edits.from_basis(cached.basis(generator, spec), choice.edit, generator, **facts)


def _registered(network):
    from regan.base.errors import UserError
    from regan.editing import edit_zoo
    from regan.networks import models

    model = edit_zoo.registered(network)
    if model is None:
        raise UserError(
            '%s is no registered network, so its data set is not known; give --dataset, or one of %s'
            % (network, ', '.join(models.registry()))
        )
    return model
