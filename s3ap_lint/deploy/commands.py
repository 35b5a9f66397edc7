"""The deployments among the commands of a script or guide.

Sources: the AWS CLI command reference (`cloudformation deploy`, `create-stack`, `update-stack`, `create-change-set`,
`package`) and the SAM CLI command reference (`sam deploy`, `sam build`, `sam package`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from posixpath import basename, join, normpath

from s3ap_lint.deploy.model import Capability, Given, Terms
from s3ap_lint.deploy.overrides import Pair, pairs
from s3ap_lint.deploy.shell import Command, Word, assigned
from s3ap_lint.model import Edit, Location, Span
from s3ap_lint.source import Source

OPERATIONS = frozenset(("deploy", "create-stack", "update-stack", "create-change-set"))
_SHORT = {"-t": "--template-file", "--template": "--template-file", "-g": "--guided"}
_WITHOUT_VALUE = frozenset(("--guided", "--no-execute-changeset", "--resolve-s3", "--debug", "--no-paginate"))
_MORE_ELSEWHERE = frozenset(("--guided", "--cli-input-json", "--cli-input-yaml"))
_A_FOLDER = re.compile(r"SCRIPT|PROJECT|ROOT|REPO|BASE|HERE|DIR|dirname|pwd|PWD")
_ELLIPSIS = re.compile(r"\.{3}|…")


@dataclass
class _Setting:
    """What a command finds around it: where it is run, texts of variables, and what packaging wrote."""

    folder: str | None = ""
    variables: dict[str, str | None] = field(default_factory=dict)
    packaged: dict[str, str] = field(default_factory=dict)
    built: str = ""


def deployments(source: Source, commands: Iterable[Command], moves: bool = True) -> Iterator[Terms]:
    """What each command that deploys says, in order."""
    commands = list(commands)
    setting = _Setting(variables=_constants(commands))
    for command in commands:
        words = _program(command)
        if not words:
            continue
        if words[0].text == "cd" and moves:
            setting.folder = _moved(setting, words)
        program, operation, options = _invocation(words)
        if program == "sam" and operation == "build":
            setting.built = _file(options, setting) or ""
        elif operation == "package":
            written = _text(options.get("--output-template-file", ()), setting)
            if written:
                setting.packaged[basename(written)] = _file(options, setting) or ""
        elif (program, operation) == ("sam", "deploy") or (program == "aws" and operation in OPERATIONS):
            yield _terms(source, command, program, operation, options, setting)


def _program(command: Command) -> tuple[Word, ...]:
    """The program and its arguments, without a prompt before it."""
    words = command.proper
    while words and (words[0].text in {"$", "%", "then", "do", "timeout"} or re.fullmatch(r"\d+[smh]?", words[0].head)):
        words = words[1:]
    return words


def _constants(commands: Iterable[Command]) -> dict[str, str | None]:
    """The variables that are given a value once, and a plain one."""
    out: dict[str, str | None] = {}
    for command in commands:
        for word in command.assignments:
            name, value = assigned(word)
            out[name] = None if name in out or value.items else value.text
        words = command.words
        if words[0].text in {"for", "read", "select"} and len(words) > 1:
            out[words[1].text or ""] = None
    return out


def _moved(setting: _Setting, words: tuple[Word, ...]) -> str | None:
    """The folder after a `cd`, relative to where the commands began; None when that cannot be told."""
    path = words[1].text if len(words) == 2 else None
    if path is None or setting.folder is None or path.startswith(("/", "~", "-", "<")):
        return None
    return normpath(join(setting.folder, path)).removeprefix("./")


Options = dict[str, tuple[Word, ...]]


def _invocation(words: tuple[Word, ...]) -> tuple[str, str, Options]:
    """Program, operation and options of a call of the AWS or SAM CLI; empty texts for any other command."""
    program = words[0].text or ""
    if program not in ("aws", "sam", "samlocal", "awslocal"):
        return "", "", {}
    program = program.removesuffix("local")
    options: Options = {}
    plain: list[str] = []
    name = ""
    for word in words[1:]:
        head = word.head
        is_flag = head.startswith("--") or head in _SHORT
        if is_flag:
            name, equals, _ = head.partition("=")
            name = _SHORT.get(name, name)
            options.setdefault(name, ())
            if equals:
                options[name] = (_after(word, len(head.partition("=")[0]) + 1),)
                name = ""
        elif name and name not in _WITHOUT_VALUE:
            single = not plain and name in ("--profile", "--region", "--output", "--endpoint-url")
            options[name] = (*options[name], word)
            name = "" if single else name
        else:
            plain.append(word.text or "")
    if program == "aws":
        return (program, plain[1], options) if plain[:1] == ["cloudformation"] and len(plain) > 1 else ("", "", {})
    return program, plain[0] if plain else "", options


def _after(word: Word, count: int) -> Word:
    """A word without its first characters."""
    first = word.pieces[0]
    rest = type(first)(first.text[count:])
    return Word((rest, *word.pieces[1:]), word.start + count, word.end)


def _text(words: tuple[Word, ...], setting: _Setting) -> str | None:
    """The text of an option's value, one variable looked up."""
    if len(words) != 1:
        return None
    word = words[0]
    if word.text is not None:
        return word.text
    out = []
    for piece in word.pieces:
        name = re.fullmatch(r"\$\{?(\w+)\}?", piece.text) if piece.is_open else None
        known = setting.variables.get(name[1]) if name else None
        if piece.is_open and known is None:
            return None
        out.append(known if piece.is_open and known is not None else piece.text)
    return "".join(out)


def _file(options: Options, setting: _Setting) -> str | None:
    """The template file that is named; "" when none is, None when it cannot be told."""
    words = options.get("--template-file", ()) or options.get("--template-body", ())
    if not words:
        return None if "--template-url" in options else ""
    text = _text(words, setting)
    if text is None:
        text = _below_the_script(words[0])
    if text is None or text.startswith("<"):
        return None
    return text.removeprefix("file://").removeprefix("./")


def _below_the_script(word: Word) -> str | None:
    """What follows the folder of the script or project in a path."""
    first, *rest = [piece for piece in word.pieces if piece.text]
    if not (first.is_open and _A_FOLDER.search(first.text)) or not rest or any(piece.is_open for piece in rest):
        return None
    tail = "".join(piece.text for piece in rest)
    return tail.lstrip("/") if tail.startswith("/") else None


def _terms(
    source: Source, command: Command, program: str, operation: str, options: Options, setting: _Setting
) -> Terms:
    words = (*options.get("--parameter-overrides", ()), *options.get("--parameters", ()))
    given, complete, files = _parameters(source, words, program)
    template = _file(options, setting)
    if program == "sam" and (not template or template.startswith(".aws-sam/")):
        template = setting.built if template is not None else None
    if template and basename(template) in setting.packaged:
        template = setting.packaged[basename(template)] or None
    proper = _program(command)
    by = f"sam {operation}" if program == "sam" else f"aws cloudformation {operation}"
    return Terms(
        at=Location(source.path, _span(source, proper[0].start, proper[min(2, len(proper) - 1)].end)),
        by=by,
        given=given,
        complete=complete and not (options.keys() & _MORE_ELSEWHERE),
        capabilities=_capabilities(source, options, program),
        template=template,
        folder=setting.folder,
        creates=operation == "create-stack",
        values_from=files,
    )


def _capabilities(source: Source, options: Options, program: str) -> tuple[Capability, ...] | None:
    if options.keys() & _MORE_ELSEWHERE:
        return None
    if "--capabilities" not in options:
        return None if program == "sam" else ()  # a samconfig may say it
    out = []
    for word in options["--capabilities"]:
        if word.text is None:
            return None
        at = word.end - len(word.text) if source.text[word.start : word.end] == word.text else word.start + 1
        for name in re.finditer(r"[^\s,]+", word.text):
            out.append(Capability(name[0], _span(source, at + name.start(), at + name.end())))
    known = all(one.name.startswith("CAPABILITY_") for one in out)
    return tuple(out) if known else None


def _parameters(
    source: Source, words: tuple[Word, ...], program: str
) -> tuple[tuple[Given, ...], bool, tuple[str, ...]]:
    """The parameters of some words, whether these are all, and the files that more are read from."""
    out: list[Given] = []
    files: list[str] = []
    complete = True
    for word in words:
        if word.text is not None and word.text.startswith("file://"):
            files.append(word.text.removeprefix("file://"))
            continue
        raw = source.text[word.start : word.end]
        found = list(pairs(raw))
        if not found or _ELLIPSIS.fullmatch(raw.strip("\"'")):
            complete = False
            continue
        if program == "aws":
            found = _one(found, raw)
        out += [_given(source, word, pair, len(found) == 1) for pair in found]
    return tuple(out), complete, tuple(files)


def _one(found: list[Pair], raw: str) -> list[Pair]:
    """All that one word of the AWS CLI gives is one parameter, whatever its value looks like."""
    first = found[0]
    if len(found) == 1 or first.name_start != raw.find(first.name):
        return found
    end = len(raw.rstrip("\"'"))
    value = raw[first.value_start : end]
    return [Pair(first.name, value, first.start, len(raw), first.name_start, first.value_start, end)]


def _given(source: Source, word: Word, pair: Pair, alone: bool) -> Given:
    begin = word.start
    value: str | None = pair.value.rstrip("\"'") if alone else pair.value
    if pair.keeps or (value is not None and re.search(r"[$`<]|\.{3}|…", value)):
        value = None
    start, end = (begin, word.end) if alone else (begin + pair.start, begin + pair.end)
    return Given(
        pair.name,
        value,
        Location(source.path, _span(source, start, end)),
        _span(source, begin + pair.name_start, begin + pair.name_start + len(pair.name)),
        _span(source, begin + pair.value_start, begin + pair.value_end),
        lambda: _without(source, start, end),
    )


def _without(source: Source, start: int, end: int) -> Edit | None:
    """Take a word away that has a line of its own which goes on; the line goes with it."""
    line = source.line_of(source.byte_offset(start))
    text = source.line_text(line)
    first, last = source.line_start(line), source.line_start(line + 1)
    before = source.data[first : source.byte_offset(start)]
    after = source.data[source.byte_offset(end) : last].strip()
    if before.strip() or after != b"\\" or not text:
        return None
    return Edit(source.path, Span(first, last), "")


def _span(source: Source, start: int, end: int) -> Span:
    return Span(source.byte_offset(start), source.byte_offset(end))
