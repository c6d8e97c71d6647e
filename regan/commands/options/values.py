"""Checks of single values, and whether the user has given them."""

import math
from pathlib import Path

import click


class _Finite:
    """Mixed into a type of floats: NaN and infinity, and what overflows to it, are no values of an option."""

    def convert(self, value, param, ctx):
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail('%r is not a finite number' % value, param, ctx)
        return number


class _Number(_Finite, click.types.FloatParamType):
    """Any finite number."""


class _NumberInRange(_Finite, click.FloatRange):
    """A finite number within limits."""


def number(low=None, high=None, above=None):
    """The type of an option that is a finite number.

    Args:
        low, high: limits, inclusive, or None.
        above: a lower limit that is none of the values, or None.
    """
    if low is high is above is None:
        return _Number()
    return _NumberInRange(low if above is None else above, high, min_open=above is not None)


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
