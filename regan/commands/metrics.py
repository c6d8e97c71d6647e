"""`regan metrics`: what a generator's images are worth, by number."""

import dataclasses
import os
from contextlib import ExitStack
from typing import NamedTuple, Optional

import click

from regan.base.errors import UserError
from regan.commands import options, progress

_DEFAULT = 'frechet,pr,ppl_zfull,ppl_wfull,ls'


def _file(exists=True):
    return click.Path(exists=exists, dir_okay=False)


def _request(names, n, **values):
    from regan.metrics import evaluate

    metrics = tuple(name.strip() for name in names.split(','))
    counted = any(name in evaluate.OFFICIAL and '50k' in name for name in metrics)
    return evaluate.Request(metrics, n or (evaluate.OFFICIAL_COUNT if counted else 5000), **values)


class _JudgeFiles(NamedTuple):
    """Files of the networks that judge images, each None if it is not wanted; see `evaluate.Judges`.

    `folder` has what the metrics need beside: the judges that official names ask for, and, where there is no reader,
    those of the other metrics.
    """

    reader: Optional[str]
    inception: Optional[str]
    lpips: Optional[str]
    folder: Optional[str]

    def openers(self, request, trusted):
        """{name in `evaluate.Judges`: (function, path, its arguments after the path)} of those that are wanted.

        Raises: UserError that says which file a metric by an official name lacks.
        """
        from regan.judges.official import FaceClassifiers, OfficialNetwork
        from regan.judges.reader import FactorReader

        found = dict(self._from_folder(request))
        for name in ('inception', 'lpips'):
            found[name] = getattr(self, name) or found.get(name)
        known = {
            name: (OfficialNetwork, path, (_KINDS[name], trusted)) for name, path in found.items() if name in _KINDS
        }
        known['classifiers'] = (FaceClassifiers, found.get('classifiers'), (trusted,))
        known['reader'] = (FactorReader, self.reader, ())
        return {name: one for name, one in known.items() if one[1]}

    def _from_folder(self, request):
        """Yields (name, path) of the judges that the folder has for a request."""
        from regan.judges import judge_files
        from regan.metrics.evaluate import OFFICIAL, PATHS

        for metric in request.metrics:
            if metric in OFFICIAL:
                name = OFFICIAL[metric][1]
                if getattr(self, name, None) is None:
                    yield name, judge_files.locate(_KINDS[name], self.folder)
            elif self.folder and not self.reader:
                name = 'lpips' if metric in PATHS else 'classifiers' if metric == 'ls' else 'inception'
                if name == 'classifiers':
                    yield name, self.folder
                elif getattr(self, name) is None:
                    yield name, judge_files.locate(_KINDS[name], self.folder)


# Name in `evaluate.Judges` -> kind of `judge_files.KINDS`.
_KINDS = dict(inception='inception', softmax='softmax', vgg16='vgg16-features', lpips='lpips')


@click.command()
@click.argument('network')
@click.option(
    '--metrics',
    'names',
    default=_DEFAULT,
    show_default=True,
    metavar='LIST',
    help='Of frechet, pr, ppl_zfull, ppl_wfull, ppl_zend, ppl_wend, ppl_segan, ls, and by published networks alone '
    'fid50k, is50k, pr50k3, ppl2_wend.',
)
@click.option(
    '--data', metavar='DIR|world:NAME', help='Real images: folder of a data set, or fresh renders of a world.'
)
@options.group(
    'judge_files',
    _JudgeFiles,
    click.option(
        '--reader', type=_file(), help='Factor reader that judges the images; its numbers are named after it.'
    ),
    click.option('--inception', type=_file(), help='The official inception_v3_features.pkl: frechet is then the FID.'),
    click.option(
        '--lpips',
        type=_file(),
        help='The official vgg16_zhang_perceptual.pkl: path lengths are then the published measure.',
    ),
    click.option(
        '--judges',
        'folder',
        type=click.Path(exists=True, file_okay=False),
        envvar='REGAN_METRIC_NETWORKS',
        show_envvar=True,
        help='Folder of the published networks, from which metrics take what they need.',
    ),
)
@options.group(
    'request',
    _request,
    click.option(
        '--n',
        type=click.IntRange(min=4),
        help='Images of each side, or pairs for path lengths; default: 5000, or 50000 where a name says 50k.',
    ),
    click.option(
        '--seed',
        type=click.IntRange(0, 2**32 - 1),
        default=0,
        show_default=True,
        help="Of every metric's random numbers.",
    ),
    click.option('--psi', type=options.number(), help='Truncate; default: no truncation, as published numbers are.'),
    click.option('--mirror', is_flag=True, help='Flip the real images at random, if the training did.'),
    click.option('--crop', is_flag=True, help='Crop the images to the face for path lengths (needs --lpips).'),
    also=['names'],
)
@options.drawing_or_new
@click.option(
    '--out',
    type=_file(exists=False),
    callback=options.ending('.csv', '.json'),
    help='Also write the numbers to this .csv or .json.',
)
@options.SCHEDULER
@options.group(
    'network',
    options.asked_network,
    options.CLASS,
    options.NETWORKS_FOLDER,
    click.option(
        '--trust-embedded-code',
        is_flag=True,
        help='Run the Python code inside pickles whose networks are not ours, and that of the published judges instead '
        'of what is rebuilt from their weights. It can do anything you can.',
    ),
    also=['network'],
)
def metrics(network, request, judge_files, drawing, data, out, scheduler):
    """Measure the images of a generator: Frechet distance, precision and recall, path length, separability.

    Statistics of the real images are cached.
    """
    from regan.base import artefacts
    from regan.metrics import evaluate as module
    from regan.metrics import reals, table

    openers = judge_files.openers(request, network.trusted)
    if scheduler and 'classifiers' in openers:
        raise UserError('the classifiers of faces judge on one machine; leave --scheduler away, or judge with --reader')
    with ExitStack() as stack:
        generator = stack.enter_context(network.open_with_w())
        networks = {
            name: stack.enter_context(function(path, *arguments))
            for name, (function, path, arguments) in openers.items()
        }
        request = _drawn(request, drawing, generator)
        judges = module.Judges(**networks)
        judges.check(request, generator, data is not None)
        images = None
        if request.compares:
            images = reals.open_images(data, generator.resolution, generator.num_channels)
            stack.callback(images.close)
        cluster = stack.enter_context(options.workers(scheduler))
        farm = cluster and _farm(cluster, request, generator, network.trusted, networks, openers)
        results = module.evaluate(generator, request, judges, images, artefacts.cache_dir(), _bar, farm)
        for result in results:
            click.echo(table.line(result))
        if out:
            table.write(out, results, table.facts(generator, request, judges, images))
            click.echo('wrote %s' % out)


def _drawn(request, drawing, generator):
    """The Request with the settings of a Drawing, if anything was asked for beside psi."""
    from regan.metrics.samples import NEW_NOISE

    if drawing.is_usual:
        return request
    noise = drawing.noise or (None if drawing.mode else NEW_NOISE)
    psi = 1.0 if request.psi is None else request.psi
    settings = dataclasses.replace(drawing, noise=noise, psi=psi).settings(generator)
    return dataclasses.replace(request, settings=settings)


def _farm(cluster, request, generator, trusted, judges, openers):
    """What `evaluate` takes to let a Cluster draw and judge.

    Args:
        cluster, request, generator: as `shared_metrics.farm` takes them; the generator is open.
        trusted: whether code in its pickle may run.
        judges: dict of names -> open networks that judge.
        openers: of `_JudgeFiles`, for the same names.
    """
    from regan.scale import jobs, shared_metrics

    files = dict(generator=jobs.generator_file(generator, trusted))
    for name, judge in judges.items():
        function, _, arguments = openers[name]
        files[name] = jobs.File(function, os.path.abspath(judge.path), judge.sha256, arguments)
    return shared_metrics.farm(cluster, files, request, generator.resolution)


def _bar(description, total):
    return progress.bar(total, 'it', desc=description)
