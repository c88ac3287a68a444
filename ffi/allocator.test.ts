/** The CPU's allocator: what it keeps, what it gives back, and what it says when there is no more. */
import { describe, expect } from "bun:test";
import { join } from "node:path";
import { programRoot } from "../cli/io";
import { skipUnless } from "../test/skip";

const test = skipUnless(process.platform === "linux", "limits and sizes are read from /proc, which is Linux's");

async function output(...args: string[]): Promise<string> {
  const child = Bun.spawn([process.execPath, ...args], { cwd: programRoot, stdio: ["ignore", "pipe", "inherit"] });
  const text = await new Response(child.stdout).text();
  expect(await child.exited).toBe(0);
  return text;
}

describe("the allocator", () => {
  test("makes room of what it keeps, for tensors and for vectors, and else says what was asked for, by whom and beside what", async () => {
    const found = JSON.parse(await output(join("test", "out-of-memory.ts")));
    const told =
      /^out of memory: repeat_interleave: self \[13107200\] f32: out of memory: a tensor of 5242880000 bytes beside (\d+) in use, (\d+) at most until now; \d+ kept for reuse were given back and did not make room$/;
    expect(found).toEqual({ kept: true, large: true, vectors: true, told: expect.stringMatching(told), inUse: expect.any(Number), after: [2, 3] });
    const [, inUse, most] = told.exec(found.told)!.map(Number);
    expect(inUse).toBe(found.inUse);
    expect(most).toBeGreaterThan(700e6);
  }, 60_000);

  test("keeps a process below 1.3 times what its largest step needs, though every step has other sizes", async () => {
    const rows = (await output("test/bench/allocator.ts", "--json", "--rounds", "1", "--megabytes", "24", "--steps", "80")).trim().split("\n");
    const { ratio, bar } = JSON.parse(rows[1]!);
    expect(bar).toBe(1.3);
    expect(ratio).toBeLessThan(bar);
    expect(ratio).toBeGreaterThan(0.8); // the pages are real
  }, 120_000);
});
