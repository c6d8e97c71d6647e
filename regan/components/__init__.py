"""Principal components of W and of layers."""
