import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { chooseProgram, findOnPath, installCommand, type Machine, type Offer, offerOf, PROBE } from "../program";
import { type Settings, settingsOf } from "../settings";

const NOTHING_SET: Settings = settingsOf(() => undefined);

function machine(parts: Partial<Machine> & { readonly has?: Readonly<Record<string, Offer>> }): Machine {
  return {
    workspaceFolder: "/projects/shop",
    home: "/home/user",
    trusted: true,
    interpreter: () => Promise.resolve(undefined),
    offer: (python) => Promise.resolve(parts.has?.[python] ?? "nothing"),
    onPath: () => undefined,
    isFile: () => true,
    ...parts,
  };
}

const selected = { interpreter: () => Promise.resolve("/projects/shop/.venv/bin/python") };
const onPath = { onPath: (name: string) => `/usr/bin/${name}` };

test("the selected environment is taken when it has the server", async () => {
  const has = { "/projects/shop/.venv/bin/python": "server" as const };
  assert.deepEqual(await chooseProgram(NOTHING_SET, machine({ ...selected, ...onPath, has })), {
    command: "/projects/shop/.venv/bin/python",
    args: ["-P", "-m", "s3ap_lint", "lsp"],
  });
});

test("an environment with s3ap-lint but without the server is not passed over in silence", async () => {
  const has = { "/projects/shop/.venv/bin/python": "program" as const };
  assert.deepEqual(await chooseProgram(NOTHING_SET, machine({ ...selected, ...onPath, has })), {
    message: "s3ap-lint is installed for /projects/shop/.venv/bin/python, but without its language server.",
    install: '/projects/shop/.venv/bin/python -m pip install "s3ap-lint[lsp]"',
  });
});

test("an environment without s3ap-lint leaves it to the PATH", async () => {
  const choice = await chooseProgram(NOTHING_SET, machine({ ...selected, ...onPath }));
  assert.deepEqual(choice, { command: "/usr/bin/s3ap-lint", args: ["lsp"] });
});

test("a workspace that is not trusted chooses no interpreter", async () => {
  const has = { "/projects/shop/.venv/bin/python": "server" as const };
  const choice = await chooseProgram(NOTHING_SET, machine({ ...selected, ...onPath, has, trusted: false }));
  assert.deepEqual(choice, { command: "/usr/bin/s3ap-lint", args: ["lsp"] });
});

test("where there is none, the command that installs it is for the selected interpreter", async () => {
  assert.deepEqual(await chooseProgram(NOTHING_SET, machine(selected)), {
    message: "s3ap-lint is neither in the selected Python environment nor on the PATH.",
    install: '/projects/shop/.venv/bin/python -m pip install "s3ap-lint[lsp]"',
  });
});

test("the setting goes before everything else, with its placeholders written out", async () => {
  const path = ["${workspaceFolder}/tools/python", "-m", "s3ap_lint"];
  assert.deepEqual(await chooseProgram({ ...NOTHING_SET, path }, machine({ ...selected, ...onPath })), {
    command: "/projects/shop/tools/python",
    args: ["-m", "s3ap_lint", "lsp"],
  });
  for (const [first, command] of [
    ["~/bin/s3ap-lint", "/home/user/bin/s3ap-lint"],
    [".venv/bin/s3ap-lint", "/projects/shop/.venv/bin/s3ap-lint"],
    ["uvx", "/usr/bin/uvx"],
  ] as const) {
    const choice = await chooseProgram({ ...NOTHING_SET, path: [first] }, machine(onPath));
    assert.deepEqual(choice, { command, args: ["lsp"] });
  }
});

test("a setting that names nothing is not replaced by something else", async () => {
  const path = ["${userHome}/gone/s3ap-lint"];
  assert.deepEqual(await chooseProgram({ ...NOTHING_SET, path }, machine({ ...onPath, isFile: () => false })), {
    message: 'There is no program "/home/user/gone/s3ap-lint", which the setting s3ap-lint.path names.',
  });
});

test("only absolute folders of the PATH are searched", () => {
  const everywhere = (): boolean => true;
  assert.equal(findOnPath("s3ap-lint", { PATH: ".::bin:/usr/bin:/bin" }, everywhere, false), "/usr/bin/s3ap-lint");
  assert.equal(findOnPath("s3ap-lint", { PATH: ".:" }, everywhere, false), undefined);
  assert.equal(findOnPath("s3ap-lint", {}, everywhere, false), undefined);
});

test("a path with spaces is quoted in the command to paste", () => {
  assert.equal(installCommand("/opt/my python/bin/python"), '"/opt/my python/bin/python" -m pip install "s3ap-lint[lsp]"');
});

const python = process.env["PYTHON"] ?? "python3";
const missing = spawnSync(python, ["-P", "-c", ""]).status === 0 ? false : `${python} is not Python 3.11 or newer`;

test("a real interpreter tells what it offers, whatever lies in the folder it is started in", { skip: missing }, () => {
  const offered = (...packages: string[]): Offer => {
    const folder = mkdtempSync(join(tmpdir(), "s3ap-lint-"));
    packages.forEach((name) => {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, "__init__.py"), "");
    });
    writeFileSync(join(folder, "importlib.py"), "raise SystemExit('shadowed')");
    const site = mkdtempSync(join(tmpdir(), "s3ap-lint-"));
    packages.forEach((name) => mkdirSync(join(site, name)));
    packages.forEach((name) => writeFileSync(join(site, name, "__init__.py"), ""));
    const env = { ...process.env, PYTHONPATH: site };
    return offerOf(execFileSync(python, ["-S", ...PROBE], { cwd: folder, env, encoding: "utf8" }));
  };
  assert.deepEqual(
    [offered(), offered("pygls"), offered("s3ap_lint"), offered("s3ap_lint", "pygls")],
    ["nothing", "nothing", "program", "server"],
  );
});
