"""What tells architectures apart for those who use a generator: its latent space, noise, truncation and classes.

No TensorFlow: what is not told by an open network itself is here.
"""

from typing import ClassVar, Iterable, List, Optional

import numpy as np

from regan.networks import labels as classes
from regan.sampling import latents, priors


class LatentTraits:
    """A generator whose layers take z itself, without noise images and truncation, unless a class below says more.

    Attributes:
        architecture: how people call it, e.g. 'StyleGAN2'.
        latent_space: 'w', or 'z' where layers take z itself, so that D is Z and `map` changes nothing.
        has_noise: whether there are noise images.
        truncation: what psi does: 'average' (latents are pulled towards the average, after edits), 'prior' (z is scaled
            before edits, and psi chooses the statistics of norms), or None (nothing).
        usual_conversion: of images to bytes, of the official tools, see `BaseGenerator.synthesize`.
        label_of_layers: whether each layer may have a class of its own.
        first_layer: whose components stand for the latent space where that has none of its own, or None.
        latent_size: Z; dlatent_avg: float32 [D], the average latent.
    """

    architecture: str
    latent_space: ClassVar[str] = 'z'
    has_noise: ClassVar[bool] = False
    truncation: ClassVar[Optional[str]] = None
    usual_conversion: ClassVar[str] = 'round'
    label_of_layers: ClassVar[bool] = False
    first_layer: ClassVar[Optional[str]] = None
    latent_size: int
    dlatent_avg: np.ndarray

    @property
    def original_name(self) -> str:
        """What GANSpace calls a network of this kind."""
        return self.architecture

    @property
    def class_names(self) -> Optional[List[str]]:
        """The names of the classes in order, or None where they have none."""
        return None

    def prior(self, psi: Optional[float] = None) -> priors.Prior:
        """What z is drawn from. Args: psi, for networks whose z it scales; None: that of `set_truncation`."""
        return priors.NORMAL

    def z_of(self, seeds: Iterable[int], psi: Optional[float] = None) -> np.ndarray:
        """The z of seeds, float32 [N, Z], one RandomState for each. Args: psi, as for `prior`."""
        prior = self.prior(psi)
        return np.concatenate([prior.of_seed(seed, 1, self.latent_size) for seed in seeds])

    def truncated(self, dlatents: np.ndarray, psi: float, cutoff: Optional[int] = None) -> np.ndarray:
        """Latents as they are drawn, truncated after edits: float [N, L, D] -> [N, L, D]; psi and cutoff as of
        `latents.truncate`.
        """
        return dlatents

    def set_truncation(self, psi: float, statistics: Optional[str] = None) -> None:
        """Chooses the truncation of all that is drawn next, for networks that keep it.

        Args:
            psi: truncation.
            statistics: way between the rows of statistics, a key of `regan.biggan.statistics.MODES`, or None: the usual
                one.

        Raises:
            UserError: there is no such truncation or way.
        """

    def set_label(self, label: Optional[classes.Label]) -> None:
        """Chooses the class of all that is drawn next, for networks whose layers take it (in others it decides what z
        is mapped to). Args: label; None: the attribute of that name.
        """


class MappedTraits(LatentTraits):
    """A generator that maps z to w, with noise images: StyleGAN and those after it."""

    latent_space: ClassVar[str] = 'w'
    has_noise: ClassVar[bool] = True
    truncation: ClassVar[Optional[str]] = 'average'

    def truncated(self, dlatents: np.ndarray, psi: float, cutoff: Optional[int] = None) -> np.ndarray:
        """See LatentTraits: latents are pulled to the average."""
        return latents.truncate(dlatents, self.dlatent_avg, psi, cutoff)
