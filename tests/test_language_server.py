"""The language server as an editor meets it: a real process, real messages, files on disk."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path

import pytest
from conftest import REPOSITORY, Cli, Write
from editing import SAVED, Editor, edit
from lsprotocol import types

from s3ap_lint.arguments import ENGINES

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters:
  OutputAlias: {Type: String}  # 出力先 𠮷
  OutputAccessPointName: {Type: String, AllowedPattern: "^[a-z0-9][a-z0-9-]{1,48}[a-z0-9]$"}
  Keep: {Type: String, Default: "no", AllowedValues: ["yes", "no"]}
Conditions:
  Keeps: !Equals [!Ref Keep, "yes"]
Resources:
  WriterRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: write
          PolicyDocument:
            Statement:
              - Effect: Allow
                Action: s3:PutObject
                Resource: !Sub "arn:aws:s3:::${OutputAlias}/*"
  Writer:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      CodeUri: writer
      Handler: handler.handler
      Role: !GetAtt WriterRole.Arn
      Environment:
        Variables:
          TARGET: !If [Keeps, !Ref OutputAccessPointName, !Ref OutputAlias]
"""
GRANTED = TEMPLATE.replace(
    """                Resource: !Sub "arn:aws:s3:::${OutputAlias}/*"
""",
    """                Resource:
                  - !Sub "arn:aws:s3:::${OutputAlias}/*"
                  - !Sub "ARN/object/*"
""".replace("ARN", "arn:${AWS::Partition}:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/${OutputAccessPointName}"),
)
ALIAS = "arn:aws:s3:::${OutputAlias}/*"
POINT = "arn:aws:s3:*:*:accesspoint/${OutputAccessPointName}/object/*"
HANDLER = """\
import os
import boto3

s3 = boto3.client("s3")


def handler(event, context):
    s3.put_object(Bucket=os.environ["TARGET"], Key="𠮷", Body=b"")
"""


@pytest.fixture
def app(cli: Cli, write: Write) -> Cli:
    """One application with a grant by alias only."""
    write({"app/template.yaml": TEMPLATE, "app/writer/handler.py": HANDLER})
    return cli


def test_a_fault_is_shown_goes_when_it_is_mended_and_comes_back(app: Cli) -> None:
    async def person(editor: Editor) -> None:
        editor.open("app/template.yaml")
        (shown,) = await editor.codes("app/template.yaml", ["S3AP101"])
        assert shown.range == types.Range(types.Position(20, 26), types.Position(20, 62))
        assert shown.severity is types.DiagnosticSeverity.Error
        assert shown.source == "s3ap-lint"
        assert shown.code_description is not None
        assert shown.code_description.href.endswith("/S3AP101.md")
        assert [one.location.uri.rpartition("/")[2] for one in shown.related_information or []]
        editor.change(
            "app/template.yaml",
            "arn:aws:s3:::${OutputAlias}/*",
            "arn:aws:s3:*:*:accesspoint/${OutputAccessPointName}/object/*",
        )
        await editor.codes("app/template.yaml", [])
        editor.change(
            "app/template.yaml",
            "arn:aws:s3:*:*:accesspoint/${OutputAccessPointName}/object/*",
            "arn:aws:s3:::${OutputAlias}/*",
        )
        await editor.codes("app/template.yaml", ["S3AP101"])

    said = edit(app, person)
    assert said.server_info is not None
    assert said.server_info.name == "s3ap-lint"


def test_an_edit_of_a_handler_changes_what_is_said_of_its_template(app: Cli) -> None:
    """Neither is saved: what is open counts, not what is on disk."""

    async def person(editor: Editor) -> None:
        editor.open("app/template.yaml")
        await editor.codes("app/template.yaml", ["S3AP101"])
        editor.open("app/writer/handler.py")
        await editor.codes("app/writer/handler.py", [])
        editor.change("app/writer/handler.py", '"TARGET"', '"GOAL"')
        await editor.codes("app/writer/handler.py", ["S3AP302"])
        editor.change("app/template.yaml", "TARGET:", "GOAL:")
        await editor.codes("app/writer/handler.py", [])
        editor.close("app/writer/handler.py")  # unsaved: the disk counts again
        await editor.codes("app/template.yaml", ["S3AP101", "S3AP302"])

    edit(app, person)


def test_a_fix_is_offered_where_the_fault_is_and_makes_what_the_command_line_makes(app: Cli) -> None:
    async def person(editor: Editor) -> None:
        editor.open("app/template.yaml")
        await editor.codes("app/template.yaml", ["S3AP101"])
        (fix,) = await editor.actions("app/template.yaml", "${OutputAlias}/*", ["quickfix"])
        assert (fix.title, fix.is_preferred) == ("Also grant the access point ARN", True)
        assert [one.code for one in fix.diagnostics or []] == ["S3AP101"]
        assert editor.applied(fix) == {"app/template.yaml": GRANTED}
        assert await editor.actions("app/template.yaml", "Transform") == []

    edit(app, person)
    assert app("--fix", "--engine", "none", "app").status == 0
    assert (app.folder / "app/template.yaml").read_text(encoding="utf-8") == GRANTED


def test_fix_all_makes_every_safe_fix_of_the_document(app: Cli) -> None:
    (app.folder / "app/writer/handler.py").write_text("import json\nimport sys\n" + HANDLER, encoding="utf-8")

    async def person(editor: Editor) -> None:
        editor.open("app/writer/handler.py")
        shown = await editor.codes("app/writer/handler.py", ["F401", "F401"])
        assert [list(one.tags or []) for one in shown] == [[types.DiagnosticTag.Unnecessary]] * 2
        (everything,) = await editor.actions("app/writer/handler.py", "import json", ["source.fixAll"])
        assert (everything.kind, everything.title) == (
            "source.fixAll.s3ap-lint",
            "Fix all that s3ap-lint can fix safely (2 findings)",
        )
        assert editor.applied(everything) == {"app/writer/handler.py": HANDLER}
        ours = await editor.actions("app/writer/handler.py", "import json", ["source.fixAll.s3ap-lint"])
        assert [one.kind for one in ours] == ["source.fixAll.s3ap-lint"]
        assert await editor.actions("app/writer/handler.py", "import json", ["source.organizeImports"]) == []

    edit(app, person)


def test_what_lies_under_the_pointer_is_explained_across_files(app: Cli) -> None:
    async def person(editor: Editor) -> None:
        template, handler = "app/template.yaml", "app/writer/handler.py"
        editor.open(template)
        editor.open(handler)
        await editor.codes(template, ["S3AP101"])
        page = await editor.hover(template, "arn:aws:s3:::${OutputAlias}")
        assert page.startswith("**[S3AP101 alias-only-grant](file://")
        assert "*Fix: Also grant the access point ARN*" in page
        assert await editor.hover(template, "WriterRole.Arn") == (
            "**WriterRole grants**\n- `s3:PutObject` on `arn:aws:s3:::${OutputAlias}/*`"
        )
        assert await editor.hover(template, "Keeps, !Ref OutputAccessPointName") == (
            "`Keeps` is\n- **false** when Keep is 'no' (the default)\n- **true** when Keep is 'yes'"
        )
        assert (await editor.hover(template, "TARGET:")).startswith("`TARGET` is read in app/writer/handler.py:8\n")
        assert (await editor.hover(handler, '"TARGET"')).startswith(
            "`TARGET` is\n"
            "- `!If [Keeps, !Ref OutputAccessPointName, !Ref OutputAlias]` in Writer (app/template.yaml:22)"
        )
        assert "`s3:PutObject`" in await editor.hover(handler, "put_object")
        assert await editor.hover(template, "AWSTemplateFormatVersion") == ""

    edit(app, person)


def test_a_name_leads_to_its_other_half(app: Cli) -> None:
    async def person(editor: Editor) -> None:
        template, handler = "app/template.yaml", "app/writer/handler.py"
        editor.open(template)
        editor.open(handler)
        assert await editor.goes_to(template, "handler.handler") == [(handler, 7)]
        assert await editor.goes_to(template, "TARGET:") == [(handler, 8)]
        assert await editor.goes_to(handler, '"TARGET"') == [(template, 31)]
        assert await editor.goes_to(handler, "handler(event") == [(template, 27)]
        assert await editor.goes_to(template, "WriterRole.Arn") == [(template, 10)]
        assert await editor.goes_to(template, "Keeps, !Ref") == [(template, 8)]
        assert await editor.goes_to(template, "Transform") == []

    edit(app, person)


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 61), ("utf-16", 59), ("utf-32", 58)])
def test_columns_are_counted_as_the_editor_counts(cli: Cli, write: Write, encoding: str, column: int) -> None:
    """A character outside of the basic plane stands before the fault: four bytes, two units, one code point."""
    line = '    return {"𠮷": event, "comment": "so far so fine", "n": missing}'
    write({"handler.py": f"def handler(event, context):\n{line}\n"})
    capabilities = types.ClientCapabilities(
        general=types.GeneralClientCapabilities(position_encodings=[types.PositionEncodingKind(encoding)])
    )

    async def person(editor: Editor) -> None:
        editor.open("handler.py")
        (shown,) = await editor.codes("handler.py", ["F821"])
        assert shown.range == types.Range(types.Position(1, column), types.Position(1, column + 7))

    assert edit(cli, person, capabilities=capabilities).capabilities.position_encoding == encoding


def test_an_editor_that_pulls_is_not_pushed(app: Cli) -> None:
    pulling = types.ClientCapabilities(
        text_document=types.TextDocumentClientCapabilities(diagnostic=types.DiagnosticClientCapabilities()),
        workspace=types.WorkspaceClientCapabilities(
            diagnostics=types.DiagnosticWorkspaceClientCapabilities(refresh_support=True)
        ),
    )

    async def person(editor: Editor) -> None:
        template = editor.identifier("app/template.yaml")
        editor.open("app/template.yaml")
        for wanted in (["S3AP101"], []):
            answer = await editor.client.text_document_diagnostic_async(types.DocumentDiagnosticParams(template))
            assert isinstance(answer, types.RelatedFullDocumentDiagnosticReport)
            assert [one.code for one in answer.items] == wanted
            editor.change(
                "app/template.yaml",
                "arn:aws:s3:::${OutputAlias}/*",
                "arn:aws:s3:*:*:accesspoint/${OutputAccessPointName}/object/*",
            )
            editor.texts["app/template.yaml"] += "\n# arn:aws:s3:::${OutputAlias}/*"
        assert editor.published == {}

    said = edit(app, person, capabilities=pulling)
    assert said.capabilities.diagnostic_provider is not None
    assert said.capabilities.diagnostic_provider.inter_file_dependencies


def test_nothing_that_is_not_open_is_reported_and_ignored_files_are_left_alone(cli: Cli, write: Write) -> None:
    write({"app/template.yaml": TEMPLATE, "app/writer/handler.py": HANDLER, "other/handler.py": "missing\n"})
    write({".gitignore": "made/\n", "made/handler.py": "missing\n", "notes.yaml": "a: [1\n"})
    subprocess.run(["git", "init", "-q", "."], cwd=cli.folder, check=True)

    async def person(editor: Editor) -> None:
        editor.open("made/handler.py")
        await editor.codes("made/handler.py", [])
        editor.open("notes.yaml")
        await editor.codes("notes.yaml", [])
        editor.open("app/template.yaml")
        await editor.codes("app/template.yaml", ["S3AP101"])
        assert set(editor.published) == {editor.uri(p) for p in ("made/handler.py", "notes.yaml", "app/template.yaml")}

    edit(cli, person)


def test_each_folder_has_its_own_configuration(cli: Cli, write: Write) -> None:
    files = {"app/template.yaml": TEMPLATE, "app/writer/handler.py": HANDLER}
    write({f"{name}/{path}": text for name in ("one", "two") for path, text in files.items()})
    write({"one/.s3ap-lint.toml": "", "two/.s3ap-lint.toml": 'ignore = ["S3AP101"]\n'})

    async def person(editor: Editor) -> None:
        editor.open("one/app/template.yaml")
        editor.open("two/app/template.yaml")
        await editor.codes("one/app/template.yaml", ["S3AP101"])
        await editor.codes("two/app/template.yaml", [])
        editor.open("two/.s3ap-lint.toml")
        editor.change("two/.s3ap-lint.toml", '"S3AP101"', '"S3AP102"')
        editor.save("two/.s3ap-lint.toml")
        await editor.codes("two/app/template.yaml", ["S3AP101"])

    edit(cli, person, folders=["one", "two"])


def test_a_broken_configuration_is_told_in_one_line_and_forgotten_when_it_is_mended(cli: Cli, write: Write) -> None:
    write(
        {"app/template.yaml": TEMPLATE, "app/writer/handler.py": HANDLER, ".s3ap-lint.toml": 'selekt = ["S3AP101"]\n'}
    )

    async def person(editor: Editor) -> None:
        editor.open("app/template.yaml")
        await editor.until(lambda: bool(editor.messages))
        (message,) = editor.messages
        assert message.startswith("s3ap-lint: ")
        assert "selekt" in message
        (cli.folder / ".s3ap-lint.toml").write_text("", encoding="utf-8")
        changed = types.FileEvent(editor.uri(".s3ap-lint.toml"), types.FileChangeType.Changed)
        editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([changed]))
        await editor.codes("app/template.yaml", ["S3AP101"])

    edit(cli, person)


def test_a_file_that_changes_outside_of_the_editor_is_looked_at_again(app: Cli) -> None:
    watching = types.ClientCapabilities(
        text_document=SAVED.text_document,
        workspace=types.WorkspaceClientCapabilities(
            did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True)
        ),
    )
    handler = app.folder / "app/writer/handler.py"

    async def person(editor: Editor) -> None:
        editor.open("app/template.yaml")
        await editor.codes("app/template.yaml", ["S3AP101"])
        assert [one.method for one in editor.watched] == [types.WORKSPACE_DID_CHANGE_WATCHED_FILES]
        handler.write_text(HANDLER.replace("TARGET", "GOAL"), encoding="utf-8")
        changed = types.FileEvent(editor.uri("app/writer/handler.py"), types.FileChangeType.Changed)
        editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([changed]))
        await editor.codes("app/template.yaml", ["S3AP101", "S3AP302"])
        handler.unlink()
        gone = types.FileEvent(editor.uri("app/writer/handler.py"), types.FileChangeType.Deleted)
        editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([gone]))
        await editor.codes("app/template.yaml", ["S3AP101", "S3AP301"])

    edit(app, person, capabilities=watching)


def test_a_new_file_counts_before_it_is_saved(cli: Cli, write: Write) -> None:
    write({"app/template.yaml": GRANTED})

    async def person(editor: Editor) -> None:
        editor.open("app/template.yaml")
        await editor.codes("app/template.yaml", ["S3AP301"])
        editor.open("app/writer/handler.py", HANDLER)
        await editor.codes("app/template.yaml", [])

    edit(cli, person)


def test_shared_code_is_held_against_every_application_that_runs_it(cli: Cli, write: Write) -> None:
    handler = "from shared.target import target\n\n\ndef handler(event, context):\n    return target()\n"
    shared = 'import os\n\n\ndef target():\n    return os.environ["TARGET"]\n'
    unset = GRANTED.replace("TARGET:", "GOAL:")
    write({"one/template.yaml": GRANTED, "one/writer/handler.py": handler, "shared/__init__.py": ""})
    write({"two/template.yaml": unset, "two/writer/handler.py": handler, "shared/target.py": shared})

    async def person(editor: Editor) -> None:
        editor.open("shared/target.py")
        (shown,) = await editor.codes("shared/target.py", ["S3AP302"])
        assert {one.location.uri for one in shown.related_information or []} >= {editor.uri("two/template.yaml")}
        editor.change("shared/target.py", '["TARGET"]', '.get("TARGET")')
        editor.save("shared/target.py")
        await editor.codes("shared/target.py", [])

    edit(cli, person)


def test_the_schema_engine_speaks_when_it_is_ready_and_a_newer_edit_ends_the_older_question(app: Cli) -> None:
    async def person(editor: Editor) -> None:
        editor.open("app/template.yaml")
        await editor.codes("app/template.yaml", ["S3AP101"])  # first
        editor.change("app/template.yaml", "Runtime: python3.13", "Runtime: python9.1")
        editor.save("app/template.yaml")
        editor.change("app/template.yaml", "python9.1", "python3.13")
        editor.change("app/template.yaml", "Type: AWS::IAM::Role", "Type: AWS::IAM::Rolle")
        editor.save("app/template.yaml")
        await editor.until(lambda: "E3006" in _documented(editor, "app/template.yaml"))
        assert "E3030" not in {code for one in editor.published[editor.uri("app/template.yaml")] for code in _of(one)}

    edit(app, person, engine="cfn-lint")


def _codes(editor: Editor, path: str) -> list[str]:
    news = editor.published.get(editor.uri(path))
    return _of(news[-1]) if news else []


def _documented(editor: Editor, path: str) -> list[str]:
    """The codes that cfn-lint documents: those of the fast engine, which may come before, have no page."""
    shown = editor.published[editor.uri(path)][-1].diagnostics
    return [str(one.code) for one in shown if one.code_description and "cfn-lint" in one.code_description.href]


def _of(params: types.PublishDiagnosticsParams) -> list[str]:
    return [str(one.code) for one in params.diagnostics]


def test_nothing_is_published_for_a_text_that_is_out_of_date(app: Cli) -> None:
    async def person(editor: Editor) -> None:
        editor.open("app/template.yaml")
        await editor.codes("app/template.yaml", ["S3AP101"])
        for turn in range(20):
            before, after = (
                ("# 0", "# 1") if turn % 2 else ("Resources:", "Resources:  # 0") if not turn else ("# 1", "# 0")
            )
            last = editor.change("app/template.yaml", before, after)
        editor.save("app/template.yaml")
        await editor.until(lambda: editor.published[editor.uri("app/template.yaml")][-1].version == last)
        versions = [one.version or 0 for one in editor.published[editor.uri("app/template.yaml")]]
        assert versions == sorted(versions)
        assert len(versions) < 10

    edit(app, person)


def test_only_saving_checks_where_that_is_wished(app: Cli) -> None:
    async def person(editor: Editor) -> None:
        editor.open("app/template.yaml")
        await editor.codes("app/template.yaml", ["S3AP101"])
        editor.change(
            "app/template.yaml",
            "arn:aws:s3:::${OutputAlias}/*",
            "arn:aws:s3:*:*:accesspoint/${OutputAccessPointName}/object/*",
        )
        with pytest.raises(TimeoutError):
            await editor.until(lambda: len(editor.published[editor.uri("app/template.yaml")]) > 1, 1.0)
        editor.save("app/template.yaml")
        await editor.codes("app/template.yaml", [])

    edit(app, person, run="save")


def test_characters_that_end_lines_for_python_end_none_for_an_editor(app: Cli) -> None:
    """A form feed, a line separator: after an edit behind them the text is what the editor has."""
    handler = f"import json\n# \f \u2028 \x85 \v\n# the last\n{HANDLER}\nprint(json.dumps(1))\n"
    (app.folder / "app/writer/handler.py").write_bytes(("import sys\n" + handler).encode())

    async def person(editor: Editor) -> None:
        editor.open("app/writer/handler.py", "import sys\n" + handler)
        await editor.codes("app/writer/handler.py", ["F401"])
        editor.change("app/writer/handler.py", "# the last\n", "")
        (everything,) = await editor.actions("app/writer/handler.py", "import sys", ["source.fixAll"])
        assert editor.applied(everything) == {"app/writer/handler.py": handler.replace("# the last\n", "")}

    edit(app, person)


@pytest.mark.parametrize(
    "uri", ["file:///", "file://host/x/y.py", "file:///a%00b.py", "file:///%ff.py", "file:///zz.py"]
)
def test_a_place_that_is_no_project_holds_nobody_up(app: Cli, uri: str) -> None:
    """Nothing below it is looked for: it may be all of a disk."""

    async def person(editor: Editor) -> None:
        editor.open("app/template.yaml")
        await editor.codes("app/template.yaml", ["S3AP101"])
        item = types.TextDocumentItem(uri, "python", 1, "missing\n")
        editor.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        editor.change("app/template.yaml", ALIAS, POINT)
        await asyncio.wait_for(editor.codes("app/template.yaml", []), 10)

    edit(app, person)


def test_files_outside_of_every_folder_are_one_project_where_git_or_a_configuration_says_so(app: Cli) -> None:
    subprocess.run(["git", "init", "-q", "."], cwd=app.folder, check=True)
    (app.folder / "elsewhere").mkdir()

    async def person(editor: Editor) -> None:
        editor.open("app/writer/handler.py")
        editor.open("app/template.yaml")
        await editor.codes("app/writer/handler.py", [])
        editor.change("app/template.yaml", "TARGET:", "GOAL:")
        await editor.codes("app/writer/handler.py", ["S3AP302"])

    edit(app, person, folders=["elsewhere"])


def test_a_configuration_that_is_mended_unseen_is_read_when_something_is_saved(cli: Cli, write: Write) -> None:
    write({"app/template.yaml": TEMPLATE, "app/writer/handler.py": HANDLER, ".s3ap-lint.toml": "jobs = 'x'\n"})

    async def person(editor: Editor) -> None:
        editor.open("app/template.yaml")
        await editor.until(lambda: len(editor.messages) == 1)
        (cli.folder / ".s3ap-lint.toml").write_text("", encoding="utf-8")
        editor.save("app/template.yaml")
        await editor.codes("app/template.yaml", ["S3AP101"])

    edit(cli, person)


def test_a_state_machine_in_a_file_of_its_own_is_held_against_its_template(cli: Cli, write: Write) -> None:
    machine = """\
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      DefinitionUri: day.asl.json
      DefinitionSubstitutions: {Writer: !GetAtt Writer.Arn}
"""
    day = '{"StartAt": "One", "States": {"One": {"Type": "Task", "Resource": "${Writer}", "End": true}}}'
    write({"app/template.yaml": GRANTED + machine, "app/writer/handler.py": HANDLER, "app/day.asl.json": day})

    async def person(editor: Editor) -> None:
        editor.open("app/day.asl.json")
        shown = await editor.codes("app/day.asl.json", ["S3AP406"])
        assert [one.location.uri for one in shown[0].related_information or []][:1] == [editor.uri("app/template.yaml")]

    edit(cli, person)


def test_memory_stays_flat_while_somebody_types(app: Cli) -> None:
    """Also where hardly a check comes to its end: the next edit comes before the twin was looked at.

    A template's tree takes half a megabyte; the bench looks at 5,000 edits.
    """
    role = GRANTED.partition("Resources:\n")[2].partition("  Writer:\n")[0]
    many = "".join(role.replace("WriterRole", f"Role{number}") for number in range(150))
    twin = GRANTED.replace("Resources:\n", f"Resources:\n{many}", 1)
    (app.folder / "app/template-deploy.yaml").write_text(twin, encoding="utf-8")

    async def person(editor: Editor) -> None:
        held = []
        for path, place in (("app/template.yaml", "Resources:"), ("app/writer/handler.py", "import boto3")):
            editor.open(path)
            await editor.until(lambda path=path: editor.uri(path) in editor.published)
            editor.change(path, place, f"{place}  # 0")
            for turn in range(60):
                version = editor.change(path, f"# {turn}", f"# {turn + 1}")
                editor.save(path)
                await editor.until(lambda v=version, path=path: editor.published[editor.uri(path)][-1].version == v)
                if turn in (20, 59):
                    held.append(_megabytes(editor.server))
        assert held[1] - held[0] < 3, held
        assert held[3] - held[2] < 3, held

    edit(app, person)


def _megabytes(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


def test_the_settings_of_the_extension_are_those_that_the_server_reads() -> None:
    package = json.loads((REPOSITORY / "editors/vscode/package.json").read_text(encoding="utf-8"))
    settings = package["contributes"]["configuration"]["properties"]
    assert {None, *ENGINES} == set(settings["s3ap-lint.engine"]["enum"])
    assert {"type", "save"} == set(settings["s3ap-lint.run"]["enum"])
    assert "s3ap-lint.config" in settings


def test_half_of_a_text_and_garbage_end_nothing(app: Cli) -> None:
    async def person(editor: Editor) -> None:
        editor.open("app/template.yaml")
        await editor.codes("app/template.yaml", ["S3AP101"])
        editor.change("app/template.yaml", "Resources:\n  WriterRole:", "Resources:\n  Writer: [}")
        await editor.until(lambda: _codes(editor, "app/template.yaml") == ["S3AP901"])
        editor.change("app/template.yaml", "Resources:\n  Writer: [}", "Resources:\n  WriterRole:")
        await editor.codes("app/template.yaml", ["S3AP101"])
        editor.open("app/writer/handler.py")
        editor.change("app/writer/handler.py", "def handler(event", "def handler((event \0")
        await editor.until(lambda: "S3AP901" in _codes(editor, "app/writer/handler.py"))
        untitled = types.TextDocumentItem("untitled:Untitled-1", "yaml", 1, TEMPLATE)
        editor.client.text_document_did_open(types.DidOpenTextDocumentParams(untitled))
        assert await editor.hover("app/template.yaml", "WriterRole.Arn") != ""

    edit(app, person)


def test_an_editor_that_goes_away_ends_the_server(app: Cli) -> None:
    done = app(
        "lsp", stdin=_message({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}})
    )
    assert done.status == 1
    assert '"serverInfo":{"name":"s3ap-lint"' in done.out.replace(" ", "")


def _message(content: dict[str, object]) -> bytes:
    body = json.dumps(content).encode()
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


def test_without_its_library_the_server_says_what_to_install(app: Cli, tmp_path: Path) -> None:
    hidden = tmp_path / "hidden" / "pygls"
    hidden.mkdir(parents=True)
    (hidden / "__init__.py").write_text("raise ModuleNotFoundError('no', name='pygls')\n")
    done = app("lsp", env={"PYTHONPATH": str(hidden.parent)})
    assert (done.status, done.out) == (2, "")
    assert done.err == "s3ap-lint: the language server needs pygls: pip install 's3ap-lint[lsp]'\n"
