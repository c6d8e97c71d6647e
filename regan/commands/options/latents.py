"""The latents that a command begins with: seeds, and files."""

import dataclasses
from typing import Any, List, Optional, Tuple

import click

from regan.base.errors import UserError
from regan.commands.options.drawings import USUAL_PSI
from regan.commands.options.groups import group
from regan.commands.options.values import ending, refuse

FILES = click.option(
    '--latents',
    'files',
    multiple=True,
    type=click.Path(dir_okay=False),
    metavar='FILE',
    help='Latents from a file, beside or instead of seeds: an .npy or .npz of [D], [N, D], [L, D] or [N, L, D], or a '
    'picture that regan wrote, whose latents are taken. They are drawn as they are (psi 1) unless the file says how '
    'its latents were truncated. May be given several times.',
)
_SPACE = click.option(
    '--latents-as',
    type=click.Choice(['w', 'w+', 'z']),
    help='What the rows of an array in --latents are: a w each, together one latent of W+, or a z each. Default: w+ if '
    'there are as many as the network has layers, else w; z if the array is called z.',
)
SAVE = click.option(
    '--save-latents',
    type=click.Path(dir_okay=False),
    callback=ending('.npz'),
    help='Also write the latents of the images, [N, L, D] before truncation, to this .npz, which --latents takes.',
)


@dataclasses.dataclass(frozen=True)
class Starts:
    """The latents that were asked for.

    Attributes:
        seeds: list of int, or None if none were given.
        sources: files as they were read, `saved.Source` each.
        space: of the rows of arrays, or None.
    """

    seeds: Optional[List[int]]
    sources: Tuple[Any, ...] = ()
    space: Optional[str] = None

    def or_those_of(self, choices, option):
        """These, or if there are none, the seeds that some EditChoices bring along. Raises UserError, which names the
        option that chooses others.
        """
        from regan.editing import edit_choices

        if self.seeds is not None or self.sources:
            return self
        return dataclasses.replace(self, seeds=list(edit_choices.agreed(choices, 'seeds', option)))

    def on(self, generator):
        """The starts on an open Generator, see `regan.drawing.starts`: seeds, then the latents of files.

        Raises:
            UserError: a file that does not fit.
        """
        from regan.views import saved

        found = [start for source in self.sources for start in saved.on(source, generator, self.space)]
        return (self.seeds or []) + found

    def truncated(self, drawing, generator, choices=(), usual=USUAL_PSI):
        """A Drawing that has a psi: its own; else that of the files, and for seeds that of named edits, or the usual.

        Args:
            drawing: options.Drawing.
            generator: open Generator.
            choices: list of EditChoice.
            usual: psi of seeds for which nothing says another.

        Raises:
            UserError: they do not agree.
        """
        from regan.editing import edit_choices
        from regan.views import saved

        if drawing.psi is not None:
            return drawing
        said = [saved.truncation(source, generator) for source in self.sources]
        if self.seeds:
            said.append((edit_choices.agreed(choices, 'psi', '--psi', usual), drawing.cutoff))
        if drawing.cutoff is not None:
            said = [(psi, drawing.cutoff) for psi, _ in said]
        said = list(dict.fromkeys(said))
        if len(said) > 1:
            texts = ['psi %g' % psi + ('' if cutoff is None else ' below layer %d' % cutoff) for psi, cutoff in said]
            raise UserError(
                'the latents come with different truncation (%s; files that say none have psi 1); choose with --psi'
                % ' and '.join(texts)
            )
        return dataclasses.replace(drawing, psi=said[0][0], cutoff=said[0][1])


def _starts(files, latents_as, seeds=None):
    from regan.sampling import latents

    if files:
        from regan.views import saved

        sources = {source.sha256: source for source in map(saved.read, files)}  # Each once.
    else:
        refuse(['latents_as'], 'is for --latents')
        sources = {}
    return Starts(latents.parse_seeds(seeds) if seeds else None, tuple(sources.values()), latents_as)


def starts(seeds):
    """A decorator that hands the command a Starts. Args: seeds, the `click.option` of that name, which is a text."""
    return group('starts', _starts, seeds, FILES, _SPACE)


latent_files = group('starts', _starts, FILES, _SPACE)  # Hands the command a Starts without seeds.


def save_latents(path, dlatents, record, some, settings):
    """Writes the latents of a command's images, if that was asked for.

    Args:
        path: of the .npz, or None.
        dlatents: float [..., L, D], before truncation.
        record: of `provenance.made_by`.
        some: list of Start that they come from.
        settings: modes.Settings that they were drawn with.
    """
    from regan.drawing import starts as module
    from regan.views import saved

    if path:
        saved.write(path, dlatents, dict(record, **module.facts(some), psi=settings.psi, cutoff=settings.cutoff))
        click.echo('wrote %s' % path)
