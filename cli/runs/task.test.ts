/** What a rank does with its folders, without processes. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { defineStage } from "../plugin";
import { executeTask, type TaskHooks, type TaskSpec } from "./task";

let runDir: string;
beforeEach(() => {
  runDir = mkdtempSync(join(tmpdir(), "earthcraft-task-"));
});
afterEach(() => rmSync(runDir, { recursive: true }));

const hooks: TaskHooks = { progress() {}, log() {}, warn() {}, cancelled: () => false, metric: async () => undefined };
const spec = (rank: number): TaskSpec => ({
  ...{
    runDir,
    dir: join(runDir, "look"),
    id: "look",
    stage: "look",
    key: "new",
    options: {},
    seed: 0,
    needs: [],
    place: "",
    device: "cpu",
    threads: 1,
  },
  world: { rank, size: 2 },
});

test("no rank looks into a scratch folder, or touches it, before the first has emptied it of what belongs to another key", async () => {
  const scratch = join(runDir, ".scratch", "look");
  mkdirSync(scratch, { recursive: true });
  writeFileSync(join(scratch, ".key"), "old");
  writeFileSync(join(scratch, "checkpoint"), "of other data");
  const seen: Record<number, string[]> = {};
  const both = Promise.withResolvers<void>(); // like ranks that train together: none ends before all have begun
  const look = defineStage({
    ...{ name: "look", version: 1, title: "", options: z.strictObject({}), native: false },
    async run({ scratch: dir, world }) {
      seen[world.rank] = readdirSync(dir);
      if (Object.keys(seen).length === 2) both.resolve();
      await both.promise;
      return {};
    },
  });
  const second = executeTask(look, spec(1), hooks);
  await Bun.sleep(60);
  expect(seen).toEqual({});
  expect(existsSync(join(scratch, "checkpoint"))).toBe(true);
  await Promise.all([executeTask(look, spec(0), hooks), second]);
  expect(seen).toEqual({ 0: [".key"], 1: [".key"] });
});

test("a rank that waits for the first one stops when it is told to", async () => {
  const never = defineStage({ name: "look", version: 1, title: "", options: z.strictObject({}), native: false, run: async () => ({}) });
  expect(executeTask(never, spec(1), { ...hooks, cancelled: () => true })).rejects.toThrow("interrupted");
});
