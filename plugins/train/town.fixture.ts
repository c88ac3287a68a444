/** A data set of a few painted crops for tests: a hill with a tower, three sites of one crop each, one of them held out, seen by cameras from above. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { writeSafetensors } from "../../ffi/safetensors";
import { dct, type SampleRecord, SPLIT_FILE, VOXEL_CHANNELS } from "../dataset/api";
import { lookAt } from "../earth/api";

/** Cells along a crop's edge. */
export const CELLS = 16;
/** Crops of 200 m. */
const VOXEL_M = 200 / CELLS;
const VIEW = 32;

type Colour = readonly [number, number, number];
const GRASS: Colour = [90, 150, 60];
const ROOF: Colour = [190, 90, 60];

interface Column {
  z: number;
  id: number;
  colour: Colour;
}

/** A tilted plane, other for each site, and a tower. */
function columnAt(x: number, y: number, site: number): Column {
  const tower = x >= 9 && x < 12 && y >= 4 && y < 6 + site;
  const ground = 2 + Math.floor((x + site * y) / 8);
  return tower ? { z: ground + 5, id: 4, colour: ROOF } : { z: ground, id: 3, colour: [GRASS[0], GRASS[1] + 4 * (x % 3), GRASS[2]] };
}

export interface TownOptions {
  /** Folder of `split.json`; `root`'s own unless told. */
  split?: string;
  /** The site whose features are not numbers. */
  poisoned?: string;
}

/** Writes `split.json` and what it names below `root`; returns the split's folder. */
export function writeTown(root: string, { split = join(root, "split"), poisoned }: TownOptions = {}): string {
  const sites = ["a", "b", "c"];
  const heights = sites.map((site, i) => {
    writeSample(join(root, "voxelize", site), site, i, site === poisoned);
    return 12;
  });
  for (const [i, site] of sites.entries()) writeViews(join(root, "capture", site), i);
  mkdirSync(split, { recursive: true });
  const from = (folder: string) => relative(split, join(root, folder));
  writeFileSync(
    join(split, SPLIT_FILE),
    JSON.stringify({
      ...{ version: 1, policy: "sites", seed: 0, extractor: dct.id, cells: CELLS },
      sites: sites.map((id) => ({ id, held_out: id === "c", views_dir: from(`capture/${id}`) })),
      samples: sites.map((site, i) => ({
        ...{ id: `${site}.0`, site, split: site === "c" ? "validation" : "train", dir: from(`voxelize/${site}`) },
        ...{ voxels: CELLS ** 2, height_cells: heights[i] },
      })),
    }),
  );
  return split;
}

function writeSample(dir: string, site: string, index: number, poisoned: boolean): void {
  mkdirSync(dir, { recursive: true });
  const rows: { cell: [number, number, number]; column: Column }[] = [];
  for (let x = 0; x < CELLS; x++)
    for (let y = 0; y < CELLS; y++) {
      const column = columnAt(x, y, index);
      const ground = column.id === 4 ? column.z - 5 : column.z;
      for (let z = ground; z <= column.z; z++) rows.push({ cell: [x, y, z], column });
    }
  const n = rows.length;
  const map = new Uint8Array(CELLS ** 2);
  for (let x = 0; x < CELLS; x++) for (let y = 0; y < CELLS; y++) map[(CELLS - 1 - y) * CELLS + x] = columnAt(x, y, index).id;
  const feats = Float32Array.from(rows.flatMap(({ column }) => Array.from({ length: VOXEL_CHANNELS }, (_, c) => column.colour[c % 3]! / 255 - 0.5)));
  if (poisoned) feats.fill(Number.NaN);
  writeSafetensors(
    join(dir, "sample.safetensors"),
    new Map([
      ["coords", { dtype: "i16", shape: [n, 3], data: Int16Array.from(rows.flatMap(({ cell }) => cell)) }],
      ["feats", { dtype: "f16", shape: [n, VOXEL_CHANNELS], data: feats }],
      ["rgb", { dtype: "u8", shape: [n, 3], data: Uint8Array.from(rows.flatMap(({ column }) => column.colour)) }],
      ["semantic", { dtype: "u8", shape: [n], data: Uint8Array.from(rows, ({ column }) => column.id) }],
      ["normal", { dtype: "i8", shape: [n, 3], data: Int8Array.from({ length: 3 * n }, (_, i) => (i % 3 === 2 ? 127 : 0)) }],
      ["semantic_map", { dtype: "u8", shape: [CELLS, CELLS], data: map }],
    ]),
  );
  writeFileSync(
    join(dir, "sample.json"),
    JSON.stringify({
      ...{ version: 1, id: `${site}.0`, site, crop: [0, 0], offset_cells: [0, 0, 0], cells: CELLS, voxel_m: VOXEL_M, z_floor_m: 0 },
      ...{
        voxels: n,
        cut_voxels: 0,
        height_cells: 12,
        mean_gradient: 0.1,
        class_voxels: [],
        extractor: dct.id,
        views: [0, 1].map((view) => ({ view, share: 1 })),
      },
    } satisfies SampleRecord),
  );
}

/** Two views from above, each pixel's ray marched through the columns. The site's frame has the crop's corner at (−250 m, −250 m). */
function writeViews(dir: string, site: number): void {
  mkdirSync(dir, { recursive: true });
  const eyes = [
    [-150, -150, 420],
    [-190, -120, 400],
  ] as const;
  const [rgb, depth, c2w]: [number[], number[], number[]] = [[], [], []];
  for (const eye of eyes) {
    const matrix = lookAt([...eye], [-150, -150, 60]);
    c2w.push(...matrix);
    for (let row = 0; row < VIEW; row++)
      for (let column = 0; column < VIEW; column++) {
        const ray = [(column + 0.5 - VIEW / 2) / VIEW, -(row + 0.5 - VIEW / 2) / VIEW, -1];
        const direction = [0, 1, 2].map((axis) => ray.reduce((sum, value, k) => sum + matrix[4 * axis + k]! * value, 0));
        let hit: { colour: Colour; depth: number } | null = null;
        for (let t = 180; t < 460 && !hit; t += 2) {
          const [x, y, z] = [0, 1, 2].map((axis) => Math.floor((eye[axis]! + t * direction[axis]! + (axis < 2 ? 250 : 0)) / VOXEL_M)) as [
            number,
            number,
            number,
          ];
          if (x < 0 || y < 0 || x >= CELLS || y >= CELLS) continue;
          const top = columnAt(x, y, site);
          if (z <= top.z) hit = { colour: top.colour, depth: t };
        }
        rgb.push(...(hit?.colour ?? [0, 0, 0]));
        depth.push(hit?.depth ?? 0);
      }
  }
  const shape = [eyes.length, VIEW, VIEW];
  writeSafetensors(
    join(dir, "views.safetensors"),
    new Map([
      ["rgb", { dtype: "u8", shape: [...shape, 3], data: Uint8Array.from(rgb) }],
      ["depth", { dtype: "f32", shape, data: Float32Array.from(depth) }],
      ["semantic", { dtype: "u8", shape, data: new Uint8Array(depth.length) }],
      ["normal", { dtype: "i8", shape: [...shape, 3], data: Int8Array.from({ length: 3 * depth.length }, (_, i) => (i % 3 === 2 ? 127 : 0)) }],
      ["c2w", { dtype: "f32", shape: [eyes.length, 4, 4], data: Float32Array.from(c2w) }],
      ["intrinsics", { dtype: "f32", shape: [eyes.length, 4], data: Float32Array.from(eyes.flatMap(() => [VIEW, VIEW, VIEW / 2, VIEW / 2])) }],
    ]),
  );
}
