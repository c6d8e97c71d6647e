"""Random numbers: z of seeds, and noise images as NumPy or PyTorch draws them."""
