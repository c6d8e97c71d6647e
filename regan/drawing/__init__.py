"""Latents and edits to images: seeds, sweeps, and the conventions of three programs."""
