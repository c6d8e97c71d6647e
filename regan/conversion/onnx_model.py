"""A generator as ONNX models: NAME.onnx makes the images, and NAME.mapping.onnx the latents of a network that has W."""

from __future__ import annotations

import pathlib
from typing import Dict

import numpy as np

import regan
from regan.base.errors import UserError
from regan.conversion import graphs, probes
from regan.conversion.source import Source


def write(source: Source, graph: graphs.Graph, target: pathlib.Path) -> None:
    """Writes a model for each function of the graph.

    Raises:
        UserError: the packages onnx and onnxruntime are missing, or an operation is not translated.
    """
    check()
    import onnx

    from regan.conversion import onnx_graph

    for name, function in graph.functions.items():
        model = onnx_graph.model(
            {one: graph.frozen.inputs[one] for one in function.inputs},
            {function.output: graph.frozen.outputs[function.output]},
            regan.__version__,
        )
        onnx.checker.check_model(model)
        onnx.save(model, str(_path(target, name)))


def check() -> None:
    """Raises UserError unless the packages are there that write and run ONNX models."""
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError as error:
        raise UserError(
            'ONNX files need the packages onnx and onnxruntime on the modern stack (%s): pip install onnx onnxruntime'
            % error
        ) from None


def drawn(target: pathlib.Path, probe: probes.Probe) -> Dict[str, np.ndarray]:
    """What the models make of a Probe's latents, in ONNX Runtime."""
    import onnxruntime

    feeds = dict(latents_in=probe.z, labels_in=probe.labels, dlatents_in=probe.dlatents)
    found = {}
    for key, name in (('images', graphs.SYNTHESIS), ('w', graphs.MAPPING)):
        if _path(target, name).exists():
            session = onnxruntime.InferenceSession(str(_path(target, name)), providers=['CPUExecutionProvider'])
            rows = [
                session.run(None, {one.name: feeds[one.name][i : i + 1] for one in session.get_inputs()})[0]
                for i in range(probes.IMAGES)
            ]
            found[key] = np.concatenate(rows)
    return found


def _path(target, name):
    return target if name == graphs.SYNTHESIS else target.with_suffix('.mapping' + target.suffix)
