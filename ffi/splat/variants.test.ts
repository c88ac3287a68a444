import { describe, expect, test } from "bun:test";
import { join } from "node:path";

describe("splats and similarity", () => {
  for (const variant of ["baseline", "avx2"])
    test(`pass their tests as compiled for ${variant}`, () => {
      const files = ["splat/render.test.ts", "image/similarity.test.ts"].map((name) => join(import.meta.dir, "..", name));
      const run = Bun.spawnSync([process.execPath, "test", "--timeout=60000", ...files], { env: { ...process.env, EARTHCRAFT_CPU: variant } });
      expect(run.stderr.toString()).toContain(" 0 fail");
      expect(run.exitCode).toBe(0);
    }, 120_000);
});
