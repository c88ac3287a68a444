/** A site's crops joined must be the site: cut where a crop lay, it is that crop, in every symmetry and with its conditions. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Tensor } from "../../ffi";
import { symmetryOf } from "./augment/symmetry";
import { cropAt, cropFeatures } from "./crops";
import { joined, viewsOver, wholeSites } from "./joined-sites";
import { type Sample, SampleStore } from "./samples";
import { structConditionOf, windowOfMap } from "./struct-conditions";
import { CELLS, writeTown } from "./town.fixture";

const root = mkdtempSync(join(tmpdir(), "earthcraft-joined-"));
let store: SampleStore;
let town: Sample;
beforeAll(async () => {
  store = await SampleStore.open(writeTown(root), "train");
  await store.load(store.ids);
  town = store.get("b.0");
});
afterAll(() => rmSync(root, { recursive: true }));

const SIZE = 10;
const STEP = CELLS - SIZE;
/** The town as crops of 10 cells in its four corners: they overlap by 4. */
const corners = [0, STEP].flatMap((y) => [0, STEP].map((x) => [x, y] as const));
const crops = () => corners.map((corner, i) => partOf(town, corner, i));

function partOf(sample: Sample, [x, y]: readonly [number, number], index: number): Sample {
  const { rows, coords } = cropAt(sample, symmetryOf(0), [x, y], { x: 0, y: 0, size: SIZE }, CELLS);
  const pick = (channels: number, data: Uint8Array) =>
    Uint8Array.from([...rows].flatMap((row) => [...data.subarray(channels * row, channels * (row + 1))]));
  const views = [{ view: index, share: 0.5 }];
  return {
    ...{ id: `b.${index}`, extent: SIZE, coords, parts: [{ corner: [0, 0], size: SIZE, views }] },
    record: { ...sample.record, id: `b.${index}`, offset_cells: [x + 3, y + 5, 0], cells: SIZE, views },
    feats: sample.feats.indexSelect(0, rowIndex(rows)),
    rgb: pick(3, sample.rgb),
    semantic: pick(1, sample.semantic),
    map: windowOfMap(sample.map, sample.extent, [x, y], SIZE),
  };
}

const rowIndex = (rows: Int32Array) => Tensor.from(rows, [rows.length], { dtype: "i64" });
/** Voxels with all that is known of them, in an order of their own. */
const told = ({ coords, rgb, semantic, feats }: Sample) => {
  const values = feats.to("f32").toArray();
  return Array.from({ length: semantic.length }, (_, i) =>
    [...coords.subarray(3 * i, 3 * i + 3), ...rgb.subarray(3 * i, 3 * i + 3), semantic[i], ...values.slice(66 * i, 66 * i + 3)].join(),
  ).sort();
};

describe("a site's crops joined", () => {
  test("are the site: every voxel once, with its colours, class and features, and its map", () => {
    const site = joined("b", crops());
    expect([site.id, site.extent, site.record.cells, site.record.voxels]).toEqual(["b", CELLS, CELLS, town.semantic.length]);
    expect(site.record.offset_cells).toEqual([3, 5, 0]);
    expect(told(site)).toEqual(told(town));
    expect(site.map).toEqual(town.map);
  });

  test("cut where a crop lay are that crop, whichever way they are turned", () => {
    const site = joined("b", crops());
    for (let index = 0; index < 8; index++) {
      const symmetry = symmetryOf(index);
      for (const [x, y] of corners) {
        const corner = turnedCorner(x, y, index);
        const square = { x: 0, y: 0, size: SIZE };
        const [ours, own] = [cropAt(site, symmetry, corner, square, SIZE), cropAt(town, symmetry, corner, square, SIZE)];
        const keyed = ({ coords }: typeof ours, feats: ArrayLike<number>) =>
          Array.from({ length: coords.length / 3 }, (_, i) => [...coords.subarray(3 * i, 3 * i + 3), feats[66 * i + 1]].join()).sort();
        expect(keyed(ours, cropFeatures(ours).toArray())).toEqual(keyed(own, cropFeatures(own).toArray()));
        const seen = (crop: typeof ours) => structConditionOf("image", crop, store, SIZE, 0).voxels.coords;
        const where = { ...site.record, offset_cells: town.record.offset_cells };
        expect(seen({ ...ours, sample: { ...site, record: where } })).toEqual(seen(own));
      }
    }
  });

  test("know the views of the crop that lies nearest", () => {
    const site = joined("b", crops());
    for (let index = 0; index < 8; index++)
      for (const [i, [x, y]] of corners.entries()) {
        const corner = turnedCorner(x, y, index);
        const square = { x: 0, y: 0, size: SIZE };
        expect(viewsOver(cropAt(site, symmetryOf(index), corner, square, SIZE))).toEqual([i]);
      }
    // A square in the north-east of a window over all of it.
    expect(viewsOver(cropAt(site, symmetryOf(0), [0, 0], { x: 12, y: 12, size: 4 }, CELLS))).toEqual([3]);
  });

  test("leave a site with a gap as crops", async () => {
    const records = crops().map(({ record }) => record);
    const among = (kept: typeof records) =>
      wholeSites(
        { readRecord: async (id: string) => kept.find((record) => record.id === id)! } as SampleStore["dataset"],
        kept.map(({ id }) => id),
      );
    expect([...(await among(records))]).toEqual([["b", ["b.0", "b.1", "b.2", "b.3"]]]);
    expect([...(await among(records.slice(1)))]).toEqual([
      ["b.1", ["b.1"]],
      ["b.2", ["b.2"]],
      ["b.3", ["b.3"]],
    ]);
  });
});

test("a store of sites holds the training sites, and nothing that is held out", async () => {
  const sites = await SampleStore.open(join(root, "split"), "train", "sites");
  expect([...sites.ids]).toEqual(["a", "b"]);
  expect(sites.crops).toEqual([1, 1]);
  await sites.load(["b"]);
  expect(told(sites.get("b"))).toEqual(told(town));
  expect(sites.load(["c.0"])).rejects.toThrow("validation");
});

/** Corner of the window that shows, turned, what has its corner at (x, y) in the sample. */
function turnedCorner(x: number, y: number, index: number): [number, number] {
  const { transpose, flipX, flipY } = symmetryOf(index);
  const [u, v] = transpose ? [y, x] : [x, y];
  return [flipX ? CELLS - SIZE - u : u, flipY ? CELLS - SIZE - v : v];
}
