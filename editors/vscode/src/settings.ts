/** The settings of the extension: their names, as package.json declares them, and what the server is told of them. */

/** The section of all settings, the id of the client, and the name of the program. */
export const SECTION = "s3ap-lint";

export interface Settings {
  readonly path: readonly string[];
  readonly engine: string | null;
  readonly run: "type" | "save";
  readonly config: string;
}

/** What the server reads of `initializationOptions`; an option that is not there is the project's own affair. */
export interface InitializationOptions {
  readonly engine?: string;
  readonly run: "type" | "save";
  readonly config?: string;
}

/** The folder of the workspace and of the user, which settings may name. */
export interface Places {
  readonly workspaceFolder: string | undefined;
  readonly home: string;
}

/** The settings, from a function that looks one up below the section; what has the wrong type is as if not set. */
export function settingsOf(get: (name: string) => unknown): Settings {
  const path = get("path");
  const engine = get("engine");
  const config = get("config");
  return {
    path: Array.isArray(path) ? path.filter((part): part is string => typeof part === "string" && part !== "") : [],
    engine: typeof engine === "string" && engine !== "" ? engine : null,
    run: get("run") === "save" ? "save" : "type",
    config: typeof config === "string" ? config : "",
  };
}

/** `${workspaceFolder}`, `${userHome}` and a leading `~/` written out, which VS Code leaves to extensions. */
export function expanded(text: string, places: Places): string {
  const home = text.startsWith("~/") ? places.home + text.slice(1) : text;
  return home
    .replaceAll("${workspaceFolder}", () => places.workspaceFolder ?? "")
    .replaceAll("${userHome}", () => places.home);
}

/** What the server is told when it starts. */
export function initializationOptions(settings: Settings, places: Places): InitializationOptions {
  return {
    run: settings.run,
    ...(settings.engine !== null && { engine: settings.engine }),
    ...(settings.config !== "" && { config: expanded(settings.config, places) }),
  };
}
