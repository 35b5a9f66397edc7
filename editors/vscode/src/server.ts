/** The life of the server: one at a time, started anew when what it was started with changes. */

import { type Choice, isMissing, type Missing, type Program } from "./program";

/** A server that runs or is about to. */
export interface Running {
  stop(): Promise<void>;
}

/** What the life of the server needs of the editor. */
export interface Host {
  choose(): Promise<Choice>;
  /** Resolves when the server answers; rejects when it ends before that. */
  start(program: Program): Promise<Running>;
  /** Say once, visibly, that there is no program. */
  tellMissing(missing: Missing): void;
  /** Say that no server came up. */
  tellFailed(error: unknown): void;
  /** Write down what went wrong without consequence. */
  log(error: unknown): void;
}

export class Server {
  private running: Running | undefined;
  private told = new Set<string>();
  private last: Promise<void> = Promise.resolve();

  constructor(private readonly host: Host) {}

  /** Stop the server if one runs, and start the one of now. Requests are served one after the other. */
  restart(): Promise<void> {
    return this.queue(async () => {
      await this.end();
      await this.begin();
    });
  }

  stop(): Promise<void> {
    return this.queue(() => this.end());
  }

  /** What the user asks for is answered even if it was answered before. */
  forgetMessages(): void {
    this.told.clear();
  }

  private queue(step: () => Promise<void>): Promise<void> {
    this.last = this.last.then(step, step);
    return this.last;
  }

  private async begin(): Promise<void> {
    try {
      const choice = await this.host.choose();
      if (isMissing(choice)) {
        this.once(choice.message, () => this.host.tellMissing(choice));
        return;
      }
      this.running = await this.host.start(choice);
    } catch (error) {
      this.once(String(error), () => this.host.tellFailed(error));
    }
  }

  private async end(): Promise<void> {
    const running = this.running;
    this.running = undefined;
    try {
      await running?.stop();
    } catch (error) {
      this.host.log(error); // a server that cannot be stopped properly must not keep the next one from starting
    }
  }

  private once(what: string, tell: () => void): void {
    if (!this.told.has(what)) {
      this.told.add(what);
      tell();
    }
  }
}
