"""Options that several commands share; a group of them reaches the command as one object.

Heavy imports stay inside functions, so that --help is instant.
"""

from regan.commands.options.bases import EDIT_MODES, ESTIMATORS, basis, basis_and_edit_mode, components, said_space
from regan.commands.options.choices import EDITS_FILE, edits, notice_transfer, with_class_of
from regan.commands.options.drawings import (
    CUTOFF,
    PRECISION_IMAGES,
    PSI,
    PSI_OF_EDIT,
    activations,
    drawing,
    drawing_or_new,
    drawing_or_seed,
    report_precision,
)
from regan.commands.options.groups import group
from regan.commands.options.latents import SAVE, Starts, latent_files, save_latents, starts
from regan.commands.options.networks import (
    ALLOW_NON_FINITE,
    CLASS,
    NETWORKS_FOLDER,
    PRECISION,
    SCHEDULER,
    asked_network,
    network,
    workers,
)
from regan.commands.options.pictures import PLAIN
from regan.commands.options.values import ending, given, number, png, refuse

__all__ = [
    'ALLOW_NON_FINITE',
    'CLASS',
    'CUTOFF',
    'EDITS_FILE',
    'EDIT_MODES',
    'ESTIMATORS',
    'NETWORKS_FOLDER',
    'PLAIN',
    'PRECISION',
    'PRECISION_IMAGES',
    'PSI',
    'PSI_OF_EDIT',
    'SAVE',
    'SCHEDULER',
    'Starts',
    'activations',
    'asked_network',
    'basis',
    'basis_and_edit_mode',
    'components',
    'drawing',
    'drawing_or_new',
    'drawing_or_seed',
    'edits',
    'ending',
    'given',
    'group',
    'latent_files',
    'network',
    'notice_transfer',
    'number',
    'png',
    'refuse',
    'report_precision',
    'said_space',
    'save_latents',
    'starts',
    'with_class_of',
    'workers',
]
