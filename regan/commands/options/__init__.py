"""Options that several commands share; a group of them reaches the command as one object.

Heavy imports stay inside functions, so that --help is instant.
"""

from regan.commands.options.bases import ESTIMATORS, basis, components
from regan.commands.options.choices import EDITS_FILE, edits, notice_transfer, with_psi_of
from regan.commands.options.drawings import (
    CUTOFF,
    NOISE,
    PRECISION_IMAGES,
    PSI,
    drawing,
    drawing_or_seed,
    report_precision,
)
from regan.commands.options.groups import group
from regan.commands.options.networks import (
    ALLOW_NON_FINITE,
    NETWORKS_FOLDER,
    PRECISION,
    SCHEDULER,
    asked_network,
    network,
    workers,
)
from regan.commands.options.values import ending, given, number, png, refuse

__all__ = [
    'ALLOW_NON_FINITE',
    'CUTOFF',
    'EDITS_FILE',
    'ESTIMATORS',
    'NETWORKS_FOLDER',
    'NOISE',
    'PRECISION',
    'PRECISION_IMAGES',
    'PSI',
    'SCHEDULER',
    'asked_network',
    'basis',
    'components',
    'drawing',
    'drawing_or_seed',
    'edits',
    'ending',
    'given',
    'group',
    'network',
    'notice_transfer',
    'number',
    'png',
    'refuse',
    'report_precision',
    'with_psi_of',
    'workers',
]
