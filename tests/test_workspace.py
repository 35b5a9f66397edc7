"""What is read, what is refused with which reason, and what is remembered of it."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3ap_lint.files import LIMIT
from s3ap_lint.model import Unchecked
from s3ap_lint.record import Seen
from s3ap_lint.source import Source
from s3ap_lint.workspace import Unreadable, Workspace, normal


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project inside a folder that is not its own."""
    project = tmp_path / "project"
    (project / "app/functions").mkdir(parents=True)
    (project / "app/template.yaml").write_bytes(b"a: 1\n")
    (project / "app/functions/handler.py").write_bytes("print('こんにちは')\n".encode())
    (tmp_path / "secret.txt").write_bytes(b"secret")
    return project


def reason(answer: Source | bytes | Unreadable) -> str:
    assert isinstance(answer, Unreadable), answer
    return answer.reason


def test_a_file_is_read_as_it_is(root: Path):
    assert Source("app/template.yaml", b"a: 1\n") == Workspace(root).read("app/template.yaml")


@pytest.mark.parametrize(
    "path", ["app/template.yaml", "./app//template.yaml", "app/functions/../template.yaml", "x/../app/template.yaml"]
)
def test_every_spelling_of_a_path_is_one_file(root: Path, path: str):
    workspace = Workspace(root)
    assert workspace.read("app/template.yaml") is workspace.read(path)
    assert {"app/template.yaml"} == workspace.seen.read


def test_a_file_is_read_once(root: Path):
    workspace = Workspace(root)
    workspace.read("app/template.yaml")
    (root / "app/template.yaml").unlink()
    assert Source("app/template.yaml", b"a: 1\n") == workspace.read("app/template.yaml")


def test_a_buffer_lies_on_top_of_a_file(root: Path):
    workspace = Workspace(root, {"app/template.yaml": b"b: 2\n", "new/x.py": b""})
    assert Source("app/template.yaml", b"b: 2\n") == workspace.read("app/template.yaml")
    assert (("functions", "template.yaml"), ("app", "new"), ("x.py",)) == tuple(
        map(workspace.listdir, ("app", "", "new"))
    )
    assert [True, True, False] == [workspace.exists("new/x.py"), workspace.is_dir("new"), workspace.is_dir("new/x.py")]


# -- what is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["../secret.txt", "app/../../secret.txt", "/etc/passwd", "..", "app/../.."])
def test_what_lies_outside_is_never_read(root: Path, path: str):
    workspace = Workspace(root)
    assert "lies outside the project" == reason(workspace.read(path))
    assert (False, False, ()) == (workspace.exists(path), workspace.is_dir(path), workspace.listdir(path))


@pytest.mark.parametrize("target", ["../../secret.txt", "/etc/passwd"])
def test_a_link_to_what_lies_outside_is_never_read(root: Path, target: str):
    (root / "app/link.yaml").symlink_to(target)
    workspace = Workspace(root)
    assert "lies outside the project" == reason(workspace.read("app/link.yaml"))
    assert not workspace.exists("app/link.yaml")


def test_a_link_to_a_folder_outside_is_never_entered(root: Path):
    (root / "up").symlink_to("..")
    workspace = Workspace(root)
    assert "lies outside the project" == reason(workspace.read("up/secret.txt"))
    assert (False, False, ()) == (workspace.exists("up/secret.txt"), workspace.is_dir("up"), workspace.listdir("up"))


def test_a_link_inside_is_followed(root: Path):
    (root / "link").symlink_to("app")
    (root / "app/again.yaml").symlink_to("template.yaml")
    workspace = Workspace(root)
    assert Source("link/again.yaml", b"a: 1\n") == workspace.read("link/again.yaml")
    assert workspace.is_dir("link/functions")


def test_a_root_that_is_a_link_is_its_target(root: Path, tmp_path: Path):
    (tmp_path / "alias").symlink_to(root)
    workspace = Workspace(tmp_path / "alias")
    assert (root, b"a: 1\n") == (workspace.root, workspace.data("app/template.yaml"))


def test_a_name_that_begins_like_the_root_is_outside(root: Path, tmp_path: Path):
    (tmp_path / "project2").mkdir()
    (tmp_path / "project2/x").write_bytes(b"")
    (root / "link").symlink_to("../project2/x")
    assert "lies outside the project" == reason(Workspace(root).read("link"))


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: None, "does not exist"),
        (lambda path: path.symlink_to("nowhere"), "does not exist"),
        (lambda path: path.symlink_to(path.name), "cannot be read: too many levels of symbolic links"),
        (lambda path: path.mkdir(), "is a folder"),
        (os.mkfifo, "is a device, a pipe or a socket, and is never opened"),
        (lambda path: path.write_bytes(b"a" * (LIMIT + 1)), "is larger than 5 MB"),
        (lambda path: path.write_bytes(b"a: 1\n# caf\xe9\n"), "is not UTF-8: byte 0xe9 on line 2"),
        (lambda path: path.write_bytes("a: 1".encode("utf-16")), "is UTF-16, not UTF-8; save it as UTF-8"),
        (lambda path: path.write_bytes(b"a\n\0"), "holds a NUL: it is binary, not text"),
    ],
)
def test_what_cannot_be_read_has_a_reason(root: Path, make: Callable[[Path], object], why: str):
    make(root / "x.yaml")
    assert why == reason(Workspace(root).read("x.yaml"))


def test_a_socket_is_never_opened(root: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(root)  # the whole path may be too long for a socket
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.yaml")
        assert "is a device, a pipe or a socket, and is never opened" == reason(Workspace(root).read("s.yaml"))


def test_a_file_of_just_the_limit_is_read(root: Path):
    (root / "x").write_bytes(b"a" * LIMIT)
    answer = Workspace(root).data("x")
    assert isinstance(answer, bytes)
    assert LIMIT == len(answer)


def test_a_file_that_grows_while_it_is_read_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch):
    (root / "x").write_bytes(b"a" * 10)
    monkeypatch.setattr(os, "read", lambda handle, size: b"a" * size)
    assert "is larger than 5 MB" == reason(Workspace(root).data("x"))


def test_a_file_that_becomes_a_link_is_refused(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    status = os.lstat(root / "app/template.yaml")
    (root / "x.yaml").symlink_to(tmp_path / "secret.txt")
    monkeypatch.setattr(os, "lstat", lambda path: status)
    assert "cannot be read: too many levels of symbolic links" == reason(Workspace(root).data("x.yaml"))


@pytest.mark.parametrize("call", ["lstat", "open", "read"])
def test_a_file_that_may_not_be_read_has_a_reason(root: Path, monkeypatch: pytest.MonkeyPatch, call: str):
    def forbidden(*args: object, **kwargs: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    workspace = Workspace(root)
    monkeypatch.setattr(os, call, forbidden)
    answer = workspace.read("app/template.yaml")
    assert Unchecked("app/template.yaml", "template", "cannot be read: permission denied") == (
        isinstance(answer, Unreadable) and answer.unchecked("template")
    )


def test_a_folder_that_may_not_be_listed_is_empty_and_remembered(root: Path, monkeypatch: pytest.MonkeyPatch):
    def forbidden(path: object) -> list[str]:
        raise PermissionError(errno.EACCES, "Permission denied")

    workspace = Workspace(root)
    monkeypatch.setattr(os, "listdir", forbidden)
    assert ((), {"app"}) == (workspace.listdir("app"), workspace.seen.refused)


@pytest.mark.parametrize("path", ["a\0b", "x" * 300, "\ud800", "app/template.yaml/x"])
def test_names_that_no_file_can_have_do_no_harm(root: Path, path: str):
    workspace = Workspace(root)
    assert isinstance(workspace.read(path), Unreadable)
    assert (False, False, ()) == (workspace.exists(path), workspace.is_dir(path), workspace.listdir(path))


@pytest.mark.parametrize("name", ["with space.yaml", "出力.yaml", "new\nline.yaml", "-x.yaml", "a'b\".yaml"])
def test_odd_names_are_read_like_others(root: Path, name: str):
    (root / name).write_bytes(b"a: 1\n")
    workspace = Workspace(root)
    assert Source(name, b"a: 1\n") == workspace.read(name)
    assert name in workspace.listdir("")


def test_names_that_are_not_utf8_are_not_listed(root: Path):
    (root / os.fsdecode(b"caf\xe9.yaml")).write_bytes(b"")
    assert ("app",) == Workspace(root).listdir("")


# -- what is remembered -------------------------------------------------------------------------------


def test_what_was_read_found_missed_listed_and_refused_is_remembered(root: Path):
    (root / "out.yaml").symlink_to("/etc/passwd")
    workspace = Workspace(root)
    workspace.read("app/template.yaml")
    workspace.read("app/none.yaml")
    workspace.read("out.yaml")
    workspace.read("../secret.txt")
    workspace.exists("app/functions")
    workspace.exists("app/functions/none.py")
    workspace.listdir("app")
    assert workspace.seen == Seen(
        read={"app/template.yaml"},
        found={"app/functions", "app"},
        missing={"app/none.yaml", "app/functions/none.py"},
        listed={"app"},
        refused={"out.yaml"},
    )


def test_a_record_holds_what_was_asked_for_meanwhile_also_if_it_was_known(root: Path):
    workspace = Workspace(root)
    workspace.read("app/template.yaml")
    with workspace.recording() as outer:
        with workspace.recording() as inner:
            workspace.exists("none")
        workspace.read("app/template.yaml")
    workspace.read("app/functions/handler.py")
    assert (Seen(read={"app/template.yaml"}, missing={"none"}), Seen(missing={"none"})) == (outer, inner)


# -- laws ---------------------------------------------------------------------------------------------


@given(st.lists(st.sampled_from(["a", "b", "..", ".", ""]), max_size=8).map("/".join))
def test_a_normal_path_is_normal_and_never_leaves(path: str):
    clean = normal(path)
    if clean is None:
        return
    assert clean == normal(clean)
    assert ".." not in clean.split("/") and not clean.startswith("/")
    assert os.path.normpath(f"/root/{path}") == os.path.normpath(f"/root/{clean}")
