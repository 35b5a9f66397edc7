"""Shell text as commands and words that know their places; enough of it to read what is deployed, and nothing is run.

What only a shell can tell (`$NAME`, `$(…)`, a glob) stays open in its word. `<NAME>` is text here, as in guides, and no
redirection. Text that is no shell at all gives words that mean nothing to anybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ASSIGNMENT = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)\+?=")
_ARRAY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?=\(")
_ANGLES = re.compile(r"<[A-Za-z][\w. /-]*>")
_REDIRECTION = re.compile(r"\d*(?:&>>?|<<<|<>|>\||>>|>|<)(?:&(?:\d+-?|-))?")
_HEREDOC = re.compile(r"\d*<<(?P<dash>-?)[ \t]*(?P<word>'[^'\n]*'|\"[^\"\n]*\"|\\?[^\s;&|<>()]+)")
_PLAIN = re.compile(r"[^\s\\'\"$`;&|()<>#]+")
_IN_QUOTES = re.compile(r"[^\"\\$`]+")
_OPENERS = frozenset(
    ("if", "then", "else", "elif", "do", "while", "until", "!", "{", "}", "time", "exec", "sudo", "command", "nohup")
)
_DECLARING = frozenset(("export", "local", "readonly", "declare", "typeset"))
_DEPTH = 40


@dataclass(frozen=True)
class Piece:
    """A part of a word: text, or, when it is open, what a shell would put there, as it is written."""

    text: str
    is_open: bool = False


@dataclass(frozen=True)
class Word:
    """One word: its parts, and where it stands (code points)."""

    pieces: tuple[Piece, ...]
    start: int
    end: int
    items: tuple[Word, ...] = ()

    @cached_property
    def text(self) -> str | None:
        """The text; None when only a shell can tell."""
        return None if any(p.is_open for p in self.pieces) else "".join(piece.text for piece in self.pieces)

    @cached_property
    def head(self) -> str:
        """The text up to what is open."""
        out = []
        for piece in self.pieces:
            if piece.is_open:
                break
            out.append(piece.text)
        return "".join(out)

    @property
    def shown(self) -> str:
        """The text with what is open as it is written."""
        return "".join(piece.text for piece in self.pieces)


@dataclass(frozen=True)
class Command:
    """One simple command."""

    words: tuple[Word, ...]

    @property
    def start(self) -> int:
        return self.words[0].start

    @property
    def end(self) -> int:
        return self.words[-1].end

    @cached_property
    def parts(self) -> tuple[tuple[Word, ...], tuple[Word, ...]]:
        """The assignments at its beginning, and the command proper."""
        words = list(self.words)
        while words and words[0].text in _OPENERS:
            del words[0]
        if words and words[0].text in _DECLARING:
            return tuple(word for word in words[1:] if _ASSIGNMENT.match(word.head)), ()
        count = next((i for i, word in enumerate(words) if not _ASSIGNMENT.match(word.head)), len(words))
        return tuple(words[:count]), tuple(words[count:])

    @property
    def assignments(self) -> tuple[Word, ...]:
        return self.parts[0]

    @property
    def proper(self) -> tuple[Word, ...]:
        """The program and its arguments."""
        return self.parts[1]


def assigned(word: Word) -> tuple[str, Word]:
    """The name and the value of an assignment."""
    found = _ASSIGNMENT.match(word.head)
    if found is None:
        return "", word
    first = word.pieces[0]
    rest = Piece(first.text[found.end() :])
    return found["name"], Word((rest, *word.pieces[1:]), word.start + found.end(), word.end, word.items)


def parse(text: str, start: int = 0, end: int | None = None) -> list[Command]:
    """The commands of a text, or of a part of it, those inside `$(…)` before the one around them."""
    parser = _Parser(text if end is None else text[:end], start)
    parser.run(None)
    return parser.found


@dataclass
class _Parser:
    text: str
    at: int
    found: list[Command] = field(default_factory=list)
    heredocs: list[tuple[str, bool]] = field(default_factory=list)
    depth: int = 0

    def run(self, until: str | None) -> None:
        """Read commands up to the end, or behind a closing bracket."""
        words: list[Word] = []
        text, size = self.text, len(self.text)
        skip_next = False
        while self.at < size:
            char = text[self.at]
            if char in " \t\r":
                self.at += 1
            elif char == "\\" and text[self.at + 1 : self.at + 3].lstrip("\r")[:1] == "\n":
                self.at = text.index("\n", self.at) + 1
            elif char == "#":
                self.at = self._line_end()
            elif char == "\n":
                self._finish(words)
                self.at += 1
                self._skip_heredocs()
            elif until is not None and char == until:
                self.at += 1
                break
            elif char in ";&|()" and not text.startswith("&>", self.at):
                self._finish(words)
                self.at += 1
            elif (heredoc := _HEREDOC.match(text, self.at)) and not text.startswith("<<<", self.at):
                self.heredocs.append((heredoc["word"].strip("'\"\\"), bool(heredoc["dash"])))
                self.at = heredoc.end()
            elif not _ANGLES.match(text, self.at) and (redirection := _REDIRECTION.match(text, self.at)):
                self.at = redirection.end()
                skip_next = "&" not in redirection[0][1:]
            else:
                word = self._word()
                if not skip_next:
                    words.append(word)
                skip_next = False
        self._finish(words)

    def _finish(self, words: list[Word]) -> None:
        if words:
            self.found.append(Command(tuple(words)))
            words.clear()

    def _line_end(self) -> int:
        end = self.text.find("\n", self.at)
        return len(self.text) if end == -1 else end

    def _skip_heredocs(self) -> None:
        for delimiter, dash in self.heredocs:
            while self.at < len(self.text):
                end = self._line_end()
                line = self.text[self.at : end].rstrip("\r")
                self.at = min(end + 1, len(self.text))
                if (line.lstrip("\t") if dash else line) == delimiter:
                    break
        self.heredocs.clear()

    def _word(self) -> Word:
        start, pieces, text = self.at, list[Piece](), self.text
        items: tuple[Word, ...] = ()
        array = _ARRAY.match(text, self.at)
        if array is not None:
            self.at = array.end()
            items = self._array()
            return Word((Piece(array[0][:-1]), Piece(text[array.end() - 1 : self.at], is_open=True)), start, self.at, items)
        while self.at < len(text):
            char = text[self.at]
            plain = _PLAIN.match(text, self.at)
            if plain is not None:
                pieces.append(Piece(plain[0]))
                self.at = plain.end()
            elif char == "#" and self.at > start:
                pieces.append(Piece(char))
                self.at += 1
            elif char == "'":
                end = text.find("'", self.at + 1)
                end = len(text) if end == -1 else end
                pieces.append(Piece(text[self.at + 1 : end]))
                self.at = end + 1
            elif char == '"':
                self.at += 1
                pieces += self._quoted()
            elif char == "\\":
                if text[self.at + 1 : self.at + 3].lstrip("\r")[:1] == "\n":
                    self.at = text.index("\n", self.at) + 1
                    continue
                pieces.append(Piece(text[self.at + 1 : self.at + 2]))
                self.at += 2
            elif char in "$`":
                pieces.append(self._expansion())
            elif char == "<" and (angles := _ANGLES.match(text, self.at)):
                pieces.append(Piece(angles[0]))
                self.at = angles.end()
            else:
                break
        self.at = min(max(self.at, start + 1), len(text))
        return Word(tuple(pieces) or (Piece(""),), start, self.at, items)

    def _array(self) -> tuple[Word, ...]:
        """The items of an array up to its bracket."""
        inner = _Parser(self.text, self.at, depth=self.depth + 1)
        if inner.depth < _DEPTH:
            inner.run(")")
        self.at = max(inner.at, self.at + 1)
        return tuple(word for command in inner.found for word in command.words)

    def _quoted(self) -> Iterator[Piece]:
        """What stands in double quotes, which are open already."""
        text = self.text
        yield Piece("")
        while self.at < len(text):
            char = text[self.at]
            plain = _IN_QUOTES.match(text, self.at)
            if plain is not None:
                yield Piece(plain[0])
                self.at = plain.end()
            elif char == '"':
                self.at += 1
                return
            elif char == "\\":
                yield Piece(text[self.at + 1 : self.at + 2].replace("\n", ""))
                self.at += 2
            else:
                yield self._expansion()

    def _expansion(self) -> Piece:
        """What begins with `$` or a backquote, as it is written."""
        text, start = self.text, self.at
        if text[start] == "`":
            end = text.find("`", start + 1)
            self.at = len(text) if end == -1 else end + 1
        elif text.startswith("$((", start):
            end = text.find("))", start)
            self.at = len(text) if end == -1 else end + 2
        elif text.startswith("$(", start):
            inner = _Parser(text, start + 2, depth=self.depth + 1)
            if inner.depth < _DEPTH:
                inner.run(")")
            self.found += inner.found
            self.at = inner.at
        elif text.startswith("${", start):
            self.at = _closing_brace(text, start + 2)
        else:
            name = _NAME.match(text, start + 1)
            self.at = name.end() if name else min(start + 2, len(text))
            if name is None and text[start + 1 : start + 2] in ("", " ", "\t", "\n", '"', "'", ")"):
                self.at = start + 1
                return Piece("$")
        return Piece(text[start : self.at], is_open=True)


def _closing_brace(text: str, at: int) -> int:
    depth = 1
    while at < len(text) and depth:
        depth += (text[at] == "{") - (text[at] == "}")
        at += 2 if text[at] == "\\" else 1
    return min(at, len(text))
