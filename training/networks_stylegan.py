"""The build functions of StyleGAN under their official module name."""

from nvlabs_stylegan.networks import *
