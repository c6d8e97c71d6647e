"""`regan pca`: the principal components of W."""
import click

from regan import console
from regan.commands import options


@click.command()
@click.argument('network')
@options.pca_options
@click.option('--out', type=click.Path(dir_okay=False), help='Also write the components to this .npz (GANSpace\'s arrays).')
@options.network_options
def pca(network, n, components, estimator, batch_size, pca_seed, out, networks_folder, trust_embedded_code):
    """Compute the principal components of W; they are cached. An interrupted run goes on where it stopped."""
    from regan import models
    from regan.generator import Generator
    from regan.pca import PCASpec
    spec = PCASpec(n, components, estimator=estimator, batch_size=batch_size, seed=pca_seed)
    with Generator.open(models.resolve(network, networks_folder), trust_embedded_code=trust_embedded_code) as generator:
        basis = console.components(generator, spec)
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
