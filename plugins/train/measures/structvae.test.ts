import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { noGrad, scope } from "../../../ffi";
import { classId } from "../../earth/api";
import { cellKeys, Structvae, structvaeConfig } from "../../models/api";
import { bareVoxels, type Crop, validationCrops } from "../crops";
import { SampleStore } from "../samples";
import { CELLS, writeTown } from "../town.fixture";
import { rebuild, recoveredByClass, teacherAccuracy } from "./structvae";

const root = mkdtempSync(join(tmpdir(), "earthcraft-measures-"));
afterAll(() => rmSync(root, { recursive: true }));
let crop: Crop;
beforeAll(async () => {
  const store = await SampleStore.open(writeTown(root), "validation");
  crop = (await validationCrops(store, 1, CELLS))[0]!;
});

const model = new Structvae(
  structvaeConfig.parse({
    encoder: { channels: [8, 12, 16, 16], blocks: [1, 1, 1, 1] },
    decoder: { channels: [8, 12, 16, 16], pseudoBlocks: [1, 1, 1, 0], sparseBlocks: [0, 1, 1, 1] },
    ...{ headDim: 4, classifier: { channels: 8, blocks: 1 }, latentChannels: 8 },
  }),
).materialize({ seed: 4 });

test("recovered voxels are counted by the class of the true voxel", () => {
  const grass = [...crop.rows.keys()].filter((i) => crop.sample.semantic[crop.rows[i]!] === classId("Grassland"));
  const towers = crop.rows.length - grass.length;
  expect(towers).toBeGreaterThan(0);
  const voxel = (i: number) => [...crop.coords.subarray(3 * i, 3 * i + 3)];
  const decoded = Int32Array.from([...grass.slice(0, 7).flatMap(voxel), 15, 15, 15]);
  const { found, all } = recoveredByClass(decoded, crop);
  expect([found[classId("Grassland")], all[classId("Grassland")]]).toEqual([7, grass.length]);
  expect([found[classId("Building")], all[classId("Building")]]).toEqual([0, towers]);
  expect(all.reduce((a, b) => a + b)).toBe(crop.rows.length);
});

test("teacher-forced accuracy is the share of pseudo-voxels that the head and the truth agree on, counted one by one", () => {
  const expected = noGrad(() =>
    scope(() => {
      const { posterior, pyramid } = model.encoder.forward(bareVoxels(crop.coords));
      const { levels } = model.decoder.forward(pyramid[3]!.withFeats(posterior.mean), { by: "teacher", pyramid });
      return levels.map(({ level, pseudo, logits_N2 }) => {
        const truth = new Set(cellKeys(pyramid[level]!.coords.toArray(), 4));
        const [coords, logits] = [pseudo.coords.toArray(), logits_N2.toArray()];
        let right = 0;
        for (let i = 0; i < coords.length / 4; i++) {
          const isTrue = truth.has(cellKeys(Array.from(coords).slice(4 * i, 4 * i + 4), 4)[0]!);
          if (isTrue === logits[2 * i + 1]! > logits[2 * i]!) right++;
        }
        return right / (coords.length / 4);
      });
    }),
  );
  const found = teacherAccuracy(model, crop);
  expect([found[2], found[1], found[0]].map((value) => value.toFixed(6))).toEqual(expected.map((value) => value.toFixed(6)));
  expect(new Set(expected).size).toBeGreaterThan(1);
});

test("keeping all children of the true parents finds every true voxel; dropping all is right where there is none", () => {
  const { keepAll, dropAll } = rebuild(model, crop, 2);
  expect(keepAll.recall).toBe(1);
  expect(keepAll.iou).toBe(keepAll.overUnion);
  expect(dropAll.overUnion).toBeCloseTo(1 - keepAll.iou, 12);
});
