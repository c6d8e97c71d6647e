"""`regan metrics`: what a generator's images are worth, by number."""
import os

import click

from regan.commands import options

_DEFAULT = 'frechet,pr,ppl_zfull,ppl_wfull,ls'


def _file(exists=True):
    return click.Path(exists=exists, dir_okay=False)


def _table(ctx, param, value):
    if value is not None and not value.lower().endswith(('.csv', '.json')):
        raise click.BadParameter('%s must end in .csv or .json' % value)
    return value


@click.command()
@click.argument('network')
@click.option('--metrics', 'names', default=_DEFAULT, show_default=True, metavar='LIST',
              help='Of frechet, pr, ppl_zfull, ppl_wfull, ppl_zend, ppl_wend, ppl_segan, ls.')
@click.option('--data', metavar='DIR|world:NAME', help='Real images: folder of a data set, or fresh renders of a world.')
@click.option('--reader', type=_file(), help='Factor reader that judges the images; its numbers are named after it.')
@click.option('--inception', type=_file(), help='The official inception_v3_features.pkl: frechet is then the FID.')
@click.option('--lpips', type=_file(), help='The official vgg16_zhang_perceptual.pkl: path lengths are then the published measure.')
@click.option('--n', type=click.IntRange(min=4), default=5000, show_default=True, help='Images of each side, or pairs for path lengths.')
@click.option('--seed', type=click.IntRange(0, 2 ** 32 - 1), default=0, show_default=True, help='Of every metric\'s random numbers.')
@click.option('--psi', type=float, callback=options.finite, help='Truncate; default: no truncation, as published numbers are.')
@click.option('--mirror', is_flag=True, help='Flip the real images at random, if the training did.')
@click.option('--crop', is_flag=True, help='Crop the images to the face for path lengths (needs --lpips).')
@click.option('--out', type=_file(exists=False), callback=_table, help='Also write the numbers to this .csv or .json.')
@options.SCHEDULER
@click.option('--networks-folder', type=click.Path(exists=True, file_okay=False),
              help='Folder with network files that you have; default $REGAN_NETWORKS.')
@click.option('--trust-embedded-code', is_flag=True,
              help='Run the Python code inside pickles whose networks are not ours, as the official metric networks are. It can do anything you can.')
def metrics(network, names, data, reader, inception, lpips, n, seed, psi, mirror, crop, out, scheduler, networks_folder, trust_embedded_code):
    """Measure the images of a generator: Frechet distance, precision and recall, path length, separability.

    Statistics of the real images are cached.
    """
    from contextlib import ExitStack
    from regan.base import artefacts
    from regan.networks import models
    from regan.networks.judges import FactorReader, OfficialNetwork
    from regan.networks.generator import Generator
    from regan.metrics import evaluate as module, reals as sources, table
    request = module.Request(tuple(name.strip() for name in names.split(',')), n, seed, psi, mirror, crop)
    trusted = (trust_embedded_code,)
    openers = dict(generator=(Generator.open, 'stored') + trusted, reader=(FactorReader,),
                   inception=(OfficialNetwork, 'inception') + trusted, lpips=(OfficialNetwork, 'lpips') + trusted)
    with ExitStack() as stack:
        networks = {name: stack.enter_context(openers[name][0](path, *openers[name][1:])) for name, path in dict(
            generator=models.resolve(network, networks_folder), reader=reader, inception=inception, lpips=lpips).items() if path}
        generator = networks['generator']
        judges = module.Judges(**{name: judge for name, judge in networks.items() if name != 'generator'})
        judges.check(request, generator, data is not None)
        images = None
        if request.compares:
            images = sources.open_images(data, generator.resolution)
            stack.callback(images.close)
        cluster = stack.enter_context(options.workers(scheduler))
        farm = cluster and _farm(cluster, networks, openers, request)
        results = module.evaluate(generator, request, judges, images, artefacts.cache_dir(), _bar, farm)
        for result in results:
            click.echo(table.line(result))
        if out:
            table.write(out, results, table.facts(generator, request, judges, images))
            click.echo('wrote %s' % out)


def _farm(cluster, networks, openers, request):
    """What `evaluate` takes to let a Cluster draw and judge. Args: dicts of names -> open networks, and -> how to open them."""
    from regan.scale import jobs, shared_metrics as scale
    files = {name: jobs.File(openers[name][0], os.path.abspath(found.path), found.sha256, openers[name][1:]) for name, found in networks.items()}
    return scale.farm(cluster, files, request, networks['generator'].resolution)


def _bar(description, total):
    import tqdm
    return tqdm.tqdm(total=total, desc=description, leave=False, disable=None)
