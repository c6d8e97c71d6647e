"""A generator by the name of its network. TensorFlow is imported when one is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Optional, Union

from dnnlib import trust
from dnnlib.unpickle import NetworkPickleError
from regan.base.errors import UserError
from regan.base.typing import PathLike
from regan.networks import models
from regan.networks.network_file import NetworkFile

if TYPE_CHECKING:
    from regan.networks.base_generator import BaseGenerator
    from regan.networks.labels import Label
    from regan.sampling.noise import Choice


def open_generator(
    name_or_path: PathLike,
    folder: Optional[PathLike] = None,
    noise: Choice = 'stored',
    trust_embedded_code: bool = False,
    precision: str = 'float32',
    allow_non_finite: bool = False,
    label: Union[Label, str, None] = None,
) -> BaseGenerator:
    """An open `regan.networks.base_generator.BaseGenerator` of the network's architecture; use it in `with`.

    Args:
        name_or_path: a registered name such as stylegan2-cars-64, or a network's file or folder; see `models.resolve`.
        folder: with network files that the user already has, see `models.resolve`.
        noise: a choice of `regan.sampling.noise`, see `Generator.set_noise`.
        trust_embedded_code: True lets the file run code of its own, only if its networks are not among ours.
        precision: of the images, 'float32', or 'bf16', which needs TensorFlow 2.
        allow_non_finite: True lets NaN and infinity through; NaN becomes black in pictures.
        label: class of a conditional network, from 0, or a text that `labels.resolve` reads; None: a label of zeros.

    Raises:
        UserError: an unknown name, a file that is missing, unreadable or without a generator, weights that are not
            finite, bf16 on TensorFlow 1, or a class that is not there.
    """
    file = NetworkFile(models.resolve(name_or_path, folder), allow_non_finite)
    architecture = None
    try:
        architecture = file.check_that_it_is_ours()  # Before TensorFlow is imported, which takes longer.
    except NetworkPickleError as error:
        if not (trust_embedded_code or trust.by_environment()):
            raise UserError(str(error)) from None
    from regan.networks import generators  # It imports TensorFlow.

    chosen: Dict[str, Any] = {} if label is None else {'label': label}
    return generators.open_file(
        file, architecture, noise=noise, trust_embedded_code=trust_embedded_code, precision=precision, **chosen
    )
