"""What can go wrong in our own process; each message says what to do.

Problems in the checked project are findings, never exceptions.
"""


class S3apLintError(Exception):
    """The job cannot be done: exit status 2, the message on one line."""


class ConfigError(S3apLintError):
    """The configuration file or a command line option cannot be used."""


class PluginError(S3apLintError):
    """A plugin does not import, clashes with another, or names an unknown hook."""


class UsageError(S3apLintError):
    """A path or option on the command line names nothing."""


class NotSettled(S3apLintError):
    """Fixes kept producing new findings for ten rounds; `codes` are those of the last ones."""

    def __init__(self, message: str, codes: frozenset[str] = frozenset()) -> None:
        super().__init__(message)
        self.codes = codes
