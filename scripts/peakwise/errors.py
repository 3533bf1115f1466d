"""The one error that people see: what is wrong, where, and what to do."""


class UnusableInput(Exception):
    """Input that cannot be used at all; its text is one clear sentence for a person and the exit code is 2."""
