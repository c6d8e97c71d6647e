"""Which pickles plain `pickle.load` reads on both stacks, and the interpreter of the other stack."""

import pathlib
import pickletools
import sys

OTHER_STACK = 'tf2' if sys.version_info < (3, 8) else 'tf1'


def faults(pickled):
    """What in a pickle's bytes Python 3.7 with NumPy 1 cannot read: list of str."""
    found = []
    for opcode, argument, _ in pickletools.genops(pickled):
        if opcode.proto > 4 or (opcode.name == 'PROTO' and argument > 4):
            found.append('%s of protocol %d' % (opcode.name, max(opcode.proto, argument or 0)))
        if isinstance(argument, str) and argument.startswith('numpy._core'):  # A name, or half of one.
            found.append(argument)
    return found


def other_python():
    """Path of the other stack's interpreter, with its packages, or None where there is none."""
    folders = [pathlib.Path(sys.prefix).parent, pathlib.Path(__file__).resolve().parents[1] / '.venv']
    found = [folder / OTHER_STACK / 'bin' / 'python' for folder in folders]
    return next((str(path) for path in found if path.exists()), None)
