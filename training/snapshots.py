"""What a training run draws and saves of its networks: for each architecture one class with the same functions."""

import numpy as np

from training import misc

SAMPLES_AT_ONCE = 16


class Pickles:
    """Networks of StyleGAN and its relatives: pickles (G, D, Gs) in the official form.

    Attributes:
        ENDING: of the files.
    """

    ENDING = '.pkl'

    @staticmethod
    def images(networks, labels, seed):
        """Images float32 [N, C, R, R] of the averaged generator, nominal range [-1, 1].

        Args:
            networks: (G, D, Gs).
            labels: [N, label_size].
            seed: latents are those of RandomState(seed); there is no truncation, and the stored noise.
        """
        Gs = networks[2]
        z = np.random.RandomState(seed).randn(len(labels), *Gs.input_shapes[0][1:])
        return Gs.run(z, labels, is_validation=True, randomize_noise=False, minibatch_size=SAMPLES_AT_ONCE)

    @staticmethod
    def save(networks, path):
        """Writes (G, D, Gs) to a path with this ending; the file appears when it is complete."""
        misc.save_pkl(networks, path)

    @staticmethod
    def advice(path):
        """What to do when a loss is no longer finite.

        Args:
            path: of the last snapshot, or None.
        """
        begin = 'start a new run from %s' % path if path else 'start again'
        return begin + ' with a lower learning rate or a larger R1 weight'
