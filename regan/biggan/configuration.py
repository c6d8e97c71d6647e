"""The shape of a BigGAN-deep generator: which blocks, how wide, where the attention stands (biggan 1 to 3)."""

import dataclasses
from typing import Any, Dict, List, Tuple

from regan.base.errors import UserError

Block = Tuple[bool, int, int]  # Doubles the resolution, maps that enter, maps that leave (in units of the width).

FIRST_RESOLUTION = 4
FIRST_WIDTH = 16  # Maps at 4 x 4, in units of the width.
BOTTLENECK = 4  # Blocks narrow what enters by this factor.
_DEEP_256: Tuple[Block, ...] = (
    (False, 16, 16),
    (True, 16, 16),
    (False, 16, 16),
    (True, 16, 8),
    (False, 8, 8),
    (True, 8, 8),
    (False, 8, 8),
    (True, 8, 4),
    (False, 4, 4),
    (True, 4, 2),
    (False, 2, 2),
    (True, 2, 1),
)
PUBLISHED: Dict[int, Tuple[Block, ...]] = {
    128: (
        (False, 16, 16),
        (True, 16, 16),
        (False, 16, 16),
        (True, 16, 8),
        (False, 8, 8),
        (True, 8, 4),
        (False, 4, 4),
        (True, 4, 2),
        (False, 2, 2),
        (True, 2, 1),
    ),
    256: _DEEP_256,
    512: _DEEP_256 + ((False, 1, 1), (True, 1, 1)),
}
# Ours, in the manner of the published ones: a pair of blocks for each doubling, and so that of 128 without its first.
SMALL_64: Tuple[Block, ...] = PUBLISHED[128][2:]


@dataclasses.dataclass(frozen=True)
class Configuration:
    """A BigGAN-deep generator.

    Attributes:
        blocks: tuple of Block.
        width: ch, the unit of the blocks' widths.
        z_size: Z, width of z and of the embedding of classes.
        classes: number of classes.
        attention: number of blocks before the attention.
        epsilon: added to variances.
        rows: of statistics, for truncation 0 to 1 in equal steps.

    Raises:
        UserError: blocks that do not follow each other, on construction.
    """

    blocks: Tuple[Block, ...]
    width: int
    z_size: int
    classes: int
    attention: int
    epsilon: float = 1e-4
    rows: int = 51

    def __post_init__(self) -> None:
        for name in ('width', 'z_size', 'classes'):
            if type(getattr(self, name)) is not int or getattr(self, name) < 1:
                raise UserError('%s of a BigGAN is %r but must be a whole number from 1' % (name, getattr(self, name)))
        if type(self.rows) is not int or self.rows < 2:
            raise UserError('a BigGAN has %r rows of statistics; there must be at least 2' % (self.rows,))
        widths = [FIRST_WIDTH] + [block[2] for block in self.blocks]
        for i, (_, entering, leaving) in enumerate(self.blocks):
            if entering != widths[i] or leaving not in (entering, entering / 2) or entering * self.width % BOTTLENECK:
                raise UserError(
                    'block %d of a BigGAN turns %s maps into %s; each takes what the one before gives, and keeps or '
                    'halves it' % (i, entering, leaving)
                )
        if not self.blocks or widths[-1] != 1:
            raise UserError('the blocks of a BigGAN must begin with %d times its width and end with it' % FIRST_WIDTH)
        if type(self.attention) is not int or not 0 <= self.attention < len(self.blocks):
            raise UserError('attention stands before block %r, but there are %d' % (self.attention, len(self.blocks)))

    @property
    def num_latents(self) -> int:
        """L: one latent for the first dense layer, one for each block."""
        return len(self.blocks) + 1

    @property
    def resolution(self) -> int:
        """R, of the images."""
        return FIRST_RESOLUTION << sum(block[0] for block in self.blocks)

    @property
    def norms(self) -> List[Tuple[str, int]]:
        """(own name, maps) of every normalisation, in the order of the published statistics."""
        found = []
        for i, (_, entering, _) in enumerate(self.blocks):
            entering *= self.width
            middle = entering // BOTTLENECK
            found += [('block_%02d/norm_%d' % (i, k), entering if k == 0 else middle) for k in range(4)]
        return found + [('final_norm', self.width)]

    @property
    def shapes(self) -> Dict[str, Tuple[int, ...]]:
        """Shapes of all tensors by their own names, kernels as TensorFlow keeps them (biggan 9)."""
        ch, both = self.width, 2 * self.z_size
        found: Dict[str, Tuple[int, ...]] = {
            'embedding/kernel': (self.classes, self.z_size),
            'gen_z/kernel': (both, FIRST_RESOLUTION**2 * FIRST_WIDTH * ch),
            'gen_z/bias': (FIRST_RESOLUTION**2 * FIRST_WIDTH * ch,),
        }
        for i, (_, entering, leaving) in enumerate(self.blocks):
            entering, leaving = entering * ch, leaving * ch
            middle = entering // BOTTLENECK
            maps = [entering, middle, middle, middle, leaving]
            for k in range(4):
                size = 3 if k in (1, 2) else 1
                norm, conv = 'block_%02d/norm_%d' % (i, k), 'block_%02d/conv_%d' % (i, k)
                found[norm + '/scale/kernel'] = found[norm + '/offset/kernel'] = (both, maps[k])
                found[norm + '/means'] = found[norm + '/variances'] = (self.rows, maps[k])
                found[conv + '/kernel'] = (size, size, maps[k], maps[k + 1])
                found[conv + '/bias'] = (maps[k + 1],)
        maps_there = self.blocks[self.attention][1] * ch
        for name, entering, leaving in (
            ('theta', maps_there, maps_there // 8),
            ('phi', maps_there, maps_there // 8),
            ('g', maps_there, maps_there // 2),
            ('o_conv', maps_there // 2, maps_there),
        ):
            found['attention/%s/kernel' % name] = (1, 1, entering, leaving)
        found['attention/gamma'] = (1,)
        for name in ('scale', 'offset'):
            found['final_norm/' + name] = (ch,)
        found['final_norm/means'] = found['final_norm/variances'] = (self.rows, ch)
        found['to_rgb/kernel'], found['to_rgb/bias'] = (3, 3, ch, ch), (ch,)
        return found

    @property
    def normalised(self) -> List[str]:
        """Own names of the kernels that are divided by their spectral norm, without '/kernel'."""
        names = [name[: -len('/kernel')] for name in self.shapes if name.endswith('/kernel')]
        return [name for name in names if name != 'embedding']


def from_json(facts: Any, where: str) -> Configuration:
    """The Configuration of a `config.json` as the public PyTorch code writes it.

    Args:
        facts: from the JSON file.
        where: the file, for messages.

    Raises:
        UserError: a key is missing or makes no sense.
    """
    if not isinstance(facts, dict):
        raise UserError('%s is no configuration of a BigGAN; give the config.json beside its weights' % where)
    lacking = [key for key in ('layers', 'channel_width', 'z_dim', 'num_classes') if key not in facts]
    if lacking:
        raise UserError("%s lacks '%s'; give the config.json beside the weights of a BigGAN" % (where, lacking[0]))
    layers = facts['layers']
    if not isinstance(layers, list) or any(not isinstance(layer, list) or len(layer) != 3 for layer in layers):
        raise UserError('%s: layers must be a list of [doubles, maps that enter, maps that leave]' % where)
    try:
        found = Configuration(
            tuple((bool(up), entering, leaving) for up, entering, leaving in layers),
            facts['channel_width'],
            facts['z_dim'],
            facts['num_classes'],
            facts.get('attention_layer_position', 8),
            float(facts.get('eps', 1e-4)),
            facts.get('n_stats', 51),
        )
    except (UserError, TypeError, ValueError) as error:
        raise UserError('%s: %s' % (where, error)) from None
    if facts.get('output_dim', found.resolution) != found.resolution:
        raise UserError(
            '%s says images of %s pixels, but its layers make %d' % (where, facts['output_dim'], found.resolution)
        )
    return found


def to_json(configuration: Configuration) -> Dict[str, Any]:
    """The content of the `config.json` of a Configuration, which `from_json` reads."""
    return dict(
        attention_layer_position=configuration.attention,
        channel_width=configuration.width,
        class_embed_dim=configuration.z_size,
        eps=configuration.epsilon,
        layers=[list(block) for block in configuration.blocks],
        n_stats=configuration.rows,
        num_classes=configuration.classes,
        output_dim=configuration.resolution,
        z_dim=configuration.z_size,
    )
