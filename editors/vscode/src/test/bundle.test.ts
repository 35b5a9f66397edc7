/** What VS Code loads, with a stand-in for VS Code itself, which exists nowhere but in VS Code. */

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import Module from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const root = join(__dirname, "../..");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** Something that has the parts given; everything else of it is something that can be called, made and asked in turn. */
function anything(parts: Readonly<Record<string, unknown>> = {}): object {
  const known = Object.assign(function () {}, {
    then: undefined,
    [Symbol.iterator]: () => [][Symbol.iterator](),
    [Symbol.toPrimitive]: () => "",
    ...parts,
  });
  return new Proxy(known, {
    get: (target, name) => (name in target ? Reflect.get(target, name) : anything()),
    apply: () => anything(),
    construct: () => anything(),
  });
}

const nothing = { dispose: () => undefined };

function editor(set: Readonly<Record<string, unknown>>) {
  const said: string[] = [];
  const output: string[] = [];
  const commands = new Map<string, () => unknown>();
  const changes: Array<(change: unknown) => void> = [];
  const say = (text: string): Promise<undefined> => {
    said.push(text);
    return Promise.resolve(undefined);
  };
  const vscode = anything({
    version: "1.91.0",
    window: anything({
      createOutputChannel: () =>
        anything({ show: () => said.push("(output)"), error: (text: unknown) => output.push(String(text)) }),
      showErrorMessage: say,
      showWarningMessage: say,
    }),
    commands: {
      registerCommand: (name: string, run: () => unknown) => {
        commands.set(name, run);
        return nothing;
      },
      executeCommand: (...words: unknown[]) => said.push(JSON.stringify(words)),
    },
    workspace: anything({
      isTrusted: true,
      workspaceFolders: [{ uri: { scheme: "file", fsPath: tmpdir() } }],
      getConfiguration: () => ({ get: (name: string) => set[name] }),
      onDidChangeConfiguration: (listener: (change: unknown) => void) => {
        changes.push(listener);
        return nothing;
      },
      onDidGrantWorkspaceTrust: () => nothing,
    }),
    extensions: { getExtension: () => undefined },
  });
  return { vscode, said, output, commands, changes };
}

/** The extension as VS Code would load it. */
function loaded(vscode: object): { activate(context: unknown): void; deactivate(): Promise<void> } {
  const loader = Module as unknown as { _load(request: string, ...rest: unknown[]): unknown };
  const original = loader._load;
  const bundle = join(root, "dist/extension.js");
  delete require.cache[bundle];
  loader._load = (request, ...rest) => (request === "vscode" ? vscode : original(request, ...rest));
  try {
    return require(bundle);
  } finally {
    loader._load = original;
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));

test("without a program there is one message, however often the settings change", async (test) => {
  const { vscode, said, changes } = editor({ path: ["/nowhere/s3ap-lint"] });
  const extension = loaded(vscode);
  test.after(() => extension.deactivate());
  extension.activate({ subscriptions: [] });
  await settled();
  changes.forEach((listener) => listener({ affectsConfiguration: (name: string) => name === "s3ap-lint.engine" }));
  await settled();
  assert.deepEqual(said, ['There is no program "/nowhere/s3ap-lint", which the setting s3ap-lint.path names.']);
});

test("the commands are those that the manifest lists, and do what they say", async (test) => {
  const { vscode, said, commands } = editor({ path: ["/nowhere/s3ap-lint"] });
  const extension = loaded(vscode);
  test.after(() => extension.deactivate());
  extension.activate({ subscriptions: [] });
  await settled();
  const listed = manifest.contributes.commands.map(({ command }: { command: string }) => command);
  assert.deepEqual([...commands.keys()].sort(), listed);
  said.length = 0;
  await commands.get("s3ap-lint.restart")?.();
  await commands.get("s3ap-lint.fixAll")?.();
  await commands.get("s3ap-lint.showOutput")?.();
  assert.deepEqual(said, [
    'There is no program "/nowhere/s3ap-lint", which the setting s3ap-lint.path names.',
    '["editor.action.sourceAction",{"kind":"source.fixAll.s3ap-lint","apply":"first"}]',
    "(output)",
  ]);
});

/** A server that writes down how it was started and what it was told, and ends when it is told to. */
const SERVER = `
const { appendFileSync } = require("node:fs");
const note = (what) => appendFileSync(process.argv[1], JSON.stringify(what) + "\\n");
note({ started: process.argv.slice(2) });
let text = "";
process.stdin.on("data", (data) => {
  text += data;
  for (;;) {
    const header = /Content-Length: (\\d+)\\r\\n\\r\\n/.exec(text);
    if (!header || text.length < header.index + header[0].length + Number(header[1])) return;
    const start = header.index + header[0].length;
    const message = JSON.parse(text.slice(start, start + Number(header[1])));
    text = text.slice(start + Number(header[1]));
    if (message.method === "initialize") note({ options: message.params.initializationOptions });
    if (message.method === "exit") { note("exit"); process.exit(0); }
    if (message.id === undefined) continue;
    const answer = JSON.stringify({ jsonrpc: "2.0", id: message.id, result: message.method === "initialize" ? { capabilities: {} } : null });
    process.stdout.write("Content-Length: " + answer.length + "\\r\\n\\r\\n" + answer);
  }
});
`;

async function until<T>(look: () => T | undefined): Promise<T> {
  for (let turn = 0; turn < 500; turn += 1) {
    const found = look();
    if (found !== undefined) {
      return found;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("it did not happen within ten seconds");
}

test("a server is started with what is set, started anew when that changes, and ended with the editor", async (test) => {
  const notes = join(mkdtempSync(join(tmpdir(), "s3ap-lint-")), "notes");
  const noted = (count: number): Promise<unknown[]> =>
    until(() => {
      const lines = existsSync(notes) ? readFileSync(notes, "utf8").trim().split("\n") : [];
      return lines.length < count ? undefined : lines.map((line) => JSON.parse(line));
    });
  const set: Record<string, unknown> = { path: [process.execPath, "-e", SERVER, notes], engine: "none", config: "" };
  const { vscode, said, output, changes } = editor(set);
  const extension = loaded(vscode);
  test.after(() => extension.deactivate());
  extension.activate({ subscriptions: [] });
  const first = [{ started: ["lsp"] }, { options: { run: "type", engine: "none" } }];
  assert.deepEqual(await noted(2), first);

  set["run"] = "save";
  changes.forEach((listener) => listener({ affectsConfiguration: (name: string) => name === "s3ap-lint.run" }));
  const second = ["exit", { started: ["lsp"] }, { options: { run: "save", engine: "none" } }];
  assert.deepEqual(await noted(5), [...first, ...second]);

  await extension.deactivate();
  assert.deepEqual(await noted(6), [...first, ...second, "exit"]);
  assert.deepEqual([said, output], [[], []]);
});

test("a program that ends instead of serving is said once, and not started over and over", async (test) => {
  const notes = join(mkdtempSync(join(tmpdir(), "s3ap-lint-")), "notes");
  const ends = 'require("node:fs").appendFileSync(process.argv[1], "started\\n"); process.exit(2);';
  const { vscode, said } = editor({ path: [process.execPath, "-e", ends, notes] });
  const extension = loaded(vscode);
  test.after(() => extension.deactivate());
  extension.activate({ subscriptions: [] });
  await until(() => (said.length > 0 ? said : undefined));
  await settled();
  assert.equal(readFileSync(notes, "utf8"), "started\n");
  assert.deepEqual(said, ["s3ap-lint did not start. What it said is in its output."]);
});
