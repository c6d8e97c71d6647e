"""What can be taken away: views, pictures, videos, latents, edits, figures and commands, as files.

Pictures are drawn by the render thread; a `Draft` then says, without the network, what is written.
"""

from __future__ import annotations

import dataclasses
import io
import json
import shlex
import zipfile
from pathlib import Path
from typing import Any, Callable, Dict, NamedTuple

import numpy as np

from regan.base import provenance
from regan.base.errors import UserError
from regan.components.pca import PCASpec
from regan.editing import edits, saved_edits
from regan.explore import protocol, save
from regan.explore.studio import Studio, Work
from regan.pictures import images, video
from regan.sampling import noise
from regan.views import carriers, document, drawing, latents, links
from regan.views.document import Show, View

STRIP_FRAMES = 33
FIGURE_FRAMES = 5
_FIGURE_TOLERANCE = {'max': 1, 'rms': 0.1, 'reason': 'that of the embedded networks; not measured with this one'}


class Draft(NamedTuple):
    """A file that is ready to be written.

    Attributes:
        filename: as the user gets it.
        write: function of a Path.
    """

    filename: str
    write: Callable[[Path], None]


def drafted(studio: Studio, asked: protocol.Export) -> Work:
    """Draws what an export needs: a Draft. Raises UserError for a view that does not fit, or cannot be put so."""
    document.fit(asked.view, studio.facts)
    view, options = asked.view, asked.options
    stem = '%s-%s' % (''.join(c if c.isalnum() or c in '-_' else '-' for c in studio.name), document.view_id(view))
    if asked.kind in ('png', 'strip', 'grid', 'mp4'):
        return (yield from _pictures(studio, asked, stem))
    if asked.kind == 'view':
        return Draft(stem + '.json', _text(_json(document.to_dict(view))))
    if asked.kind == 'sidecar':
        return Draft(stem + '.json', _text(_json(_sidecar(studio, view))))
    if asked.kind == 'latents':
        start = np.concatenate([studio.start(view, index) for index in range(len(view.latents))])  # [N, L, D]
        moved = latents.edited(view, start, studio.directions)
        return Draft(stem + '.npz', _npz(dict(dlatents=moved, view=np.array(document.canonical(view)))))
    if asked.kind == 'edit':
        return _edit(studio, view, options, stem)
    if asked.kind == 'figure':
        return Draft(stem + '-figure.json', _text(_json(_figure(studio, view))))
    return Draft(stem + '.txt', _text(command(studio, view) + '\n'))


# ------------------------------------------------------------------ pictures


def _pictures(studio, asked, stem):
    view = _shown(asked)
    if asked.kind == 'mp4':
        video.check()
    parts, wanted = [], studio.tiles_of(view)
    for index, tile in enumerate(wanted):
        parts.append((yield from studio.pieces.image(tile)))
        yield dict(type='progress', job=asked.job, done=index + 1, total=len(wanted), eta_s=None)
    if asked.kind != 'mp4':
        image = drawing.arranged(view, parts)
        return Draft(stem + '.png', lambda path: images.save_bytes(path, carriers.png(image, view)))
    order, comment = video.there_and_back(len(parts)), carriers.comment(view)
    frames = [parts[index] for index in order]
    return Draft(stem + '.mp4', lambda path: video.save_mp4(path, frames, asked.options.fps, comment))


def _shown(asked):
    """The view whose picture is meant."""
    view = asked.view
    if asked.kind == 'png' or view.show.kind == asked.kind:
        return view
    if asked.kind == 'grid':
        return dataclasses.replace(view, show=Show(kind='grid'))
    if view.show.kind == 'strip':
        return view
    if asked.options.edit >= len(view.edits):
        raise UserError('a strip or video is of an edit, and the view has no edit %d' % asked.options.edit)
    frames = min(asked.options.frames, STRIP_FRAMES)
    return dataclasses.replace(
        view, show=Show(kind='strip', latent=view.show.latent or 0, edit=asked.options.edit, frames=frames)
    )


# ------------------------------------------------------------------ edits


def _edit(studio, view, options, stem):
    """The edit as an entry of an edits file, or with its direction as a saved edit, zipped."""
    if options.edit >= len(view.edits):
        raise UserError('the view has no edit %d' % options.edit)
    edit = view.edits[options.edit]
    name = edit.name or 'edit %d' % options.edit
    if options.direction_npz:
        saved = save.saved_edit(studio, view, options.edit, name, edit.tags)
        return Draft(stem + '-edit.zip', lambda path: _zip(path, saved, stem + '-edit'))
    plain = save.as_edit(edit, view.gain)
    settings = latents.settings(view, studio.network)
    entry = dict(
        id='my/' + name.replace('/', '-'),
        model=studio.network.original_name,
        **{key: value for key, value in plain.to_dict().items() if key != 'name'},
    )
    seeds = [latent.seed for latent in view.latents if latent.seed is not None]
    entry.update(dict(seeds=seeds) if seeds else {}, **(dict(psi=settings.psi) if -1 <= settings.psi <= 1 else {}))
    return Draft(stem + '-edit.json', _text(_json([entry])))


def _zip(path, saved, stem):
    """Both files of a saved edit in one."""
    saved_edits.save(path.with_name(stem + '.json'), saved)
    parts = [path.with_name(stem + suffix) for suffix in ('.json', '.npz')]
    with zipfile.ZipFile(str(path), 'w', zipfile.ZIP_DEFLATED) as archive:
        for part in parts:
            archive.write(str(part), part.name)
    for part in parts:
        part.unlink()


# ------------------------------------------------------------------ texts


def command(studio: Studio, view: View) -> str:
    """The command that draws a view: `regan edit` where that says all, else `regan render` with its link."""
    try:
        words = _edit_command(studio, view)
    except UserError:
        words = ['regan', 'render', links.to_link(view), '--network', studio.name, '--out', 'picture.png']
    return ' '.join(shlex.quote(word) for word in words)


def _edit_command(studio, view):
    """The words of `regan edit` for a strip of one edit. Raises UserError where it would draw something else."""
    show, spec = view.show, studio.spec(full=True)
    record: Dict[str, Any] = {} if studio.basis is None else studio.basis.record
    same = all(getattr(view.latents[index], 'seed', None) is not None for index in [show.latent or 0])
    usual = {key: value for key, value in spec.facts.items() if record.get(key) != value} == {}
    active = [edit for i, edit in enumerate(view.edits) if edit.on or i == show.edit]
    if show.kind != 'strip' or not same or not usual or len(active) != 1 or spec != PCASpec() or view.label is not None:
        raise UserError('no strip of one edit')
    plain = save.as_edit(active[0], view.gain)
    words = ['regan', 'edit', studio.name, '--seed', str(view.latents[show.latent].seed)]
    words += ['--edit', edits.notation(plain)] + (['--psi', '%r' % view.psi] if studio.network.truncation else [])
    words += ['--frames', str(show.frames)]
    words += [] if view.cutoff is None else ['--cutoff', str(view.cutoff)]
    words += [] if view.compat == document.FIXED else ['--mode', view.compat]
    words += ['--noise', noise_word(view.noise.choice)] if studio.network.has_noise else []
    words += [] if view.statistics is None else ['--statistics', view.statistics]
    words += [] if view.conversion is None else ['--conversion', view.conversion]
    return words + ['--out', 'strip.png']


def noise_word(choice: noise.Choice) -> str:
    """A choice of noise as the option --noise takes it.

    >>> noise_word('stored'), noise_word({'numpy_seed': 3})
    ('stored', 'numpy:3')
    """
    if isinstance(choice, str):
        return choice
    name = next(key for key in choice if key.endswith('_seed'))
    card = ':%dx%d' % (choice['multiprocessors'], choice['threads']) if 'threads' in choice else ''
    return '%s:%d%s' % (name[: -len('_seed')].replace('_', '-'), choice[name], card)


def _figure(studio, view):
    """A variant of a figure with a panel of strips, one row for each seed and edit."""
    if studio.network.latent_space != 'w':
        raise UserError(
            'figures are of networks with W, and a %s has none; export the view or the command'
            % studio.network.architecture
        )
    seeds = [latent.seed for latent in view.latents if latent.seed is not None]
    if len(seeds) != len(view.latents) or not view.active:
        raise UserError('a figure is of seeds and edits; this view has none, or latents of a file')
    settings, record = latents.settings(view, studio.network), studio.needed_basis().record
    facts = [field.name for field in dataclasses.fields(PCASpec)]
    return dict(
        explorer=dict(
            title='Edits found with the explorer',
            source='view %s' % document.view_id(view),
            network=studio.name,
            seeds=seeds,
            psi=settings.psi,
            **({} if settings.cutoff is None else dict(cutoff=settings.cutoff)),
            noise=settings.noise,
            conversion=settings.conversion,
            pca={key: record[key] for key in facts if key in record},
            tolerance=_FIGURE_TOLERANCE,
            panels=[
                dict(
                    heading=edit.name or edits.notation(save.as_edit(edit, view.gain)),
                    edits=[edits.notation(save.as_edit(edit, view.gain))],
                    frames=FIGURE_FRAMES,
                )
                for edit in view.active
            ],
        )
    )


def _sidecar(studio, view):
    return dict(
        provenance.made_by('explore', studio.name, studio.network),
        **latents.settings(view, studio.network).facts(),
        **carriers.sidecar(view),
    )


def _json(value):
    return json.dumps(value, indent=2, allow_nan=False) + '\n'


def _text(text):
    return lambda path: path.write_text(text, encoding='utf-8')


def _npz(arrays):
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    return lambda path: path.write_bytes(content.getvalue())
