"""How the drawing code is compiled: the options of numba in one place.

Nothing is kept on disk: numba cannot cache code that is given other functions (here: a world's distances).
"""

import numba

# No operation is reordered, fused or approximated, so that releases of the compiler agree. Only NaN, infinity and
# the sign of zero are ruled out (min and max get cheap), and a fixed divisor may become its reciprocal.
_OPTIONS = dict(fastmath={'nnan', 'ninf', 'nsz', 'arcp'}, error_model='numpy', nogil=True)

compiled = numba.njit(**_OPTIONS)

# For what compiled code alone calls: leaving out the way in from Python halves the time to compile.
inner = numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, **_OPTIONS)
