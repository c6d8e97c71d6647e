"""BigGAN-deep (Brock et al. 2019): its weights from every container, and a graph that can be changed anywhere."""
