"""Which class draws a network: one entry for each architecture that is no StyleGAN."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Dict, Optional

from dnnlib import architectures
from regan.base.errors import UserError
from regan.networks.network_file import NetworkFile

if TYPE_CHECKING:
    from regan.networks.base_generator import BaseGenerator

CLASSES: Dict[Optional[str], str] = {  # Architecture -> 'module.class', imported when it is needed.
    architectures.PROGRESSIVE: 'regan.networks.progressive_generator.ProgressiveGenerator',
    architectures.PROGRESSIVE3: 'regan.networks.progressive_generator.ProgressiveGenerator',
    architectures.BIGGAN: 'regan.networks.biggan_generator.BigGANGenerator',
}
STYLEGAN = 'regan.networks.generator.Generator'


def open_file(file: NetworkFile, architecture: Optional[str], **chosen: Any) -> BaseGenerator:
    """The open generator of a file, whatever its architecture. It imports TensorFlow.

    Args:
        file: NetworkFile.
        architecture: of `NetworkFile.check_that_it_is_ours`, or None where only code of the file's own can build it.
        chosen: noise, trust_embedded_code, precision and label, see `BaseGenerator.open`.

    Raises:
        UserError: as `BaseGenerator.open`.
    """
    module, kind = CLASSES.get(architecture, STYLEGAN).rsplit('.', 1)
    if architecture in CLASSES and chosen.get('precision', 'float32') != 'float32':
        raise UserError('%s is drawn in float32 only; leave --precision out' % file.path)
    return getattr(importlib.import_module(module), kind).open(file, **chosen)
