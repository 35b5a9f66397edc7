"""What may stand on the command line, and the help for it."""

from __future__ import annotations

import argparse
from typing import NoReturn

from s3ap_lint.errors import UsageError

COMMANDS = (
    "check",
    "init",
    "sync",
    "permissions",
    "compare",
    "rules",
    "explain",
    "baseline",
    "config",
    "cache",
    "selftest",
    "new",
    "lsp",
)
ENGINES = ("cfn-lint", "cfn-validate", "none")

EPILOG = """\
commands (the default is check):
  check [PATH…]           check templates and the code they deploy
  init [PATH]             find out what a project is like, and write its configuration
  sync [PATH…]            bring generated templates in step with their sources; --check: say whether they are
  permissions [PATH…]     what each function needs, is granted, lacks, and what to grant instead
  compare REV|FILE [PATH…]
                          what a change of templates means once it is deployed
  explain CODE            a rule's page: what it finds, why, and an example
  rules                   every rule, with its severity and whether it is on
  selftest                prove that the selected rules can fire under this configuration
  baseline write FILE     accept today's findings, so that a gate can be switched on; also update, show
  config show             the settings in force, and the file they come from
  cache clean             forget the results of earlier runs; show: where they are kept
  new FAMILY/NAME         write the skeleton of a rule
  lsp                     the language server for editors, over standard input and output

exit status: 0 nothing at or above --fail-on, 1 findings (with --diff: changes), 2 the job could not be done
"""

COMPARE_EPILOG = """\
The default deployment is the one in which every parameter that has a Default has it.

examples:
  s3ap-lint compare HEAD                              what is not committed yet
  s3ap-lint compare origin/main...HEAD solutions/     what a branch changes below a folder
  s3ap-lint compare v1.0..v1.1 --scenario default     what an update does to who changes no parameter
  s3ap-lint compare main --require-unchanged default  proof that a new feature is opt-in
  s3ap-lint compare old.yaml new.yaml                 two files

exit status: 0, also when something changed, as of `git diff`; 1 with --exit-code or --require-unchanged, see there;
2 the job could not be done: no such revision, nothing that could be compared
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see `{self.prog} --help`")


def parser_for(command: str) -> argparse.ArgumentParser:
    """The parser of one command; what it refuses is a UsageError."""
    name = "s3ap-lint" if command == "check" else f"s3ap-lint {command}"
    parser = _Parser(
        prog=name,
        description=_DESCRIPTIONS[command],
        epilog=_EPILOGS.get(command),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    common = parser.add_argument_group("everywhere")
    common.add_argument("--config", metavar="FILE", help="this configuration file; also trusts the plugins it names")
    common.add_argument("--plugin-path", metavar="PATH", action="append", help="a Python file or package with rules")
    common.add_argument(
        "--no-plugin", metavar="NAME", action="append", help="leave a plugin out (access-points, cfn-lint …)"
    )
    common.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="default: on a terminal")
    common.add_argument("--debug", action="store_true", help="show tracebacks of failures in the program itself")
    _ARGUMENTS[command](parser)
    return parser


def _selecting(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("which rules")
    group.add_argument(
        "--select", metavar="CODES", action="append", help="only these: codes, prefixes or names, with commas"
    )
    group.add_argument("--extend-select", metavar="CODES", action="append", help="these too")
    group.add_argument("--ignore", metavar="CODES", action="append", help="not these")
    group.add_argument(
        "--strict", action="store_true", default=None, help="also the strict rules: true, but not everybody's business"
    )


def _ref(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("an empty REF names no commit; is a variable not set")
    return text


def _check_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", metavar="PATH", nargs="*", help="files, folders or globs to report on; default: .")
    parser.add_argument(
        "--version",
        action="store_true",
        help="the versions of the program and its engines",
    )
    _selecting(parser)
    group = parser.add_argument_group("fixing")
    group.add_argument("--fix", action="store_true", help="apply safe fixes, and report what is left")
    group.add_argument("--unsafe-fixes", action="store_true", help="with --fix or --diff: also those to be reviewed")
    group.add_argument("--diff", action="store_true", help="change nothing, print what --fix would do as a patch")
    group = parser.add_argument_group("output")
    group.add_argument(
        "--format", metavar="FORMAT", default="text", help="text, concise, json, sarif, github, gitlab or junit"
    )
    group.add_argument("--output", metavar="FILE", help="write there instead of standard output")
    group.add_argument(
        "--fail-on", choices=("error", "warning", "info"), help="the least severity that fails; default: warning"
    )
    group.add_argument("--exit-zero", action="store_true", help="exit 0 where it would be 1")
    group.add_argument("--statistics", action="store_true", help="counts per code, the time, and the use of the cache")
    group.add_argument("--sarif-suppressed", action="store_true", help="include ignored findings in SARIF")
    group.add_argument("-q", "--quiet", action="store_true", help="findings only, no summary")
    group.add_argument("-v", "--verbose", action="store_true", help="list what could not be checked")
    group.add_argument("--baseline", metavar="FILE", help="accept the findings listed there, and no others")
    group.add_argument(
        "--changed-lines",
        metavar="REF",
        type=_ref,
        help="only findings on lines changed since HEAD and this commit parted",
    )
    group = parser.add_argument_group("what changed")
    group.add_argument(
        "--changed",
        metavar="REF",
        nargs="?",
        type=_ref,
        const=False,
        help="only applications that changed since HEAD left REF, and every ignore added since; "
        "default: the branch that a pull request goes to, else the default branch",
    )
    group.add_argument(
        "--no-new-ignores", action="store_true", help="with --changed: fail when something new is ignored or accepted"
    )
    how = _running(parser)
    how.add_argument("--no-cache", action="store_true", help="neither use nor keep results of other runs")
    how.add_argument(
        "--stdin-filename", metavar="PATH", help="the path of what is read from standard input, given as -"
    )
    how.add_argument("--allow-empty", action="store_true", help="named files of which none is ours are no failure")
    how.add_argument("--force-exclude", action="store_true", help="leave out named files as well, as in a folder")


def _init_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path", metavar="PATH", nargs="?", help="the project's folder; default: that of the git repository, or this one"
    )
    parser.set_defaults(output=None)
    parser.add_argument("--pre-commit", action="store_true", help="also add the hook to .pre-commit-config.yaml")
    parser.add_argument("--github", action="store_true", help="also write .github/workflows/s3ap-lint.yml")
    parser.add_argument(
        "--agents", action="store_true", help="also tell coding agents in AGENTS.md how to run it and read its JSON"
    )
    parser.add_argument(
        "--diff", action="store_true", help="write nothing, print what would be as a patch; exit status 1 if anything"
    )


def _sync_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", metavar="PATH", nargs="*", help="only pairs with a template there; default: all")
    parser.add_argument(
        "--pair",
        nargs=2,
        metavar=("SOURCE", "GENERATED"),
        help="these two instead of the configured pairs: the template that people edit, and the one to make or mend",
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit status 1 if anything is out of step")
    parser.add_argument("--diff", action="store_true", help="the same, and print what would be written as a patch")
    parser.set_defaults(output=None)


def _permissions_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", metavar="PATH", nargs="*", help="templates, handlers or folders; default: .")
    parser.add_argument("--function", metavar="NAME", action="append", help="only this one, by its logical id")
    parser.add_argument("--format", choices=("text", "json", "html"), default="text")
    parser.add_argument("--output", metavar="FILE", help="write there instead of standard output")
    parser.add_argument("--jobs", metavar="N", type=int, help="processes; default: one for each processor")
    parser.add_argument("--exclude", metavar="PATTERN", action="append", help="leave out, in the style of .gitignore")


def _compare_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what",
        metavar="REV|FILE",
        nargs="?",
        default="",
        help="a revision to compare the work tree with; two: REV..REV2, REV...REV2; or a template to compare with PATH",
    )
    parser.add_argument(
        "paths", metavar="PATH", nargs="*", help="templates or folders, default: .; with FILE the second template"
    )
    parser.add_argument(
        "--scenario",
        choices=("all", "default"),
        default="all",
        help="default: nothing but the default deployment",
    )
    parser.add_argument(
        "--require-unchanged",
        choices=("default",),
        help="exit 1 unless every default deployment means exactly what it meant, 2 when that cannot be told",
    )
    parser.add_argument("--exit-code", action="store_true", help="exit 1 when anything means something else, else 0")
    parser.add_argument("--format", choices=("text", "json", "markdown"), default="text")
    parser.add_argument("--output", metavar="FILE", help="write there instead of standard output")
    parser.add_argument("--exclude", metavar="PATTERN", action="append", help="leave out, in the style of .gitignore")


def _running(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    group = parser.add_argument_group("how")
    group.add_argument("--engine", choices=ENGINES, help="the schema engine; default: cfn-lint")
    group.add_argument("--engine-timeout", metavar="SECONDS", type=float, help="for each template; default: 60")
    group.add_argument("--jobs", metavar="N", type=int, help="processes; default: one for each processor")
    group.add_argument("--exclude", metavar="PATTERN", action="append", help="leave out, in the style of .gitignore")
    return group


def _rules_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=("text", "json"), default="text")
    _selecting(parser)


def _explain_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("code", metavar="CODE", help="a code such as S3AP101, or a name such as alias-only-grant")


def _config_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("show",))
    parser.add_argument("paths", metavar="PATH", nargs="*")
    _selecting(parser)


def _cache_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("clean", "show"))


def _baseline_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("write", "update", "show"))
    parser.add_argument("file", metavar="FILE", help="the baseline, a JSON file to commit")
    parser.add_argument("paths", metavar="PATH", nargs="*", help="files, folders or globs to check; default: .")
    _selecting(parser)
    _running(parser)


def _selftest_arguments(parser: argparse.ArgumentParser) -> None:
    _selecting(parser)


def _new_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="FAMILY/NAME", help="such as access_points/my_rule, or just my_rule")
    parser.add_argument("--code", default="ACME001", help="the rule's code; default: ACME001")


def _lsp_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--engine", choices=ENGINES, help="the schema engine; default: what each project configures")
    parser.add_argument("--stdio", action="store_true", help="over standard input and output, which is the only way")


_DESCRIPTIONS = {
    "check": "Reads CloudFormation/SAM templates, the handlers they deploy and their roles as one program.",
    "init": "Finds pairs of templates, code that no template leads to, and shared packages; writes the settings that\n"
    "differ from the defaults. What is there already is never replaced, and a second run changes nothing.",
    "sync": "Makes the generated half of each configured pair of templates from its source, or mends what drifted:\n"
    "plain CloudFormation from SAM and the reverse, YAML and JSON. What only one of the two can say is named, and\n"
    "nothing of that pair is written.",
    "permissions": "What each function's code needs, what its role grants, and the statements that would do.",
    "compare": "What a change of templates means once it is deployed: grants, variables, resources added, removed and\n"
    "replaced, parameters, states, outputs, other properties; the default deployment first, then others by scenario.",
    "rules": "Every rule, with its severity and whether it is on.",
    "explain": "A rule's page: what it finds, why it matters, and an example.",
    "baseline": "Accept today's findings (write), take off the list what is mended (update), or list it (show).",
    "config": "The settings in force and the file they come from.",
    "cache": "Results of earlier runs, used again where nothing has changed: forget them (clean), or say where (show).",
    "selftest": "Run the bad example of every selected rule under this configuration; exit 2 if one cannot fire.",
    "new": "Write the skeleton of a rule in the current folder.",
    "lsp": "The language server, for editors: it speaks the Language Server Protocol over standard input and output.",
}
_EPILOGS = {"check": EPILOG, "compare": COMPARE_EPILOG}
_ARGUMENTS = {
    "check": _check_arguments,
    "init": _init_arguments,
    "sync": _sync_arguments,
    "permissions": _permissions_arguments,
    "compare": _compare_arguments,
    "rules": _rules_arguments,
    "explain": _explain_arguments,
    "baseline": _baseline_arguments,
    "config": _config_arguments,
    "cache": _cache_arguments,
    "selftest": _selftest_arguments,
    "new": _new_arguments,
    "lsp": _lsp_arguments,
}
