"""StyleGAN2 and StyleGAN2-ADA: our networks behind the official build-function API."""
