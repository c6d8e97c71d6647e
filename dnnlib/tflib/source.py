"""The source text of a build function's module, as pickles carry it: complete, so that other loaders can run it."""

import ast
import importlib
import inspect

# Imports from modules of these packages are replaced by the modules' text; readers of the pickle do not have them.
_INLINED = ('nvlabs_stylegan', 'nvlabs_stylegan2', 'dnnlib.tflib.primitives', 'dnnlib.judge_states')


def module_source(module):
    """Text that defines everything the module defines, and imports only what readers have.

    That is the standard library, numpy, tensorflow and the official dnnlib.
    """
    return '\n\n'.join(_texts(module, set()))


def _texts(module, done):
    """The texts of the inlined imports, in order of dependence, then the module's own without those import lines."""
    text = inspect.getsource(module)
    lines, texts = text.split('\n'), []
    for node in ast.parse(text).body:
        if isinstance(node, ast.ImportFrom) and node.module.startswith(tuple(package + '.' for package in _INLINED)):
            if node.module not in done:
                done.add(node.module)
                texts += _texts(importlib.import_module(node.module), done)
            for i in range(node.lineno - 1, _last_line(node, lines)):
                lines[i] = None
    return texts + ['\n'.join(line for line in lines if line is not None)]


def _last_line(node, lines):
    """Line number where an import statement ends (Python 3.7's ast does not tell)."""
    end = node.lineno
    if '(' in lines[node.lineno - 1]:
        while ')' not in lines[end - 1]:
            end += 1
    return end
