"""The workflow for GitHub Actions: every push to the default branch, and of a pull request what it changes."""

from __future__ import annotations

from s3ap_lint import __version__
from s3ap_lint.adoption.proposal import Files, Proposal, refused, settled

PATH = ".github/workflows/s3ap-lint.yml"

WORKFLOW = """\
name: s3ap-lint
on:
  push:
    branches: [BRANCH]
  pull_request:
permissions:
  contents: read
jobs:
  s3ap-lint:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          fetch-depth: 0 # --changed compares with the commit that the branch began at
          persist-credentials: false
      - uses: actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97 # v7.0.0
        with:
          python-version: "3.13"
      - uses: actions/cache@55cc8345863c7cc4c66a329aec7e433d2d1c52a9 # v6.1.0
        with:
          path: ${{ runner.temp }}/s3ap-lint-cache
          key: s3ap-lint-${{ github.sha }}
          restore-keys: s3ap-lint-
      - run: pip install s3ap-lint==VERSION
      - name: What the pull request changes
        if: github.event_name == 'pull_request'
        run: s3ap-lint --changed --format github
        env:
          S3AP_LINT_CACHE_DIR: ${{ runner.temp }}/s3ap-lint-cache
      - name: Everything
        if: github.event_name != 'pull_request'
        run: s3ap-lint --format github
        env:
          S3AP_LINT_CACHE_DIR: ${{ runner.temp }}/s3ap-lint-cache
"""


def workflow(branch: str, files: Files) -> Proposal:
    """The workflow, for pushes to a branch; one that is there already stays as it is."""
    before = files.get(PATH)
    text = WORKFLOW.replace("BRANCH", branch).replace("VERSION", __version__)
    if before is None:
        return Proposal(PATH, None, text.encode(), remark=f"for pull requests and pushes to {branch}")
    if b"s3ap-lint" in before:
        return settled(PATH, before)
    return refused(PATH, before, "is there already and does not run s3ap-lint; write this to another file", text)
