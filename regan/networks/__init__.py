"""Network pickles: where they are, what is in them, and generators and judges that run them.

The edge to TensorFlow: no other room of regan imports it, and here only the modules that make or run graphs do
(`opening`, `generator`, `synthesis_graphs`, `layer_outputs`, `judges`). The rest does without.
"""
