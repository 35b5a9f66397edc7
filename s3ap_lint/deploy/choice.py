"""Which template a deployment is of; none when that cannot be told."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import basename, dirname, join, normpath

from s3ap_lint.deploy.model import Terms
from s3ap_lint.packaging import Files

DEFAULTS = ("template.yaml", "template.yml", "template.json")
"""What `sam deploy` takes when no template is named (SAM CLI command reference, `sam build`)."""


def chosen(path: str, terms: Terms, tree: Files) -> str | None:
    """The path of the template that a deployment in a file is of, relative to the project root."""
    if terms.template is None:
        return None
    if terms.template:
        return _named(path, terms, tree)
    if not terms.by.startswith("sam "):
        return _beside(path, tree) if terms.beside else None
    found = (one for folder in _folders(path, terms, tree) if (one := _default(folder, tree)))
    return next(found, None)


def _folders(path: str, terms: Terms, tree: Files) -> list[str]:
    """Where a command may be run: in the file's folder or one above, or in the folder below these that `cd` names."""
    own = dirname(path)
    if terms.beside:
        return [own]
    if not terms.folder:
        return list(_above(own)) if terms.folder == "" else []
    found = [clean for above in _above(own) if not (clean := normpath(join(above, terms.folder))).startswith("..")]
    there = [folder for folder in dict.fromkeys(found) if tree.is_dir(folder)]
    return ["" if folder == "." else folder for folder in there] if len(there) == 1 else []


def _named(path: str, terms: Terms, tree: Files) -> str | None:
    """The file of that name, where there is only one; the one in the file's own folder comes first."""
    name = terms.template or ""
    if name.startswith(("/", "~")) or "://" in name:
        return None
    found = [normpath(join(folder, name)) for folder in _folders(path, terms, tree)]
    found = [one for one in dict.fromkeys(found) if not one.startswith("..") and tree.is_file(one)]
    is_own = found[:1] == [normpath(join(dirname(path), name))]
    return found[0] if len(found) == 1 or is_own else None


def _above(folder: str) -> Iterator[str]:
    while True:
        yield folder
        if not folder:
            return
        folder = dirname(folder)


def _default(folder: str, tree: Files) -> str | None:
    return next((one for name in DEFAULTS if tree.is_file(one := join(folder, name))), None)


def _beside(path: str, tree: Files) -> str | None:
    """The one template beside a parameter file, or the one that its name begins with."""
    folder = dirname(path)
    names = [name for name in tree.listdir(folder) if name.endswith((".yaml", ".yml", ".template", ".cfn"))]
    stems = {name.partition(".")[0]: name for name in names}
    named = [stems[stem] for stem in stems if basename(path).startswith((f"{stem}.", f"{stem}-", f"{stem}_"))]
    only = named or names
    return join(folder, only[0]) if len(only) == 1 else None
