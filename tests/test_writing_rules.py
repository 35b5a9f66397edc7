"""docs/writing-rules.md, followed to the letter in an empty folder.

A comment before a block says what is done with it: `file: NAME` writes it, `replace: NAME` and `by` change
that file, `run: STATUS` runs it and expects the exit status, `output` is part of what that printed.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Cli

BLOCK = re.compile(r"<!-- (?P<what>\w+)(?:: (?P<about>\S+))? -->\n```\w*\n(?P<text>.*?)```\n", re.DOTALL)


def blocks(page: Path) -> Iterator[tuple[str, str, str]]:
    """What each marked block is for, what it is about, and its text."""
    for found in BLOCK.finditer(page.read_text(encoding="utf-8")):
        yield found["what"], found["about"] or "", found["text"]


def test_the_guide_can_be_followed_to_the_letter(repository: Path, cli: Cli, tmp_path: Path):
    site = tmp_path / "site"
    pip = {"PIP_TARGET": str(site), "PIP_NO_DEPS": "1", "PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0"}
    env = cli.environment({**pip, "PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"})
    printed, pending, done = "", ("", ""), []
    for what, about, text in blocks(repository / "docs" / "writing-rules.md"):
        if what == "file":
            (cli.folder / about).write_text(text, encoding="utf-8")
        elif what == "replace":
            pending = (about, text)
        elif what == "by":
            target = cli.folder / pending[0]
            assert 1 == target.read_text(encoding="utf-8").count(pending[1]), f"{pending[1]!r} is not there once"
            target.write_text(target.read_text(encoding="utf-8").replace(pending[1], text), encoding="utf-8")
        elif what == "run":
            ran = subprocess.run(
                text, shell=True, cwd=cli.folder, env=env, capture_output=True, encoding="utf-8", check=False
            )
            assert int(about) == ran.returncode, f"{text}{ran.stdout}{ran.stderr}"
            printed = ran.stdout
        else:
            assert "output" == what
            assert text in printed
        done.append(what)
    assert {"file", "replace", "by", "run", "output"} == set(done)


def test_every_block_of_the_guide_that_is_marked_is_read(repository: Path):
    text = (repository / "docs" / "writing-rules.md").read_text(encoding="utf-8")
    assert text.count("<!-- ") == len(list(blocks(repository / "docs" / "writing-rules.md")))


def test_the_guide_names_every_hook_and_every_subject(repository: Path):
    from s3ap_lint.plugins import HOOKS
    from s3ap_lint.testing import installed

    text = (repository / "docs" / "writing-rules.md").read_text(encoding="utf-8")
    assert [] == [hook for hook in HOOKS if f"`{hook}`" not in text]
    from s3ap_lint import api

    public = [getattr(api, name) for name in api.__all__]
    subjects = [subject.__name__ for subject in installed().by_subject if subject in public]
    assert [] == [name for name in subjects if f"| `{name}` |" not in text]
