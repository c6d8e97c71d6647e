"""Checks of single values, and whether the user has given them."""

import math
from pathlib import Path

import click


def finite(ctx, param, value):
    """A callback that wants a finite number, or None."""
    if value is not None and not math.isfinite(value):
        raise click.BadParameter('%r is not a finite number' % value)
    return value


def ending(*suffixes):
    """A callback that wants file names with one of these endings, or None."""

    def check(ctx, param, value):
        if value is not None and Path(value).suffix.lower() not in suffixes:
            raise click.BadParameter('%s must end in %s' % (value, ' or '.join(suffixes)))
        return value

    return check


png = ending('.png')


def given(name):
    """Whether the user has given this option of the running command, rather than left it at its default."""
    return click.get_current_context().get_parameter_source(name) is not click.core.ParameterSource.DEFAULT


def value_of(name):
    """The value of another option of the running command; None if it has no such option."""
    return click.get_current_context().params.get(name)


def refuse(names, why):
    """Refuses options that would do nothing.

    Args:
        names: of options of the running command.
        why: the end of the sentence.

    Raises:
        click.UsageError: one of them was given.
    """
    for name in names:
        if given(name):
            raise click.UsageError('--%s %s' % (name.replace('_', '-'), why))
