"""The one exception that a user's mistake becomes."""


class UserError(Exception):
    """Bad input, in one sentence: what was wrong, where, and what to do.

    The command line prints the sentence and exits with status 2; no stack trace is shown.
    """
