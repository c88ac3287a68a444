/**
 * The smallest quickstart on a GPU, through the program: five trainings, sampling from a map, a view and nothing, extending and evaluating; and the same
 * command again, which finds all done. (`test/emulated-gpu.test.ts` does so without a GPU.)
 */
import { afterAll, expect } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programRoot } from "../../cli/io";
import { tinyQuickstart } from "../cli/tiny-quickstart";
import { skipUnless } from "../skip";
import { gpuName, isEmulated, noGpu } from "./gpu";

const root = mkdtempSync(join(tmpdir(), "earthcraft-gpu-quickstart-"));
afterAll(() => rmSync(root, { recursive: true }));

async function earthcraft(args: string[]): Promise<{ code: number; said: string }> {
  const child = Bun.spawn([process.execPath, join(programRoot, "cli", "main.ts"), ...args], {
    ...{ stdin: "ignore", stdout: "pipe", stderr: "pipe", env: process.env },
  } as const);
  const [out, err, code] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited]);
  return { code, said: (out + err).slice(-2000) };
}

skipUnless(gpuName && !isEmulated, noGpu)(
  "the quickstart goes through, and a second time finds all done",
  async () => {
    const run = join(root, "run");
    const command = [...tinyQuickstart(run), "--device", "cuda"];
    const begin = performance.now();
    expect(await earthcraft(command)).toEqual({ code: 0, said: expect.stringContaining("done: ") });
    console.log(`the smallest quickstart on ${gpuName}: ${((performance.now() - begin) / 1000).toFixed(0)} s`);
    expect(JSON.parse(readFileSync(join(run, "run.json"), "utf8")).device).toBe("cuda:0");
    const { metrics } = JSON.parse(readFileSync(join(run, "evaluate", "stage.json"), "utf8")) as { metrics: Record<string, unknown> };
    expect(metrics.crops).toBe(2);
    const numbers = Object.values(metrics).filter((value) => typeof value === "number");
    expect(numbers.length).toBeGreaterThan(5);
    expect(numbers.filter((value) => !Number.isFinite(value))).toEqual([]);
    expect(await earthcraft(command)).toEqual({ code: 0, said: expect.stringContaining("everything is done already") });
  },
  600_000,
);
