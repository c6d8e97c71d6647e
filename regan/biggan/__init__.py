"""BigGAN-deep (Brock et al. 2019): weights from every container they are kept in, and a graph that can be read and changed everywhere."""
