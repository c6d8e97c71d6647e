"""Whether code inside network files may run: never, unless the user asks for it in so many words.

`dnnlib.tflib.embedded_code` runs it. Callers ask with trust_embedded_code; scripts that cannot be changed are started
with the environment variable set.
"""

import os

from dnnlib.unpickle import NetworkPickleError

VARIABLE = 'REGAN_TRUST_EMBEDDED_CODE'

ADVICE = (
    "the file's own source text can be run instead (trust_embedded_code, --trust-embedded-code, or %s=1 in the "
    'environment), which lets the file do anything on this machine' % VARIABLE
)


def by_environment():
    """Whether REGAN_TRUST_EMBEDDED_CODE is 1; it may also be 0 or empty, as if it were not set.

    Raises: NetworkPickleError for any other value.
    """
    value = os.environ.get(VARIABLE, '')
    if value not in ('', '0', '1'):
        raise NetworkPickleError(
            '%s is %r in the environment; 1 lets network files run code of their own, 0 does not.' % (VARIABLE, value)
        )
    return value == '1'
