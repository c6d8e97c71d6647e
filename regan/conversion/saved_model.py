"""A generator as a TensorFlow SavedModel, which needs nothing of this project."""

from __future__ import annotations

import pathlib
from typing import Dict

import numpy as np

import dnnlib.tflib as tflib
from regan.conversion import graphs, probes
from regan.conversion.source import Source

# isort: split
import tensorflow.compat.v1 as tf  # After dnnlib.tflib, which keeps its start-up notices off the terminal.

# Name of a function -> that of its signature.
SIGNATURES = {graphs.SYNTHESIS: 'serving_default', graphs.MAPPING: 'mapping'}


def write(source: Source, graph: graphs.Graph, target: pathlib.Path) -> None:
    """Writes the folder of a SavedModel, with the tag 'serve' and a signature for each function of the graph."""
    frozen = graph.frozen
    with frozen.graph.as_default():
        signatures = {
            SIGNATURES[name]: tf.saved_model.predict_signature_def(
                {one: frozen.inputs[one] for one in function.inputs},
                {function.output: frozen.outputs[function.output]},
            )
            for name, function in graph.functions.items()
        }
        builder = tf.saved_model.Builder(str(target))
        builder.add_meta_graph_and_variables(frozen.session, [tf.saved_model.SERVING], signatures)
        builder.save()


def drawn(target: pathlib.Path, probe: probes.Probe) -> Dict[str, np.ndarray]:
    """What the model makes of a Probe's latents."""
    feeds = dict(latents_in=probe.z, labels_in=probe.labels, dlatents_in=probe.dlatents)
    found = {}
    with tf.Graph().as_default(), tflib.create_session() as session:
        meta = tf.saved_model.load(session, [tf.saved_model.SERVING], str(target))
        for key, name in (('images', graphs.SYNTHESIS), ('w', graphs.MAPPING)):
            signature = meta.signature_def.get(SIGNATURES[name])
            if signature is not None:
                (output,) = signature.outputs.values()
                inputs = {tensor.name: feeds[one] for one, tensor in signature.inputs.items()}
                rows = [
                    session.run(output.name, {one: array[i : i + 1] for one, array in inputs.items()})
                    for i in range(probes.IMAGES)
                ]
                found[key] = np.concatenate(rows)
    return found
