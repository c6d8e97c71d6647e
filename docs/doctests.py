"""An extension of griffe: examples in docstrings are shown as a Python session, not as quotations of quotations."""

import re

import griffe

SESSION = re.compile(r'^>>> .*(?:\n(?!\s*$).*)*', re.MULTILINE)  # As doctest has it, up to an empty line.


class Doctests(griffe.Extension):
    """Puts fences around the examples in every docstring."""

    def on_object(self, *, obj, **_):
        if obj.docstring:
            obj.docstring.value = SESSION.sub(lambda found: '```pycon\n%s\n```' % found[0], obj.docstring.value)
