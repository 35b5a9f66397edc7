"""Output formats: each module turns a report into text and knows nothing of files or processes."""

from __future__ import annotations

from s3ap_lint.offers import Renderer
from s3ap_lint.render import concise, github, gitlab, json, junit, sarif, text

RENDERERS: tuple[Renderer, ...] = (
    Renderer("text", "for people: the source line, the scenario, related places, the fix, a summary", text.render),
    Renderer("concise", "one line for each finding: path:line:column: CODE message", concise.render),
    Renderer("json", "one object with findings, suppressed, unchecked and stats", json.render, shows_edits=True),
    Renderer(
        "sarif", "SARIF 2.1.0, as GitHub code scanning takes it", sarif.render, shows_edits=True, shows_line_hashes=True
    ),
    Renderer("github", "workflow commands that GitHub shows as annotations", github.render),
    Renderer("gitlab", "GitLab's Code Quality report, for the widget of a merge request", gitlab.render),
    Renderer("junit", "JUnit XML, each finding a failed test, for servers that know nothing else", junit.render),
)
