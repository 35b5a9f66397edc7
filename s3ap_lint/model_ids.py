"""Where ids of Bedrock's models stand in templates and code, and whether they are called as they stand there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from posixpath import basename

from s3ap_lint import bedrock, data
from s3ap_lint.bedrock import Model
from s3ap_lint.model import Location, Span
from s3ap_lint.python.memo import remembered
from s3ap_lint.python.module import Module
from s3ap_lint.statemachine import Definition
from s3ap_lint.template.node import Node
from s3ap_lint.template.references import Reference, mentioned, references
from s3ap_lint.template.template import Template

CALLING = ("invoke_model", "invoke_model_with_response_stream", "converse", "converse_stream")
"""The operations that call a model, as Python spells them."""

_POLICIES = frozenset({"PolicyDocument", "AssumeRolePolicyDocument", "Policies", "Statement", "ManagedPolicyArns"})
_NOT_CALLED = frozenset({"Tags", "Description", "Metadata", "BaseModelIdentifier", "CopyFrom"})
_PROVISIONED = frozenset({"AWS::Bedrock::ProvisionedModelThroughput"})
"""Resources that take the bare id of a model, and no profile."""


@dataclass(frozen=True)
class Mention:
    """A model id where it stands. `model` is what the id means, also when no such profile exists.

    `form` is the default or an allowed value of `parameter`, what a deployment has "given" it, a value, an ARN as one,
    an entry of a mapping, what a state calls, or code. `called` says whether it reaches a call as it stands there, as
    far as can be told.
    """

    text: str
    model: Model
    at: Location
    form: str
    called: bool
    node: Node | None = None
    parameter: str = ""

    @property
    def exists(self) -> bool | None:
        """Whether it is a model or profile that there is; None when that cannot be told."""
        if bedrock.model(self.text) != self.model:
            return False
        return bedrock.known_profile(self.model) if self.model.prefix else None


def meant(text: str) -> Model | None:
    """The model of the table that a text names, also by a profile that does not exist."""
    first, dot, rest = text.partition(".")
    if not dot or (first not in _providers() and rest.partition(".")[0] not in _providers()) or "/" in text:
        return None
    found = bedrock.model(text)
    return found if found is not None and found.facts is not None else bedrock.misspelt(text)


def _may_name_one(source: bytes) -> bool:
    """Whether the name of a model stands in a file at all: most have none, and need not be walked."""
    return any(stem in source for stem in _stems())


@cache
def _providers() -> frozenset[str]:
    return frozenset(name.partition(".")[0] for name in data.load("bedrock_models")["models"])


@cache
def _stems() -> tuple[bytes, ...]:
    """How the ids of models begin: "amazon.nova", "meta.llama"."""
    found = (re.match(r"\w+\.[a-z]+", name) for name in data.load("bedrock_models")["models"])
    return tuple(sorted({stem[0].encode() for stem in found if stem}))


# -- templates -----------------------------------------------------------------------------------


def mentions(template: Template) -> tuple[Mention, ...]:
    """The model ids that stand in a template as values of their own, grants left out, in document order."""
    known = template.memo.get(mentions)
    if not isinstance(known, tuple):
        found = list(_mentions(template)) if _may_name_one(template.source.data) else []
        known = template.memo[mentions] = tuple(found)
    return known


def _mentions(template: Template) -> Iterator[Mention]:
    for name, node in template.top["Parameters"].items():
        yield from _of_parameter(name, node, template)
    for section in ("Mappings", "Globals", "Resources"):
        for node in template.top[section].walk():
            text = _named(node.text) if node.is_text else ""
            found = meant(text) if text else None
            if found is not None and not _POLICIES & set(node.path):
                form = "mapping" if section == "Mappings" else "value" if text == node.text else "arn"
                called = section != "Mappings" and _takes_profiles(node, template)
                yield Mention(text, found, node.at, form, called, node if form != "arn" else None)


def _named(text: str) -> str:
    """The id in the ARN of a model or profile; any other text as it is."""
    kind, slash, last = text.rpartition("/")
    return last if slash and kind.endswith((":foundation-model", ":inference-profile")) else text


def _of_parameter(name: str, node: Node, template: Template) -> Iterator[Mention]:
    default = node["Default"]
    parameter = template.space.parameters.get(name)
    if parameter is None or parameter.from_ssm:
        return
    places = [(default, "default"), *((one, "allowed") for one in node["AllowedValues"] if one.text != default.text)]
    found = [(place, form, meant(place.text)) for place, form in places if place.is_text]
    if not any(model for _, _, model in found):
        return
    called = is_called(name, template)
    for place, form, model in found:
        if model is not None:
            yield Mention(place.text, model, place.at, form, called, place, name)


def is_called(parameter: str, template: Template) -> bool:
    """Whether the value of a parameter reaches a call as it is, as far as can be told."""
    uses = (*references(template), *mentioned(template.top["Globals"], template))
    return any(_is_called(one, template) for one in uses if one.name == parameter)


def _is_called(use: Reference, template: Template) -> bool:
    """Whether a parameter's value is handed on as it is: not as a part of an ARN or of another id."""
    if (
        use.section not in ("Resources", "Globals")
        or _POLICIES & set(use.node.path)
        or not _takes_profiles(use.node, template)
    ):
        return False
    if use.form == "Ref":
        return "Fn::Join" not in use.node.path
    text = use.node["Fn::Sub"]
    written = text.text if text.is_scalar else text[0].text
    variable = r"\$\{\s*" + re.escape(use.name) + r"\s*\}"
    return re.search(rf"(?<![\w./:-]){variable}(?![\w./:-])", written) is not None


def _takes_profiles(node: Node, template: Template) -> bool:
    path = node.path
    if _NOT_CALLED & set(path):
        return False
    owner = template.resources.get(path[1]) if path[0] == "Resources" and len(path) > 1 else None
    return owner is None or owner.type not in _PROVISIONED


_INVOKES = re.compile(r":states:::(?:aws-sdk:)?bedrock(?:runtime)?:(?:invokeModel|converse)\b")


def mentions_in_states(definition: Definition) -> Iterator[Mention]:
    """The models that the states of a definition call by an id that is written there."""
    for state in definition.states:
        if not _INVOKES.search(state.node["Resource"].text):
            continue
        for arguments in (state.node["Parameters"], state.node["Arguments"]):
            node = arguments["ModelId"]
            text = _named(node.text) if node.is_text else ""
            found = meant(text) if text else None
            if found is not None:
                yield Mention(text, found, definition.placed(node.at), "state", True)


# -- code ----------------------------------------------------------------------------------------

_PAST = re.compile(
    r"legacy|deprecat|retired|unsupported|invalid|(?:^|_)(?:old|eol|bare|bad|wrong|pric\w*|costs?)(?:_|$)", re.I
)
"""Names of what is kept about models that are not called."""


@remembered
def mentions_in(module: Module) -> tuple[Mention, ...]:
    """The model ids that code holds as the value of something called a model; tests are left out."""
    if module.tree is None or not _may_name_one(module.source.data) or _is_test(module.path):
        return ()
    found = []
    for node in module.nodes:
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        model = meant(node.value)
        if model is not None and _is_model(node, module):
            found.append(Mention(node.value, model, module.at(node), "code", _is_argument(node, module)))
    return tuple(sorted(found, key=lambda one: one.at.span or Span(0, 0)))


def _is_test(path: str) -> bool:
    name = basename(path)
    return (
        name.startswith(("test_", "conftest"))
        or name.endswith("_test.py")
        or bool({"test", "tests"} & set(path.split("/")[:-1]))
    )


def _is_model(node: ast.expr, module: Module) -> bool:
    """Whether a literal is given to something that is called a model, or stands in for it."""
    parent = module.parents.get(node)
    if isinstance(parent, ast.Call):  # os.environ.get("MODEL_ID", "…")
        first = parent.args[0] if len(parent.args) == 2 and parent.args[1] is node else None
        return isinstance(first, ast.Constant) and _says_model(first.value)
    if isinstance(parent, ast.BoolOp | ast.IfExp):
        return _is_model(parent, module)
    if isinstance(parent, ast.keyword):
        call = module.parents.get(parent)
        named: list[object] = [parent.arg]
        if parent.arg == "default" and isinstance(call, ast.Call):  # of an option of a command line
            named = [one.value for one in call.args if isinstance(one, ast.Constant)]
        return any(map(_says_model, named))
    if isinstance(parent, ast.Assign):
        return any(_says_model(_name_of(target)) for target in parent.targets)
    if isinstance(parent, ast.AnnAssign):
        return _says_model(_name_of(parent.target))
    if isinstance(parent, ast.Dict):
        keys = [key for key, value in zip(parent.keys, parent.values, strict=True) if value is node]
        return any(isinstance(key, ast.Constant) and _says_model(key.value) for key in keys)
    if isinstance(parent, ast.arguments):
        return any(_says_model(name) for name, default in _defaults(parent) if default is node)
    return False


def _says_model(name: object) -> bool:
    return isinstance(name, str) and "model" in name.lower() and not _PAST.search(name)


def _name_of(target: ast.expr) -> str:
    if isinstance(target, ast.Name):
        return target.id
    return target.attr if isinstance(target, ast.Attribute) else ""


def _defaults(arguments: ast.arguments) -> Iterator[tuple[str, ast.expr | None]]:
    plain = [*arguments.posonlyargs, *arguments.args]
    given = plain[len(plain) - len(arguments.defaults) :]
    yield from ((one.arg, default) for one, default in zip(given, arguments.defaults, strict=True))
    yield from ((one.arg, default) for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True))


def _is_argument(node: ast.expr, module: Module) -> bool:
    """Whether a literal is the `modelId` of a call, written there or by way of a name that is bound once."""
    parent = module.parents.get(node)
    if isinstance(parent, ast.keyword):
        return parent.arg == "modelId" and _calls_a_model(module.parents.get(parent))
    if not isinstance(parent, ast.Assign) or len(parent.targets) != 1 or not isinstance(parent.targets[0], ast.Name):
        return False
    name = parent.targets[0].id
    uses = [one for one in module.nodes if isinstance(one, ast.Name) and one.id == name]
    if sum(isinstance(one.ctx, ast.Store | ast.Del) for one in uses) != 1:
        return False
    if any(isinstance(one, ast.arg) and one.arg == name for one in module.nodes):
        return False
    around = [module.parents.get(one) for one in uses]
    return any(
        isinstance(one, ast.keyword) and one.arg == "modelId" and _calls_a_model(module.parents.get(one))
        for one in around
    )


def tells_models_apart(module: Module) -> bool:
    """Whether code compares a model with the name of a family somewhere, and so may send each what it takes."""
    for node in module.nodes:
        compared: list[ast.expr] = []
        if isinstance(node, ast.Compare):
            compared = [node.left, *node.comparators]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _TESTS:
            compared = list(node.args)
        elif isinstance(node, ast.MatchValue):
            compared = [node.value]
        for one in compared:
            inner = one.elts if isinstance(one, ast.Tuple | ast.List | ast.Set) else [one]
            if any(isinstance(text, ast.Constant) and _names_a_family(text.value) for text in inner):
                return True
    return False


_TESTS = frozenset({"endswith", "find", "match", "search", "startswith"})
_FAMILIES = re.compile(
    r"anthropic|claude|amazon\.|\bnova|titan|meta\.|llama|mistral|cohere|ai21|jamba|deepseek|stability", re.IGNORECASE
)


def _names_a_family(text: object) -> bool:
    return isinstance(text, str) and _FAMILIES.search(text) is not None


def _calls_a_model(call: ast.AST | None) -> bool:
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in CALLING
