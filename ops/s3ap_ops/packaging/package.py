"""A template and everything local that it names, packaged: its text as it is sent, and what is uploaded first."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from posixpath import basename, dirname, join, splitext

from s3ap_lint.application import Application
from s3ap_lint.function import Function, is_image
from s3ap_lint.model import Edit, Span
from s3ap_lint.resolution import FUNCTION_TYPES, Code, within
from s3ap_lint.source import apply
from s3ap_lint.template.template import Resource, Template
from s3ap_ops.local import LocalProject
from s3ap_ops.packaging import functions
from s3ap_ops.packaging.archive import Payload
from s3ap_ops.packaging.functions import Pack
from s3ap_ops.packaging.problem import Left, Problem
from s3ap_ops.packaging.rewriting import Place, host_of, rewritten
from s3ap_ops.packaging.values import FILE, TEMPLATE, Named, named_values, refused_values

MOST_UNZIPPED = 250 * 1024 * 1024
"""Bytes of a function with its layers. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html

(The 50 MB of an archive are for those that are sent to Lambda itself; these go through a bucket.)
"""


@dataclass(frozen=True)
class Upload:
    """One object that has to be in the bucket, and the resources that name it."""

    key: str
    payload: Payload
    logical_ids: tuple[str, ...]


@dataclass(frozen=True)
class Packaged:
    """A template as it is sent. With `problems` it must not be; `left` are values that stay as they are written.

    `sha256` is the hash of `text` in UTF-8. Uploads come before those that name them.
    """

    text: str
    uploads: tuple[Upload, ...]
    problems: tuple[Problem, ...]
    left: tuple[Left, ...] = ()

    @property
    def sha256(self) -> str:
        """The hash of the text, in hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def packaged(
    template: Template,
    project: LocalProject,
    bucket: str,
    prefix: str,
    *,
    region: str,
    built: str = "",
    versions: Mapping[str, str] | None = None,
    parameters: Mapping[str, str] | None = None,
) -> Packaged:
    """A template with its local files under keys of a bucket. Files are read, nothing else is done.

    `built` is a folder of the project in which a build left a folder for each logical id. `versions` are the versions
    of objects by key, which are known once these are uploaded; `parameters` what the template is deployed with.
    """
    place = Place(bucket, host_of(region), versions or {}, parameters or {})
    work = _Work(template, project, project.application(template), place, prefix.strip("/"), built.strip("/"))
    return work.done()


@dataclass
class _Work:
    template: Template
    project: LocalProject
    application: Application
    place: Place
    prefix: str
    built: str
    above: tuple[str, ...] = ()
    uploads: dict[str, Upload] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    edits: dict[Span, tuple[Edit, ...]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)

    def done(self) -> Packaged:
        for named in named_values(self.template):
            self._take(named)
        for logical_id, node, what in refused_values(self.template):
            said = f"{node.text} is {what}, which is not packaged here; upload it, and write its address"
            self.problems.append(Problem(logical_id, node.at, said))
        for function in self.template.of_type(*FUNCTION_TYPES):
            self._weigh(function)
        data = apply(self.template.source.data, [one for edits in self.edits.values() for one in edits])
        text = data[self.template.source.start :].decode("utf-8")
        return Packaged(text, tuple(self.uploads.values()), tuple(self.problems), tuple(self.left))

    def _take(self, named: Named) -> None:
        resource = named.resource
        if resource.type in FUNCTION_TYPES:
            pack = self._function(named)
        elif named.is_local:
            pack = self._other(named)
        else:
            self._leave(named, "its file is not of the project") if named.node else None
            return
        if pack is None:
            return
        self.problems += [Problem(resource.id, named.node.at if named.node else resource.at, p) for p in pack.problems]
        if pack.payload is not None:
            self._upload(named, pack.payload)

    def _leave(self, named: Named, reason: str) -> None:
        self.left.append(Left(named.resource.id, named.node.at, reason))

    # -- what goes in

    def _function(self, named: Named) -> Pack | None:
        resource = named.resource
        if is_image(resource):
            if resource.node["Metadata"]["Dockerfile"] and not resource.property("ImageUri"):
                return Pack(
                    None, ["its container image has to be built, and nothing is built here; write its ImageUri"]
                )
            return None
        if resource.properties["InlineCode"] or resource.properties["Code"]["ZipFile"]:
            return None
        function = Function(resource, self.application)
        local = named.is_local or (not named.node and resource.type == "AWS::Serverless::Function")
        path = self._path(named.node.text) if local else None
        if local and path is None:
            return Pack(None, [f"its code {named.node.text!r} lies outside the project"])
        made = self._made(resource) if local or isinstance(function.code, Code) else ""
        if made:
            return functions.built(function, made, self.project.workspace)
        if path is not None:
            return self._missing(path) or functions.written(function, path, self.project.workspace)
        return self._joined(named, function)

    def _joined(self, named: Named, function: Function) -> Pack | None:
        code = function.code
        if not isinstance(code, Code) or code.inline is not None:
            reason = "it is code of the template" if isinstance(code, Code) else code.reason
            self._leave(named, f"the project has no code for it, as far as can be told: {reason}")
            return None
        if not named.node.is_text and (named.way.keys is None or not named.node[named.way.keys[1]]):
            self._leave(named, "where its code comes from is computed")
            return None
        if code.how == "its logical id":
            self._leave(named, f"only its logical id suggests {code.root}; say so in `code-map` to have it packaged")
            return None
        return functions.joined(function, code, self.project.workspace)

    def _other(self, named: Named) -> Pack | None:
        path = self._path(named.node.text)
        if path is None:
            return Pack(None, [f"{named.node.text!r} lies outside the project"])
        made = self._made(named.resource) if named.way.packed not in (FILE, TEMPLATE) else ""
        if made:
            return functions.folder(made, self.project.workspace)
        if (lacks := self._missing(path)) is not None:
            return lacks
        if named.way.packed == TEMPLATE:
            return self._nested(named, path)
        if named.way.packed == FILE:
            if not self.project.workspace.is_file(path):
                return Pack(None, [f"{path} is no file"])
            packed = functions.folder(path, self.project.workspace)
            return Pack(Payload(packed.payload.entries, archive=False)) if packed.payload else packed
        return self._layer(named, path)

    def _layer(self, named: Named, path: str) -> Pack:
        method = named.resource.node["Metadata"]["BuildMethod"].text
        if method:
            said = f"the layer is built by {method!r}, and nothing is built here; run `sam build` and name its folder"
            return Pack(None, [said])
        return functions.folder(path, self.project.workspace)

    def _nested(self, named: Named, path: str) -> Pack:
        if path == self.template.path or path in self.above:
            return Pack(None, [f"{path} nests itself"])
        found = self.project.loaded(path)
        if found is None:
            return Pack(None, [f"{path} is no template, or cannot be read"])
        inner = _Work(found, self.project, self.project.application(found), self.place, self.prefix, self.built)
        inner.above = (*self.above, self.template.path)
        done = inner.done()
        inside = named.resource.id
        for upload in done.uploads:
            ids = tuple(f"{inside}/{one}" for one in upload.logical_ids)
            self._add(Upload(upload.key, upload.payload, ids))
        self.problems += [Problem(f"{inside}/{one.logical_id}", one.at, one.message) for one in done.problems]
        self.left += [Left(f"{inside}/{one.logical_id}", one.at, one.reason) for one in done.left]
        return Pack(Payload(text=done.text))

    def _made(self, resource: Resource) -> str:
        """The folder that a build left for a resource; empty when there is none."""
        path = join(self.built, resource.id) if self.built else ""
        return path if path and self.project.workspace.is_dir(path) else ""

    def _path(self, text: str) -> str | None:
        return within(dirname(self.template.path), text)

    def _missing(self, path: str) -> Pack | None:
        if self.project.workspace.exists(path or "."):
            return None
        return Pack(None, [f"{path} is not there; build it first, or correct the path"])

    # -- what comes out

    def _upload(self, named: Named, payload: Payload) -> None:
        resource = named.resource
        self.sizes[resource.id] = payload.size
        key = _key(self.prefix, _name(named), payload, _suffix(named, payload))
        edits = rewritten(named, key, self.template.source, self.place)
        if edits is None:
            said = f"{named.name} cannot be replaced alone: it is written in one place for several, or computed"
            self.problems.append(Problem(resource.id, named.node.at, said))
            return
        where = named.node.span if named.node else resource.properties.span
        if self.edits.setdefault(where, edits) != edits:
            said = f"{named.name} of Globals is one for several functions that are not alike; give each its own"
            self.problems.append(Problem(resource.id, named.node.at, said))
            return
        self._add(Upload(key, payload, (resource.id,)))

    def _add(self, upload: Upload) -> None:
        known = self.uploads.get(upload.key)
        ids = (*(known.logical_ids if known else ()), *upload.logical_ids)
        self.uploads[upload.key] = Upload(upload.key, upload.payload, tuple(dict.fromkeys(ids)))

    def _weigh(self, function: Resource) -> None:
        """Hold a function with its layers to what Lambda takes, as far as their sizes are known."""
        if function.id not in self.sizes:
            return
        named = {node["Ref"].text for node in function.property("Layers").walk()}
        size = self.sizes[function.id] + sum(self.sizes.get(one, 0) for one in named)
        if size > MOST_UNZIPPED:
            said = f"it has {size:,} bytes with its layers; Lambda takes {MOST_UNZIPPED:,}"
            self.problems.append(Problem(function.id, function.at, said))


def _name(named: Named) -> str:
    """What an object is called: as its key was, where the template has one, else by the resource's logical id."""
    keys = named.way.keys
    written = named.node[keys[1]].text if keys and named.node.is_mapping else ""
    own = named.name in named.resource.properties or not named.node
    name = splitext(basename(written))[0] or (named.resource.id if own else "globals")
    return re.sub(r"[^A-Za-z0-9._-]", "-", name)


def _suffix(named: Named, payload: Payload) -> str:
    if payload.archive and payload.entries:
        return ".zip"
    return ".template" if not payload.entries else splitext(named.node.text)[1]


def _key(prefix: str, name: str, payload: Payload, suffix: str) -> str:
    return join(prefix, f"{name}-{payload.sha256[:16]}{suffix}")
