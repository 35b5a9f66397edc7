import assert from "node:assert/strict";
import { test } from "node:test";

import type { Choice } from "../program";
import { type Host, Server } from "../server";

const PROGRAM: Choice = { command: "s3ap-lint", args: ["lsp"] };
const NONE: Choice = { message: "there is none" };

/** A host that writes down what it is asked, and the server on it. */
function life(parts: Partial<Host> & { readonly choices?: readonly Choice[] } = {}): { server: Server; events: string[] } {
  const events: string[] = [];
  const choices = [...(parts.choices ?? [])];
  let number = 0;
  const host: Host = {
    choose: () => Promise.resolve(choices.shift() ?? PROGRAM),
    start: async () => {
      number += 1;
      const mine = number;
      events.push(`start ${mine}`);
      await new Promise((resolve) => setImmediate(resolve));
      events.push(`up ${mine}`);
      return {
        stop: async () => {
          events.push(`stop ${mine}`);
          await Promise.resolve();
        },
      };
    },
    tellMissing: ({ message }) => events.push(message),
    tellFailed: (error) => events.push(`failed: ${String(error)}`),
    log: (error) => events.push(`logged: ${String(error)}`),
    ...parts,
  };
  return { server: new Server(host), events };
}

test("a server that is to be started anew ends first, however fast the wishes come", async () => {
  const { server, events } = life();
  await Promise.all([server.restart(), server.restart(), server.stop()]);
  assert.deepEqual(events, ["start 1", "up 1", "stop 1", "start 2", "up 2", "stop 2"]);
});

test("a missing program is said once, and again to someone who asks", async () => {
  const { server, events } = life({ choices: [NONE, NONE, NONE] });
  await server.restart();
  await server.restart();
  assert.deepEqual(events, ["there is none"]);
  server.forgetMessages();
  await server.restart();
  assert.deepEqual(events, ["there is none", "there is none"]);
});

test("a program that is there by now is started", async () => {
  const { server, events } = life({ choices: [NONE, PROGRAM] });
  await server.restart();
  await server.restart();
  assert.deepEqual(events, ["there is none", "start 1", "up 1"]);
});

test("a server that does not come up is said once, and there is nothing to stop", async () => {
  const { server, events } = life({ start: () => Promise.reject(new Error("no pygls")) });
  await server.restart();
  await server.restart();
  await server.stop();
  assert.deepEqual(events, ["failed: Error: no pygls"]);
});

test("a server that cannot be stopped does not keep the next one from starting", async () => {
  let started = 0;
  const { server, events } = life({
    start: () => {
      started += 1;
      return Promise.resolve({ stop: () => Promise.reject(new Error("gone already")) });
    },
  });
  await server.restart();
  await server.restart();
  assert.deepEqual([started, events], [2, ["logged: Error: gone already"]]);
});
