"""`regan explore`: edits found by hand, on a page in a browser."""

import getpass
import socket
import webbrowser

import click

from regan.commands import options


def _address(host, allowed):
    """(host, names) of --host and --allow-host. Raises click.UsageError if one lacks the other."""
    local = host in ('127.0.0.1', 'localhost', '::1')
    if local and allowed:
        raise click.UsageError('--allow-host is for --host; the explorer listens on this machine alone')
    if not local and not allowed:
        raise click.UsageError(
            '--host %s lets other machines in; name those under which they may ask for it with --allow-host NAME' % host
        )
    return host, tuple(allowed)


@click.command()
@click.argument('network')
@click.option('--port', type=click.IntRange(1, 65535), help='To listen on; default: 8787, or any that is free.')
@click.option('--no-browser', is_flag=True, help='Print the address only.')
@click.option(
    '--view',
    metavar='VIEW',
    help='Start with this view: a view document (JSON), a picture or video that carries one, or a link (#view=...). '
    'Files that it names are given with --latents.',
)
@options.latent_files
@options.group(
    'address',
    _address,
    click.option(
        '--host',
        default='127.0.0.1',
        show_default=True,
        help='Address to listen on. Better than another one is the ssh line that is printed: this is plain HTTP.',
    ),
    click.option(
        '--allow-host',
        'allowed',
        multiple=True,
        metavar='NAME',
        help='With --host: a name under which other machines may ask for it. May be given several times.',
    ),
)
@options.network
def explore(network, port, no_browser, view, starts, address):
    """Find edits by hand, on a page in a browser.

    The page moves latents of NETWORK along its components, shows all of them at a glance, and saves what is found as
    views, pictures, and edits that `regan edit` takes by name. The address that is printed has a token; nobody gets in
    without. Ctrl-C ends it.
    """
    from regan.base.errors import UserError

    try:
        from regan.explore import start
    except ImportError as error:
        raise UserError("the explorer needs Tornado (%s); install it with: pip install 're-ganspace[explore]'" % error)
    from regan.explore.explorer import Explorer
    from regan.networks import models
    from regan.views import carriers

    host, names = address
    models.resolve(network.name, network.folder)  # What is not there is said before anything is started.
    shown = None if view is None else carriers.read(view)
    explorer = Explorer(start.opener(network.open, network.name, starts.sources, starts.space), shown)
    site, sockets = start.listen(host, port, names)
    display = start.has_display()

    def ready():
        if names:
            click.echo('note: other machines may connect, and all that is sent is readable on its way', err=True)
        click.echo(start.instructions(site, getpass.getuser(), socket.gethostname(), display))
        if display and not no_browser:
            webbrowser.open(start.security.address(site))

    start.run(explorer, site, sockets, ready, lambda: click.echo('The explorer has ended.'))
