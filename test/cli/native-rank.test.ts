/** Rank processes with the tensor library inside: its threads, its errors, its memory. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { nativePath } from "../../cli/setup/native-path";
import { skipUnless } from "../skip";
import { isRunning, Program, until } from "./program";

setDefaultTimeout(60_000); // programs are started, and the machine may be busy

const library = nativePath();
const needsNative = skipUnless(library, "the native library is not built: earthcraft setup");
const recipe = (options: string) => `title: Native\nstages:\n  - tensors: { ${options} }\n`;
const STARTED = /pid (\d+) starts at (\d+)/;

function nativeProgram(options: string): Program {
  const program = new Program();
  if (library !== undefined) program.env.EARTHCRAFT_NATIVE = library;
  program.write("r.yaml", recipe(options));
  return program;
}

test("a stage that needs the native library says so before anything begins: 69", async () => {
  using program = nativeProgram("steps: 1");
  delete program.env.EARTHCRAFT_NATIVE;
  program.env.XDG_CACHE_HOME = join(program.dir, "cache");
  const { stderr, code } = await program.run("run", "r.yaml");
  expect(stderr).toContain("error: the native library is not built yet\n  fix: run: earthcraft setup\n");
  expect(code).toBe(69);
  expect(program.has("runs")).toBe(false);
});

describe("a rank with tensors", () => {
  needsNative("ends with all its threads when the program is killed", async () => {
    using program = nativeProgram("steps: 1000000");
    const running = program.start("run", "r.yaml");
    const rank = Number((await running.says(STARTED))[1]);
    await until(() => program.has("runs/r/.scratch/tensors/step"), 5000);
    expect(readdirSync(`/proc/${rank}/task`).length).toBeGreaterThan(2);
    process.kill(running.pid, "SIGKILL");
    expect(await until(() => !isRunning(rank), 1000)).toBeLessThan(1000);
  });

  needsNative("finishes its step on Ctrl-C, and the next call goes on from there", async () => {
    using program = nativeProgram("steps: 1000000");
    const running = program.start("run", "r.yaml");
    await running.says(STARTED);
    await until(() => program.has("runs/r/.scratch/tensors/step"), 5000);
    process.kill(-running.pid, "SIGINT");
    expect((await running.finished()).code).toBe(130);
    const step = Number(program.read("runs/r/.scratch/tensors/step"));
    expect(step).toBeGreaterThan(0);
    const again = program.start("run", "r.yaml");
    expect(Number((await again.says(STARTED))[2])).toBe(step);
    process.kill(again.pid, "SIGKILL");
    await again.finished();
  });

  needsNative("tells shapes that do not fit as a bug, with the stack of the stage", async () => {
    using program = nativeProgram("fail: shape");
    const { stderr, code } = await program.run("run", "r.yaml");
    expect(stderr).toContain("[512, 512]");
    expect(stderr).toContain("fixture-plugin/index.ts");
    expect(code).toBe(70);
  });

  needsNative("tells memory that ran out as such, and what to try", async () => {
    using program = nativeProgram("fail: memory");
    const { stderr, code } = await program.run("run", "r.yaml");
    expect(stderr).toMatch(/memory/);
    expect(stderr).toContain("smaller");
    expect(code).toBe(1);
  });

  needsNative("adds up with its fellow rank", async () => {
    using program = nativeProgram("steps: 1, ranks: 2");
    const { stderr, code } = await program.run("run", "r.yaml");
    expect(stderr).toContain("done: 1 stages");
    expect(code).toBe(0);
    expect(program.json<unknown>("runs/r/tensors/reduced.json")).toEqual([3, 20]);
  });
});
