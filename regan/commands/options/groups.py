"""Several options as one argument of a command."""

import functools


def group(name, make, *declared, also=()):
    """A decorator that declares options, and hands the command one object in place of their values.

    Args:
        name: of the command's argument.
        make: callable that takes the values by the names of the options, and gives the object.
        declared: `click.option`s, in the order of the help.
        also: names of options and arguments that belong to the object but are declared elsewhere; a command may lack
            them.

    >>> import click
    >>> @click.command()
    ... @group('point', complex, click.option('--real', default=1.0), click.option('--imag', default=2.0))
    ... def show(point):
    ...     print(point)
    >>> show(['--imag', '3'], standalone_mode=False)
    (1+3j)
    """
    names = _names(declared) + list(also)

    def decorate(command):
        @functools.wraps(command)
        def with_object(**values):
            own = {key: values.pop(key) for key in names if key in values}
            return command(**dict(values, **{name: make(**own)}))

        return _declare(declared, with_object)

    return decorate


def _declare(declared, command):
    for option in reversed(declared):
        command = option(command)
    return command


def _names(declared):
    """The names under which click passes the values of these options."""
    return [option.name for option in getattr(_declare(declared, lambda: None), '__click_params__', [])]
