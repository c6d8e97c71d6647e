"""Everything that decides what a training run computes, as data."""

import dataclasses
from typing import Mapping, Optional

from training.schedule import Schedule


@dataclasses.dataclass(frozen=True)
class Recipe:
    """A training run, but for its data and its length.

    Attributes:
        order: 'stylegan' (D step with the average of the weights, then G step) or 'stylegan2' (G, its regulariser, D
            with the average, its regulariser).
        G, D: arguments of the networks, `func_name` among them; the data set adds resolution, num_channels and
            label_size.
        G_loss, D_loss: arguments of the losses, `func_name` among them.
        G_opt, D_opt: arguments of Adam.
        G_reg_interval, D_reg_interval: a step for the regulariser every so many minibatches; None: it is added to the
            loss.
        schedule: `Schedule`.
        ema_kimg, ema_rampup: half-life of the average of G's weights, see `schedule.ema_decay`.
        mirror_augment: flip each real image with probability 1/2.
        precision: 'float32', or 'bfloat16' for the convolutions of the losses (weights, averages and regularisers stay
            float32).
        reset_opt_for_new_lod: forget Adam's moments when a resolution comes or has come in.
        minibatch_repeats: minibatches between two looks at the schedule.
        seed: of initial weights, latents, noise, flips, and the order of the images.
        D_repeats: steps of D, each with images of its own, for one of G; only in the order 'stylegan'.
        D_lrate_ratio: learning rate of D over that of G, which is the schedule's.
        snapshots: name of the class that draws and saves what was trained, see `training.snapshots`.
    """

    order: str
    G: Mapping
    D: Mapping
    G_loss: Mapping
    D_loss: Mapping
    G_opt: Mapping = dataclasses.field(default_factory=lambda: dict(beta1=0.0, beta2=0.99, epsilon=1e-8))
    D_opt: Mapping = dataclasses.field(default_factory=lambda: dict(beta1=0.0, beta2=0.99, epsilon=1e-8))
    G_reg_interval: Optional[int] = 4
    D_reg_interval: Optional[int] = 16
    schedule: Schedule = Schedule()
    ema_kimg: float = 10
    ema_rampup: Optional[float] = None
    mirror_augment: bool = False
    precision: str = 'float32'
    reset_opt_for_new_lod: bool = True
    minibatch_repeats: int = 4
    seed: int = 1000
    D_repeats: int = 1
    D_lrate_ratio: float = 1.0
    snapshots: str = 'training.snapshots.Pickles'

    @property
    def needs_labels(self):
        """Whether the networks are those of classes, and data without labels is of no use."""
        return self.G['func_name'] == _G_BIGGAN

    def facts(self):
        """Plain nested dicts of all values, for JSON and for comparison.

        Those that came later are left out where they change nothing: runs that were begun before go on.
        """
        later = {field.name: field.default for field in dataclasses.fields(self) if field.name in _LATER}
        facts = dataclasses.asdict(self)
        return {name: value for name, value in facts.items() if name not in later or value != later[name]}


_G_BIGGAN = 'training.networks_biggan.G_biggan'
_LATER = ('D_repeats', 'D_lrate_ratio', 'snapshots')

DISCRIMINATORS = {
    'stylegan': 'training.networks_stylegan.D_basic',
    'stylegan2': 'training.networks_stylegan2.D_stylegan2',
}


def stylegan2(
    network, r1_gamma=10.0, r1_interval=None, pl_weight=2.0, style_mixing=0.9, discriminator='stylegan2', **others
):
    """The StyleGAN2 recipe (configs E and F): skip generator, residual discriminator, lazy R1 and path lengths.

    Args:
        network: dict of network sizes (latent_size, fmap_base, ...), given to G and D.
        r1_gamma, r1_interval: weight of R1, minibatches between its steps (default 16).
        pl_weight: 0 leaves the path lengths out.
        style_mixing: probability.
        discriminator: 'stylegan' or 'stylegan2'.
    """
    lengths = dict(func_name='training.loss.G_logistic_ns_pathreg', pl_weight=pl_weight)
    return Recipe(
        order='stylegan2',
        G=dict(network, func_name='training.networks_stylegan2.G_main', style_mixing_prob=style_mixing),
        D=dict(network, func_name=DISCRIMINATORS[discriminator]),
        G_loss=lengths if pl_weight else dict(func_name='training.loss.G_logistic_ns'),
        D_loss=dict(func_name='training.loss.D_logistic_r1', gamma=r1_gamma),
        G_reg_interval=4 if pl_weight else None,
        D_reg_interval=r1_interval or 16,
        **others,
    )


def stylegan(network, r1_gamma=10.0, r1_interval=None, style_mixing=0.9, discriminator='stylegan', **others):
    """The StyleGAN recipe: R1 at every step, no path lengths. Arguments as for `stylegan2`.

    The resolution is fixed, unless the schedule has progressive growing. With r1_interval R1 is lazy as in StyleGAN2.
    """
    growing = others.get('schedule', Schedule()).lod_initial_resolution is not None
    network = dict(network, structure='auto' if growing else 'fixed')
    simple = dict(func_name='training.loss.D_logistic_simplegp', r1_gamma=r1_gamma)
    return Recipe(
        order='stylegan',
        G=dict(network, func_name='training.networks_stylegan.G_style', style_mixing_prob=style_mixing),
        D=dict(network, func_name=DISCRIMINATORS[discriminator]),
        G_loss=dict(func_name='training.loss.G_logistic_nonsaturating'),
        D_loss=dict(func_name='training.loss.D_logistic_r1', gamma=r1_gamma) if r1_interval else simple,
        G_reg_interval=None,
        D_reg_interval=r1_interval,
        **others,
    )


def segan(
    network,
    mode,
    subspace_init=None,
    collapse_mode2=False,
    orth_weight=0.0,
    r1_gamma=10.0,
    r1_interval=None,
    pl_weight=2.0,
    discriminator='stylegan2',
    **others,
):
    """SEGAN's recipe, that of its published code: StyleGAN2 without style mixing, path lengths of the whole minibatch.

    Args:
        network: dict of network sizes, as for `stylegan2`.
        mode: 0 to 4, see `nvlabs_stylegan2.segan`.
        subspace_init: 'segan-rows' (default) or 'eigen-columns', modes 1
            and 2.
        collapse_mode2: mode 2 keeps the sums over its basis in place of the basis.
        orth_weight: of EigenGAN's regulariser (the published code has none).
        others: fields of `Recipe`.
    """
    options = dict(mode=mode)
    if subspace_init:
        options['subspace_init'] = subspace_init
    if collapse_mode2:
        options['collapse_mode2'] = True
    lengths = dict(func_name='training.loss_segan.G_logistic_ns_pathreg', pl_weight=pl_weight, pl_minibatch_shrink=1)
    if orth_weight:
        lengths['orth_weight'] = orth_weight
    return Recipe(
        order='stylegan2',
        G=dict(network, func_name='nvlabs_stylegan2.segan.G_segan', **options),
        D=dict(network, func_name=DISCRIMINATORS[discriminator]),
        G_loss=lengths,
        D_loss=dict(func_name='training.loss.D_logistic_r1', gamma=r1_gamma),
        G_reg_interval=4,
        D_reg_interval=r1_interval or 16,
        **others,
    )


def biggan(network, d_steps=2, d_lrate_ratio=4.0, **others):
    """BigGAN-deep's recipe: hinge losses, spectral norms, minibatch statistics; no R1, no path lengths.

    Adam, the ratio of the learning rates and the steps of D are the published ones for 128 x 128 (Brock et al. 2019,
    appendix C); the minibatch there is 2048 and the learning rate of G 5e-5.

    Args:
        network: dict of latent_size and width, and blocks and attention where they are not those of the resolution;
            given to G and D. The data must have labels.
        d_steps: of D for one of G.
        d_lrate_ratio: learning rate of D over that of G.
        others: fields of `Recipe`.
    """
    adam = dict(beta1=0.0, beta2=0.999, epsilon=1e-6)
    return Recipe(
        order='stylegan',
        G=dict(network, func_name=_G_BIGGAN),
        D=dict(network, func_name='training.networks_biggan.D_biggan'),
        G_loss=dict(func_name='training.loss_biggan.G_hinge'),
        D_loss=dict(func_name='training.loss_biggan.D_hinge'),
        G_opt=adam,
        D_opt=adam,
        G_reg_interval=None,
        D_reg_interval=None,
        D_repeats=d_steps,
        D_lrate_ratio=d_lrate_ratio,
        snapshots='training.snapshots_biggan.Containers',
        **others,
    )
