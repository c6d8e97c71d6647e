"""Edits as several commands take them: in notation, by name, or from a file; and what they move along."""
from pathlib import Path
from typing import NamedTuple

import click

from regan.commands import options

EDITS_FILE = click.option('--edits-file', type=click.Path(dir_okay=False), help='JSON with named edits of your own.')
BASIS = click.option('--basis', 'basis_file', type=click.Path(dir_okay=False),
                     help='Components from a file of `regan pca --out` or of GANSpace (.npz), instead of those that the following options mean.')


class Chosen(NamedTuple):
    """An Edit, the name or file that it was asked for by (None: in notation), and what that name stands for."""

    edit: object
    name: object = None
    source: object = None


def choose(texts, edits_file):
    """The Chosen of each text: notation, a name, or a file."""
    from regan.editing import edit_zoo, edits, saved_edits
    among, chosen = edit_zoo.everything(edits_file), []
    for text in texts:
        if Path(text).suffix.lower() in ('.json', '.pkl'):
            source, name = saved_edits.load(text), text
        elif '/' in text:
            source = edit_zoo.find(text, among)
            name = source.id
        else:
            chosen.append(Chosen(edits.parse(text)))
            continue
        source.check_usable()
        chosen.append(Chosen(source.edit, name, source))
    return chosen


def agreed(chosen, what, option, fallback=None):
    """The seeds or psi that named edits bring along. Raises UserError where they have none, or not the same."""
    from regan.base.errors import UserError
    values = [getattr(one.source, what) for one in chosen if one.source]
    values = list(dict.fromkeys(value for value in values if value not in ((), None))) or [fallback]
    if len(values) > 1:
        raise UserError('the edits come with different %s (%s); choose with %s' % (what, ' and '.join(map(str, values)), option))
    if values[0] is None:
        raise UserError('no latent is chosen; give %s, for example %s 1' % (option, option))
    return values[0]


def notice_transfer(chosen, network):
    """Says which edits were found on another network."""
    from regan.editing import edit_zoo
    model = edit_zoo.registered(network)
    for one in chosen:
        if isinstance(one.source, edit_zoo.NamedEdit) and not one.source.belongs_to(model):
            click.echo("note: %s was found on %s; here it moves this network's own v%d"
                       % (one.name, ' '.join(filter(None, [one.source.model, one.source.dataset])), one.edit.component), err=True)


def read_basis(path):
    """The Basis of a file, instead of which the options of `options.pca_options` may not be given."""
    from regan.components.basis import Basis
    from regan.base.errors import UserError
    options.refuse(['n', 'components', 'estimator', 'batch_size', 'pca_seed', 'sparsity'], 'does nothing beside --basis; leave it out')
    basis = Basis.load(path)
    if basis.record.get('space', 'w') != 'w':
        raise UserError('%s has directions in Z, but edits move w; make one with --space w' % path)
    return basis


def check(chosen, generator, components):
    """Before minutes are spent on components: do the edits fit the network? Raises UserError."""
    from regan.base.errors import UserError
    from regan.editing.saved_edits import SavedEdit
    for one in chosen:
        one.edit.layers(generator.num_layers)
        if one.edit.component >= components and not isinstance(one.source, SavedEdit):
            raise UserError('%s needs more components than there are: ask for more than %d with --components'
                            % (one.edit, one.edit.component))


def placed(chosen, basis):
    """The basis with the directions of saved edits as further components, and all Edits along it."""
    from regan.editing.saved_edits import SavedEdit
    parsed = []
    for one in chosen:
        if isinstance(one.source, SavedEdit):
            basis, edit = one.source.place(basis)
            parsed.append(edit)
        else:
            parsed.append(one.edit)
    return basis, parsed
