import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CheckpointWriter, latestCheckpoint, saveCheckpoint, sweepCheckpoints } from "./checkpoint";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "checkpoint-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const write = (text: string) => (dir: string) => writeFileSync(join(dir, "model.bin"), text);

describe("checkpoints", () => {
  test("the newest two are kept", () => {
    for (const step of [10, 20, 30]) saveCheckpoint(root, step, "k", write(`step ${step}`));
    expect(readdirSync(root).sort()).toEqual(["step-20", "step-30"]);
    expect(latestCheckpoint(root, "k")?.step).toBe(30);
  });

  test("a torn one is passed over for the one before, with the reason", () => {
    for (const step of [9, 10]) saveCheckpoint(root, step, "k", write("whole"));
    truncateSync(join(root, "step-10", "model.bin"), 2);
    const reasons: string[] = [];
    expect(latestCheckpoint(root, "k", (reason) => reasons.push(reason))?.step).toBe(9);
    expect(reasons[0]).toContain("model.bin has 2 bytes, the manifest says 5");
  });

  test("what a crash left is swept and never read", () => {
    mkdirSync(join(root, ".tmp-40-1-abc"));
    mkdirSync(join(root, "step-50"));
    saveCheckpoint(root, 30, "k", write("whole"));
    expect(latestCheckpoint(root, "k")?.step).toBe(30);
    sweepCheckpoints(root);
    expect(readdirSync(root).sort()).toEqual(["step-30", "step-50"]);
  });

  test("one bit turned anywhere, also in a tensor's values, and the one before is taken", () => {
    saveCheckpoint(root, 9, "k", write("whole"));
    const { dir } = saveCheckpoint(root, 10, "k", write("newer"));
    const file = join(dir, "model.bin");
    const bytes = readFileSync(file);
    for (let bit = 0; bit < 8 * bytes.length; bit += 3) {
      const turned = Uint8Array.from(bytes);
      turned[bit >> 3]! ^= 1 << (bit & 7);
      writeFileSync(file, turned);
      const reasons: string[] = [];
      expect(latestCheckpoint(root, "k", (reason) => reasons.push(reason))?.step).toBe(9);
      expect(reasons).toEqual([`checkpoint ${dir} is not used: model.bin is not what was written`]);
    }
    writeFileSync(file, bytes);
    expect(latestCheckpoint(root, "k")?.step).toBe(10);
  });

  test("a run with other options does not go on from it", () => {
    saveCheckpoint(root, 5, "k", write("whole"));
    expect(latestCheckpoint(root, "other")).toBeNull();
    expect(latestCheckpoint(join(root, "nowhere"), "k")).toBeNull();
  });

  test("a writer that fails leaves the old ones alone", () => {
    saveCheckpoint(root, 5, "k", write("whole"));
    expect(() =>
      saveCheckpoint(root, 6, "k", () => {
        throw new Error("disk full");
      }),
    ).toThrow("disk full");
    expect(latestCheckpoint(root, "k")?.step).toBe(5);
  });

  test("a full disk is ridden out twice, the third time in a row it stops the run", () => {
    let full = true;
    const warnings: string[] = [];
    const writer = new CheckpointWriter(
      root,
      "k",
      (dir) => {
        if (full) throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
        write("whole")(dir);
      },
      (text) => warnings.push(text),
    );
    writer.save(1);
    writer.save(2);
    full = false;
    writer.save(3);
    full = true;
    writer.save(4);
    writer.save(5);
    expect(warnings).toHaveLength(4);
    expect(warnings[0]).toContain("step 1: the checkpoint could not be written (no space left on device)");
    expect(() => writer.save(6)).toThrow("no space left");
    expect(readdirSync(root)).toEqual(["step-3"]);
  });

  test("what is not the disk's fault is not ridden out", () => {
    const writer = new CheckpointWriter(
      root,
      "k",
      () => {
        throw new TypeError("bug");
      },
      () => {},
    );
    expect(() => writer.save(1)).toThrow("bug");
  });

  test("saving a step again replaces it", () => {
    saveCheckpoint(root, 5, "k", write("old"));
    const { dir } = saveCheckpoint(root, 5, "k", write("newer"));
    expect(latestCheckpoint(root, "k")?.dir).toBe(dir);
    expect(readdirSync(root)).toEqual(["step-5"]);
  });
});
