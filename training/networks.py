"""StyleGAN2-ADA's networks under the name that official scripts use."""

from nvlabs_stylegan2.ada import D_main, G_main, G_mapping, G_synthesis  # noqa: F401
