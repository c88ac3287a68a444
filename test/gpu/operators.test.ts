/**
 * Every operator of `ops.txt`, forward and backward, on the GPU beside the CPU: whole numbers equal, f32 within 1e-5 of the largest value.
 * What has no kernel for GPUs is listed and must be what is expected to have none.
 */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { samples } from "../operators";
import { skipUnless } from "../skip";
import type { Comparison } from "./compare";
import { gpuName, noGpu } from "./gpu";
import { gpuSamples } from "./samples";

/** Of the largest value: f32 sums in another order. */
const BOUND = 1e-5;

/** Wider bounds, and why. */
const BOUNDS: [RegExp, number, string][] = [
  [/bf16|autocast|aten::to\.dtype/, 1.6e-2, "two roundings to 8 bits, of weights of attention among them"],
  [/splat_render$/, 1e-2, "alpha's cut-off and the end of light turn on a last bit; splat.test.ts bounds how many do"],
  [/adamw_$/, 8e-3, "moments are rounded to bf16 by chance; a last bit of f32 may tip one of them by 2^-8"],
];

/** What runs on the CPU only, and why. */
const CPU_ONLY: [RegExp, string][] = [
  [/_reference$/, "plain references, which tests compare with"],
  [/mesh_(components|select)$/, "once a site, from lists that each step depends on the last of: milliseconds on the processor"],
  [/mesh_fill_holes$/, "walks along borders, one edge after the other"],
];

/** Runs all samples; a process that a fault ended is followed by one for the samples after it. */
async function compareAll(device: string): Promise<Map<string, Comparison>> {
  const results = new Map<string, Comparison>();
  let left = Object.keys({ ...samples, ...gpuSamples });
  while (left.length > 0) {
    const child = Bun.spawn([process.execPath, join(import.meta.dir, "compare.ts"), device, ...left], {
      stdout: "pipe",
      stderr: "pipe",
      env: process.env,
    });
    const [output, errors] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited]);
    let lost = false;
    for (const line of output.split("\n").filter((text) => text.startsWith("{"))) {
      const result = JSON.parse(line) as Comparison;
      if (result.error !== undefined) result.error = Number(result.error);
      if (lost) continue;
      results.set(result.name, result);
      // After a fault every call fails; those samples are run again by another process.
      lost = result.state === "failed" && /CUDA error|cuda lost/i.test(result.problem ?? "");
    }
    const before = left.length;
    left = left.filter((name) => !results.has(name));
    if (left.length === before || (!lost && left.length > 0)) {
      const name = left.shift();
      if (name)
        results.set(name, { name, state: "failed", problem: `the process ended (${child.signalCode ?? child.exitCode}): ${errors.slice(-600)}` });
    }
  }
  return results;
}

describe("operators on a GPU", () => {
  skipUnless(gpuName, noGpu)(
    "give the CPU's results",
    async () => {
      const results = [...(await compareAll("cuda:0")).values()];
      const boundOf = (name: string) => BOUNDS.find(([pattern]) => pattern.test(name))?.[1] ?? BOUND;
      const wrong = results.filter(({ name, state, error }) => state === "failed" || (state === "compared" && !(error! <= boundOf(name))));
      const missing = results.filter(({ state }) => state === "missing").map(({ name }) => name);
      const changing = results.filter(({ state, repeats }) => state === "compared" && !repeats).map(({ name }) => name);
      console.log(`${gpuName}: ${results.filter(({ state }) => state === "compared").length} samples compared`);
      for (const { name, error } of results
        .filter(({ error }) => error! > 0)
        .sort((a, b) => b.error! - a.error!)
        .slice(0, 40))
        console.log(`  ${error!.toExponential(1)} (bound ${boundOf(name)})  ${name}`);
      console.log(`not on GPUs: ${missing.join(", ") || "none"}`);
      console.log(`other bytes at a second run: ${changing.join(", ") || "none"}`);
      for (const { name, problem, error, errors } of wrong) console.log(`WRONG ${name}: ${problem ?? `${error} among ${JSON.stringify(errors)}`}`);
      expect(wrong.map(({ name }) => name)).toEqual([]);
      expect(missing.filter((name) => !CPU_ONLY.some(([pattern]) => pattern.test(name)))).toEqual([]);
      expect(changing.filter((name) => name.startsWith("earthcraft::") || name in gpuSamples)).toEqual([]);
    },
    300_000,
  );

  test("the comparison itself: the CPU beside the CPU", async () => {
    const results = [...(await compareAll("cpu")).values()];
    expect(results.filter(({ state, error, repeats }) => state !== "compared" || error !== 0 || !repeats)).toEqual([]);
    expect(results.length).toBe(Object.keys({ ...samples, ...gpuSamples }).length);
  }, 120_000);

  test("every bound has its reason", () => {
    for (const [, bound, reason] of BOUNDS) expect([bound > BOUND, reason.length > 0]).toEqual([true, true]);
  });
});
