import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { samples } from "../test/operators";
import { runSample } from "../test/operators/sample";
import { scope, setThreads } from "./index";
import { check, checkCount, loadNative } from "./load";
import { Operator } from "./operator";

setThreads(1);
const lines = readFileSync(join(import.meta.dir, "ops.txt"), "utf8")
  .split("\n")
  .filter(Boolean);
const root = join(import.meta.dir, "..");

describe("ops.txt", () => {
  test("ops.gen.ts is what the generator writes", () => {
    const { exitCode, stderr } = Bun.spawnSync([process.execPath, join(import.meta.dir, "generate-ops.ts"), "--check"]);
    expect(stderr.toString()).toBe("");
    expect(exitCode).toBe(0);
  });

  test("no operator draws from ATen's global generator", () => {
    const { call } = loadNative();
    const random = lines.filter((name) => checkCount(call.ec_operator_flags(checkCount(call.ec_operator_find(name), name)), name) & 1);
    expect(random.filter((name) => !name.startsWith("aten::scaled_dot_product_attention"))).toEqual([]); // drops out only where it is asked to
  });

  test("every line has a sample, and every sample calls its line", () => {
    expect(lines.filter((name) => !(name in samples))).toEqual([]);
    expect(Object.keys(samples).filter((name) => !lines.includes(name))).toEqual([]);
    const wrong: string[] = [];
    for (const [name, sample] of Object.entries(samples)) {
      const operator = Operator.all.get(name)!;
      operator.number = -1; // found again when it is called
      scope(() => void runSample(sample));
      if (operator.number < 0) wrong.push(name);
    }
    expect(wrong).toEqual([]);
  }, 60_000);

  test("an unknown operator is refused by name", () => {
    const { call } = loadNative();
    expect(() => checkCount(call.ec_operator_find("aten::no_such_thing"), "find")).toThrow("no operator aten::no_such_thing");
    expect(() => check(call.ec_operator_schema(100000), "schema")).toThrow("no operator number 100000");
  });
});

describe("every operator gives equal bytes 20 times, forward and backward, beside a busy process", () => {
  for (const threads of [2, 4])
    test(`at ${threads} threads`, async () => {
      const busy = Bun.spawn([process.execPath, "-e", "const end = Date.now() + 110_000; while (Date.now() < end);"]);
      try {
        const child = Bun.spawn([process.execPath, join(root, "test/operators/determinism.ts"), String(threads), "20"], {
          stdout: "pipe",
          stderr: "inherit",
          env: { ...process.env, OMP_WAIT_POLICY: "PASSIVE", OMP_NUM_THREADS: String(threads) },
        });
        const { changed, differentiated } = JSON.parse(await new Response(child.stdout).text());
        expect(changed).toEqual({});
        expect(differentiated.length).toBeGreaterThan(120);
      } finally {
        busy.kill();
        await busy.exited;
      }
    }, 120_000);
});
