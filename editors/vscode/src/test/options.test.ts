import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { clientOptions, errorHandler, FIX_ALL, fixAllCommand, LANGUAGES, serverOptions } from "../options";
import { expanded, initializationOptions, SECTION, settingsOf } from "../settings";

const manifest = JSON.parse(readFileSync(join(__dirname, "../../package.json"), "utf8"));
const places = { workspaceFolder: "/projects/shop", home: "/home/user" };

function settings(set: Readonly<Record<string, unknown>>) {
  return settingsOf((name) => set[name]);
}

/** The settings of somebody who has set nothing, as VS Code hands them out. */
function defaults() {
  return settingsOf((name) => manifest.contributes.configuration.properties[`${SECTION}.${name}`].default);
}

test("somebody who sets nothing gets checks while typing and the project's own configuration", () => {
  assert.deepEqual(clientOptions(defaults(), places), {
    documentSelector: [
      { scheme: "file", language: "asl" },
      { scheme: "file", language: "asl-yaml" },
      { scheme: "file", language: "cloudformation" },
      { scheme: "file", language: "json" },
      { scheme: "file", language: "python" },
      { scheme: "file", language: "yaml" },
      { scheme: "file", language: "yaml.cloudformation" },
      { scheme: "file", pattern: "**/{samconfig,.s3ap-lint,pyproject}.toml" },
    ],
    initializationOptions: { run: "type" },
    diagnosticPullOptions: { onChange: true, onSave: true, onTabs: false },
  });
});

test("who wants checks on save gets them on save only", () => {
  const { diagnosticPullOptions, initializationOptions } = clientOptions(settings({ run: "save" }), places);
  assert.deepEqual(diagnosticPullOptions, { onChange: false, onSave: true, onTabs: false });
  assert.deepEqual(initializationOptions, { run: "save" });
});

test("the server is told what is set", () => {
  const set = settings({ engine: "cfn-validate", run: "save", config: "${workspaceFolder}/tools/s3ap-lint.toml" });
  assert.deepEqual(initializationOptions(set, places), {
    engine: "cfn-validate",
    run: "save",
    config: "/projects/shop/tools/s3ap-lint.toml",
  });
});

test("settings of a wrong type are as if not set", () => {
  const set = settings({ path: "s3ap-lint", engine: 3, run: "never", config: ["a"] });
  assert.deepEqual(set, { path: [], engine: null, run: "type", config: "" });
});

test("a path may be said from the user's or the workspace's folder, and $ in it is nothing special", () => {
  assert.equal(expanded("~/a", places), "/home/user/a");
  assert.equal(expanded("${userHome}/~/${workspaceFolder}", places), "/home/user/~//projects/shop");
  assert.equal(expanded("${workspaceFolder}/a", { ...places, workspaceFolder: "/projects/$&" }), "/projects/$&/a");
});

test("the server starts in the workspace, with no argument but those of the program", () => {
  const program = { command: "/bin/python", args: ["-m", "s3ap_lint", "lsp"] };
  const args = ["-m", "s3ap_lint", "lsp"];
  assert.deepEqual(serverOptions(program, "/projects/shop"), { command: "/bin/python", args, options: { cwd: "/projects/shop" } });
  assert.deepEqual(serverOptions(program, undefined), { command: "/bin/python", args, options: {} });
});

test("a document of each language wakes the extension, and nothing else does", () => {
  assert.deepEqual(manifest.activationEvents, LANGUAGES.map((language) => `onLanguage:${language}`));
});

test("the command fixes with the action that a save can run", () => {
  assert.equal(FIX_ALL, "source.fixAll.s3ap-lint");
  assert.deepEqual(fixAllCommand(), ["editor.action.sourceAction", { kind: FIX_ALL, apply: "first" }]);
});

const actions = { restart: 2, stop: 1, continue: 1 } as const;

test("a server that never came up is not started again", async () => {
  assert.deepEqual(await errorHandler(actions, () => false, () => 0).closed(), { action: actions.stop, handled: true });
});

test("a server that ends is started again three times in three minutes", async () => {
  let now = 0;
  const handler = errorHandler(actions, () => true, () => now);
  const closed = async (at: number) => {
    now = at;
    return (await handler.closed()).action;
  };
  assert.deepEqual([await closed(0), await closed(1), await closed(2), await closed(3)], [2, 2, 2, 1]);
  assert.equal(await closed(200_000), actions.restart);
});
