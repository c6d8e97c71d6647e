"""The edits that a command shall make."""

import dataclasses

import click

from regan.commands.options.groups import group

EDITS_FILE = click.option('--edits-file', type=click.Path(dir_okay=False), help='JSON with named edits of your own.')


def chosen(texts, edits_file):
    """List of EditChoice, see `edit_choices.choose`."""
    from regan.editing import edit_choices

    return edit_choices.choose(texts, edits_file)


# Hands the command a list of EditChoice. It declares --edit, named `texts`, itself.
edits = group('choices', chosen, EDITS_FILE, also=['texts'])


def with_class_of(choices, network):
    """A Network of a class: its own, else that of named edits, which is said. Raises UserError if they do not agree."""
    from regan.editing import edit_choices, edit_zoo

    if network.label is not None:
        return network
    found, model = edit_choices.network_class(choices), edit_zoo.registered(network.name)
    if found is None or model is not None and model.generation:  # A StyleGAN refuses such edits for another reason.
        return network
    click.echo('note: class %d, which the edit was found with; --class chooses another' % found, err=True)
    return dataclasses.replace(network, label=found)


def notice_transfer(choices, network):
    """Says which edits were found on another network than this one (a registered name, or a path)."""
    from regan.editing import edit_choices

    for choice in edit_choices.found_elsewhere(choices, network):
        found_on = ' '.join(filter(None, [choice.source.model, choice.source.dataset]))
        click.echo(
            "note: %s was found on %s; here it moves this network's own v%d"
            % (choice.name, found_on, choice.edit.component),
            err=True,
        )
