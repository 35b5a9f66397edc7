"""The settings to paste: docs/editors.md shows the files of editors/, and each can be read by the editor it is for."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
EDITORS = PROJECT / "editors"
SHOWN = re.compile(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```\n", re.DOTALL)


def shown() -> Mapping[str, str]:
    """The blocks of the page, by the file they are said to be."""
    return dict(SHOWN.findall((PROJECT / "docs/editors.md").read_text("utf-8")))


def files(pattern: str) -> list[Path]:
    """Files of a kind; none would make a test that tests nothing."""
    found = sorted(path for path in EDITORS.glob(pattern) if "node_modules" not in path.parts)
    assert found, pattern
    return found


def test_the_page_shows_the_files() -> None:
    """Who copies from the page and who copies the file get the same."""
    assert {name: (PROJECT / name).read_text("utf-8") for name in shown()} == shown()


def test_the_page_shows_every_file_that_is_pasted() -> None:
    """A file that no section mentions would not be found."""
    pasted = [path for kind in ("neovim/**/*.lua", "emacs/*.el", "helix/*.toml", "sublime/*") for path in files(kind)]
    assert sorted(str(path.relative_to(PROJECT)) for path in pasted) == sorted(
        name for name in shown() if "/zed/" not in name and "/lsp4ij/" not in name
    )


def test_toml_and_json_can_be_read() -> None:
    """Helix, Zed, LSP4IJ and Sublime Text; each starts the same program."""
    helix = tomllib.loads((EDITORS / "helix/languages.toml").read_text("utf-8"))
    assert {"command": "s3ap-lint", "args": ["lsp"]} == helix["language-server"]["s3ap-lint"]
    assert {"yaml", "json", "python", "toml"} == {language["name"] for language in helix["language"]}
    assert all("s3ap-lint" == language["language-servers"][-1] for language in helix["language"])
    for path in files("zed/*.toml"):
        tomllib.loads(path.read_text("utf-8"))
    sublime = json.loads((EDITORS / "sublime/LSP.sublime-settings").read_text("utf-8"))
    assert ["s3ap-lint", "lsp"] == sublime["clients"]["s3ap-lint"]["command"]
    zed = json.loads((EDITORS / "zed/settings.json").read_text("utf-8"))
    assert ["lsp"] == zed["lsp"]["s3ap-lint"]["binary"]["arguments"]
    template = json.loads((EDITORS / "lsp4ij/s3ap-lint/template.json").read_text("utf-8"))
    assert ["yaml", "json", "python", "toml"] == [entry["languageId"] for entry in template["fileTypeMappings"]]
    assert {} == json.loads((EDITORS / "lsp4ij/s3ap-lint/initializationOptions.json").read_text("utf-8"))


def test_what_helix_would_do_on_save_is_valid_too() -> None:
    """The lines that are commented out for the release of today."""
    text = (EDITORS / "helix/languages.toml").read_text("utf-8")
    helix = tomllib.loads(re.sub(r"^# (?=\S+ = )", "", text, flags=re.MULTILINE))
    assert {"engine", "run", "config"} == set(helix["language-server"]["s3ap-lint"]["config"])
    assert [["source.fixAll.s3ap-lint"]] * 4 == [language["code-actions-on-save"] for language in helix["language"]]


def test_lua_can_be_read(tmp_path: Path) -> None:
    """By Neovim itself; nothing of it is run."""
    nvim = shutil.which("nvim")
    if nvim is None:
        pytest.skip("nvim is not installed")
    load = "".join(f"assert(loadfile([[{path}]]))\n" for path in files("neovim/**/*.lua"))
    (tmp_path / "read.lua").write_text(f"{load}\nvim.cmd('qall!')\n", "utf-8")
    ran = subprocess.run(
        [nvim, "--headless", "-u", "NONE", "-i", "NONE", "-c", f"luafile {tmp_path / 'read.lua'}", "-c", "cquit"],
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (0, b"") == (ran.returncode, ran.stderr)


def test_elisp_can_be_read() -> None:
    """By Emacs itself, and each parenthesis has its other half."""
    emacs = shutil.which("emacs")
    if emacs is None:
        pytest.skip("emacs is not installed")
    check = "(with-temp-buffer (insert-file-contents {}) (emacs-lisp-mode) (check-parens))"
    forms = [word for path in files("emacs/*.el") for word in ("--eval", check.format(json.dumps(str(path))))]
    ran = subprocess.run([emacs, "--batch", "-Q", *forms], capture_output=True, timeout=30, check=False)
    assert (0, b"") == (ran.returncode, ran.stderr)
