"""GANSpace's figures again: latents, principal components, edits, pictures."""

__version__ = '0.1.0'
