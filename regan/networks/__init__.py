"""Network pickles: where they are, what is in them, and generators and judges that run them."""
