"""Measure how long an editor waits for the linter's own diagnostics, and whether its memory stays flat.

    python -m bench.editor --head FOLDER --write             # everything; about ten minutes
    python -m bench.editor --head FOLDER --edits 100 --long 0

FOLDER is the reference library at HEAD; it is not written to. Its largest template is opened in the whole library as a
workspace. Then one value in the middle is edited, again and again, and saved: at once, or after a moment as a person
does who lifts the hands off the keys. What is measured is the time from the message that says "saved" until the
diagnostics of that version have arrived; 0 where they were there before. The editor's text is what counts, so no file
is written.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.editor.client import Client
from bench.speed.installation import CHECKOUT, machine

DOCUMENT = CHECKOUT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- editor: begin; written by python -m bench.editor -->", "<!-- editor: end -->"
GOAL = 100
"""Milliseconds from a save to the linter's own diagnostics, of 95 in 100 saves."""

HANDS = 0.3
"""Seconds between the last keystroke and the save of a person who is quick."""

REST = 0.4
"""Seconds between a save's answer and the next edit: somebody reads."""


@dataclass(frozen=True)
class Row:
    """What was measured, in milliseconds."""

    name: str
    times: tuple[float, ...]

    @property
    def text(self) -> str:
        ordered = sorted(self.times)
        p95 = ordered[max(0, -(-95 * len(ordered) // 100) - 1)]
        cells = [statistics.median(ordered), p95, ordered[-1]]
        return f"| {self.name} | {len(ordered)} | " + " | ".join(f"{cell:.0f}" for cell in cells) + " |"


class Person:
    """Somebody who edits one document: a word in the middle of it becomes longer and shorter."""

    def __init__(self, client: Client, path: Path) -> None:
        self.client = client
        self.uri = path.as_uri()
        self.version = 1
        text = path.read_text(encoding="utf-8")
        item = {"uri": self.uri, "languageId": "yaml", "version": 1, "text": text}
        self.asked = time.perf_counter()
        client.notify("textDocument/didOpen", {"textDocument": item})
        line, column = _middle(text)
        lines = text.split("\n")
        typed = f"{lines[line][:column]}x{lines[line][column:]}"
        self._texts = (text, "\n".join([*lines[:line], typed, *lines[line + 1 :]]))

    def edit(self) -> None:
        """Type one character, or take it away."""
        self.version += 1
        change = {"text": self._texts[self.version % 2 == 0]}
        identifier = {"uri": self.uri, "version": self.version}
        self.client.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": [change]})

    def saved(self) -> float:
        """Save; how many milliseconds it takes until everything is shown."""
        start = time.perf_counter()
        self.client.notify("textDocument/didSave", {"textDocument": {"uri": self.uri}})
        moment, _ = self.client.published(self.uri, self.version)
        return max(0.0, moment - start) * 1000


def _middle(text: str) -> tuple[int, int]:
    """The first Description of a resource below the middle of a template, else its last line: 0-based."""
    lines = text.split("\n")
    for at in range(len(lines) // 2, len(lines)):
        name, colon, value = lines[at].partition("Description: ")
        if colon and not name.strip() and value[:1].isalpha():
            return at, len(name) + len(colon) + 1
    return len(lines) - 1, len(lines[-1])


def waits(command: Sequence[str], library: Path, template: Path, edits: int) -> Iterator[Row]:
    """How long somebody waits in one template of a library."""
    for name, pause in (("saved at once after the keystroke", 0.0), (f"saved {HANDS} s after it", HANDS)):
        client = Client(command, library, {"engine": "none"})
        person = Person(client, template)
        moment, _ = client.published(person.uri, 1)
        if not pause:
            yield Row("opened, nothing known", ((moment - person.asked) * 1000,))
        times = []
        for _ in range(edits):
            time.sleep(REST)
            person.edit()
            time.sleep(pause)
            times.append(person.saved())
        client.close()
        yield Row(name, tuple(times))


def held(command: Sequence[str], library: Path, template: Path, edits: int) -> list[tuple[int, float]]:
    """The server's memory in megabytes after so many edits, each of them checked, ten times."""
    client = Client(command, library, {"engine": "none"})
    person = Person(client, template)
    client.published(person.uri, 1)
    found = []
    for number in range(edits + 1):
        if number % max(1, edits // 10) == 0:
            found.append((number, client.memory()))
        person.edit()
        person.saved()
    client.close()
    return found


def largest(library: Path) -> Path:
    """The template with the most lines."""
    return max(library.rglob("template*.yaml"), key=lambda path: path.read_bytes().count(b"\n"))


def middling(library: Path) -> Path:
    """The template of median length."""
    found = sorted(library.rglob("template*.yaml"), key=lambda path: (path.read_bytes().count(b"\n"), path))
    return found[len(found) // 2]


def told(rows: Sequence[Row], memory: Sequence[tuple[int, float]], library: Path, template: Path) -> str:
    """What was measured, as Markdown."""
    here = ", ".join(f"{name} {value}" for name, value in machine().items())
    lines = template.read_bytes().count(b"\n")
    files = sum(path.is_file() for path in library.rglob("*"))
    head = [
        f"The largest template has {lines:,} lines; its library has {files:,} files. {here}. Milliseconds.",
        "",
        "| what | times | median | 95 % | longest |",
        "|---|--:|--:|--:|--:|",
        *(row.text for row in rows),
        "",
        f"The goal is {GOAL} ms from the save, of 95 in 100.",
    ]
    if memory:
        values = " · ".join(f"{number:,}: {megabytes:.0f}" for number, megabytes in memory)
        head += ["", f"Memory in megabytes after so many edits of a template of median length: {values}."]
    return "\n".join(head)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, and write if asked to."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.editor", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--head", type=Path, required=True, metavar="FOLDER", help="the library")
    parser.add_argument("--python", default=sys.executable, help="the interpreter that the linter is installed for")
    parser.add_argument("--edits", type=int, default=200, help="of each row; default: 200")
    parser.add_argument("--long", type=int, default=5000, help="edits while memory is looked at; default: 5000")
    parser.add_argument("--write", action="store_true", help=f"into {DOCUMENT.relative_to(CHECKOUT)}")
    options = parser.parse_args(arguments)
    library = options.head.resolve()
    command = [options.python, "-m", "s3ap_lint", "lsp"]
    template = largest(library)
    rows = list(waits(command, library, template, options.edits))
    memory = held(command, library, middling(library), options.long) if options.long else []
    text = told(rows, memory, library, template)
    print(text)
    if options.write:
        document = DOCUMENT.read_text(encoding="utf-8")
        before, _, rest = document.partition(BEGIN)
        after = rest.partition(END)[2]
        DOCUMENT.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
