"""How other programs that delete stacks, and our emptier, bear a bucket of many versions behind S3's limit.

    python ops/bench/beside_flood.py --tools delstack --versions 100000,300000

CloudFormation is a `World`, with a stack of one bucket that is not empty; S3 is the stub, with so many versions of its
own. The stub's latencies and its limit are real time, as are the pauses of those who wait; deletions of stacks are not.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from beside import PROXIES, QUIET, look_after, racing
from beside_peers import PEERS, Ask
from beside_table import head, row
from s3_shelf import Shelf
from s3_stub import Stub, Terms, serving

from s3ap_ops.emptying import empty
from s3ap_ops.testing import ACCOUNT, World

HEAD = (
    "versions",
    "by",
    "exit",
    "stack",
    "versions left",
    "batches",
    "throttled",
    "at once",
    "keys a second",
    "real s",
)
STACK, BUCKET = "audit", "bucket"
TEMPLATE = {"Resources": {"Data": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": BUCKET}}}}


@contextmanager
def flooded(versions: int, terms: Terms) -> Iterator[Stub]:
    """The stub, filled."""
    with serving(Stub(Shelf(versions), terms)) as stub:
        yield stub


def by_tool(key: str, stub: Stub, timeout: float, log: Path | None) -> tuple[str, str]:
    """The exit status of a tool that is asked to delete the stack, and the stack's status then."""
    with World(seed=7) as world, tempfile.TemporaryDirectory() as home:
        world.pace.poll = 0
        world.deploy(STACK, TEMPLATE)
        world.client("s3").put_object(Bucket=BUCKET, Key="one", Body=b"x")  # for CloudFormation's own look
        env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            **QUIET,
            **world.env,
            **dict.fromkeys(PROXIES, ""),
            "AWS_ENDPOINT_URL_S3": stub.url,
            "HOME": home,
        }
        look_after(world)
        code, said = 0, ""
        with racing(world):
            for command in PEERS[key].commands(Ask((STACK,), (), world.region, Path(home), {})):
                done = subprocess.run(
                    command, env=env, cwd=home, timeout=timeout, capture_output=True, text=True, check=False
                )
                code, said = max(code, done.returncode), said + done.stdout + done.stderr
        if log is not None:
            log.write_text(said, "utf-8")
        return str(code), world.stack(STACK).status


def by_ours(stub: Stub) -> tuple[str, str]:
    """What our emptier alone makes of the bucket."""
    import boto3

    session = boto3.Session(aws_access_key_id="testing", aws_secret_access_key="testing", region_name="eu-west-1")
    empty(BUCKET, session, endpoint_url=stub.url, region="eu-west-1", owner=ACCOUNT)
    return "–", "–"


def line(versions: int, name: str, told: Sequence[str], stub: Stub, seconds: float) -> str:
    """A line of the table."""
    figures = stub.told()
    rate = figures.deleted / seconds
    cells = (figures.left, figures.batches, figures.throttled, figures.most_in_flight)
    return row(f"{versions:,}", name, *told, *(f"{cell:,}" for cell in cells), f"{rate:,.0f}", f"{seconds:.0f}")


def main() -> None:
    """Prints a table to the standard output, line by line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tools", default="delstack", metavar="NAMES", help=f"with commas: {', '.join(PEERS)}")
    parser.add_argument("--versions", default="100000,300000", metavar="NUMBERS", help="with commas (%(default)s)")
    parser.add_argument("--list-ms", type=float, default=30.0)
    parser.add_argument("--delete-ms", type=float, default=100.0)
    parser.add_argument("--keys-per-second", type=float, default=3500.0)
    parser.add_argument("--timeout", type=float, default=1800, help="of a run, in real seconds (1800)")
    parser.add_argument("--logs", type=Path, help="a folder for what the tools say")
    options = parser.parse_args()
    terms = (options.list_ms / 1000, options.delete_ms / 1000, options.keys_per_second)
    print(f"Python {sys.version.split()[0]}\n\n{head(HEAD)}", flush=True)
    for versions in map(int, options.versions.split(",")):
        for name in (*options.tools.split(","), "s3ap-ops, the emptier"):
            with flooded(versions, Terms(*terms)) as stub:
                log = options.logs / f"flood-{versions}-{name}.txt" if options.logs else None
                began = time.monotonic()
                told = by_tool(name, stub, options.timeout, log) if name in PEERS else by_ours(stub)
                print(line(versions, name, told, stub, time.monotonic() - began), flush=True)


if __name__ == "__main__":
    main()
