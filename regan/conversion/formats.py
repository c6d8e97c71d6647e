"""The forms in which a network can be written, and the writing: checked first, then kept."""

from __future__ import annotations

import contextlib
import importlib
import os
import pathlib
import shutil
import uuid
from typing import Any, Dict, Iterator, NamedTuple, Optional

from regan.base import artefacts, kept
from regan.base.errors import UserError
from regan.base.typing import PathLike


class Format(NamedTuple):
    """A form.

    Attributes:
        module: of `regan.conversion`, with `write(source, graph, target)` and `drawn(target, probe)`.
        suffix: of its files; '' for a folder.
        what: it is, in words.
    """

    module: str
    suffix: str
    what: str


FORMATS = {
    'tensorflow': Format('pickles', '.pkl', 'the official TensorFlow pickle (G, D, Gs)'),
    'pytorch': Format('pytorch', '.npz', 'the tensors of stylegan2-ada-pytorch, and a script that loads them'),
    'saved-model': Format('saved_model', '', 'a TensorFlow SavedModel'),
    'onnx': Format('onnx_model', '.onnx', 'ONNX models'),
}


def chosen(name: Optional[str], out: PathLike) -> str:
    """The name of the form that is wanted, which the end of the file's name tells if nothing else does.

    Raises:
        UserError: it does not tell, or the file cannot have that name.
    """
    suffix = pathlib.Path(out).suffix.lower()
    if name is None:
        name = next((one for one, form in FORMATS.items() if form.suffix == suffix), None)
    if name is None:
        raise UserError(
            '%s does not say by its ending what to write; it ends in %s, or in nothing for the folder of a SavedModel, '
            'or give --to' % (out, ', '.join(form.suffix for form in FORMATS.values() if form.suffix))
        )
    wanted = FORMATS[name].suffix
    if wanted and suffix != wanted:
        raise UserError('%s must end in %s, since it shall be %s' % (out, wanted, FORMATS[name].what))
    return name


def convert(network: PathLike, name: str, out: PathLike, allow_non_finite: bool = False) -> Dict[str, Any]:
    """Writes a network in another form.

    Args:
        network: file of the network, or FILE::NAME.
        name: key of FORMATS.
        out: file, or folder of a SavedModel. What is there is replaced.
        allow_non_finite: whether weights that are NaN or infinite are let through.

    Returns:
        Facts for the JSON beside it: network, network_sha256, format, generation, check
        (dict of 'images' and 'w' to their largest and mean difference from the network's own).

    Raises:
        UserError: the network cannot be read, or written in that form, or what was written does not do the same; the
            file is then not kept.
    """
    from regan.conversion import graphs, probes, source

    module = importlib.import_module('regan.conversion.' + FORMATS[name].module)
    check_place(out)
    if hasattr(module, 'check'):
        module.check()
    found = source.read(network, allow_non_finite)
    with graphs.Graph(found.Gs, found.generation, found.path) as graph:
        probe = probes.measure(graph)
        with staged(out) as target:
            with artefacts.writing(out):
                module.write(found, graph, target)
            deltas = probes.compare(module.drawn(target, probe), probe, out)
    return dict(
        network=found.path,
        network_sha256=found.sha256,
        format=name,
        generation=found.generation,
        check={key: delta._asdict() for key, delta in deltas.items()},
    )


def check_place(out: PathLike) -> None:
    """Raises UserError if a folder is there that no earlier call has written: it would be replaced."""
    path = pathlib.Path(out)
    if path.is_dir() and any(path.iterdir()) and not (path / 'saved_model.pb').is_file():
        raise UserError('%s is a folder with other files in it; choose another name, or empty it' % out)


@contextlib.contextmanager
def staged(out: PathLike) -> Iterator[pathlib.Path]:
    """Context manager: the path of a file or folder to write, called like `out`, in a folder of its own beside it.

    If the body succeeds, everything in that folder moves to where `out` is, in the place of what is there.

    Raises:
        WriteError: it cannot be written.
    """
    out = pathlib.Path(out)
    folder = out.parent / ('.%s.%s' % (out.name, uuid.uuid4().hex[:8]))
    try:
        with artefacts.writing(out):
            folder.mkdir(parents=True)
        yield folder / out.name
        with artefacts.writing(out):
            for made in sorted(folder.iterdir()):
                place = out.parent / made.name
                if place.is_dir():
                    place.rename(folder / (made.name + '.before'))
                os.replace(str(made), str(place))
                kept.add(place)
    finally:
        shutil.rmtree(str(folder), ignore_errors=True)
