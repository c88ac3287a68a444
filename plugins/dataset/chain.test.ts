/** From a painted scene to samples, without a recipe: the letter F must read as an F in views, annotated mesh, voxels and map. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadSafetensors } from "../../ffi";
import { writeSafetensors } from "../../ffi/safetensors";
import { classId, georeference, Lattice } from "../earth/api";
import { annotateOptions } from "./annotate/options";
import { annotateSite } from "./annotate/site";
import { isLetter, letterF, ROOF } from "./capture/letter-f.fixture";
import { captureOptions } from "./capture/options";
import { captureSite } from "./capture/site";
import { capture } from "./capture/stage";
import type { SampleRecord } from "./sample-format/sample";
import { readSceneMesh, readSceneRecord } from "./scene-input";
import { viewpointOptions } from "./viewpoints/options";
import { planViewpoints, toTransforms } from "./viewpoints/plan";
import { viewpoints } from "./viewpoints/stage";
import { SurfaceGrid } from "./viewpoints/surface-grid";
import { voxelizeSite } from "./voxelize/site";
import { voxelize } from "./voxelize/stage";

const CELLS = 64;
const dir = mkdtempSync(join(tmpdir(), "earthcraft-chain-"));
const at = (name: string) => join(dir, name);
const slope = (x: number, y: number) => 0.03 * x + 0.01 * y;
let samples: SampleRecord[] = [];
let annotated: Awaited<ReturnType<typeof annotateSite>>;

beforeAll(async () => {
  for (const name of ["scene", "viewpoints", "capture", "annotate", "voxelize"]) mkdirSync(at(name));
  const scene = letterF(4, slope);
  writeSafetensors(
    at("scene/mesh.safetensors"),
    new Map([
      ["vertices", { dtype: "f32", shape: [scene.vertices.length / 3, 3], data: scene.vertices }],
      ["faces", { dtype: "i32", shape: [scene.faces.length / 3, 3], data: scene.faces }],
      ["face_class", { dtype: "u8", shape: [scene.faceClass.length], data: scene.faceClass }],
      ["vertex_color", { dtype: "u8", shape: [scene.color.length / 3, 3], data: Uint8Array.from(scene.color, (c) => Math.round(255 * c)) }],
    ]),
  );
  const { west, east, south, north, height_m } = ROOF;
  await Bun.write(
    at("scene/scene.json"),
    JSON.stringify({
      ...georeference({ lat: 43.7, lon: 7.4, h: 60 }, "ellipsoid", ["© somebody"]),
      buildings: [
        {
          height_m,
          footprint: [
            [west, south],
            [east, south],
            [east, north],
            [west, north],
          ],
        },
      ],
      roads: [
        {
          line: [
            [-100, -160],
            [-100, 160],
          ],
          width_m: 40,
          class: "residential",
        },
      ],
    }),
  );
  const options = viewpointOptions.parse({
    image: { width: 160, height: 160, fov_y_deg: 40 },
    building: { layers: 1, per_layer: 4 },
    adalevel: { levels: 3 },
  });
  const record = await readSceneRecord(at("scene"));
  const views = planViewpoints(record, SurfaceGrid.fromMesh(readSceneMesh(at("scene"))), options);
  await Bun.write(at("viewpoints/transforms.json"), JSON.stringify(toTransforms(views, options.image, record.georeference)));
  const progress = () => {};
  await captureSite({ viewpointsDir: at("viewpoints"), sceneDir: at("scene"), out: at("capture"), options: captureOptions.parse({}), progress });
  annotated = await annotateSite({
    capturedDir: at("capture"),
    sceneDir: at("scene"),
    out: at("annotate"),
    options: annotateOptions.parse({}),
    progress,
  });
  samples = await voxelizeSite({
    site: "f",
    annotatedDir: at("annotate"),
    capturedDir: at("capture"),
    out: at("voxelize"),
    options: { cells: CELLS, least_view_share: 0.02 },
    progress,
    folderOf: (crop) => {
      mkdirSync(at(`voxelize/${crop}`));
      return at(`voxelize/${crop}`);
    },
  });
}, 60_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function read(sample: SampleRecord) {
  const { tensors } = loadSafetensors(at(`voxelize/c${sample.crop[0]}${sample.crop[1]}/sample.safetensors`));
  const array = (name: string) => tensors.get(name)!.toArray();
  return {
    coords: array("coords"),
    feats: array("feats"),
    rgb: array("rgb"),
    semantic: array("semantic"),
    normal: array("normal"),
    map: array("semantic_map"),
  };
}

/** East, north and up of a voxel's centre. */
function centre(sample: SampleRecord, coords: ArrayLike<number>, i: number): [number, number, number] {
  const { offset_cells, voxel_m, z_floor_m } = sample;
  return [0, 1, 2].map((k) => (coords[3 * i + k]! + offset_cells[k]! + 0.5) * voxel_m + (k === 2 ? z_floor_m : -250)) as [number, number, number];
}
const insideRoof = (x: number, y: number, margin: number) =>
  x > ROOF.west + margin && x < ROOF.east - margin && y > ROOF.south + margin && y < ROOF.north - margin;
/** Not within a voxel of a border between two kinds of ground. */
const clear = (x: number, y: number) =>
  [-6, 0, 6].every((dx) => [-6, 0, 6].every((dy) => isLetter(x + dx, y + dy) === isLetter(x, y))) && !(x > 150 && y < -150);

describe("the chain on the letter F", () => {
  test("nine crops tile the central 500 m by the lattice's offsets", () => {
    expect(samples).toHaveLength(9);
    expect(samples.map((s) => s.offset_cells)).toEqual([0, 48, 96].flatMap((y) => [0, 48, 96].map((x) => [x, y, 0])));
    expect(new Set(samples.map((s) => s.z_floor_m)).size).toBe(1);
    const lowest = slope(-250, -250);
    const voxel_m = new Lattice(CELLS, 0).voxel_m;
    expect(samples[0]!.z_floor_m).toBeLessThanOrEqual(lowest - 4 * voxel_m);
    expect(samples[0]!.z_floor_m).toBeGreaterThan(lowest - 12.1 * voxel_m);
    expect(samples[0]!.z_floor_m % (8 * voxel_m)).toBeCloseTo(0, 9);
  });

  test("every voxel lies on the surface, and every place of the surface has one", () => {
    for (const sample of samples) {
      const { coords } = read(sample);
      const columns = new Set<number>();
      for (let i = 0; i < sample.voxels; i++) {
        const [x, y, z] = centre(sample, coords, i);
        columns.add(coords[3 * i]! * CELLS + coords[3 * i + 1]!);
        const ground = Math.abs(z - slope(x, y)) < 0.6 * sample.voxel_m;
        const building = x > ROOF.west - 3 && x < ROOF.east + 3 && y > ROOF.south - 3 && y < ROOF.north + 3;
        expect(ground || building).toBe(true);
      }
      expect(columns.size).toBe(CELLS * CELLS);
      expect(sample.cut_voxels).toBe(0);
    }
  });

  test("classes and colours lie where they were painted", () => {
    let [wrong, checked] = [0, 0];
    for (const sample of samples) {
      const { coords, semantic, rgb } = read(sample);
      for (let i = 0; i < sample.voxels; i++) {
        const [x, y, z] = centre(sample, coords, i);
        if (!clear(x, y) || Math.abs(z - slope(x, y)) > sample.voxel_m) continue;
        checked++;
        const red = rgb[3 * i]! > rgb[3 * i + 1]!;
        if (semantic[i] !== classId(isLetter(x, y) ? "Road" : "Grassland") || red !== isLetter(x, y)) wrong++;
      }
    }
    expect(checked).toBeGreaterThan(25_000);
    expect(wrong / checked).toBeLessThan(0.002);
  });

  test("the top-down map is north-up: its rows run south, its columns east", () => {
    for (const sample of samples) {
      const { map } = read(sample);
      for (let row = 0; row < CELLS; row++)
        for (let column = 0; column < CELLS; column++) {
          const x = (column + sample.offset_cells[0] + 0.5) * sample.voxel_m - 250;
          const y = (CELLS - 1 - row + sample.offset_cells[1] + 0.5) * sample.voxel_m - 250;
          const expected = insideRoof(x, y, 4) ? "Building" : clear(x, y) ? (isLetter(x, y) ? "Road" : "Grassland") : undefined;
          if (expected) expect(map[row * CELLS + column]).toBe(classId(expected));
        }
    }
  });

  test("normals are the surface's, in the voxels and in the last three channels", () => {
    const up = [-0.03, -0.01, 1].map((n) => n / Math.hypot(0.03, 0.01, 1));
    const west = samples.find((s) => s.crop[0] === 0 && s.crop[1] === 1)!;
    const { normal, feats, coords } = read(west);
    for (let i = 0; i < west.voxels; i += 17)
      for (let k = 0; k < 3; k++) {
        expect(Math.abs(normal[3 * i + k]! - 127 * up[k]!)).toBeLessThan(1);
        expect(Math.abs(feats[66 * i + 63 + k]! - up[k]!)).toBeLessThan(2e-3);
      }
    expect(coords.length).toBe(3 * west.voxels);
  });

  test("voxels come in Morton order", () => {
    const morton = (x: number, y: number, z: number) => {
      let key = 0;
      for (let bit = 5; bit >= 0; bit--) key = key * 8 + (((z >> bit) & 1) * 4 + ((y >> bit) & 1) * 2 + ((x >> bit) & 1));
      return key;
    };
    const { coords } = read(samples[4]!);
    for (let i = 1; i < samples[4]!.voxels; i++)
      expect(morton(coords[3 * i]!, coords[3 * i + 1]!, coords[3 * i + 2]!)).toBeGreaterThan(
        morton(coords[3 * i - 3]!, coords[3 * i - 2]!, coords[3 * i - 1]!),
      );
  });

  test("what lies under the building is not part of the surface", () => {
    expect(annotated.faces).toBeLessThan(annotated.facesWithin);
    const south = samples.find((s) => s.crop[0] === 2 && s.crop[1] === 0)!;
    const { coords } = read(south);
    for (let i = 0; i < south.voxels; i++) {
      const [x, y, z] = centre(south, coords, i);
      if (insideRoof(x, y, 10)) expect(z).toBeGreaterThan(ROOF.height_m - 4);
    }
  });

  test("vertices that no view saw take over the nearest seen one: none is black", async () => {
    mkdirSync(at("near"));
    const near = await annotateSite({
      capturedDir: at("capture"),
      sceneDir: at("scene"),
      out: at("near"),
      options: annotateOptions.parse({ far_m: 420 }),
      progress: () => {},
    });
    expect(near.unseenShare).toBeGreaterThan(0.05);
    expect(near.unseenShare).toBeLessThan(0.95);
    const { tensors } = loadSafetensors(at("near/annotated.safetensors"));
    const [vertices, feats, seen, semantic] = ["vertices", "feats", "seen", "semantic"].map((name) => tensors.get(name)!.toArray());
    const nearestTo = (v: number): number => {
      let [best, least] = [-1, Infinity];
      for (let u = 0; u < seen!.length; u++) {
        if (seen![u] === 0) continue;
        const [dx, dy, dz] = [
          vertices![3 * u]! - vertices![3 * v]!,
          vertices![3 * u + 1]! - vertices![3 * v + 1]!,
          vertices![3 * u + 2]! - vertices![3 * v + 2]!,
        ];
        const squared = dx * dx + dy * dy + dz * dz;
        if (squared < least) [best, least] = [u, squared];
      }
      return best;
    };
    const unseen = Array.from(seen!.keys()).filter((v) => seen![v] === 0);
    for (const v of unseen.filter((_, i) => i % Math.ceil(unseen.length / 12) === 0)) {
      const nearest = nearestTo(v);
      expect(feats!.slice(66 * v, 66 * v + 66)).toEqual(feats!.slice(66 * nearest, 66 * nearest + 66));
      expect(semantic![v]).toBe(semantic![nearest]);
      expect(semantic![v]).toBeGreaterThan(0);
    }
  }, 30_000);

  test("the mean slope counts the steps of the surface", () => {
    const west = samples.find((s) => s.crop[0] === 0 && s.crop[1] === 1)!;
    const highest = new Map<number, number>();
    const { coords } = read(west);
    for (let i = 0; i < west.voxels; i++) {
      const column = coords[3 * i]! * CELLS + coords[3 * i + 1]!;
      highest.set(column, Math.max(highest.get(column) ?? -1, coords[3 * i + 2]!));
    }
    let [sum, count] = [0, 0];
    for (let x = 0; x + 1 < CELLS; x++)
      for (let y = 1; y < CELLS; y++) {
        const z = (dx: number, dy: number) => highest.get((x + dx) * CELLS + y + dy)!;
        sum += Math.hypot(z(1, 0) - z(0, 0), z(0, -1) - z(0, 0));
        count++;
      }
    expect(west.mean_gradient).toBeCloseTo(sum / count, 4);
    expect(west.mean_gradient).toBeGreaterThan(0.03);
  });

  test("bytes change only with a stage's version", async () => {
    // Where the platform's sine and matrix products have no say: coverage, depth to the decimetre, cells and classes.
    const { tensors: views } = loadSafetensors(at("capture/views.safetensors"));
    const cells = samples.map((s) => read(s));
    const hash = (...parts: ArrayLike<number>[]) =>
      parts.reduce((seed, part) => Bun.hash.xxHash64(new Uint8Array(Int32Array.from(part).buffer), seed), 0n).toString(16);
    const { frames } = await Bun.file(at("viewpoints/transforms.json")).json();
    const found = {
      [`viewpoints@${viewpoints.version}`]: hash(
        frames.flatMap((f: { transform_matrix: number[][] }) => f.transform_matrix.flat().map((v) => Math.round(1e6 * v))),
      ),
      [`capture@${capture.version}`]: hash(
        views.get("semantic")!.toArray(),
        Float32Array.from(views.get("depth")!.toArray(), (d) => Math.round(10 * d)),
      ),
      [`voxelize@${voxelize.version}`]: hash(...cells.flatMap(({ coords, semantic, map }) => [coords, semantic, map])),
    };
    expect(found).toEqual({
      "viewpoints@1": "ce90f850b79fcbb4",
      "capture@1": "e9f3615d66a00954",
      "voxelize@1": "dc334ac75abf3b21",
    });
  });

  test("the views that see a crop look at it", () => {
    const west = samples.find((s) => s.crop[0] === 0 && s.crop[1] === 1)!;
    const { frames } = JSON.parse(readFileSync(at("capture/transforms.json"), "utf8"));
    const inner = west.views.filter(({ view }) => frames[view].pattern === "top-inner").map(({ view }) => frames[view].transform_matrix[0][3]);
    expect(inner.length).toBeGreaterThan(0);
    expect(Math.max(...inner)).toBeLessThan(1); // the inner cameras that look west stand in the west
    expect(west.views[0]!.share).toBeGreaterThan(0.2);
    expect(west.georeference?.attribution).toEqual(["© somebody"]);
  });
});
