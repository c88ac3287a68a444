import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { averageGradients, groupFromEnvironment, Linear, rank, worldSize } from "./index";

const script = join(import.meta.dir, "../test/ranks/train.ts");

/** Runs a group of ranks; the weights that each ended with. */
async function train(world: number, store: string): Promise<Map<string, Float32Array>[]> {
  const ranks = Array.from({ length: world }, (_, r) =>
    Bun.spawn([process.execPath, script, String(r), String(world), store], {
      stdout: "pipe",
      stderr: "pipe",
      env: { ...process.env, OMP_NUM_THREADS: "1" },
    }),
  );
  return Promise.all(
    ranks.map(async (child) => {
      const [out, error, code] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited]);
      if (code !== 0) throw new Error(`a rank ended with ${code}: ${error}`);
      return new Map(
        out
          .trim()
          .split("\n")
          .map((line) => {
            const [name, hex] = line.split(" ") as [string, string];
            return [name, new Float32Array(Uint8Array.from(Buffer.from(hex, "hex")).buffer)];
          }),
      );
    }),
  );
}

describe("ranks", () => {
  test("two Gloo ranks with half batches end where one does, equal to each other in every bit, and again the same over a file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "ranks-"));
    try {
      const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
      const { port } = listener;
      listener.stop(true);
      const [one] = await train(1, "");
      const [a, b] = await train(2, `tcp://127.0.0.1:${port}`);
      const [c] = await train(2, `file://${join(folder, "store")}`);
      expect(a).toEqual(b!);
      expect(a).toEqual(c!);
      for (const [name, values] of one!) for (const [i, value] of values.entries()) expect(Math.abs(a!.get(name)![i]! - value)).toBeLessThan(2e-6);
      expect(one!.size).toBe(8);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, 60_000);

  test("a process alone is rank 0 of 1", () => {
    expect([rank(), worldSize()]).toEqual([0, 1]);
    averageGradients(new Linear(2, 2).materialize({ seed: 1 }));
  });

  test("a group named by the environment", () => {
    expect(groupFromEnvironment({})).toBeUndefined();
    expect(groupFromEnvironment({ RANK: "1", WORLD_SIZE: "4", MASTER_ADDR: "node", MASTER_PORT: "29500" })).toEqual({
      rank: 1,
      worldSize: 4,
      store: "tcp://node:29500",
    });
    expect(() => groupFromEnvironment({ RANK: "4", WORLD_SIZE: "4" })).toThrow("RANK=4");
    expect(() => groupFromEnvironment({ RANK: "0", WORLD_SIZE: "2" })).toThrow("MASTER_ADDR");
  });
});
