"""What GitHub's runner tells a step, and what a step tells the runner: variables, files and lines of the log."""

import json
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Refused(Exception):
    """An input or the checkout cannot be used; the message says what to do."""


def given(name: str) -> str:
    """An input as it was written, "" if it was not."""
    return os.environ.get(f"INPUT_{name.replace('-', '_').upper()}", "").strip()


def flag(name: str) -> bool:
    """An input that is true or false. Raises Refused for anything else."""
    text = given(name)
    if text not in ("true", "false"):
        raise Refused(f"{name} is true or false, not {text!r}")
    return text == "true"


def event() -> Mapping[str, Any]:
    """What started the workflow. Raises Refused for what is no event."""
    path = os.environ.get("GITHUB_EVENT_PATH", "")
    if not path:
        return {}
    try:
        found: object = json.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise Refused(f"the event {path} cannot be read: {(error.strerror or str(error)).lower()}") from None
    except (ValueError, RecursionError):
        raise Refused(f"the event {path} is no JSON") from None
    if not isinstance(found, dict):
        raise Refused(f"the event {path} is no JSON object")
    return found


def needed(name: str) -> str:
    """A variable that the runner or an earlier step sets. Raises Refused without it."""
    value = os.environ.get(name, "")
    if not value:
        raise Refused(f"{name} is not set; the runner, or an earlier step of this action, sets it")
    return value


def tell(outputs: Mapping[str, str]) -> None:
    """Set outputs of this step. A value may hold anything: it ends where a word that cannot be guessed stands."""
    end = secrets.token_hex(16)
    _append("GITHUB_OUTPUT", "".join(f"{name}<<{end}\n{value}\n{end}\n" for name, value in outputs.items()))


def summarize(html: str) -> None:
    """Put something on the page of the run."""
    _append("GITHUB_STEP_SUMMARY", html)


def _append(variable: str, text: str) -> None:
    path = os.environ.get(variable)
    if path:
        with Path(path).open("a", encoding="utf-8", newline="\n") as file:
            file.write(text)


def show(text: str) -> None:
    """Put text into the log, and keep the runner from obeying it: it quotes files that anybody may have written."""
    end = secrets.token_hex(16)
    _say(f"::stop-commands::{end}\n{text.rstrip()}\n::{end}::\n")


def failed(message: str) -> None:
    """An error of this action, as an annotation."""
    _say(f"::error title=s3ap-lint::{_data(message)}\n")


def warned(message: str) -> None:
    """A warning of this action, as an annotation."""
    _say(f"::warning title=s3ap-lint::{_data(message)}\n")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _say(text: str) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    sys.stdout.flush()
