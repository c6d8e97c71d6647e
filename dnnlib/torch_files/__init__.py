"""Files of PyTorch programs, read as data: no torch, and nothing of a file is executed.

Bytes -> values (`containers`) -> which program's network that is (`kinds`) -> NetworkStates as of a TensorFlow pickle
(`ada`, `rosinality`, `genforce`). Names are those of the programs: NVlabs/stylegan2-ada-pytorch (and the StyleGAN2
networks of stylegan3), rosinality/stylegan2-pytorch, genforce.
"""
