"""From arguments to a command, and from whatever happens to an exit status.

0: done, nothing left; 1: hazards, or something is left; 2: usage, or a fault; 3: refused, nothing was written; 4:
unfinished.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from s3ap_lint.errors import S3apLintError
from s3ap_ops.arguments import parser
from s3ap_ops.errors import Refused
from s3ap_ops.reading import told

USAGE, REFUSED = 2, 3

COMMANDS = {
    "plan": ("plan_command", "run"),
    "clean": ("clean_command", "run"),
    "apply": ("apply_command", "run"),
    "resume": ("clean_command", "resume"),
    "status": ("status_command", "run"),
    "record": ("record_command", "run"),
    "list": ("list_command", "run"),
    "deploy": ("deploy_command", "run"),
    "check": ("check_command", "run"),
}
"""The module and function behind each command; imported when it is wanted."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program with arguments (sys.argv without the program's name); the exit status."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started it
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  # open to the end
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    options = parser().parse_args(argv)
    module, function = COMMANDS[options.command]
    try:
        run: Callable[..., int] = getattr(import_module(f"s3ap_ops.{module}"), function)
        status = run(options)
        sys.stdout.flush()
        return status
    except Refused as refused:
        return _ended(f"refused: {refused}", REFUSED, options.debug)
    except S3apLintError as error:
        return _ended(str(error), USAGE, options.debug)
    except ClientError as error:
        return _ended(told(error), USAGE, options.debug)
    except BotoCoreError as error:
        return _ended(str(error), USAGE, options.debug)
    except ResponseParserError as error:
        return _ended(f"an answer cannot be read; is there a proxy? {str(error)[:200]}", USAGE, options.debug)
    except KeyboardInterrupt:
        print("\ns3ap-ops: interrupted; `s3ap-ops status` says which runs had begun", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:  # a full disk, most often: what is written where is guarded where it is written
        where = f"{error.filename}: " if error.filename else ""
        return _ended(f"{where}{error.strerror or error}", USAGE, options.debug)
    except Exception as error:
        kind = type(error).__name__
        return _ended(f"{kind}: {error}; this is a fault of s3ap-ops, --debug shows where", USAGE, options.debug)


def _ended(message: str, status: int, debug: bool) -> int:
    """One line, and the status; with `--debug` the error itself. Called while it is being handled."""
    if debug:
        raise
    print(f"s3ap-ops: {' '.join(message.split())}", file=sys.stderr)
    return status
