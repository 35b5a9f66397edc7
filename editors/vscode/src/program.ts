/** Which s3ap-lint is started: the one in the settings, the one of the selected Python environment, or the one on the PATH. */

import { isAbsolute, join } from "node:path";

import { expanded, type Places, type Settings } from "./settings";

/** A command line; `lsp` is its last word. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
}

/** Why none can be started, and the command that changes it if there is one. */
export interface Missing {
  readonly message: string;
  readonly install?: string;
}

export type Choice = Program | Missing;

/** What a Python environment has: the server, s3ap-lint without the packages of the server, or neither. */
export type Offer = "server" | "program" | "nothing";

/** What is asked of the machine. */
export interface Machine extends Places {
  readonly trusted: boolean;
  /** The interpreter that is selected in the Python extension, if there is one. */
  interpreter(): Promise<string | undefined>;
  /** What the environment of an interpreter offers. */
  offer(python: string): Promise<Offer>;
  /** The file on the PATH that a bare name starts. */
  onPath(name: string): string | undefined;
  isFile(path: string): boolean;
}

/** `-P`: a folder of the workspace must not take the place of a module of the same name. */
const MODULE = ["-P", "-m", "s3ap_lint", "lsp"];

/** What an interpreter runs to tell what it offers. */
export const PROBE = [
  "-P",
  "-c",
  "from importlib.util import find_spec as f; print('nothing' if not f('s3ap_lint') else 'server' if f('pygls') else 'program')",
];

/** The offer that a probe printed; anything else is an interpreter that s3ap-lint does not run on. */
export function offerOf(printed: string): Offer {
  const word = printed.trim();
  return word === "server" || word === "program" ? word : "nothing";
}

export function isMissing(choice: Choice): choice is Missing {
  return "message" in choice;
}

/** The program to start. In a workspace that is not trusted, its settings and its environments choose nothing. */
export async function chooseProgram(settings: Settings, machine: Machine): Promise<Choice> {
  if (settings.path.length > 0) {
    return configured(settings.path, machine);
  }
  const python = machine.trusted ? await machine.interpreter() : undefined;
  const offer = python === undefined ? "nothing" : await machine.offer(python);
  if (python !== undefined && offer === "server") {
    return { command: python, args: MODULE };
  }
  if (python !== undefined && offer === "program") {
    return {
      message: `s3ap-lint is installed for ${python}, but without its language server.`,
      install: installCommand(python),
    };
  }
  const found = machine.onPath("s3ap-lint");
  if (found !== undefined) {
    return { command: found, args: ["lsp"] };
  }
  return {
    message: "s3ap-lint is neither in the selected Python environment nor on the PATH.",
    install: installCommand(python ?? "python3"),
  };
}

function configured(path: readonly string[], machine: Machine): Choice {
  const [first = "", ...rest] = path.map((part) => expanded(part, machine));
  const command = /[\\/]/.test(first) ? inWorkspace(first, machine) : machine.onPath(first);
  if (command === undefined || (isAbsolute(command) && !machine.isFile(command))) {
    return { message: `There is no program ${JSON.stringify(first)}, which the setting s3ap-lint.path names.` };
  }
  return { command, args: [...rest, "lsp"] };
}

function inWorkspace(file: string, { workspaceFolder }: Machine): string {
  return isAbsolute(file) || workspaceFolder === undefined ? file : join(workspaceFolder, file);
}

/** A command that every shell reads alike. */
export function installCommand(python: string): string {
  return `${/\s/.test(python) ? `"${python}"` : python} -m pip install "s3ap-lint[lsp]"`;
}

/** The first executable file of a name on a PATH; entries that are relative to wherever we are do not count. */
export function findOnPath(
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
  isExecutable: (path: string) => boolean,
  windows: boolean,
): string | undefined {
  const folders = (environment["PATH"] ?? environment["Path"] ?? "").split(windows ? ";" : ":");
  const names = windows && !name.toLowerCase().endsWith(".exe") ? [`${name}.exe`] : [name];
  return folders
    .filter((folder) => isAbsolute(folder))
    .flatMap((folder) => names.map((file) => join(folder, file)))
    .find(isExecutable);
}
