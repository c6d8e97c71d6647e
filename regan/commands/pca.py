"""`regan pca`: the principal components of W, or of a layer's activations."""

import dataclasses

import click

from regan.commands import options, progress


@click.command()
@click.argument('network')
@options.components
@click.option(
    '--layer',
    metavar='NAME',
    help="Decompose the activations of this layer, for example 16x16/Conv1 or, in GANSpace's words, convs.3, and find "
    "the latent directions that move along them. 'mapping' (style, g_mapping) is W, for directions in Z. Not cached: "
    'needs --out.',
)
@click.option(
    '--space',
    type=click.Choice(['w', 'z']),
    help='Where the directions of --layer are; default: w; of mapping, and of networks without W: z.',
)
@click.option('--list-layers', is_flag=True, help='Only print the layers and their shapes (channels, height, width).')
@click.option(
    '--out', type=click.Path(dir_okay=False), help="Also write the components to this .npz (GANSpace's arrays)."
)
@options.activations
@options.SCHEDULER
@options.network
def pca(network, spec, layer, space, list_layers, out, drawing, scheduler):
    """Compute the principal components of W; they are cached. An interrupted run goes on where it stopped.

    Networks without W, BigGAN and Progressive GAN, have those of their first layer in its place, as directions in z.
    """
    from regan.base.errors import UserError
    from regan.components import cached

    if layer and not out:
        raise click.UsageError('--layer needs --out, the file for its components')
    if scheduler and (layer or list_layers):
        raise click.UsageError('--scheduler is for the components of W; those of a layer are computed here')
    if space and not layer:
        raise click.UsageError('--space is for --layer; without it, components are those of W')
    if drawing.noise and not layer:
        raise click.UsageError('--noise is for --layer; W does not depend on it')
    with options.workers(scheduler) as cluster, network.open() as generator:
        if list_layers:
            _print_layers(generator)
        elif layer and not _is_w(generator, layer, space):
            _decompose(generator, generator.layer_name(layer), spec, space, drawing, out)
        else:
            if generator.latent_space == 'z' and cluster:
                raise UserError('--scheduler is for the components of W, and %s has none' % generator.path)
            basis = cached.basis(generator, spec, spread=cluster and _spread(cluster, generator, network.trusted))
            if generator.first_layer:
                click.echo(
                    'components of %s, as directions in z, whose own numbers have no principal components'
                    % generator.first_layer
                )
            _print_table(basis, basis.act_stdev if generator.first_layer else basis.stdev)
            if out:
                cached.whole(generator, spec).save(out)
                click.echo('wrote %s' % out)


def _spread(cluster, generator, trusted):
    """What lets the workers of a Cluster compute shards of the sample."""
    from regan.scale import jobs, shared_components

    return shared_components.spread(cluster, dict(generator=jobs.generator_file(generator, trusted)))


def _is_w(generator, layer, space):
    """Whether the components of a layer are those of W: of the mapping network's output, with directions there."""
    from regan.networks import layer_names

    return generator.layer_name(layer) == layer_names.MAPPING and space == 'w'


def _print_layers(generator):
    from regan.networks import layer_names

    mapping = {layer_names.MAPPING: (generator.dlatent_size,)} if generator.latent_space == 'w' else {}
    for name, shape in dict(generator.layer_shapes, **mapping).items():
        click.echo('%-16s %s' % (name, ' x '.join(str(size) for size in shape)))


def _decompose(generator, layer, spec, space, drawing, out):
    from regan.base.errors import UserError
    from regan.components import activations
    from regan.networks import layer_names

    space = space or ('z' if layer == layer_names.MAPPING else generator.latent_space)
    if space == 'w' and generator.latent_space != 'w':
        raise UserError('%s is a %s, which has no W; leave --space out' % (generator.path, generator.architecture))
    if not options.given('estimator') and not activations.fits_ipca(generator, layer, spec):
        click.echo('%s is too wide for ipca: randomized PCA' % layer)
        spec = dataclasses.replace(spec, estimator='randomized')
    settings = drawing.settings(generator)
    settings.prepare(generator)
    conventions = {key: value for key, value in settings.facts().items() if key in ('noise', 'instance_norm_epsilon')}
    if conventions['noise'] == 'stored':
        del conventions['noise']
    with progress.bar(activations.total_rows(spec), ' activations', desc=layer) as bar:
        result = activations.compute_into(out, generator, layer, spec, space, bar.update, conventions)
    _print_table(result.latent, result.latent.act_stdev)
    if spec.estimator == 'randomized':
        click.echo(
            'variance along none of them: %.2f%%; largest |C v - s v| / s of a component: %.2g'
            % (100 * result.latent.record['missing'], max(result.latent.record['residuals']))
        )
    click.echo('wrote %s' % out)


def _print_table(basis, stdevs):
    total = 0.0
    click.echo('component  stdev    share of variance  cumulative')
    for i, (stdev, share) in enumerate(zip(stdevs, basis.variance_ratio)):
        total += share
        click.echo('%9d  %7.4f  %16.2f%%  %9.2f%%' % (i, stdev, 100 * share, 100 * total))
    if basis.record['near_ties']:
        ties = ['v%d and v%d' % tuple(pair) for pair in basis.record['near_ties']]
        click.echo('too close to tell apart: ' + ', '.join(ties))
    if 'largest_cosine' in basis.record:
        click.echo('directions are not orthogonal: cosines up to %.4f' % basis.record['largest_cosine'])
