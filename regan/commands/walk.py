"""`regan walk`: a video that goes from latent to latent."""

import dataclasses
from typing import List, NamedTuple, Optional

import click

from regan.commands import options, progress

SECONDS = 2  # From latent to latent; so long as well for each swing of truncation and each change of noise.
_NOISE_SEEDS = '0-3'


class _Asked(NamedTuple):
    """What changes along the walk, as it was asked for."""

    vary: str
    interpolation: Optional[str]
    loop: bool
    from_psi: float
    to_psi: float
    noise_seeds: List[int]

    @property
    def course(self):
        """The same as a walk.Course."""
        from regan.drawing.walk import Course

        psi = (self.from_psi, self.to_psi)
        return Course(self.vary, self.interpolation, self.loop, psi, self.noise_seeds)

    def facts(self, settings, usual):
        """What a JSON says of it, and of the modes.Settings as far as it does not change: a dict. Args: usual, the
        interpolation that the network takes by itself.
        """
        facts = dict(vary=self.vary, **settings.facts())
        if self.vary == 'latents':
            return dict(facts, interpolation=self.interpolation or usual, loop=self.loop)
        if self.vary == 'truncation':
            return dict(facts, psi=[self.from_psi, self.to_psi])
        return dict(facts, noise=dict(numpy_seeds=self.noise_seeds))


def _asked(vary, interpolation, loop, from_psi, to_psi, noise_seeds):
    from regan.sampling import latents

    if vary != 'latents':
        options.refuse(['interpolation', 'loop'], 'is for --vary latents; truncation and noise always come back')
    if vary != 'truncation':
        options.refuse(['from_psi', 'to_psi'], 'is for --vary truncation')
    else:
        options.refuse(['psi'], 'is what --vary truncation changes; give --from-psi and --to-psi')
    if vary == 'noise':
        options.refuse(['noise'], 'is what --vary noise changes; give --noise-seeds')
        options.refuse(['save_latents'], 'is for latents that change; leave --vary noise out')
    else:
        options.refuse(['noise_seeds'], 'is for --vary noise')
    seeds = latents.parse_seeds(noise_seeds)
    if len(seeds) < 2:
        raise click.UsageError('--noise-seeds needs two seeds at least, between which the noise changes')
    return _Asked(vary, interpolation, loop, from_psi, to_psi, seeds)


class _Timing(NamedTuple):
    """How long the walk is, as it was asked for."""

    fps: float
    seconds: Optional[float]
    frames: Optional[int]
    steady: bool

    def on(self, spans):
        """The walk_files.Timing of a walk of so many spans, each from one thing to the next."""
        from regan.drawing import walk_files

        frames = self.frames or int(round((self.seconds or SECONDS * spans) * self.fps))
        walk_files.check_count(frames)
        return walk_files.Timing(frames, self.fps, self.steady)


def _timing(fps, seconds, frames, steady):
    if seconds and frames:
        raise click.UsageError('give --seconds or --frames, not both')
    return _Timing(fps, seconds, frames, steady)


class _Output(NamedTuple):
    """Where the walk goes."""

    out: str
    size: Optional[int]
    save_latents: Optional[str]


@click.command()
@click.argument('network')
@options.starts(
    click.option(
        '--seeds',
        '--seed',
        'seeds',
        metavar='LIST',
        help='Latents to go through, for example 1-4 or 7,3,9; with --vary truncation or noise those to show, side by '
        'side.',
    )
)
@options.group(
    'asked',
    _asked,
    click.option(
        '--vary',
        type=click.Choice(['latents', 'truncation', 'noise']),
        default='latents',
        show_default=True,
        help='latents: go from one to the next. truncation: let psi swing. noise: let the noise images change into '
        'others.',
    ),
    click.option(
        '--interpolation',
        type=click.Choice(['smooth', 'linear', 'spherical']),
        help='Between latents: a smooth curve (cubic spline) or straight lines in W (or in Z, of a network without W), '
        'or great circles in Z, for which there must be z. Default: smooth; spherical for a network without W.',
    ),
    click.option('--loop', is_flag=True, help='Go on from the last latent to the first, so that a player may repeat.'),
    click.option(
        '--from-psi', type=options.number(), default=-1, show_default=True, help='Where truncation begins to swing ...'
    ),
    click.option('--to-psi', type=options.number(), default=1, show_default=True, help='... and where it turns.'),
    click.option(
        '--noise-seeds',
        metavar='LIST',
        default=_NOISE_SEEDS,
        show_default=True,
        help='Of the noise images that follow each other, as NumPy draws them.',
    ),
)
@options.group(
    'timing',
    _timing,
    click.option('--fps', type=options.number(1, 120), default=30, show_default=True, help='Frames per second.'),
    click.option(
        '--seconds',
        type=options.number(above=0),
        help='Length of the video. Default: %d from each latent to the next, for each change of noise, and for each '
        'way of truncation.' % SECONDS,
    ),
    click.option('--frames', type=click.IntRange(min=2), help='Instead of --seconds: number of frames.'),
    click.option(
        '--steady',
        is_flag=True,
        help='Equal distances of images, instead of latents, from frame to frame. Each image is drawn twice for it.',
    ),
)
@click.option(
    '--edit',
    'texts',
    multiple=True,
    metavar='EDIT',
    help='On top of all frames: as for `regan edit`. May be given several times.',
)
@options.edits
@click.option(
    '--psi',
    type=options.number(),
    help='Truncation; 1 for none. Default: that of a named edit, else 0.7; of latents from files what they say, else '
    '1.',
)
@options.CUTOFF
@options.drawing
@options.group(
    'output',
    _Output,
    click.option(
        '--out',
        type=click.Path(),
        required=True,
        help='FILE.mp4, with FILE.json beside it, or a folder for frameNNNNN.png and walk.json.',
    ),
    click.option(
        '--size',
        type=click.IntRange(min=1),
        help="Pixels of a side of an image: a whole part of the network's, averaged, or a whole multiple.",
    ),
    options.SAVE,
)
@options.PRECISION
@options.basis
@options.network
def walk(network, starts, asked, timing, choices, drawing, output, basis):
    """Write a video that goes from latent to latent, or in which truncation or noise change.

    Frames are kept until the walk is whole: an interrupted one goes on where it stopped. A walk that is there already,
    made with the same options, is left as it is.
    """
    from regan.base import provenance
    from regan.drawing import captions, walk_files
    from regan.drawing import starts as module
    from regan.drawing import walk as walks

    if starts.seeds is None and not starts.sources:
        raise click.UsageError('give --seeds or --latents, what to walk through')
    with network.open() as generator:
        some = starts.on(generator)
        settings = _settings(asked, starts, drawing, generator, choices)
        moves, edited = _moves(generator, choices, basis, network.name)
        way = walks.Walk(generator, some, asked.course, settings, moves, output.size)
        timed = timing.on(2 if asked.vary == 'truncation' else way.end)
        made_by = provenance.made_by('walk', network.name, generator)
        facts = dict(
            made_by,
            **module.facts(some),
            **asked.facts(settings, walks.usual(generator)),
            **edited,
            frames=timed.frames,
            fps=timed.fps,
            steady=timed.steady,
            size=output.size or generator.resolution,
            precision=network.precision,
        )
        if generator.num_channels == 4 and walk_files.is_video(output.out):
            click.echo('note: videos have no transparency; in them the images are on white', err=True)
        there = walk_files.is_there(output.out, facts)
        if not there:
            with progress.bar(timed.frames * (1 + timed.steady)) as bar:
                walk_files.write(way, output.out, timed, facts, bar.update)
        if output.save_latents:
            codes = way.truncated if asked.vary == 'truncation' else way.dlatents
            dlatents = codes(walk_files.places_of(output.out))
            options.save_latents(output.save_latents, dlatents, made_by, some, settings)
    click.echo(
        '%s %s: %d frames, %g seconds (%s)'
        % (
            'kept' if there else 'wrote',
            output.out,
            timed.frames,
            round(timed.frames / timed.fps, 2),
            captions.of_starts(some),
        )
    )


def _settings(asked, starts, drawing, generator, choices):
    """The modes.Settings of all frames; where truncation varies, psi is of no meaning."""
    if asked.vary == 'truncation':
        drawing = dataclasses.replace(drawing, psi=1.0)
    return starts.truncated(drawing, generator, choices).settings(generator)


def _moves(generator, choices, basis, network):
    """(walk.Moves of some EditChoices, what a JSON says of them)."""
    from regan.drawing.walk import Moves
    from regan.editing import edit_choices, edits
    from regan.views import bases

    if not choices:
        return Moves(), {}
    options.notice_transfer(choices, network)
    edit_choices.check(choices, generator.num_layers, basis.count, basis.space(choices, generator.latent_space))
    components = basis.of(generator, choices)
    along, moves = edit_choices.placed(choices, components)
    return Moves(along, moves), dict(
        edits=[edits.notation(choice.edit) for choice in choices],
        names=[choice.name for choice in choices],
        pca=components.record,
        basis_file=basis.path,
        basis_key=bases.name(along).key,
        **options.said_space(components),
    )
