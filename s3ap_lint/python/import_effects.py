"""Whether importing a module does something besides defining names, as far as the project's files tell.

Of what is installed, two tables tell: packages that are imported for what their import does, and those that never are.
"""

from __future__ import annotations

import ast
import posixpath
import sys
import warnings
from collections.abc import Callable, Iterable

from s3ap_lint.python.imports import above
from s3ap_lint.python.state import chain_of

FOR_EFFECT = frozenset(
    {
        "antigravity",
        "colorama",
        "cv2",
        "ddtrace",
        "gevent",
        "eventlet",
        "matplotlib.backends",
        "mpl_toolkits",
        "newrelic",
    }
    | {
        "psycogreen",
        "pyximport",
        "readline",
        "rioxarray",
        "rlcompleter",
        "seaborn",
        "setuptools",
        "site",
        "sitecustomize",
    }
    | {"hvplot", "pint_xarray", "pip_system_certs", "swifter", "tensorflow_text", "this", "truststore", "usercustomize"}
    | {"beartype.claw", "jaxtyping", "sklearn.experimental", "tensorflow_addons", "unzip_requirements", "xlwings"}
    | {"aws_xray_sdk.ext", "crhelper", "datadog_lambda", "pytest_plugins", "sqlalchemy.dialects", "typeguard", "turtle"}
)
"""Modules that people import for what importing them does: they patch, register or show something."""

DEFINES_ONLY = frozenset(
    {"aiobotocore", "aioboto3", "attr", "attrs", "aws_cdk", "aws_lambda_powertools", "aws_lambda_typing", "boto3"}
    | {"botocore", "bs4", "cfn_flip", "cfnlint", "charset_normalizer", "click", "constructs", "cryptography"}
    | {"dateutil", "docx", "fastapi", "flask", "freezegun", "httpx", "hypothesis", "jinja2", "jmespath", "jsonschema"}
    | {"jwt", "lxml", "mangum", "markdown", "marshmallow", "moto", "numpy", "openpyxl", "opensearchpy", "packaging"}
    | {"pandas", "PIL", "pyarrow", "pydantic", "pyflakes", "pypdf", "pytest", "pytz", "redis", "requests", "responses"}
    | {"s3transfer", "scipy", "simplejson", "six", "starlette", "tenacity", "tomli", "tqdm", "typing_extensions"}
    | {"tzlocal", "urllib3", "werkzeug", "yaml"}
)
"""Packages that nobody imports for what importing them does; of others that is not known."""

_BASES = frozenset(
    {"object", "ABC", "Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "NamedTuple", "TypedDict", "Protocol", "Generic"}
    | {"Exception", "BaseException", "dict", "list", "str", "int", "float", "tuple", "set", "frozenset", "TestCase"}
)
_DECORATORS = frozenset(
    {"dataclass", "total_ordering", "unique", "runtime_checkable", "final", "staticmethod", "classmethod", "property"}
    | {"cache", "lru_cache", "contextmanager", "asynccontextmanager", "wraps", "abstractmethod", "override", "overload"}
    | {
        "cached_property",
        "setter",
        "fixture",
        "parametrize",
        "singledispatch",
        "patch",
        "given",
        "settings",
        "composite",
    }
)
_MAKERS = frozenset(
    {"frozenset", "set", "dict", "list", "tuple", "int", "str", "float", "bool", "bytes", "len", "range", "object"}
    | {"sorted", "min", "max", "compile", "getLogger", "getenv", "get", "Path", "namedtuple", "TypeVar", "timedelta"}
    | {
        "Decimal",
        "join",
        "dirname",
        "abspath",
        "resolve",
        "field",
        "lower",
        "upper",
        "strip",
        "split",
        "encode",
        "format",
    }
    | {
        "timezone",
        "NewType",
        "ParamSpec",
        "MappingProxyType",
        "Lock",
        "RLock",
        "Queue",
        "deque",
        "defaultdict",
        "Counter",
    }
)
"""Calls by name whose value is all that they make."""


MOST_MODULES = 50
"""Modules in a row, each imported by the one before, that are looked into; what lies behind may do anything."""


def for_effect(module: str) -> bool:
    """Whether a module is one that people import for what importing it does."""
    parts = module.split(".")
    return any(".".join(parts[:end]) in FOR_EFFECT for end in range(1, len(parts) + 1))


class Effects:
    """What importing the modules of a project does."""

    def __init__(
        self, paths: Iterable[str], read: Callable[[str], bytes | None], installed: Callable[[str], bool]
    ) -> None:
        """`paths` are all Python files of the project; `installed` tells packages that were checked in."""
        self._installed = installed
        self._read = read
        self._paths = frozenset(paths)
        self._by_name: dict[str, list[str]] = {}
        for path in sorted(self._paths):
            self._by_name.setdefault(_parts(path)[-1], []).append(path)
        self._harmless: dict[str, bool] = {}
        self._depth = 0

    def of(self, importer: str, module: str, level: int = 0) -> str:
        """The file that does something when a module is imported; empty when none does."""
        for path in self.files(importer, module, level):
            if not self._is_harmless(path) and not self._installed(path):
                return path
        return ""

    def unknown(self, importer: str, module: str, level: int = 0) -> bool:
        """Whether nothing tells what importing a module does: its code is not here, nor is it a known package."""
        top = module.partition(".")[0]
        if level or top in sys.stdlib_module_names or top in DEFINES_ONLY or top.startswith(("mypy_boto3", "types_")):
            return False
        return not self.files(importer, module)

    def files(self, importer: str, module: str, level: int = 0) -> tuple[str, ...]:
        """The files of the project that an import may run, its packages' included."""
        folder = posixpath.dirname(importer)
        names = module.split(".") if module else []
        if level:
            for _ in range(level - 1):
                folder = posixpath.dirname(folder)
            return self._in(folder, names)
        if names[0] in sys.stdlib_module_names:
            return self._in(folder, names)
        near = next((here for one in above(folder) if (here := self._in(one, names))), ())
        if near:
            return near
        found: list[str] = []
        for path in self._by_name.get(names[-1], ()):
            parts = _parts(path)
            if parts[-len(names) :] == names:
                found += self._in("/".join(parts[: -len(names)]), names)
        return tuple(dict.fromkeys(found))

    def _in(self, folder: str, names: list[str]) -> tuple[str, ...]:
        """The files of a dotted name that is looked up in a folder; nothing if it is not there."""
        found = [posixpath.join(folder, *names[:end], "__init__.py") for end in range(len(names) + 1 if names else 1)]
        found = [path for path in found[1 if names else 0 :] if path in self._paths]
        own = posixpath.join(folder, *names) + ".py" if names else ""
        if own in self._paths:
            return (*found, own)
        whole = posixpath.join(folder, *names, "__init__.py")
        return tuple(found) if whole in found else ()

    def _is_harmless(self, path: str) -> bool:
        if path not in self._harmless:
            if self._depth > MOST_MODULES:
                return False  # not remembered: asked from elsewhere, it may be near enough
            self._harmless[path] = True  # modules that import each other
            self._depth += 1
            tree = parsed(self._read(path))
            self._harmless[path] = tree is not None and all(self._defines(path, one) for one in tree.body)
            self._depth -= 1
        return self._harmless[path]

    def _defines(self, path: str, statement: ast.stmt) -> bool:
        """Whether a statement at module level does no more than define names."""
        match statement:
            case ast.Import(names=names):
                return not any(for_effect(one.name) or self.of(path, one.name) for one in names)
            case ast.ImportFrom(module=module, level=level, names=names):
                inner = [f"{module}.{one.name}" if module else one.name for one in names]
                if not level and for_effect(module or ""):
                    return False
                return not any(self.of(path, one, level) for one in [module or "", *inner] if one or level)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return all(_last(one) in _DECORATORS for one in statement.decorator_list)
            case ast.ClassDef(bases=bases, body=body):
                known = all(_last(one) in _BASES or _last(one).endswith(("Error", "Exception")) for one in bases)
                decorated = all(_last(one) in _DECORATORS for one in statement.decorator_list)
                return known and decorated and all(self._defines(path, one) for one in body)
            case ast.If(test=test, body=body, orelse=orelse):
                if ast.unparse(test) in ("__name__ == '__main__'", "TYPE_CHECKING", "typing.TYPE_CHECKING"):
                    return all(self._defines(path, one) for one in orelse)
                return _only_makes(test) and all(self._defines(path, one) for one in [*body, *orelse])
            case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
                inside = [*body, *(one for handler in handlers for one in handler.body), *orelse, *final]
                return all(self._defines(path, one) for one in inside)
            case ast.Assign(targets=targets, value=value):
                return all(isinstance(one, ast.Name) for one in targets) and _only_makes(value)
            case ast.AnnAssign(target=ast.Name(), value=value) | ast.AugAssign(target=ast.Name(), value=value):
                return value is None or _only_makes(value)
            case ast.Expr(value=ast.Constant()) | ast.Pass():
                return True
        return False


def parsed(data: bytes | None) -> ast.Module | None:
    """The syntax tree of a file; None when there is none."""
    if data is None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _only_makes(value: ast.expr) -> bool:
    """Whether an expression does nothing but make a value."""
    for node in ast.walk(value):
        if isinstance(node, ast.Call) and _last(node.func) not in _MAKERS:
            return False
        if isinstance(node, ast.Await | ast.Yield | ast.YieldFrom | ast.NamedExpr):
            return False
    return True


def _last(node: ast.expr) -> str:
    """The last part of a dotted name, also of a call or subscript of it."""
    while isinstance(node, ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    if isinstance(node, ast.Attribute):
        return node.attr
    return (chain_of(node) or ("",))[-1]


def _parts(path: str) -> list[str]:
    """The names on the way to a module."""
    return path.removesuffix(".py").removesuffix("/__init__").split("/")
