"""The block of an AGENTS.md that tells a coding agent how to run the program and what its answers mean."""

from __future__ import annotations

from s3ap_lint.adoption.proposal import Files, Proposal, appended, newline, refused
from s3ap_lint.adoption.survey import Survey

PATH = "AGENTS.md"
BEGIN, END = "<!-- s3ap-lint: begin -->", "<!-- s3ap-lint: end -->"

BLOCK = """\
## s3ap-lint

`s3ap-lint` reads the CloudFormation/SAM templates of this project, the Python handlers they deploy and their roles as
one program. Run it after every change of a template, a handler, a state machine or a deployment script:

    s3ap-lint --changed HEAD --engine none --format json

- `--changed HEAD`: applications with changes that are not committed; `--changed` alone: all that this branch changed.
- `--engine none` leaves out the schema engine (cfn-lint), which may take minutes; run with it before you are done.
- Exit status 0: nothing found. 1: findings. 2: the job could not be done, which is no success; the message says why.

In the JSON, each of `findings` has `code`, `severity`, `message`, `path`, `line`, `column`; `scenario`, whose `text`
says in which deployment it happens (null: in every one); `related`, the other places it is about: what has to change
may stand there; and `fix`, whose `safety` is `safe`, `review` or `manual`. `unchecked` is what could not be looked at:
no finding there does not mean no fault. `added_ignores` is what your change silences.

- `s3ap-lint explain CODE` is the page of a rule: what happens, and how it is mended. Read it before you change a thing.
- `s3ap-lint --fix` makes the safe fixes; `s3ap-lint --diff --unsafe-fixes` shows those that somebody has to review.
- `s3ap-lint permissions PATH` shows what each function needs and what its role grants.
- Mend what is found. Do not ignore it, lower its severity or add it to a baseline unless you were told to; an ignore
  needs a reason: `# s3ap-lint: ignore[S3AP202] deployed with alarms only`.
"""

SHARED = """\
- Several applications import from {folders}: after a change there, findings may come up in each of them.
"""


def agents(found: Survey, files: Files) -> Proposal:
    """The file with the block: in the place of the one it has, else at its end."""
    before = files.get(PATH)
    folders = ", ".join(f"`{folder}/`" for folder, _ in found.shared[:5])
    block = f"{BEGIN}\n{BLOCK}{SHARED.format(folders=folders) if folders else ''}{END}"
    if before is None:
        return Proposal(PATH, None, f"{block}\n".encode())
    text = before.decode("utf-8")
    if text.count(BEGIN) != text.count(END) or text.count(BEGIN) > 1 or text.find(END) < text.find(BEGIN):
        return refused(PATH, before, f"has {BEGIN} or {END} without the other, or twice; mend that first")
    if BEGIN not in text:
        return Proposal(PATH, before, appended(before, f"{block}\n"))
    start, end = text.index(BEGIN), text.index(END) + len(END)
    return Proposal(PATH, before, (text[:start] + block.replace("\n", newline(before)) + text[end:]).encode())
