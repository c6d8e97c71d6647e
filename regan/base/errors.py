"""The exception for mistakes of users: its text is all that they see."""


class UserError(Exception):
    """Bad input, in one sentence: what was wrong, where, and what to do.

    The command line prints the sentence and exits with status 2; no stack trace is shown.
    """
