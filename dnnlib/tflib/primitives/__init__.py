"""Pieces of graphs that the networks of every generation are made of.

What these modules define becomes part of the source text that our pickles carry (`dnnlib.tflib.source`), in one
namespace with the networks. So they import numpy, TensorFlow and each other only, each name is defined in one of them,
and imports have the form `from dnnlib.tflib.primitives.MODULE import NAME`.
"""
