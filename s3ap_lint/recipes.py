"""What a Makefile's recipe puts into a package, and what scripts say of it: read as text, never run."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache

ARTIFACTS = "$(ARTIFACTS_DIR)"
"""Where SAM asks a recipe to put things; what lies there is what is deployed."""

_VARIABLE = re.compile(r"^([A-Za-z_]\w*)\s*[:?]?=\s*(.*)$", re.MULTILINE)
_HARMLESS = frozenset(
    {":", "[", "chmod", "echo", "export", "find", "ls", "mkdir", "printf", "pwd", "set", "test", "touch", "true"}
)
_COPYING = re.compile(
    r"\b(cp|rsync|ln|mv|copy|xcopy|robocopy|copytree|Copy-Item|mklink|zip|symlink|install)\b[^\n#]*", re.IGNORECASE
)
_INSTALLING = re.compile(
    r"\bpip3?\S*\s+install\b[^\n]*\s(-t|--target|--prefix)\b|\bsam\s+build\b[^\n]*\bhook", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy, relative to the folder of the Makefile and to that of the artifacts.

    A `source` that ends in a slash stands for what is in the folder.
    """

    source: str
    target: str
    whole: bool


@dataclass(frozen=True, slots=True)
class Recipe:
    """What one recipe does. `readable`: all of it was understood; `installs`: pip adds packages to it."""

    line: int
    copies: tuple[Copy, ...] = ()
    removed: tuple[str, ...] = ()
    readable: bool = True
    installs: bool = False

    def has(self, path: str, wanted: str) -> bool:
        """Whether a file, relative to the Makefile's folder, becomes `wanted`, relative to the artifacts."""
        return wanted in self.landing(path)

    def landing(self, path: str) -> frozenset[str]:
        """The files that a file, relative to the Makefile's folder, becomes, relative to the artifacts."""
        targets = {target for copy in self.copies for target in _targets(copy, path)}
        gone = {one for one in targets if any(one == top or one.startswith(f"{top}/") for top in self.removed)}
        return frozenset(targets - gone)


def _targets(copy: Copy, path: str) -> Iterator[str]:
    """Where a copy puts a file."""
    source, name = copy.source, posixpath.basename(path)
    if source.endswith("/"):
        folder = "" if source == "./" else source
        if path.startswith(folder) and copy.whole:
            yield posixpath.join(copy.target, path[len(folder) :])
        return
    if any(sign in source for sign in "*?["):
        folder, pattern = posixpath.split(source)
        inside = f"{folder}/" if folder else ""
        first, _, rest = path[len(inside) :].partition("/")
        if path.startswith(inside) and fnmatchcase(first, pattern) and (copy.whole or not rest):
            yield posixpath.join(copy.target, path[len(inside) :])
        return
    if path == source:
        yield posixpath.join(copy.target, name)
        yield copy.target
    elif path.startswith(f"{source}/") and copy.whole:
        below = path[len(source) + 1 :]
        yield posixpath.join(copy.target, posixpath.basename(source), below)
        yield posixpath.join(copy.target, below)  # a target that was not there takes the folder's place


@lru_cache(maxsize=64)
def recipe(makefile: str, target: str) -> Recipe | None:
    """The recipe of a target; None when the Makefile has none of that name."""
    lines = makefile.splitlines()
    head = re.compile(rf"{re.escape(target)}\s*:(?!=)")
    start = next((n for n, line in enumerate(lines) if head.match(line)), None)
    if start is None:
        return None
    variables = dict(_VARIABLE.findall(makefile))
    copies: list[Copy] = []
    removed: list[str] = []
    readable, installs = True, False
    for command in _commands(lines[start + 1 :]):
        words = _words(command, variables)
        name = words[0] if words else ":"
        if name == "cp":
            made = _copies(words[1:])
            readable &= made is not None
            copies += made or []
        elif name == "rm":
            removed += [path for word in words[1:] if (path := _artifact(word)) is not None]
        elif "pip" in command and "install" in command:
            installs = True
        elif name not in _HARMLESS:
            readable = False
    return Recipe(start + 1, tuple(copies), tuple(removed), readable and bool(copies or installs), installs)


def _commands(lines: list[str]) -> Iterator[str]:
    """The commands of a recipe, one at a time."""
    text = ""
    for line in lines:
        if line.strip() and not line.startswith("\t") and not text.endswith("\\"):
            break
        text = text.removesuffix("\\") + " " + line.strip() if text.endswith("\\") else f"{text}\n{line.strip()}"
    for line in text.splitlines():
        bare = line.lstrip("@-+ \t")
        if bare and not bare.startswith("#"):
            yield from (part.strip() for part in re.split(r"&&|\|\||;|\|", bare) if part.strip())


def _words(command: str, variables: dict[str, str]) -> list[str]:
    text = re.sub(r"\$[({](\w+)[)}]", lambda found: variables.get(found[1], f"$({found[1]})"), command)
    try:
        words = shlex.split(re.sub(r"\d?>+\s*&?\S+", "", text), comments=True)
    except ValueError:
        return ["?"]
    return words


def _artifact(word: str) -> str | None:
    """A path below the artifacts; None for any other."""
    if not word.startswith(ARTIFACTS) or "$" in word[len(ARTIFACTS) :]:
        return None
    return posixpath.normpath(word[len(ARTIFACTS) :].lstrip("/") or ".").removeprefix("./")


def _copies(words: list[str]) -> list[Copy] | None:
    """What one `cp` does; None when that cannot be told."""
    options = "".join(word for word in words if word.startswith("-"))
    paths = [word for word in words if not word.startswith("-")]
    target = _artifact(paths[-1]) if len(paths) > 1 else None
    if target is None or any("$" in path or path.startswith("/") for path in paths[:-1]):
        return None
    whole = any(sign in options for sign in ("r", "R", "a"))
    target = "" if target == "." else target
    found = []
    for path in paths[:-1]:
        inside = "/" if path.endswith(("/.", "/")) or path == "." else ""
        plain = posixpath.normpath(path)
        found.append(Copy(f"{plain}{inside}", target, whole))
        if path.endswith("/"):
            found.append(Copy(plain, target, whole))  # BSD's cp and GNU's differ here
    return found


def others(text: str) -> str:
    """A script without what recipes put into artifacts, which is known better."""
    lines = re.sub(r"\\\r?\n", " ", text).splitlines()
    return "\n".join(line for line in lines if "ARTIFACTS_DIR" not in line and not line.startswith("build-"))


def copies(text: str, name: str) -> bool:
    """Whether some line of a script copies, links or packs what has a name."""
    word = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])", re.IGNORECASE)
    return any(word.search(found[0]) for found in _COPYING.finditer(uncommented(text)))


def copies_into_each(text: str, name: str, folder: str) -> bool:
    """Whether a script copies what has a name into each folder below one, which a loop goes through."""
    plain = uncommented(text)
    word = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")
    for loop in re.finditer(r"\bfor[ \t]+(\w+)[ \t]+in[ \t]+([^;\n]+)", plain):
        if re.search(rf"(?<![\w-]){re.escape(folder)}[\"']?/[\"']?\*", loop[2]) is None:
            continue
        target = re.compile(rf"\$\{{?{loop[1]}\b[^ ]*[ \t]*$")
        lines = plain[loop.end() :].splitlines()
        if any(_COPYING.search(line) and word.search(line) and target.search(line) for line in lines):
            return True
    return False


def uncommented(text: str) -> str:
    """A script without the lines that are comments."""
    return re.sub(r"^[ \t@]*(#|//|REM\b).*$", "", text, flags=re.MULTILINE)


def mentions(text: str, name: str) -> bool:
    """Whether a name stands in a text as a word of its own."""
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None


def installs(text: str) -> bool:
    """Whether packages are installed into a folder."""
    return _INSTALLING.search(text) is not None
