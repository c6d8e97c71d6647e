"""The edits that a command shall make."""

import click

from regan.commands.options.groups import group

EDITS_FILE = click.option('--edits-file', type=click.Path(dir_okay=False), help='JSON with named edits of your own.')


def chosen(texts, edits_file):
    """List of EditChoice, see `edit_choices.choose`."""
    from regan.editing import edit_choices

    return edit_choices.choose(texts, edits_file)


# Hands the command a list of EditChoice. It declares --edit, named `texts`, itself.
edits = group('choices', chosen, EDITS_FILE, also=['texts'])


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
