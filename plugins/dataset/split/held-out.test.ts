/** What is held out stays out: by coordinates, and by the files that a reader of the training split opens. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import type { StageInput, StageTask } from "../../../cli/plugin";
import { type StoredTensor, writeSafetensors } from "../../../ffi/safetensors";
import { CENTRE_M, EnuFrame, georeference, type Vec3 } from "../../earth/api";
import { listSamples, rebuildCatalog } from "../catalog/catalog";
import { Dataset, openDataset } from "../sample-format/dataset";
import { type SampleRecord, sampleSchema } from "../sample-format/sample";
import { likenessOf } from "./likeness";
import { splitOptions } from "./options";
import { split } from "./stage";
import { cautionsOn } from "./tables";

const run = mkdtempSync(join(tmpdir(), "earthcraft-split-"));
const [SITES, CELLS] = [9, 16];
const names = Array.from({ length: SITES }, (_, i) => `x${i % 3}y${Math.floor(i / 3)}`);
/** Neighbouring 600 m cells of one place, as the stage `sites` lays them. */
const place = new EnuFrame({ lat: 47.2, lon: 9.6, h: 0 });
const originOf = (i: number) => place.toGeodetic([((i % 3) - 1) * 600, (Math.floor(i / 3) - 1) * 600, 420]);

function recordOf(site: number, column: number, row: number): SampleRecord {
  const step = (CELLS * 3) / 4;
  return {
    version: 1,
    id: `${names[site]}.c${column}${row}`,
    site: names[site]!,
    crop: [column, row],
    offset_cells: [column * step, row * step, 0],
    cells: CELLS,
    voxel_m: 200 / CELLS,
    z_floor_m: -40,
    voxels: 3,
    cut_voxels: 0,
    height_cells: 5 + site + column,
    mean_gradient: 0.1,
    class_voxels: Array.from({ length: 26 }, (_, c) => (c === 3 ? 2 : c === 4 ? 1 : 0)),
    extractor: "test",
    views: [{ view: 0, share: 0.5 }],
    georeference: georeference(originOf(site), "ellipsoid", ["© somebody"]),
  };
}

function input(id: string): StageInput {
  return { id, dir: join(run, id), items: names, metrics: {}, dirOf: (item) => join(run, id, item) };
}

beforeAll(async () => {
  for (const [i, site] of names.entries()) {
    for (let row = 0; row < 3; row++)
      for (let column = 0; column < 3; column++) {
        const dir = join(run, "voxelize", site, `c${column}${row}`);
        mkdirSync(dir, { recursive: true });
        writeFileSync(join(dir, "sample.json"), JSON.stringify(recordOf(i, column, row)));
        const u8 = (shape: number[]) => ({ dtype: "u8" as const, shape, data: new Uint8Array(shape.reduce((a, b) => a * b, 1)).fill(i) });
        writeSafetensors(
          join(dir, "sample.safetensors"),
          new Map<string, StoredTensor>([
            ["coords", { dtype: "i16", shape: [3, 3], data: Int16Array.of(0, 0, 4, 1, 0, 4, 0, 1, 4) }],
            ["feats", { dtype: "f16", shape: [3, 66], data: new Uint16Array(198) }],
            ["rgb", u8([3, 3])],
            ["semantic", u8([3])],
            ["normal", { dtype: "i8", shape: [3, 3], data: new Int8Array(9) }],
            ["semantic_map", u8([CELLS, CELLS])],
          ]),
        );
      }
    const captured = join(run, "capture", site);
    mkdirSync(captured, { recursive: true });
    const shape = [1, 2, 2];
    writeSafetensors(
      join(captured, "views.safetensors"),
      new Map<string, StoredTensor>([
        ["rgb", { dtype: "u8", shape: [...shape, 3], data: new Uint8Array(12).fill(i) }],
        ["depth", { dtype: "f32", shape, data: new Float32Array(4) }],
        ["semantic", { dtype: "u8", shape, data: new Uint8Array(4) }],
        ["normal", { dtype: "i8", shape: [...shape, 3], data: new Int8Array(12) }],
        ["c2w", { dtype: "f32", shape: [1, 4, 4], data: new Float32Array(16) }],
        ["intrinsics", { dtype: "f32", shape: [1, 4], data: new Float32Array(4) }],
      ]),
    );
    const sums = Array.from({ length: 26 }, (_, c) => (c === 3 ? [10, 2 + 0.1 * i, 5, 1, 4] : [0, 0, 0, 0, 0]));
    writeFileSync(join(captured, "class-colours.json"), JSON.stringify(sums));
  }
  const out = join(run, "split");
  mkdirSync(out);
  const task = {
    options: splitOptions.parse({}),
    id: "split",
    seed: 7,
    out,
    inputs: { voxelize: input("voxelize"), capture: input("capture") },
    section: () => {},
    warn: () => {},
  } as unknown as StageTask<Record<string, unknown>>;
  await split.run(task);
});
afterAll(() => rmSync(run, { recursive: true, force: true }));

/** The crop's corners in the place's frame: through ECEF, as another site's frame sees them. */
function cornersOf(record: SampleRecord): Vec3[] {
  const frame = new EnuFrame(record.georeference!.origin);
  const { offset_cells, cells, voxel_m } = record;
  return [0, 1, 2, 3].map((k) => {
    const x = (offset_cells[0] + (k & 1 ? cells : 0)) * voxel_m - CENTRE_M / 2;
    const y = (offset_cells[1] + (k & 2 ? cells : 0)) * voxel_m - CENTRE_M / 2;
    return place.fromEcef(frame.toEcef([x, y, 0]));
  });
}

describe("held-out sites", () => {
  test("of nine, two are held out and one tunes; no two of training, tuning and held-out crops share a cell", async () => {
    const dataset = await openDataset(run);
    expect(dataset.index.sites.filter((s) => s.held_out)).toHaveLength(2);
    expect(dataset.index.sites.filter((s) => s.tuning)).toHaveLength(1);
    const boxes = async (name: "train" | "tuning" | "validation") =>
      Promise.all(
        dataset.ids(name).map(async (id) => {
          const corners = cornersOf(await dataset.readRecord(id));
          const [x, y] = [0, 1].map((k) => corners.map((c) => c[k]!)) as [number[], number[]];
          return { id, west: Math.min(...x), east: Math.max(...x), south: Math.min(...y), north: Math.max(...y) };
        }),
      );
    const [training, tuning, held] = [await boxes("train"), await boxes("tuning"), await boxes("validation")];
    expect([training.length, tuning.length, held.length]).toEqual([54, 9, 18]);
    const pairs = [
      [training, held],
      [training, tuning],
      [tuning, held],
    ] as const;
    for (const [some, others] of pairs)
      for (const a of some)
        for (const b of others) {
          const apart = a.east <= b.west || b.east <= a.west || a.north <= b.south || b.north <= a.south;
          if (!apart) throw new Error(`${a.id} and ${b.id} share ground`);
        }
  });

  test("reading all of the training split opens no held-out and no tuning file, and works when they are gone", async () => {
    const all = await openDataset(run);
    const held = all.index.sites.filter((s) => s.held_out || s.tuning).map((s) => s.id);
    for (const site of held) for (const folder of ["voxelize", "capture"]) renameSync(join(run, folder, site), join(run, folder, `away-${site}`));
    const dataset = await openDataset(run, { split: "train" });
    for (const id of dataset.ids()) {
      const sample = await dataset.readSample(id);
      const site = names.indexOf(sample.record.site);
      expect(sample.rgb.data[0]).toBe(site);
      expect(dataset.readViews(sample.record.site).rgb.data[0]).toBe(site);
    }
    expect(dataset.opened.length).toBe(54 * 3);
    for (const file of dataset.opened) for (const site of held) expect(file.split(sep)).not.toContain(site);
    for (const site of held) for (const folder of ["voxelize", "capture"]) renameSync(join(run, folder, `away-${site}`), join(run, folder, site));
  });

  test("asking the training split for something held out is refused", async () => {
    const dataset = await openDataset(run, { split: "train" });
    const held = dataset.index.samples.find((s) => s.split === "validation")!;
    expect(dataset.readSample(held.id)).rejects.toThrow('"validation"');
    expect(() => dataset.readViews(held.site)).toThrow("no sample of site");
    expect(dataset.opened).toEqual([]);
  });

  test("where nothing could be held out, the training samples validate too", async () => {
    const { index, file } = await openDataset(run);
    const samples = index.samples.slice(0, 2).map((s) => ({ ...s, split: "train" as const }));
    const whole = (split: "train" | "validation" | "unused") => new Dataset(file, { ...index, policy: "none", samples }, { split });
    expect(whole("validation").ids()).toEqual(samples.map(({ id }) => id));
    expect((await whole("validation").readSample(samples[0]!.id)).record.id).toBe(samples[0]!.id);
    expect(whole("train").ids("unused")).toEqual([]);
    expect(new Dataset(file, { ...index, samples }, { split: "validation" }).ids()).toEqual([]); // under any other policy it does not
  });

  test("a folder without a data set says how to make one", () => {
    expect(openDataset(tmpdir())).rejects.toThrow("no data set");
  });
});

describe("cautions", () => {
  const cautions = async (more: Record<string, unknown>, mixes: number[][] = []) => {
    const { index } = await openDataset(run);
    const likeness = likenessOf(mixes.map((mix, i) => ({ id: names[i]!, mix, training: i > 0 })));
    return cautionsOn({ ...index, ...more }, likeness).join(" ");
  };
  const sitesOf = (count: number) => names.slice(0, count).map((id, i) => ({ id, held_out: i === 0, views_dir: "" }));

  test("a place with two typical held-out sites has none", async () => {
    expect(await cautions({})).toBe("");
    expect(await cautions({ sites: sitesOf(9) }, [[2, 1], [2, 1], [1, 1], [2, 1]])).not.toContain("unlike"); // biome-ignore format: one line
  });

  test("the smaller it is, the plainer the words", async () => {
    expect(await cautions({ sites: sitesOf(5) })).toContain("One site of 5 is held out");
    expect(await cautions({ policy: "crop", sites: sitesOf(1) })).toContain("Too small to hold a site out (one site)");
    expect(await cautions({ policy: "none", sites: sitesOf(1) })).toContain("crops that the models were trained on");
    expect(await cautions({ sites: sitesOf(9) }, [[0, 1], [2, 1], [2, 1], [2, 1]])).toContain(`${names[0]} is unlike the rest`); // biome-ignore format: one line
  });
});

describe("the catalogue", () => {
  test("lists what the files say, is made when missing and made anew from them", async () => {
    const rows = await listSamples(run);
    expect(rows).toHaveLength(81);
    expect(rows[0]).toMatchObject({ id: "x0y0.c00", site: "x0y0", voxels: 3, main_class: "Grassland", views: 1 });
    expect(await listSamples(run, { split: "validation" })).toHaveLength(18);
    const ofSite = await Promise.all(["train", "tuning", "validation"].map((split) => listSamples(run, { site: "x1y2", split })));
    expect(ofSite.map((found) => found.length).sort()).toEqual([0, 0, 9]);
    const file = join(run, "voxelize", "x1y1", "c11", "sample.json");
    const record = sampleSchema.parse(await Bun.file(file).json());
    await Bun.write(file, JSON.stringify({ ...record, voxels: 44 }));
    expect((await listSamples(run)).find((r) => r.id === "x1y1.c11")!.voxels).toBe(3); // an index, until told
    await rebuildCatalog(run);
    expect((await listSamples(run)).find((r) => r.id === "x1y1.c11")!.voxels).toBe(44);
  });
});
