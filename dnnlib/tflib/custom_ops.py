"""The official API compiles CUDA sources here; this implementation needs none."""


def get_plugin(cuda_file):
    """Raises RuntimeError: CUDA sources are not compiled."""
    raise RuntimeError(
        '%s was not compiled: this dnnlib has no CUDA plugins. '
        'dnnlib.tflib.ops has the same operations as plain TensorFlow.' % cuda_file
    )
