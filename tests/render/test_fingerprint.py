"""The line hash is compared with what GitHub's own action computes, ours with what it must not depend on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3ap_lint.fingerprint import line_hashes, structural

ENDED = """e9496ae3ebfced30:1 fb7c023a8b9ccb3f:1 ce8ba1a563dcdaca:1 e20e36e16fcb0cc8:1
    b3edc88f2938467e:1 c8e28b0b4002a3a0:1 c129715d7a2bc9a3:1"""

# Inputs and hashes of github/codeql-action, src/fingerprints.test.ts (MIT licence).
VECTORS = [
    ("", "c129715d7a2bc9a3:1"),
    (" a\nb\n  \t\tc\n d", "271789c17abda88f:1 54703d4cd895b18:1 180aee12dab6264:1 a23a3dc5e078b07b:1"),
    (
        " hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End",
        """8b7cf3e952e7aeb2:1 b1ae1287ec4718d9:1 bff680108adb0fcc:1 c6805c5e1288b612:1
        b86d3392aea1be30:1 e6ceba753e1a442:1""",
    ),
    (" hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End\n", ENDED),
    (" hello; \t\nworld!!!\r\r\r  \t\tGreetings\r End\r", ENDED),
    (" hello; \t\r\nworld!!!\r\n\r\n\r\n  \t\tGreetings\r\n End\r\n", ENDED),
    (" hello; \t\nworld!!!\r\n\n\r  \t\tGreetings\r End\r\n", ENDED),
    (
        "Lorem ipsum dolor sit amet.\n" * 10,
        """a7f2ff13bc495cf2:1 a7f2ff13bc495cf2:2 a7f2ff13bc495cf2:3 a7f2ff13bc495cf2:4 a7f2ff13bc495cf2:5
        a7f2ff13bc495cf2:6 a7f2ff1481e87703:1 a9cf91f7bbf1862b:1 55ec222b86bcae53:1 cc97dc7b1d7d8f7b:1
        c129715d7a2bc9a3:1""",
    ),
    (
        "x = 2\nx = 1\nprint(x)\nx = 3\nprint(x)\nx = 4\nprint(x)\n",
        """e54938cc54b302f1:1 bb609acbe9138d60:1 1131fd5871777f34:1 5c482a0f8b35ea28:1 54517377da7028d2:1
        2c644846cb18d53e:1 f1b89f20de0d133:1 c129715d7a2bc9a3:1""",
    ),
]


@pytest.mark.parametrize(("text", "hashes"), VECTORS)
def test_every_line_has_the_hash_that_the_upload_action_gives_it(text: str, hashes: str) -> None:
    assert dict(enumerate(hashes.split(), 1)) == line_hashes(text.encode(), range(1, 100))


def test_a_result_gets_the_hash_that_the_upload_action_writes_into_its_file() -> None:
    """src/testdata/fingerprinting.expected.sarif of github/codeql-action, with its two small sources.

    Its other vector, fingerprinting2, is a result without a line, which gets no hash; ours all have one.
    """
    first = b"var a = 0;\nvar b = 0;\nvar c = 0;\nvar d = 0;\n"
    second = b"var foo = 0;\nvar bar = 0;\nvar baz = 0;\nvar qux = 0;\n"
    assert {1: "5e4d5a9cf1294ad9:1"} == line_hashes(first, [1])
    assert {2: "f7592a95a9381ac0:1"} == line_hashes(second, [2])


def test_a_line_that_does_not_exist_has_no_hash() -> None:
    assert [1] == list(line_hashes(b"a", [0, 1, 2, 99]))


def test_lines_that_share_a_hash_without_being_equal_are_counted_together() -> None:
    """37 × "a" + "f" is 37 × "b" + "A", so only hashing each line gives the count that GitHub has."""
    rest = b"x" * 200
    hashes = line_hashes(b"af" + rest + b"\nbA" + rest, [1, 2])
    assert hashes[1].removesuffix(":1") == hashes[2].removesuffix(":2")


def test_a_count_does_not_depend_on_which_lines_are_asked_for() -> None:
    text = b"same\n" * 200
    assert line_hashes(text, range(300))[90] == line_hashes(text, [90])[90]


def by_definition(data: bytes, line: int) -> int:
    """The hash of a line, said the long way: a polynomial in 37 over 100 units."""
    text = data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    rest = "\n".join(text.split("\n")[line - 1 :]).replace(" ", "").replace("\t", "").encode("utf-16-be")
    units = [int.from_bytes(rest[at : at + 2], "big") for at in range(0, len(rest), 2)]
    padded = [*units, 0xFFFF, *[0] * 100][:100]
    return sum(unit * 37 ** (99 - at) for at, unit in enumerate(padded)) % 2**64


BYTES = [b"a", b" ", b"\t", b"\n", b"\r", b"\xff", b"\xef\xbb\xbf", "出😀".encode()]


@given(st.lists(st.sampled_from(BYTES), max_size=150))
def test_the_hash_is_the_polynomial_whatever_the_bytes(parts: list[bytes]) -> None:
    data = b"".join(parts)
    for line, value in line_hashes(data, range(1, 200)).items():
        assert f"{by_definition(data, line):x}" == value.split(":")[0]


def test_a_fingerprint_differs_in_each_of_its_parts() -> None:
    parts = ("S3AP101", "a.yaml", "Resources/Role", "alias")
    others = [(*parts[:at], "other", *parts[at + 1 :]) for at in range(4)]
    assert 5 == len({structural(*given) for given in [parts, *others]})


def test_a_fingerprint_keeps_its_parts_apart() -> None:
    assert structural("a", "b", "", "") != structural("ab", "", "", "")


def test_a_fingerprint_is_the_same_in_every_version() -> None:
    """Baselines and GitHub's alerts hold on to it: a change here reopens everything."""
    assert "35b29f23a0093545" == structural("S3AP101", "a.yaml", "Resources/Role", "alias")
