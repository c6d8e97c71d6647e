"""`regan project`: own pictures to latents."""

from typing import Any, NamedTuple, Optional, Tuple

import click

from regan.commands import options, progress

METHODS = ('stylegan2', 'puzer', 'adam')  # Of `regan.projection.methods`, which --help does not wait for.


class _Source(NamedTuple):
    """What is projected.

    Attributes:
        images: files, folders and zip files.
        seeds: text, or None.
        psi: truncation of the seeds' images.
        align: landmarks, or None.
    """

    images: Tuple[str, ...]
    seeds: Optional[str]
    psi: float
    align: Optional[str]

    def targets(self, generator):
        """List of Target. Raises UserError."""
        from regan.projection import targets
        from regan.sampling import latents

        if self.seeds:
            seeds = list(dict.fromkeys(latents.parse_seeds(self.seeds)))  # Each once.
            return targets.drawn(generator, seeds, self.psi)
        return targets.read(self.images, generator.resolution, generator.num_channels, self.align)


def _source(images, seeds, psi, align):
    if bool(images) == bool(seeds):
        raise click.UsageError('give pictures, or --seeds, to project')
    if not seeds:
        options.refuse(['psi'], 'is for --seeds, whose images are drawn')
    if seeds:
        options.refuse(['align'], 'is for pictures; the images of --seeds lie right')
    return _Source(images, seeds, psi, align)


class _Asked(NamedTuple):
    """How to search.

    Attributes:
        name: of the method.
        method: regan.projection.methods.Method.
        steps, seed: int.
        start: `regan.views.saved.Source` of latents to begin with, or None.
    """

    name: str
    method: tuple
    steps: int
    seed: int
    start: Any

    def starts(self, generator, count):
        """Where the searches for `count` pictures begin, float [L, D] or [count, L, D]; None: where the method does.

        Raises:
            UserError: the file does not fit the network, or has another number of latents.
        """
        import numpy as np

        from regan.base.errors import UserError
        from regan.sampling import latents
        from regan.views import saved

        if self.start is None:
            return None
        found = saved.on(self.start, generator)
        if len(found) not in (1, count):
            raise UserError(
                '%s has %d latents to start from, but there are %d pictures; give one latent, or one for each'
                % (self.start.path, len(found), count)
            )
        if any(one.space == 'z' for one in found):
            raise UserError('%s has latents z, but a search starts from w' % self.start.path)
        codes = [one.codes for one in found]
        codes = [one if len(one) > 1 else latents.broadcast(one, generator.num_layers)[0] for one in codes]
        return codes[0] if len(codes) == 1 else np.stack(codes)

    def facts(self):
        """For the sidecars: every constant of the method, and where it began."""
        facts = dict(self.method._asdict(), steps=self.steps, seed=self.seed)
        if self.start is not None:
            facts.update(start=self.start.path.name, start_sha256=self.start.sha256)
        return dict(facts, method=self.name)


def _asked(method, steps, space, clip, seed, start):
    from regan.projection import methods

    if start is not None:
        from regan.views import saved

        start = saved.read(start)
    return _Asked(method, methods.chosen(method, space, clip), steps, seed, start)


class _Judge(NamedTuple):
    """The distance that was asked for.

    Attributes:
        kind: 'discriminator', 'lpips' or 'vgg16'.
        file: of its network; None for the generator's own, or the folder of networks that judge.
    """

    kind: str
    file: Optional[str]

    def open(self, network, generator):
        """The Distance. Args: network: options.Network; generator: open. Raises UserError."""
        from regan.projection import distances

        if self.kind == 'discriminator':
            distance = distances.DiscriminatorDistance(self.file or generator.path, network.trusted)
        else:
            distance = distances.PerceptualDistance(self.kind, self.file, network.trusted)
        distance.check(generator.num_channels, generator.resolution)
        return distance


def _shown(snapshots, plain):
    from regan.projection.project import Shown

    return Shown(snapshots, plain)


@click.command()
@click.argument('network')
@options.group(
    'source',
    _source,
    click.option('--seeds', metavar='LIST', help='Project the images of these seeds in place of pictures, e.g. 0-2.'),
    click.option(
        '--psi', type=options.number(), default=1.0, show_default=True, help='Of --seeds: truncation; 1 for none.'
    ),
    click.option(
        '--align',
        type=click.Path(),
        metavar='LANDMARKS',
        help='Turn and cut faces as those of FFHQ are, by 68 landmarks: a file (.txt, .pts, .json, .npy), a folder '
        "with one for each picture, or dlib's shape_predictor_68_face_landmarks.dat, which finds them if dlib is "
        'installed. Default: the middle square.',
    ),
    also=['images'],
)
@click.argument('images', nargs=-1, type=click.Path(), metavar='[IMAGE]...')
@options.group(
    'asked',
    _asked,
    click.option(
        '--method',
        type=click.Choice(METHODS),
        default='stylegan2',
        show_default=True,
        help="stylegan2: StyleGAN2's projector, one w for all layers, and noise images. adam: one w for each layer, "
        'from the average. puzer: as stylegan-encoder, by plain gradient descent from zeros.',
    ),
    click.option('--steps', type=click.IntRange(min=1), default=1000, show_default=True),
    click.option(
        '--space',
        type=click.Choice(['w', 'w+']),
        help='One w for all layers, or one for each. Default: that of the method.',
    ),
    click.option(
        '--clip',
        type=click.Choice(['none', 'stochastic']),
        help='stochastic: draw numbers of w outside of [-2, 2] anew after each step. Default: none.',
    ),
    click.option(
        '--seed',
        type=click.IntRange(0, 2**32 - 1),
        default=0,
        show_default=True,
        help='Of the noise that the search begins with and adds.',
    ),
    click.option(
        '--start-latents',
        'start',
        type=click.Path(dir_okay=False),
        metavar='FILE',
        help='Begin at the latent in a file, or at one for each picture: an .npy or .npz of w or W+, or what this '
        'command wrote.',
    ),
)
@options.group(
    'judge',
    _Judge,
    click.option(
        '--distance',
        'kind',
        type=click.Choice(['discriminator', 'lpips', 'vgg16']),
        default='discriminator',
        show_default=True,
        help='By what pictures are compared: a discriminator, or networks that you have: LPIPS, as the official '
        'projector, or conv3_3 of VGG16, as stylegan-encoder.',
    ),
    click.option(
        '--distance-network',
        'file',
        type=click.Path(),
        metavar='FILE',
        help="The distance's network. Default: the discriminator in the file of NETWORK, or the file of LPIPS or VGG16 "
        'in the folder $REGAN_METRIC_NETWORKS.',
    ),
)
@options.group(
    'shown',
    _shown,
    click.option(
        '--snapshots',
        type=click.IntRange(min=1),
        default=5,
        show_default=True,
        help='Pictures on the way, the last step among them.',
    ),
    options.PLAIN,
)
@click.option(
    '--out',
    type=click.Path(file_okay=False),
    required=True,
    help='Folder for NAME.npz, NAME.csv, NAME.json and the pictures of each.',
)
@options.network
def project(network, source, asked, judge, shown, out):
    """Find latents of your own pictures: files, or folders of them.

    The latent, w [1, L, D], is in NAME.npz, with the noise images if the method looks for them. Pictures that are
    projected already, with the same options, are kept; an interrupted search goes on where it stopped.
    """
    from regan.base import provenance
    from regan.projection import project as module
    from regan.projection.objective import Objective
    from regan.projection.search import Search, spread

    with network.open_with_w() as generator:
        targets = source.targets(generator)
        for said in filter(None, (target.said for target in targets)):
            click.echo(said, err=True)
        distance = judge.open(network, generator)
        facts = dict(
            provenance.made_by('project', network.name, generator),
            **asked.facts(),
            distance_network=judge.file or (network.name if judge.kind == 'discriminator' else None),
            **distance.facts,
        )
        single = module.at_once(generator.resolution) == 1
        with generator.with_synthesis(lambda synthesis: Objective(synthesis, distance, single)) as objective:
            search = Search(objective, asked.method, asked.steps, spread(generator, asked.method), asked.seed)
            with progress.bar(asked.steps * len(targets), ' steps') as bar:

                def show(done, apart):
                    bar.set_postfix({distance.name: '%.4f' % apart}, refresh=False)
                    bar.update(done)

                starts = asked.starts(generator, len(targets))
                results = module.project(search, objective, targets, out, facts, shown, show, starts)
    for one in results:
        click.echo(_said(one, distance.name))
    click.echo('wrote the latents of %d pictures to %s' % (len(results), out))


def _said(result, distance):
    """A line about one Result."""
    text = '%s: %s distance %.4f' % (result.name, distance, result.distance)
    if result.was_there:
        text += ', was there already'
    if result.stopped is not None:
        text += ', not finite at step %d, so the best latent before it was kept' % result.stopped
    return text
