"""StyleGAN2's projector, as scripts import it: images to latents in W and noise images.

The search is that of `regan.projection`, with the method `stylegan2`. Images are compared by LPIPS, whose network is
found as those of `metrics` are: in the folder $REGAN_METRIC_NETWORKS, in the cache, or downloaded.
"""

import numpy as np

import dnnlib
from metrics import judges
from regan.pictures import averaging
from regan.projection import methods, project
from regan.projection import search as searching
from regan.projection.distances import PerceptualDistance
from regan.projection.objective import Objective


class Projector:
    """Looks for the w and the noise images of which a generator draws given images.

    Attributes:
        num_steps, dlatent_avg_samples, initial_learning_rate, initial_noise_factor, lr_rampdown_length,
            lr_rampup_length, noise_ramp_length, regularize_noise_weight: numbers of the method, which may be set before
            `start`.
        verbose: whether progress is printed.
        clone_net: of the official class; the network given is never changed.
        distance: a `regan.projection.distances.Distance` in place of LPIPS, set before `set_network`; None at first.
    """

    def __init__(self):
        method = methods.METHODS['stylegan2']
        self.num_steps = methods.STEPS
        self.dlatent_avg_samples = searching.SAMPLES
        self.initial_learning_rate = method.rate
        self.initial_noise_factor = method.jitter
        self.lr_rampdown_length = method.ramp_down
        self.lr_rampup_length = method.ramp_up
        self.noise_ramp_length = method.jitter_until
        self.regularize_noise_weight = method.noise_weight
        self.verbose = False
        self.clone_net = True
        self.distance = None
        self._objective = self._spread = self._search = self._state = self._targets = None
        self._minibatch_size, self._channels = 1, None

    def set_network(self, Gs, minibatch_size=1):
        """Takes the generator Gs, a Network, whose present values count; it needs its session as the default one.

        Args:
            Gs: Network with the components mapping and synthesis.
            minibatch_size: how many images are projected at a time, each with noise images of its own.
        Raises: UserError if the network of LPIPS is not there.
        """
        self._info('Preparing the projection of %s' % Gs.name)
        distance = self.distance
        if distance is None:
            distance = PerceptualDistance('lpips', judges.locate(judges.LPIPS, 'the projector'))
        self._channels, resolution = Gs.output_shape[1:3]
        distance.check(self._channels, resolution)

        def mapped(z):
            return Gs.components.mapping.run(z, None, dlatent_broadcast=None, minibatch_size=searching.SAMPLES)

        self._spread = searching.statistics(mapped, Gs.input_shape[1], self.dlatent_avg_samples)
        if self._objective is not None:
            self._objective.close()
        single = minibatch_size == project.at_once(resolution) == 1
        self._objective, self._minibatch_size = Objective(Gs.components.synthesis, distance, single), minibatch_size
        self._state = None

    def run(self, target_images):
        """Projects images: dnnlib.EasyDict with what `get_dlatents`, `get_noises` and `get_images` give."""
        self.start(target_images)
        while self.get_cur_step() < self.num_steps:
            self.step()
        return dnnlib.EasyDict(dlatents=self.get_dlatents(), noises=self.get_noises(), images=self.get_images())

    def start(self, target_images):
        """Begins with images [minibatch_size, C, R, R], range [-1, 1], of the network's size, or larger by a whole
        factor, by which they are averaged.
        """
        if self._objective is None:
            raise RuntimeError('set_network has to be called before start')
        images, side = np.asarray(target_images, np.float32), self._objective.resolution
        wanted = (self._minibatch_size, self._channels)
        if (
            images.ndim != 4
            or images.shape[:2] != wanted
            or images.shape[2] != images.shape[3]
            or images.shape[2] % side
        ):
            raise ValueError(
                'target_images have shape %s, but must have %s' % (list(images.shape), list(wanted) + [side, side])
            )
        method = methods.METHODS['stylegan2']._replace(
            rate=self.initial_learning_rate,
            jitter=self.initial_noise_factor,
            ramp_down=self.lr_rampdown_length,
            ramp_up=self.lr_rampup_length,
            jitter_until=self.noise_ramp_length,
            noise_weight=self.regularize_noise_weight,
        )
        seed = np.random.randint(2**31)  # As new as the official class's random numbers, and fixed by np.random.seed.
        self._search = searching.Search(self._objective, method, self.num_steps, self._spread, seed)
        self._targets = self._objective.features(averaging.shrink(images, side))
        self._state = self._search.begin(self._minibatch_size)

    def step(self):
        """One step; nothing happens where a loss was not finite in every image."""
        self._started()
        self._state = self._search.next(self._state, self._targets)
        done = self._state.step
        if self.verbose and (done == 1 or done % 10 == 0 or done >= self.num_steps):
            apart, _, loss = self._state.curve[-1].mean(axis=1)
            self._info('%-8d%-12.4f%-12.4f' % (done, apart, loss))

    def get_cur_step(self):
        """How many steps are done."""
        return self._started().step

    def get_dlatents(self):
        """The latents, float32 [minibatch_size, L, D]."""
        return np.array(self._search.dlatents(self._started()))

    def get_noises(self):
        """The noise images, list of float32 [minibatch_size, 1, S, S]."""
        return [np.array(one) for one in self._search.noise(self._started())]

    def get_images(self):
        """The images of latents and noise images, float32 [minibatch_size, C, R, R], nominal range [-1, 1]."""
        state = self._started()
        return self._objective.images(self._search.dlatents(state), self._search.noise(state))

    def _started(self):
        if self._state is None:
            raise RuntimeError('start has to be called first')
        return self._state

    def _info(self, text):
        if self.verbose:
            print('Projector:', text)
