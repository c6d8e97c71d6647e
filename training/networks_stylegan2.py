"""The build functions of StyleGAN2 under their official module name."""

from nvlabs_stylegan2.networks import *
