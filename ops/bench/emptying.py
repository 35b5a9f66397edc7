"""How fast a versioned bucket is emptied, next to boto3's `object_versions.delete()`, on a stub with declared terms.

    python ops/bench/emptying.py --runs 3                        # every row; some minutes
    python ops/bench/emptying.py --rows latency,memory

Every run is a new process against a new stub in another process; the rivals of a row take turns, and medians are told.
The stub declares its latencies and its limit: ratios between rivals on one machine are what the table is good for.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.request import urlopen

HERE = Path(__file__).parent
OWNER = "123456789012"
PLACE: dict[str, Any] = {"region": "eu-west-1", "owner": OWNER}


@dataclass(frozen=True)
class Row:
    """One line of the table: what the stub declares, who takes part, how many versions."""

    title: str
    terms: tuple[str, ...]
    rivals: tuple[str, ...]
    versions: int = 30_000
    runs: int | None = None


ROWS = {
    "latency": Row("60/250 ms", ("--list-ms", "60", "--delete-ms", "250"), ("boto3", "paced", "unlimited")),
    "none": Row("no latency", (), ("boto3", "paced", "unlimited")),
    "limit": Row(
        "3,500 keys/s, 30/100 ms",
        ("--list-ms", "30", "--delete-ms", "100", "--keys-per-second", "3500"),
        ("boto3", "paced", "unlimited"),
        versions=100_000,
    ),
    "half": Row(
        "1,700 keys/s, 30/100 ms",
        ("--list-ms", "30", "--delete-ms", "100", "--keys-per-second", "1700"),
        ("paced",),
        versions=100_000,
        runs=1,
    ),
    "memory": Row("a million, no latency", (), ("unlimited",), versions=1_000_000, runs=1),
    "count": Row("count of 10⁵, 60 ms", ("--list-ms", "60"), ("count",), versions=100_000, runs=1),
}


def _session() -> Any:
    import boto3

    return boto3.Session(aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="secret", region_name="eu-west-1")


def _boto3(url: str) -> None:
    _session().resource("s3", endpoint_url=url).Bucket("bucket").object_versions.delete()


def _paced(url: str) -> None:
    from s3ap_ops.emptying import empty

    empty("bucket", _session(), endpoint_url=url, **PLACE)


def _unlimited(url: str) -> None:
    from s3ap_ops.emptying import Pace, empty

    empty(
        "bucket",
        _session(),
        endpoint_url=url,
        pace=Pace(keys_per_second=float("inf"), most_keys_per_second=float("inf")),
        **PLACE,
    )


def _count(url: str) -> None:
    from s3ap_ops.emptying import count

    count("bucket", _session(), endpoint_url=url, limit=10**9, **PLACE)


RIVALS: dict[str, Callable[[str], None]] = {
    "boto3": _boto3,
    "paced": _paced,
    "unlimited": _unlimited,
    "count": _count,
}


def run_client(rival: str, url: str) -> None:
    """Empties the stub at the address and prints what that took; the import of boto3 is not timed."""
    import boto3  # noqa: F401

    began, processor = time.perf_counter(), time.process_time()
    failure = ""
    try:
        RIVALS[rival](url)
    except Exception as problem:  # a rival that gives up is a result
        failure = f"{type(problem).__name__}: {problem}"
    print(
        json.dumps(
            {
                "seconds": time.perf_counter() - began,
                "processor": time.process_time() - processor,
                "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "failure": failure,
            }
        )
    )


def measured(row: Row, rival: str) -> dict[str, Any]:
    """One run of one rival: its own figures and those of the stub."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, str(HERE / "s3_stub.py"), "--versions", str(row.versions), *row.terms]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as stub:
        assert stub.stdout is not None and stub.stdin is not None
        url = stub.stdout.readline().strip()
        client = [sys.executable, __file__, "--client", rival, url]
        told = subprocess.run(client, check=True, capture_output=True, text=True, env=environment).stdout
        with urlopen(f"{url}/-/figures") as reply:
            figures = json.load(reply)
        stub.stdin.close()
    return {**json.loads(told), **figures}


def line(row: Row, rival: str, runs: list[dict[str, Any]], reference: float | None) -> str:
    """A line of the table in Markdown, from the medians of the runs."""
    middle = {
        name: statistics.median(run[name] for run in runs) for name in runs[0] if not isinstance(runs[0][name], str)
    }
    rate = row.versions / middle["seconds"]
    requests = middle["lists"] + middle["batches"] + middle["singles"] + middle["throttled"]
    left = max(run["left"] for run in runs)
    fate = "" if rival == "count" or not left else f"; {left:,} left ({runs[-1]['failure'][:60] or 'no error'})"
    ratio = f"{rate / reference:.2f}×" if reference else "–"
    return (
        f"| {row.title} | {rival} | {middle['seconds']:.2f} s | {rate:,.0f}/s | {ratio} | {middle['throttled']:.0f} of "
        f"{requests:.0f} ({100 * middle['throttled'] / requests:.1f} %) | {middle['most_in_flight']:.0f} | "
        f"{middle['processor']:.2f} s | {middle['megabytes']:.0f} MB{fate} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default=",".join(ROWS), help="which, with commas; default: %(default)s")
    parser.add_argument("--runs", type=int, default=3, help="of each rival; default: %(default)s")
    parser.add_argument("--client", nargs=2, metavar=("RIVAL", "URL"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.client:
        run_client(*options.client)
        return
    versions = ", ".join(f"{name} {version(name)}" for name in ("boto3", "urllib3"))
    print(f"Python {platform.python_version()}, {versions}\n")
    print("| stub | rival | time | rate | to boto3 | throttled | at once | processor | peak memory |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name in options.rows.split(","):
        row = ROWS[name]
        turns = range(row.runs or options.runs)
        results: dict[str, list[dict[str, Any]]] = {rival: [] for rival in row.rivals}
        for _ in turns:
            for rival in row.rivals:
                results[rival].append(measured(row, rival))
        reference = None
        if "boto3" in results:
            reference = row.versions / statistics.median(run["seconds"] for run in results["boto3"])
        for rival, runs in results.items():
            print(line(row, rival, runs, reference), flush=True)


if __name__ == "__main__":
    main()
