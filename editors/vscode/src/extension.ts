/** The wires between VS Code and the rest; decisions are in the other modules. */

import { execFile } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { homedir } from "node:os";

import * as vscode from "vscode";
import { CloseAction, ErrorAction, LanguageClient } from "vscode-languageclient/node";

import { clientOptions, errorHandler, fixAllCommand, serverOptions } from "./options";
import { chooseProgram, findOnPath, type Machine, type Missing, type Offer, offerOf, PROBE, type Program } from "./program";
import { type Host, type Running, Server } from "./server";
import { SECTION, type Settings, settingsOf } from "./settings";

/** The part of the Python extension's interface that is used. */
interface PythonExtension {
  readonly environments: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { readonly path: string };
    resolveEnvironment(environment: { readonly path: string }): Promise<{ executable: { uri?: vscode.Uri } } | undefined>;
    readonly onDidChangeActiveEnvironmentPath: vscode.Event<unknown>;
  };
}

let server: Server | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const output = vscode.window.createOutputChannel(SECTION, { log: true });
  const started = new Server(host(output));
  server = started;
  const again = (): Promise<void> => started.restart();
  context.subscriptions.push(
    output,
    vscode.commands.registerCommand(`${SECTION}.restart`, () => {
      started.forgetMessages();
      return again();
    }),
    vscode.commands.registerCommand(`${SECTION}.showOutput`, () => output.show()),
    vscode.commands.registerCommand(`${SECTION}.fixAll`, () => vscode.commands.executeCommand(...fixAllCommand())),
    vscode.workspace.onDidChangeConfiguration((change) => {
      const names = ["path", "engine", "run", "config"];
      if (names.some((name) => change.affectsConfiguration(`${SECTION}.${name}`))) {
        void again();
      }
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void again()),
  );
  void watchPython(context, () => {
    if (settings().path.length === 0) {
      void again();
    }
  });
  void again(); // what VS Code waits for here, everyone waits for
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}

function settings(): Settings {
  const section = vscode.workspace.getConfiguration(SECTION);
  return settingsOf((name) => section.get(name));
}

function host(output: vscode.LogOutputChannel): Host {
  return {
    choose: () => chooseProgram(settings(), machine()),
    start: (program) => {
      output.info([program.command, ...program.args].join(" "));
      return start(program, output);
    },
    tellMissing: (missing) => void tellMissing(missing),
    tellFailed: (error) => {
      output.error(String(error));
      void tellFailed(output);
    },
    log: (error) => output.warn(String(error)),
  };
}

/** A client that leaves it to its starter to say that it did not come up. */
class Client extends LanguageClient {
  ready = false;

  override error(...[message, data, shown]: Parameters<LanguageClient["error"]>): void {
    super.error(message, data, this.ready ? shown : false);
  }
}

async function start(program: Program, output: vscode.LogOutputChannel): Promise<Running> {
  const actions = { restart: CloseAction.Restart, stop: CloseAction.DoNotRestart, continue: ErrorAction.Continue };
  const client: Client = new Client(SECTION, SECTION, serverOptions(program, folder()), {
    ...clientOptions(settings(), machine()),
    outputChannel: output,
    errorHandler: errorHandler(actions, () => client.ready, Date.now),
    initializationFailedHandler: () => false,
  });
  await client.start();
  client.ready = true;
  return { stop: () => client.dispose() };
}

function machine(): Machine {
  return {
    workspaceFolder: folder(),
    home: homedir(),
    trusted: vscode.workspace.isTrusted,
    interpreter,
    offer,
    onPath: (name) => findOnPath(name, process.env, isExecutable, process.platform === "win32"),
    isFile,
  };
}

function folder(): string | undefined {
  return vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === "file")?.uri.fsPath;
}

async function python(): Promise<PythonExtension | undefined> {
  const extension = vscode.extensions.getExtension<PythonExtension>("ms-python.python");
  const api = extension?.isActive === false ? await extension.activate() : extension?.exports;
  return api?.environments === undefined ? undefined : api;
}

async function interpreter(): Promise<string | undefined> {
  const environments = (await python())?.environments;
  const chosen = environments?.getActiveEnvironmentPath(vscode.workspace.workspaceFolders?.[0]?.uri);
  const resolved = chosen && (await environments?.resolveEnvironment(chosen));
  return resolved?.executable.uri?.fsPath;
}

async function watchPython(context: vscode.ExtensionContext, changed: () => void): Promise<void> {
  const event = (await python())?.environments.onDidChangeActiveEnvironmentPath;
  if (event !== undefined) {
    context.subscriptions.push(event(changed));
  }
}

function offer(interpreterPath: string): Promise<Offer> {
  return new Promise((resolve) => {
    execFile(interpreterPath, PROBE, { timeout: 10_000 }, (_error, stdout) => resolve(offerOf(stdout)));
  });
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return isFile(path);
  } catch {
    return false;
  }
}

async function tellMissing({ message, install }: Missing): Promise<void> {
  const settingsButton = "Open settings";
  if (install === undefined) {
    if ((await vscode.window.showErrorMessage(message, settingsButton)) === settingsButton) {
      await vscode.commands.executeCommand("workbench.action.openSettings", `${SECTION}.path`);
    }
    return;
  }
  const copy = "Copy command";
  const answer = await vscode.window.showWarningMessage(`${message} Install it with: ${install}`, copy, settingsButton);
  if (answer === copy) {
    await vscode.env.clipboard.writeText(install);
  }
  if (answer === settingsButton) {
    await vscode.commands.executeCommand("workbench.action.openSettings", `${SECTION}.path`);
  }
}

async function tellFailed(output: vscode.OutputChannel): Promise<void> {
  const show = "Show output";
  const message = "s3ap-lint did not start. What it said is in its output.";
  if ((await vscode.window.showErrorMessage(message, show)) === show) {
    output.show();
  }
}
