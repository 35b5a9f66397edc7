"""The page of the run: what was found, in a table that is HTML throughout, for Markdown would obey the quoted text."""

import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any
from urllib.parse import unquote

MOST_ROWS = 200  # GitHub takes a megabyte for a step

_LINK = re.compile(r"(?<!\\)\[((?:\\.|[^\]\\])*)\]\(\d+\)")  # to a related place, where SARIF is shown


def page(told: str, complaints: str, sarif: str) -> str:
    """HTML without an empty line; `told` is the report for people, whose last block counts what there is."""
    results = json.loads(sarif)["runs"][0]["results"] if sarif else []
    rows = "".join(_rows(results))
    table = f"<table>\n<tr><th></th><th>where</th><th>rule</th><th>finding</th></tr>\n{rows}</table>\n" if rows else ""
    counts = told.rstrip().split("\n\n")[-1]
    said = "\n".join(line.rstrip() for line in (*counts.splitlines(), *complaints.splitlines()) if line.strip())
    return f"<h3>s3ap-lint</h3>\n{table}<pre>{escape(said)}</pre>\n"


def _rows(results: list[Mapping[str, Any]]) -> Iterator[str]:
    for result in results[:MOST_ROWS]:
        place = result["locations"][0]["physicalLocation"]
        where = f"{unquote(place['artifactLocation']['uri'])}:{place['region']['startLine']}"
        cells = (result["level"], f"<code>{escape(where)}</code>", result["ruleId"], escape(_plain(result)))
        yield "".join(("<tr>", *(f"<td>{cell}</td>" for cell in cells), "</tr>\n"))
    if len(results) > MOST_ROWS:
        yield f'<tr><td colspan="4">and {len(results) - MOST_ROWS:,} more: the log has them all</td></tr>\n'


def _plain(result: Mapping[str, Any]) -> str:
    text = _LINK.sub(r"\1", result["message"]["text"])
    return re.sub(r"\\([\[\]\\])", r"\1", text)
