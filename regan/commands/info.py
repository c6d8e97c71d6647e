"""`regan info`: what is in a pickle."""

import json

import click


@click.command()
@click.argument('network')
@click.option('--json', 'as_json', is_flag=True, help='Print JSON.')
@click.option(
    '--networks-folder', type=click.Path(exists=True, file_okay=False), help='Folder with network files that you have.'
)
def info(network, as_json, networks_folder):
    """Print what is in a network pickle. Nothing of it is executed and no graph is built."""
    from regan.networks import description as module
    from regan.networks import models

    facts = module.describe(models.resolve(network, networks_folder))
    click.echo(json.dumps(facts, indent=2, default=str) if as_json else module.report(facts))
