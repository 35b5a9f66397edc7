"""A command that looks whether what was deployed works: run with the stack's outputs, its status the deployment's."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Mapping

from s3ap_ops.errors import OpsError
from s3ap_ops.identity import Pin

DONE, FAILED = 0, 1


def tested(command: str, stack: str, pin: Pin, outputs: Mapping[str, str]) -> int:
    """0 when the command ends with 0, else 1. Its environment has STACK_NAME, AWS_REGION, and OUTPUT_… of each output.

    Raises OpsError when there is no such command.
    """
    words = split(command)
    named = {f"OUTPUT_{re.sub(r'[^A-Za-z0-9_]', '_', key)}": value for key, value in outputs.items()}
    given = {**os.environ, "STACK_NAME": stack, "AWS_REGION": pin.region, **named}
    try:
        status = subprocess.run(words, env=given, check=False).returncode
    except OSError as error:
        raise OpsError(f"{stack} is deployed, but --smoke-test {words[0]} cannot be run: {error.strerror}") from None
    print(f"{stack}: the smoke test {'passes' if status == 0 else f'fails with status {status}; it stays deployed'}")
    return DONE if status == 0 else FAILED


def split(command: str) -> list[str]:
    """The words of a command line. Raises OpsError when it has none, or a quote without an end."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise OpsError(f"--smoke-test {command}: {error}") from None
    if not words:
        raise OpsError("--smoke-test is empty; give the command, or leave the option out")
    return words
