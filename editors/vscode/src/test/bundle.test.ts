/** What VS Code loads, with a stand-in for VS Code itself, which exists nowhere but in VS Code. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import Module from "node:module";
import { join } from "node:path";
import { test } from "node:test";

const root = join(__dirname, "../..");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** An object that has the parts given, and a class under every other name. */
function withClasses(parts: Readonly<Record<string, unknown>>): object {
  return new Proxy(parts, { get: (known, name) => (name in known ? known[name as string] : class {}) });
}

const nothing = { dispose: () => undefined };

function editor(set: Readonly<Record<string, unknown>>) {
  const said: string[] = [];
  const commands = new Map<string, () => unknown>();
  const changes: Array<(change: unknown) => void> = [];
  const say = (text: string): Promise<undefined> => {
    said.push(text);
    return Promise.resolve(undefined);
  };
  const vscode = withClasses({
    window: {
      createOutputChannel: () => ({ ...nothing, show: () => said.push("(output)"), info: () => undefined }),
      showErrorMessage: say,
      showWarningMessage: say,
    },
    commands: {
      registerCommand: (name: string, run: () => unknown) => {
        commands.set(name, run);
        return nothing;
      },
      executeCommand: (...words: unknown[]) => said.push(JSON.stringify(words)),
    },
    workspace: {
      isTrusted: true,
      workspaceFolders: [{ uri: { scheme: "file", fsPath: "/nowhere" } }],
      getConfiguration: () => ({ get: (name: string) => set[name] }),
      onDidChangeConfiguration: (listener: (change: unknown) => void) => {
        changes.push(listener);
        return nothing;
      },
      onDidGrantWorkspaceTrust: () => nothing,
    },
    extensions: { getExtension: () => undefined },
  });
  return { vscode, said, commands, changes };
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

test("without a program there is one message, however often the settings change", async () => {
  const { vscode, said, changes } = editor({ path: ["/nowhere/s3ap-lint"] });
  const extension = loaded(vscode);
  extension.activate({ subscriptions: [] });
  await settled();
  changes.forEach((listener) => listener({ affectsConfiguration: (name: string) => name === "s3ap-lint.engine" }));
  await settled();
  assert.deepEqual(said, ['There is no program "/nowhere/s3ap-lint", which the setting s3ap-lint.path names.']);
  await extension.deactivate();
});

test("the commands are those that the manifest lists, and do what they say", async () => {
  const { vscode, said, commands } = editor({ path: ["/nowhere/s3ap-lint"] });
  const extension = loaded(vscode);
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
  await extension.deactivate();
});
