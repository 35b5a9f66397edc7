"""What `iam-policy-autopilot` names for some files: a policy's actions if it can make one, and the calls it extracts.

Its `generate-policies` asks servicereference.us-east-1.amazonaws.com which actions authorise an operation, and makes
no policy of a file with calls without it. Its `extract-sdk-calls` (in no list of `--help`, but with a help of its own)
needs no network and stops before that step: operations and services. `actions` takes that step for it, with a table
made by hand, so that what is measured is the extraction.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

# IAM's prefix where it is not the name that the SDK gives the service.
PREFIXES = {
    "apigatewaymanagementapi": "execute-api",
    "bedrock-agent": "bedrock",
    "bedrock-agent-runtime": "bedrock",
    "bedrock-runtime": "bedrock",
    "efs": "elasticfilesystem",
    "iot-data": "iot",
    "mediastore-data": "mediastore",
    "s3control": "s3",
    "stepfunctions": "states",
}

# The actions where they are not the operation's own name.
IRREGULAR = {
    "bedrock:Converse": ("bedrock:InvokeModel",),
    "lambda:Invoke": ("lambda:InvokeFunction",),
    "rds:GenerateDbAuthToken": ("rds-db:connect",),
    "s3:CompleteMultipartUpload": ("s3:PutObject",),
    "s3:CreateMultipartUpload": ("s3:PutObject",),
    "s3:GetObjectAttributes": ("s3:GetObject", "s3:GetObjectAttributes"),
    "s3:HeadBucket": ("s3:ListBucket",),
    "s3:HeadObject": ("s3:GetObject",),
    "s3:ListBuckets": ("s3:ListAllMyBuckets",),
    "s3:ListObjects": ("s3:ListBucket",),
    "s3:ListObjectsV2": ("s3:ListBucket",),
    "s3:UploadPart": ("s3:PutObject",),
    "sts:GetCallerIdentity": (),
}

_MADE = re.compile(r"""(?:client|resource)\(\s*(?:service_name\s*=\s*)?["']([a-z0-9-]+)["']""")


def actions(operations: Iterable[tuple[str, str]]) -> frozenset[str]:
    """The IAM actions of (service, operation) pairs as `extract-sdk-calls` spells them."""
    return frozenset(action for service, operation in operations for action in _actions(service, operation))


def _actions(service: str, operation: str) -> tuple[str, ...]:
    name = "".join(part[:1].upper() + part[1:] for part in operation.split("_"))
    action = f"{PREFIXES.get(service, service)}:{name}"
    return IRREGULAR.get(action, (action,))


def services(files: list[Path]) -> list[str]:
    """The services for which the files make clients or resources: what a user would give as hints."""
    return sorted({found for file in files for found in _MADE.findall(file.read_text(encoding="utf-8"))})


def extracted(tool: Path, files: list[Path], hints: list[str] | None = None) -> list[tuple[str, str]]:
    """The operations that the tool extracts, once for every service it thinks possible."""
    hinted = ["--service-hints", *hints] if hints else []
    answer = _run(tool, ["extract-sdk-calls", *map(str, files), *hinted])
    if answer.returncode:
        raise RuntimeError(answer.stderr.strip())
    calls: list[dict[str, Any]] = json.loads(answer.stdout or "[]")
    return [(service, call["Name"]) for call in calls for service in call["PossibleServices"]]


def generated(tool: Path, files: list[Path]) -> frozenset[str] | str:
    """The actions of the policies that the tool makes, or what it says when it makes none."""
    answer = _run(tool, ["generate-policies", *map(str, files), "--region", "us-east-1", "--account", "123456789012"])
    if answer.returncode:
        return answer.stderr.strip()
    return frozenset(_policy_actions(json.loads(answer.stdout)))


def _policy_actions(value: Any) -> Iterable[str]:
    if isinstance(value, list):
        for each in value:
            yield from _policy_actions(each)
    if isinstance(value, dict):
        for key, each in value.items():
            if key == "Action":
                yield from [each] if isinstance(each, str) else each
            else:
                yield from _policy_actions(each)


def _run(tool: Path, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    silent = {**os.environ, "DISABLE_IAM_POLICY_AUTOPILOT_TELEMETRY": "true"}
    return subprocess.run([str(tool), *arguments], capture_output=True, text=True, check=False, env=silent, timeout=300)
