/** A power cut at any moment of a save: whoever reads afterwards finds the old or the new one whole, never a mixture. */
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CrashDisk, type Loss, losses } from "./crash-disk";

const root = mkdtempSync(join(tmpdir(), "earthcraft-power-"));
afterAll(() => rmSync(root, { recursive: true }));
const disk = CrashDisk.watch(join(root, "disk"));
const { latestCheckpoint, saveCheckpoint } = await import("../plugins/train/checkpoint");
const { writeSafetensors, openSafetensors } = await import("../ffi/safetensors");
const { fsyncTree, moveIntoPlace, writeFileAtomically } = await import("../cli/runs/files");

/** Everything that a reader finds after a cut at each moment, under each loss. */
function outcomes<T>(read: (dir: string) => T): { loss: Loss; found: T[] }[] {
  return losses.map((loss) => ({
    loss,
    found: Array.from({ length: disk.moments }, (_, moment) => {
      const dir = join(root, "after");
      rmSync(dir, { recursive: true, force: true });
      disk.after(moment, loss, dir);
      return read(dir);
    }),
  }));
}

test("of a checkpoint", () => {
  const checkpoints = join(disk.dir, "checkpoints");
  const save = (step: number) =>
    saveCheckpoint(checkpoints, step, "k", (dir) =>
      writeSafetensors(join(dir, "model.safetensors"), new Map([["w", { dtype: "f32", shape: [4], data: new Float32Array(4).fill(step) }]])),
    );
  save(10);
  disk.settle();
  save(20);
  expect(disk.moments).toBeGreaterThan(10);
  for (const { loss, found } of outcomes((dir) => {
    const latest = latestCheckpoint(join(dir, "checkpoints"), "k");
    return latest && { step: latest.step, w: openSafetensors(join(latest.dir, "model.safetensors")).float32("w")[3] };
  })) {
    const seen = found.map((latest) => (latest === null ? "none" : `${latest.step}: ${latest.w}`));
    expect({ loss, seen: [...new Set(seen)] }).toEqual({ loss, seen: ["10: 10", "20: 20"] });
    expect(seen.at(-1)).toBe("20: 20"); // once it has returned it is there for good
  }
});

test("of a file that is replaced", () => {
  const file = join(disk.dir, "run.json");
  writeFileAtomically(file, "the old text");
  disk.settle();
  writeFileAtomically(file, "a newer text");
  for (const { loss, found } of outcomes((dir) => readFileSync(join(dir, "run.json"), "utf8"))) {
    expect({ loss, seen: [...new Set(found)] }).toEqual({ loss, seen: ["the old text", "a newer text"] });
    expect(found.at(-1)).toBe("a newer text");
  }
});

test("of a stage's outputs", () => {
  const fill = (text: string) => {
    const temporary = join(disk.dir, ".tmp");
    mkdirSync(join(temporary, "a"), { recursive: true });
    for (const file of ["a/one", "two", "stage.json"]) writeFileSync(join(temporary, file), `${text} ${file}`);
    fsyncTree(temporary);
    moveIntoPlace(temporary, join(disk.dir, "stage"), join(disk.dir, ".trash"));
  };
  fill("old");
  disk.settle();
  fill("new");
  const read = (path: string) => {
    try {
      return readFileSync(path, "utf8");
    } catch {
      return "missing";
    }
  };
  for (const { loss, found } of outcomes((dir) =>
    ["a/one", "two", "stage.json"].map((file) => read(join(dir, "stage", file)).replace(` ${file}`, "")).join(),
  )) {
    // Between the two renames there is none, and the stage runs again.
    expect({ loss, seen: [...new Set(found)].filter((text) => text !== "missing,missing,missing") }).toEqual({
      loss,
      seen: ["old,old,old", "new,new,new"],
    });
    expect(found.at(-1)).toBe("new,new,new");
  }
});
