/** What every built-in plugin must keep to, so that help, recipes and the scheduler can rely on it. */
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { COMMON_FLAGS, findCommand, OUTPUT_FLAGS, parseCommand } from "../cli/args";
import { builtinPlugins } from "../cli/builtin-plugins";
import { Host } from "../cli/host";
import { programRoot } from "../cli/io";
import type { Stage } from "../cli/plugin";

const host = new Host({});
const names = host.manifests.flatMap(({ stages }) => stages.map(({ name }) => name));
const stages = await Promise.all(names.map(async (name) => (await host.stage(name)) as Stage));
const commands = host.commands;
const bare = (need: string) => need.replace(/[?*]$/, "");

test("plugins load without a warning", () => {
  expect(host.warnings).toEqual([]);
  expect(host.manifests.length).toBe(builtinPlugins.filter((folder) => existsSync(join(programRoot, folder, "index.ts"))).length);
});

describe("stages", () => {
  test("have names and aliases of their own, in lower case", () => {
    const all = stages.flatMap(({ name, aliases }) => [name, ...(aliases ?? [])]);
    expect(all.filter((name, i) => all.indexOf(name) !== i)).toEqual([]);
    expect(all.filter((name) => !/^[a-z][a-z0-9-]*$/.test(name) || name === "place")).toEqual([]);
  });

  for (const { name, options } of stages)
    test(`${name}: every option has a default, and no other key is let through`, () => {
      const parsed = options.safeParse({});
      expect(parsed.error?.issues ?? []).toEqual([]);
      expect(options.safeParse({ "no such option": 1 }).success).toBe(false);
      expect(JSON.parse(JSON.stringify(parsed.data))).toEqual(parsed.data as Record<string, unknown>); // options travel as JSON
    });

  for (const { name, needs, itemsOf, foreach, idleOptions, options } of stages)
    test(`${name}: reads stages that exist`, () => {
      const known = new Set(stages.flatMap((stage) => [stage.name, ...(stage.aliases ?? [])]));
      expect((needs ?? []).map(bare).filter((need) => !known.has(need))).toEqual([]);
      if (itemsOf !== undefined) expect((needs ?? []).map(bare)).toContain(itemsOf);
      if (foreach !== undefined) expect((needs ?? []).length).toBeGreaterThan(0);
      expect((idleOptions ?? []).filter((option) => !Object.hasOwn(options.shape, option))).toEqual([]);
    });

  test("take host keys of a recipe for themselves only where they mean the same", () => {
    const wrong = stages.flatMap(({ name, options }) =>
      ["stage", "needs", "retries"].filter((key) => Object.hasOwn(options.shape, key)).map((key) => `${name}.${key}`),
    );
    expect(wrong).toEqual([]);
  });
});

describe("commands", () => {
  test("have flags that mean one thing: a value or none, never a name that all commands share", () => {
    const kinds = new Map<string, Set<boolean>>();
    for (const { name, flags } of commands)
      for (const [flag, { kind }] of Object.entries(flags)) {
        expect([name, flag, flag in COMMON_FLAGS || flag in OUTPUT_FLAGS]).toEqual([name, flag, false]);
        kinds.set(flag, (kinds.get(flag) ?? new Set()).add(kind === "boolean"));
      }
    expect([...kinds].filter(([, both]) => both.size > 1).map(([flag]) => flag)).toEqual([]);
  });

  test("take their required arguments first, and a variadic one last", () => {
    const rank = { required: 0, optional: 1, variadic: 2 };
    for (const { args } of commands) {
      const order = Object.values(args).map(({ kind }) => rank[kind ?? "required"]);
      expect(order).toEqual([...order].sort());
      expect(order.filter((kind) => kind === 2).length).toBeLessThan(2);
    }
  });

  test("have examples that can be typed as they stand, with flags that they have", () => {
    for (const { name, examples } of commands)
      for (const example of examples) {
        expect(example).toContain(`earthcraft ${name}`);
        // What stands around a command in a shell: eval "$(…)", <(…), > file, and where it belongs.
        const [, line] = /earthcraft ([^>)]+?)(?:\)| +in | *>|$)/.exec(example)!;
        const words = line!.split(" ");
        const request = findCommand(words, commands);
        if (request.kind !== "command") throw new Error(`${example} is no command line`);
        parseCommand(request.command, request.rest, "/");
      }
  });

  test("say in one line what they do", () => {
    expect(commands.filter(({ summary }) => summary.length < 8 || summary.length > 140 || summary.endsWith(".")).map(({ name }) => name)).toEqual([]);
  });
});
