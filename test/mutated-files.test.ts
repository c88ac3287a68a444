/**
 * Every reader of files from outside, given valid files with some bytes changed: what comes back is a value or a refusal that names the file, never a
 * crash, a hang, or what we would call our own bug. The corpus (`test/cli/bad-files.test.ts`) holds the faults that people make; these are all the others.
 */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import fc from "fast-check";
import { gzipSync, zipSync } from "fflate";
import sharp from "sharp";
import { stageTable } from "../cli/commands/runs-output";
import { resolveRecipe } from "../cli/config/recipe";
import { EXIT, toRecord } from "../cli/errors";
import { Host } from "../cli/host";
import { type RunRecord, readRun, type StageRecord } from "../cli/runs/record";
import { openSafetensors, type StoredTensor, writeSafetensors } from "../ffi/safetensors";
import { readPlace } from "../plugins/dataset/place/place-file";
import { readFootprints } from "../plugins/dataset/readers/building-file";
import { geoTiffFacts, readGeoTiff } from "../plugins/dataset/readers/geotiff";
import { readHgt } from "../plugins/dataset/readers/hgt";
import { toFeatures } from "../plugins/dataset/readers/osm-data";
import { readOsmPbf } from "../plugins/dataset/readers/osm-pbf";
import { readOsmXml } from "../plugins/dataset/readers/osm-xml";
import { decodeTerrarium } from "../plugins/dataset/readers/terrarium";
import { LANDCOVER_FILE, readLandCover } from "../plugins/dataset/scene/landcover";
import { readMap } from "../plugins/sample/map-file";
import { readScene } from "../plugins/view/scene-file";
import { goodBuildings, goodCityJson } from "./corpus/buildings";
import { goodMap, goodXml } from "./corpus/maps";
import { goodPlace } from "./corpus/places";
import { goodRaster } from "./corpus/rasters";
import { goodScene } from "./corpus/weights";
import { effort, mutated, mutatedJson, patience } from "./mutations";

const folder = mkdtempSync(join(tmpdir(), "earthcraft-mutated-"));
afterAll(() => rmSync(folder, { recursive: true }));

const bytesOf = (text: string) => new TextEncoder().encode(text);

function weights(): Uint8Array {
  const path = join(folder, "whole.safetensors");
  const tensors = new Map<string, StoredTensor>([
    ["w", { dtype: "f32", shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
    ["n", { dtype: "i64", shape: [1], data: BigInt64Array.of(7n) }],
  ]);
  writeSafetensors(path, tensors, { step: "12" });
  return new Uint8Array(readFileSync(path));
}

const picture = (channels: 1 | 3) =>
  sharp(
    Uint8Array.from({ length: 16 * 16 * channels }, (_, i) => (i * 37) % 26),
    { raw: { width: 16, height: 16, channels } },
  )
    .toColourspace(channels === 1 ? "b-w" : "srgb")
    .png()
    .toBuffer();

const goodRecipe = "title: a town\nseed: 3\nplace: place.yaml\nstages:\n  - sites\n  - scene\n";

/** What is read has places on the globe and heights. */
async function readBuildings(path: string): Promise<void> {
  for (const { outer, inner, height_m } of await readFootprints(path, "height", "m")) {
    const places = [outer, ...inner].flat();
    if (!places.every(([lon, lat]) => Math.abs(lon) <= 180 && Math.abs(lat) <= 90)) throw new Error(`a building at ${JSON.stringify(places)}`);
    if (height_m !== undefined && !(height_m > 0 && height_m <= 2000)) throw new Error(`a building ${height_m} m high`);
  }
}

const host = new Host({ EARTHCRAFT_CONFIG: join(folder, "none.json") });

interface Reader {
  file: string;
  whole: () => Uint8Array | Promise<Uint8Array>;
  read: (path: string) => unknown;
  /** Values of its JSON are changed as well. */
  json?: boolean;
  /** Times in `make test`. */
  runs: number;
}
const readers: Reader[] = [
  {
    ...{ file: "heights.tif", whole: goodRaster, runs: 1000 },
    read: async (path) => [await geoTiffFacts(path), await readGeoTiff(path, { west: 9, south: 47, east: 10, north: 48 })],
  },
  { file: "N47E009.hgt.zip", whole: () => zipSync({ "N47E009.hgt": new Uint8Array(2 * 1201 * 1201) }), read: readHgt, runs: 60 },
  { file: "terrarium.png", whole: () => picture(3), read: decodeTerrarium, runs: 600 },
  { file: "map.png", whole: () => picture(1), read: (path) => readMap(path, 16), runs: 600 },
  { file: "map.osm.pbf", whole: goodMap, read: async (path) => toFeatures(await readOsmPbf(path)), runs: 1000 },
  { file: "map.osm", whole: () => bytesOf(goodXml), read: async (path) => toFeatures(await readOsmXml(path)), runs: 1000 },
  { file: "map.osm.gz", whole: () => gzipSync(bytesOf(goodXml)), read: async (path) => toFeatures(await readOsmXml(path)), runs: 600 },
  { file: "buildings.geojsonl", whole: () => bytesOf(goodBuildings), read: readBuildings, runs: 1000 },
  { file: "buildings.geojson", whole: () => bytesOf(goodBuildings.split("\n")[0]!), read: readBuildings, json: true, runs: 1000 },
  { file: "buildings.city.json", whole: () => bytesOf(goodCityJson), read: readBuildings, json: true, runs: 1000 },
  { file: "place.yaml", whole: () => bytesOf(goodPlace), read: readPlace, runs: 1000 },
  { file: "landcover.yaml", whole: async () => new Uint8Array(await Bun.file(LANDCOVER_FILE).arrayBuffer()), read: readLandCover, runs: 60 },
  {
    file: "recipe.yaml",
    whole: () => bytesOf(goodRecipe),
    read: (path) => resolveRecipe({ path: basename(path), cwd: dirname(path) }, host),
    runs: 1000,
  },
  { file: "scene.safetensors", whole: goodScene, read: readScene, runs: 2000 },
  {
    ...{ file: "weights.safetensors", whole: weights, runs: 2000 },
    read: (path) => {
      const file = openSafetensors(path);
      return [...file.entries.keys()].map((name) => file.array(name));
    },
  },
];

/** A run of one stage, as `runs` looks at it. */
function writeRun(): { run: string; stage: string } {
  const stage: StageRecord = {
    ...{ schema: "earthcraft/stage@1", status: "done", id: "sites", stage: "sites", title: "Sites", version: 1, key: "ab12", seed: 0 },
    ...{ options: { extent_m: 600 }, needs: {}, items: ["a"], metrics: { sites: 1 }, outputs: { "sites.json": { bytes: 2, sha256: "cd" } } },
    ...{ sections: [], warnings: ["dry"], seconds: 1, peakMemory_bytes: 1, threads: 1, finished: "2026-01-01T00:00:00Z" },
  };
  const status = { id: "sites", stage: "sites", title: "Sites", dir: "sites", status: "done", key: "ab12", seconds: 1 } as const;
  const run: RunRecord = {
    ...{
      schema: "earthcraft/run@1",
      title: "A town",
      recipe: "/r.yaml",
      resolved: {},
      hash: "ef",
      seed: 0,
      device: "cpu",
      command: ["earthcraft", "run"],
    },
    ...{ version: "1", started: "2026-01-01T00:00:00Z", updated: "2026-01-01T00:00:00Z", seconds: 1, peakMemory_bytes: 1, stages: [status] },
  };
  return { run: JSON.stringify(run), stage: JSON.stringify(stage) };
}

test(
  "records of a run with changed bytes are shown, or refused by name",
  () => {
    const whole = writeRun();
    const dir = join(folder, "run");
    mkdirSync(join(dir, "sites"), { recursive: true });
    const any = (text: string) => fc.oneof(mutated(bytesOf(text)), mutatedJson(text), fc.constant(bytesOf(text)));
    fc.assert(
      fc.property(any(whole.run), any(whole.stage), (run, stage) => {
        writeFileSync(join(dir, "run.json"), run);
        writeFileSync(join(dir, "sites", "stage.json"), stage);
        try {
          expect(stageTable(readRun(dir), { clip: 100 }).length).toBeGreaterThan(0);
        } catch (error) {
          expect(toRecord(error)).toMatchObject({ exit: EXIT.badInput, what: expect.stringContaining("run.json") });
        }
      }),
      effort(2000),
    );
  },
  patience(60_000),
);

describe("a file with changed bytes is read or refused:", () => {
  for (const { file, whole, read, json, runs } of readers)
    test(
      file,
      async () => {
        const good = await whole();
        const path = join(folder, file);
        writeFileSync(path, good);
        await read(path); // the file itself is none of those
        await fc.assert(
          fc.asyncProperty(json ? fc.oneof(mutated(good), mutatedJson(new TextDecoder().decode(good))) : mutated(good), async (bytes) => {
            writeFileSync(path, bytes);
            try {
              await read(path);
            } catch (error) {
              const { what, where, exit } = toRecord(error);
              const said = `${what} ${where}`;
              if (![EXIT.badInput, EXIT.usage].includes(exit as never)) throw error;
              expect(said).toContain(file);
              expect(said.length).toBeLessThan(3000);
            }
          }),
          effort(runs),
        );
      },
      patience(120_000),
    );
});
