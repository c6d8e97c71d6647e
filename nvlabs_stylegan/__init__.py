"""StyleGAN (first generation): our networks behind the official build-function API."""
