/** What the language client is told: which documents are the server's, how it is started, and what happens when it ends. */

import type { CloseHandlerResult, ErrorHandler, LanguageClientOptions } from "vscode-languageclient";
import type { Executable } from "vscode-languageclient/node";

import type { Program } from "./program";
import { initializationOptions, type Places, type Settings } from "./settings";

/** Templates go by several names, by the extension that is installed for them; state machines have their own. */
export const LANGUAGES = ["asl", "asl-yaml", "cloudformation", "json", "python", "yaml", "yaml.cloudformation"] as const;

/** Files that are read as TOML whatever VS Code calls them. */
const TOML = "**/{samconfig,.s3ap-lint,pyproject}.toml";

/** The kind of the action that applies all safe fixes of a file, for `editor.codeActionsOnSave`. */
export const FIX_ALL = "source.fixAll.s3ap-lint";

/** How often a server that ended by itself is started again, and in which time. */
const RESTARTS = 3;
const WITHIN = 180_000;

/** The process of the server. */
export function serverOptions(program: Program, folder: string | undefined): Executable {
  return {
    command: program.command,
    args: [...program.args],
    options: folder === undefined ? {} : { cwd: folder },
  };
}

/** The client: files on disk only, and only those that are open; nothing is asked of the workspace as a whole. */
export function clientOptions(settings: Settings, places: Places): LanguageClientOptions {
  return {
    documentSelector: [
      ...LANGUAGES.map((language) => ({ scheme: "file", language })),
      { scheme: "file", pattern: TOML },
    ],
    initializationOptions: initializationOptions(settings, places),
    diagnosticPullOptions: { onChange: settings.run === "type", onSave: true, onTabs: false },
  };
}

/** The built-in command that applies the fixes of the open file, and its argument. */
export function fixAllCommand(): [string, { kind: string; apply: string }] {
  return ["editor.action.sourceAction", { kind: FIX_ALL, apply: "first" }];
}

/** The values of `CloseAction` and `ErrorAction`, which only exist where VS Code does. */
export interface Actions {
  readonly restart: CloseHandlerResult["action"];
  readonly stop: CloseHandlerResult["action"];
  readonly continue: Awaited<ReturnType<ErrorHandler["error"]>>["action"];
}

/**
 * What to do when the server ends by itself: start it again, but not one that never came up (it would end the same
 * way), and not one that keeps ending. `ready` says whether it came up; `now` is the time in milliseconds.
 */
export function errorHandler(actions: Actions, ready: () => boolean, now: () => number): ErrorHandler {
  let ends: readonly number[] = [];
  return {
    error: () => ({ action: actions.continue, handled: true }),
    closed: () => {
      if (!ready()) {
        return { action: actions.stop, handled: true };
      }
      ends = [...ends.filter((end) => now() - end < WITHIN), now()];
      if (ends.length > RESTARTS) {
        return { action: actions.stop, message: `s3ap-lint ended ${ends.length} times within three minutes; it stays off until "Restart server".` };
      }
      return { action: actions.restart, handled: true };
    },
  };
}
