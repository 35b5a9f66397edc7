"""A generated table: where its facts come from, and how it is written so that a diff shows facts."""

import json
import re
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
DATA = HERE.parent / "s3ap_lint" / "data"

_PIN = re.compile(
    r"^(?P<package>[\w.-]+)==(?P<version>\S+)  # (?P<date>\d{4}-\d\d-\d\d) (?P<licence>\S+)$", re.MULTILINE
)


def pins() -> dict[str, dict[str, str]]:
    """Package name → version, date and licence, as tools/requirements.txt pins them."""
    text = (HERE / "requirements.txt").read_text(encoding="utf-8")
    return {pin["package"]: pin.groupdict() for pin in _PIN.finditer(text)}


def source(package: str, generator: str) -> dict[str, str]:
    """The `_source` of a table made from `package` by `generator`; exits unless the pinned version is installed."""
    pin = pins()[package]
    installed = version(package)
    if installed != pin["version"]:
        sys.exit(f"{package} {installed} is installed; pip install -r tools/requirements.txt for {pin['version']}")
    return pin | {"generator": f"tools/{Path(generator).name}"}


def write(name: str, source: Mapping[str, Any], sections: Mapping[str, Any], folder: Path, width: int = 160) -> None:
    """Write `folder/name`, breaking entries longer than `width` over several lines, and say what was written."""
    parts = [f'"_source":{_compact(source)}']
    parts += [f"{json.dumps(key)}:{_broken(section, width)}" for key, section in sections.items()]
    path = folder / name
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8", newline="\n")
    counts = ", ".join(f"{len(section)} {key}" for key, section in sections.items())
    print(f"{path}: {path.stat().st_size:,} bytes; {counts}; {source['package']} {source['version']}")


def folder_from_command_line() -> Path:
    """The folder named on the command line, or the package's own."""
    return Path(sys.argv[1]) if len(sys.argv) > 1 else DATA


def _broken(value: Any, width: int) -> str:
    if isinstance(value, dict):
        return "{\n" + ",\n".join(f"{json.dumps(key)}:{_fitted(item, width)}" for key, item in value.items()) + "\n}"
    if isinstance(value, list):
        return "[\n" + ",\n".join(_fitted(item, width) for item in value) + "\n]"
    return _compact(value)


def _fitted(value: Any, width: int) -> str:
    compact = _compact(value)
    return compact if len(compact) <= width else _broken(value, width)


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
