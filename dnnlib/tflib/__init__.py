"""Networks and their helpers on TensorFlow (official dnnlib API). Importing makes no session."""

from dnnlib.tflib import tfutil  # First: it switches TensorFlow 2 to graph mode.

# isort: split
from dnnlib.tflib import autosummary, custom_ops, network, optimizer, revival
from dnnlib.tflib.custom_ops import get_plugin
from dnnlib.tflib.network import Network
from dnnlib.tflib.optimizer import Optimizer
from dnnlib.tflib.tfutil import *
