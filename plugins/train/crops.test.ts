/** Crops, their pictures and their conditions, on the painted town: turned one way or another they must tell of the same place. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { symmetryOf } from "./augment/symmetry";
import { type Crop, CropSource, cropAt, cropFeatures } from "./crops";
import { StepDraws } from "./random";
import { type Sample, SampleStore } from "./samples";
import { structConditionOf, windowOfMap } from "./struct-conditions";
import { drawViews } from "./target-views";
import { mapCondition, viewCondition } from "./tex-conditions";
import { CELLS, writeTown } from "./town.fixture";
import { cutView } from "./view-crops";

const root = mkdtempSync(join(tmpdir(), "earthcraft-crops-"));
let store: SampleStore;
beforeAll(async () => {
  store = await SampleStore.open(writeTown(root), "train");
  await store.load(store.ids);
});
afterAll(() => rmSync(root, { recursive: true }));

const whole = { x: 0, y: 0, size: CELLS };
const turned = (index: number): Crop => cropAt(store.get("b.0"), symmetryOf(index), [0, 0], whole, CELLS);
const all = Array.from({ length: 8 }, (_, i) => i);
const cellsOf = (coords: ArrayLike<number>) =>
  new Set(Array.from({ length: coords.length / 3 }, (_, i) => `${coords[3 * i]},${coords[3 * i + 1]},${coords[3 * i + 2]}`));

describe("crops", () => {
  test("are the same for the same count and seed, and different for another", () => {
    const source = new CropSource(store, 5, { window: CELLS, columns: 8, maxVoxels: 1e6 }, { heightAlpha: 1, flips: true });
    const told = (count: number) => {
      const { sample, symmetry, square } = source.draw(count);
      return JSON.stringify([sample.id, symmetry, square]);
    };
    expect(told(3)).toBe(told(3));
    expect(new Set(Array.from({ length: 20 }, (_, i) => told(i))).size).toBeGreaterThan(10);
  });

  test("keep to their square, their window and their number of voxels", () => {
    const source = new CropSource(store, 5, { window: CELLS, columns: 16, maxVoxels: 150 }, { heightAlpha: 0, flips: true });
    for (let count = 0; count < 5; count++) {
      const { coords, rows, square } = source.draw(count);
      expect(square.size).toBeLessThan(16);
      expect(rows.length * 3).toBe(coords.length);
      for (let i = 0; i < coords.length; i += 3) expect(coords[i]! >= square.x && coords[i]! < square.x + square.size).toBe(true);
    }
  });

  test("a smaller window has its own coordinates, and cuts what is too high", () => {
    const { coords } = cropAt(store.get("a.0"), symmetryOf(0), [4, 8], { x: 0, y: 0, size: 8 }, 8);
    for (const value of coords) expect(value >= 0 && value < 8).toBe(true);
  });

  test("are never empty, where most of a sample was cut", () => {
    const sample = store.get("b.0");
    // What stands in one corner only: most squares of 8 × 8 columns would hold nothing.
    const corner = [...sample.coords.keys()].filter((i) => i % 3 === 0 && sample.coords[i]! < 4 && sample.coords[i + 1]! < 4);
    const sparse = { ...sample, coords: Int32Array.from(corner.flatMap((i) => Array.from(sample.coords.subarray(i, i + 3)))) };
    const thin = { ids: ["b.0"], heights: [1], get: () => sparse } as unknown as SampleStore;
    const source = new CropSource(thin, 5, { window: CELLS, columns: 8, maxVoxels: 1e6 }, { heightAlpha: 0, flips: true });
    expect(corner.length).toBeGreaterThan(0);
    for (let count = 0; count < 30; count++) expect(source.draw(count).rows.length).toBeGreaterThan(0);
  });

  test("held-out samples cannot be had", () => {
    expect(store.ids).toEqual(["a.0", "b.0"]);
    expect(store.load(["c.0"])).rejects.toThrow("validation");
    expect(store.dataset.opened.some((file) => file.includes("/c/"))).toBe(false);
  });

  test("normals in the features turn with the crop", () => {
    for (const index of all) {
      const feats = cropFeatures(turned(index));
      expect(feats.shape).toEqual([turned(index).rows.length, 66]);
    }
  });
});

describe("conditions", () => {
  test("an image's points lie on the crop's surface in every symmetry", () => {
    for (const index of all) {
      const crop = turned(index);
      const { voxels } = structConditionOf("image", crop, store, CELLS, 0);
      const surface = cellsOf(crop.coords);
      const cells = [...cellsOf(voxels.coords)];
      expect(cells.length).toBeGreaterThan(40);
      // A depth of whole metres falls into the neighbouring cell now and then.
      const near = cells.filter((cell) => {
        const [x, y, z] = cell.split(",").map(Number) as [number, number, number];
        return [-1, 0, 1].some((dz) => surface.has(`${x},${y},${z + dz}`));
      });
      expect(near.length / cells.length).toBeGreaterThan(0.9);
    }
  });

  test("the map says building where the crop's towers stand, in every symmetry", () => {
    for (const index of all) {
      const crop = turned(index);
      const { voxels } = structConditionOf("semantic", crop, store, CELLS);
      const buildings = new Set<string>();
      for (let i = 0; i < voxels.coords.length / 3; i++)
        if (voxels.feats[29 * i + 4] === 1) buildings.add(`${voxels.coords[3 * i]},${voxels.coords[3 * i + 1]}`);
      const towers = new Set<string>();
      for (const [i, row] of crop.rows.entries()) if (crop.sample.semantic[row] === 4) towers.add(`${crop.coords[3 * i]},${crop.coords[3 * i + 1]}`);
      expect(buildings).toEqual(towers);
    }
  });

  test("a window of a map is its part below the window", () => {
    const map = Uint8Array.from({ length: 16 }, (_, i) => i); // row 0 north
    expect(Array.from(windowOfMap(map, 4, [1, 0], 2))).toEqual([9, 10, 13, 14]);
    expect(Array.from(windowOfMap(map, 4, [0, 2], 2))).toEqual([0, 1, 4, 5]);
  });

  test("a view's features stand on voxels it sees: the same places in every symmetry", () => {
    const plain = viewCondition(turned(0).coords, turned(0), store, 0)!;
    for (const index of all) {
      const crop = turned(index);
      const seen = viewCondition(crop.coords, crop, store, 0)!;
      expect(cellsOf(seen.coords).isSubsetOf(cellsOf(crop.coords))).toBe(true);
      expect(Math.abs(seen.coords.length / plain.coords.length - 1)).toBeLessThan(0.05);
    }
  });

  test("the map's features stand on the highest voxels", () => {
    const { coords } = mapCondition(turned(0).coords, turned(0), { window: CELLS, mapPixels: 1 });
    expect(coords.length / 3).toBe(CELLS ** 2);
  });
});

describe("views of a crop", () => {
  test("show the crop's own colours where its surface projects, in every symmetry", () => {
    for (const index of all) {
      const crop = turned(index);
      const view = cutView(crop, store, 1, [32, 32])!;
      const [fx, fy, cx, cy] = view.camera.intrinsics;
      const at = (row: number, column: number) => view.camera.c2w[4 * row + column]!;
      let [red, roofs] = [0, 0];
      for (const [i, row] of crop.rows.entries()) {
        // The tops of towers: the highest roofs of the town.
        if (crop.sample.semantic[row] !== 4) continue;
        const point = [0, 1, 2].map((axis) => crop.coords[3 * i + axis]! + 0.5 - at(axis, 3));
        const [x, y, z] = [0, 1, 2].map((k) => point.reduce((sum, value, axis) => sum + value * at(axis, k), 0)) as [number, number, number];
        const [column, line] = [Math.floor(cx - (fx * x) / z), Math.floor(cy + (fy * y) / z)];
        if (column < 0 || line < 0 || column >= view.width || line >= view.height) continue;
        roofs++;
        const pixel = 3 * (line * view.width + column);
        if (view.rgb[pixel]! > view.rgb[pixel + 1]!) red++;
      }
      expect(roofs).toBeGreaterThan(10);
      expect(red / roofs).toBeGreaterThan(0.6);
    }
  });

  test("count only pixels over the square", () => {
    const [large, small] = [whole, { x: 0, y: 0, size: 8 }].map(
      (square) => cutView(cropAt(store.get("a.0"), symmetryOf(0), [0, 0], square, CELLS), store, 0, [32, 32])!.seen,
    );
    expect(small!).toBeLessThan(large! / 2);
    expect(small!).toBeGreaterThan(0);
  });
});

describe("target views", () => {
  const options = { window: CELLS, views: 1, viewSize: [32, 32] as const };
  const corner = { x: 0, y: 0, size: 8 };
  /** The store with `count` views that show nothing, and then its own view 0 with only what `keep` lets through. */
  function blinded(count: number, keep: (pixel: number) => boolean): { store: SampleStore; sample: Sample } {
    const sample = store.get("a.0");
    const { width, height, ...seen } = store.viewsOf("a");
    const size = width * height;
    const repeat = <A extends Uint8Array | Float32Array | Int8Array>(data: A, each: number): A => {
      const all = new (data.constructor as new (length: number) => A)(each * (count + 1));
      for (let i = 0; i <= count; i++) all.set(data.subarray(0, each), each * i);
      return all;
    };
    const depth = new Float32Array(size * (count + 1));
    for (let pixel = 0; pixel < size; pixel++) if (keep(pixel)) depth[size * count + pixel] = seen.depth[pixel]!;
    const views = { width, height, count: count + 1, depth, rgb: repeat(seen.rgb, 3 * size), normal: repeat(seen.normal, 3 * size) };
    const cameras = { c2w: repeat(seen.c2w, 16), intrinsics: repeat(seen.intrinsics, 4) };
    const parts = sample.parts.map((part) => ({ ...part, views: Array.from({ length: count + 1 }, (_, view) => ({ view, share: 1 })) }));
    return {
      store: Object.assign(Object.create(store) as SampleStore, { viewsOf: () => ({ ...views, ...cameras }) }),
      sample: { ...sample, parts },
    };
  }
  const draw = ({ store: from, sample }: ReturnType<typeof blinded>) =>
    drawViews(cropAt(sample, symmetryOf(0), [0, 0], corner, CELLS), from, options, new StepDraws(1, "condition", 0));

  test("the one view of a hundred that shows a square is found, though chance misses it", () => {
    const { crop, views } = draw(blinded(100, () => true));
    expect(crop.square).toEqual(corner);
    expect(views).toHaveLength(1);
    expect(views[0].seen).toBeGreaterThan(0);
  });

  test("where no view shows the square, its whole window trains", () => {
    const { width, height } = store.viewsOf("a");
    const square = cutViewMask();
    const { crop, views } = draw(blinded(3, (pixel) => !square.has(pixel)));
    expect(crop.square).toEqual({ x: 0, y: 0, size: CELLS });
    expect(views[0].seen).toBeGreaterThan(0);
    expect(square.size).toBeLessThan(width * height);
  });

  test("a crop that no view knows is an error that names it", () => {
    expect(() => draw(blinded(2, () => false))).toThrow("no view shows crop a.0");
  });

  /** Pixels of view 0 that see the square: those without which it is seen by none. */
  function cutViewMask(): Set<number> {
    const { width, height } = store.viewsOf("a");
    const crop = cropAt(store.get("a.0"), symmetryOf(0), [0, 0], corner, CELLS);
    const view = cutView(crop, store, 0, [width, height])!;
    return new Set([...view.mask.keys()].filter((pixel) => view.mask[pixel] === 1));
  }
});
