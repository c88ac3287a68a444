/**
 * What `--device cuda` means, on machines without a GPU: an emulated one runs the processor's kernels, and refuses tensors of two devices as a real one
 * does. The tests of `test/gpu` that train, and the whole quickstart at its smallest, run on it.
 */
import { describe, expect } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programRoot } from "../cli/io";
import { nativePath } from "../cli/setup/native-path";
import { tinyQuickstart } from "./cli/tiny-quickstart";
import { emulatedGpu } from "./gpu/emulated/library";
import { skipUnless } from "./skip";

function environment(log = ""): Record<string, string | undefined> {
  return { ...process.env, EARTHCRAFT_NATIVE: nativePath(), EARTHCRAFT_NATIVE_CUDA: emulatedGpu(), EARTHCRAFT_EMULATED_LOG: log, NO_COLOR: "1" };
}

const test = skipUnless(nativePath(), "the native library is not built: earthcraft setup");

async function run(args: string[], env = environment()): Promise<{ code: number; said: string }> {
  const child = Bun.spawn([process.execPath, ...args], { cwd: programRoot, env, stdio: ["ignore", "pipe", "pipe"] });
  const [out, error] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, said: out + error };
}

describe("on an emulated GPU", () => {
  test("trainings give what they give on the processor", async () => {
    const { code, said } = await run(["test", "--timeout=300000", "./test/gpu/training.test.ts"]);
    expect(said).toMatch(/\n 8 pass\n 5 skip\n 0 fail\n/);
    expect(code).toBe(0);
  }, 400_000);

  test("one that the kernels do not fit is refused when it is chosen", async () => {
    const unfit = { ...environment(), EARTHCRAFT_EMULATED_UNFIT: "its blocks are too small" };
    const { code, said } = await run(["-e", 'require("./ffi").useDevice("cuda:0")'], unfit);
    expect([code, said]).toEqual([
      1,
      expect.stringContaining("device 'cuda:0' (emulated on the processor): its blocks are too small; use --device cpu"),
    ]);
  }, 100_000);

  test("memory that runs out is made room for once, and told of with its numbers when that does not help", async () => {
    const root = mkdtempSync(join(tmpdir(), "earthcraft-full-"));
    const multiply = async (how: "mul" | "mul_", failures: number) => {
      const log = join(root, `${how}-${failures}`);
      const env = { ...environment(log), EARTHCRAFT_EMULATED_FULL: `aten::mul:${failures}` };
      const { code, said } = await run([join(import.meta.dir, "gpu", "emulated", "full.ts"), how], env);
      expect(code).toBe(0);
      const { emptied } = JSON.parse(readFileSync(log, "utf8").trim()) as { emptied: number };
      return [said.trim(), emptied];
    };
    const told = (how: string) =>
      `out of memory: ${how}: self [3] f32, other [1] f32: CUDA out of memory. Tried to allocate 20.00 GiB; cuda:0 has 3 bytes in use, 5 at most until now, 7 kept for reuse, and 11 free of 13`;
    try {
      expect(await multiply("mul", 0)).toEqual(["2,4,6", 0]);
      expect(await multiply("mul", 1)).toEqual(["2,4,6", 1]);
      expect(await multiply("mul", 2)).toEqual([told("mul"), 1]);
      // In place, some values may have been multiplied already.
      expect(await multiply("mul_", 1)).toEqual([told("mul_"), 0]);
    } finally {
      rmSync(root, { recursive: true });
    }
  }, 100_000);

  test("a step waits for the GPU where it must and nowhere else", async () => {
    const root = mkdtempSync(join(tmpdir(), "earthcraft-waits-"));
    const log = join(root, "log");
    try {
      const { code, said } = await run([join(import.meta.dir, "gpu", "emulated", "waits.ts"), root], environment(log));
      expect([code, said]).toEqual([0, ""]);
      const steps = readFileSync(log, "utf8").trim().split("\n");
      const { waits } = JSON.parse(steps.at(-1)!) as { waits: Record<string, number> };
      // Fetched once each: the voxels from outside and those that the head kept at two levels, for maps; the loss and its four parts.
      expect(waits).toEqual({ "aten::nonzero": 3, "earthcraft::adamw_": 1, "to the processor": 3 + 5 });
    } finally {
      rmSync(root, { recursive: true });
    }
  }, 200_000);

  test("the quickstart goes through", async () => {
    const root = mkdtempSync(join(tmpdir(), "earthcraft-quickstart-"));
    try {
      const fewer = ["train-structvae.training.steps=8", "train-texvae.training.steps=4", "evaluate.crops=1"].flatMap((set) => ["--set", set]);
      const { code, said } = await run(["cli/main.ts", ...tinyQuickstart(join(root, "run")), ...fewer, "--device", "cuda"]);
      expect([code, said.slice(-2000)]).toEqual([0, expect.stringContaining("done: ")]);
      const record = (stage: string) => JSON.parse(readFileSync(join(root, "run", stage, "stage.json"), "utf8"));
      expect(record("evaluate").metrics.crops).toBe(1);
      expect(JSON.parse(readFileSync(join(root, "run", "run.json"), "utf8")).device).toBe("cuda:0");
    } finally {
      rmSync(root, { recursive: true });
    }
  }, 600_000);
});
