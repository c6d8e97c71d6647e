"""The protocol that scripts ask for by name when they write networks: Python 3.7 has none above 4."""

import pickletools  # noqa: F401  It holds its tables against the highest protocol when it is imported.


def restore(module):
    """Lets the names of protocols mean at most 4, so that what a script pickles is read on both stacks."""
    for name in ('DEFAULT_PROTOCOL', 'HIGHEST_PROTOCOL'):
        setattr(module, name, min(getattr(module, name), 4))
