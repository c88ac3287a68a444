import { describe, expect, test } from "bun:test";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { skipUnless } from "../../../test/skip";
import { MeshBuilder } from "../scene/mesh";
import { buildShell } from "../scene/shell";
import { readFootprints } from "./building-file";

const data = process.env.EARTHCRAFT_DATA;
const folder = mkdtempSync(join(tmpdir(), "earthcraft-buildings-"));
const write = (name: string, content: unknown) => {
  const file = join(folder, name);
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
};
const square = (lon: number) => [
  [lon, 47],
  [lon + 0.001, 47],
  [lon + 0.001, 47.001],
  [lon, 47.001],
  [lon, 47],
];
const feature = (properties: object, coordinates: unknown = [square(9)], type = "Polygon") => ({
  type: "Feature",
  properties,
  geometry: { type, coordinates },
});

describe("GeoJSON footprints", () => {
  test("collections, lines, and lines with record separators; polygons with holes and multipolygons; feet", async () => {
    const features = [
      feature({ h: 10, name: "a" }),
      feature(
        { h: null },
        [
          [square(9)],
          [
            square(9.01),
            [
              [9.0101, 47.0001],
              [9.0102, 47.0001],
              [9.0102, 47.0002],
              [9.0101, 47.0001],
            ],
          ],
        ],
        "MultiPolygon",
      ),
      { type: "Feature", geometry: null, properties: {} },
    ];
    const collection = await readFootprints(write("a.geojson", { type: "FeatureCollection", features }), "h", "ft");
    const lines = await readFootprints(write("a.geojsonl", `${features.map((f) => JSON.stringify(f)).join("\n")}\n`), "h", "ft");
    const sequence = await readFootprints(write("a.geojsons", features.map((f) => `\u001e${JSON.stringify(f)}\n`).join("")), "h", "ft");
    expect(lines).toEqual(collection);
    expect(sequence).toEqual(collection);
    expect(collection.map((f) => [f.outer.length, f.inner.length, f.height_m])).toEqual([
      [4, 0, 3.048],
      [4, 0, undefined],
      [4, 1, undefined],
    ]);
    expect(collection[0]!.tags).toEqual({ h: "10", name: "a" });
  });

  test("a broken line is named by its number; metres instead of degrees and another CRS are refused", () => {
    expect(readFootprints(write("b.geojsonl", `${JSON.stringify(feature({}))}\n{"type": "Feature", "geo\n`), "h", "m")).rejects.toThrow(
      /b\.geojsonl:2: not JSON/,
    );
    expect(
      readFootprints(
        write(
          "c.geojson",
          feature({}, [
            [
              [545000, 5227000],
              [545010, 5227000],
              [545010, 5227010],
            ],
          ]),
        ),
        "h",
        "m",
      ),
    ).rejects.toThrow("not longitude and latitude");
    expect(
      readFootprints(
        write("d.geojson", { type: "FeatureCollection", features: [], crs: { properties: { name: "urn:ogc:def:crs:EPSG::2056" } } }),
        "h",
        "m",
      ),
    ).rejects.toThrow("EPSG::2056");
    expect(readFootprints(write("e.geojson", { type: "Topology" }), "h", "m")).rejects.toThrow("no GeoJSON feature");
  });
});

describe("CityJSON", () => {
  /** A 10 × 6 × 4 m box with a hole through its roof's middle left out, at the origin of UTM 32N's grid square. */
  const box = {
    type: "CityJSON",
    version: "1.1",
    metadata: { referenceSystem: "https://www.opengis.net/def/crs/EPSG/0/32632" },
    transform: { scale: [0.01, 0.01, 0.01], translate: [545000, 5227000, 400] },
    vertices: [
      [0, 0, 0],
      [1000, 0, 0],
      [1000, 600, 0],
      [0, 600, 0],
      [0, 0, 400],
      [1000, 0, 400],
      [1000, 600, 400],
      [0, 600, 400],
    ],
    CityObjects: {
      b: {
        type: "Building",
        attributes: { use: "barn" },
        geometry: [
          {
            type: "Solid",
            lod: "1",
            boundaries: [[[[0, 3, 2, 1]], [[0, 1, 5, 4]], [[1, 2, 6, 5]], [[2, 3, 7, 6]], [[3, 0, 4, 7]], [[4, 5, 6, 7]]]],
            semantics: { surfaces: [{ type: "GroundSurface" }, { type: "WallSurface" }, { type: "RoofSurface" }], values: [[0, 1, 1, 1, 1, 2]] },
          },
        ],
      },
      t: { type: "PlantCover", geometry: [] },
    },
  };

  test("a solid becomes a shell of the right volume, above its own lowest point", async () => {
    const [building, ...rest] = await readFootprints(write("box.city.json", box), "h", "m");
    expect(rest).toEqual([]);
    expect(building!.height_m).toBe(4);
    expect(building!.outer.length).toBe(4);
    expect(building!.tags).toEqual({ building: "yes", use: "barn" });
    const [lon0, lat0] = building!.shell![0]!.rings[0]![0]!;
    const metres = building!.shell!.map((f) => ({
      kind: f.kind,
      rings: f.rings.map((r) =>
        r.map(([lon, lat, z]): [number, number, number] => [(lon - lon0) * 111_320 * Math.cos((lat0 * Math.PI) / 180), (lat - lat0) * 111_170, z]),
      ),
    }));
    const mesh = new MeshBuilder();
    buildShell(mesh, { rings: [], height_m: 4, min_m: 0, ground_m: 0, lowest_m: 0, landClass: 4, source: "file", tags: {}, key: 0 }, metres);
    const { vertices, faces } = mesh.build();
    let volume = 0;
    for (let f = 0; f < faces.length; f += 3) {
      const [a, b, c] = [3 * faces[f]!, 3 * faces[f + 1]!, 3 * faces[f + 2]!];
      volume +=
        (((vertices[b]! - vertices[a]!) * (vertices[c + 1]! - vertices[a + 1]!) -
          (vertices[b + 1]! - vertices[a + 1]!) * (vertices[c]! - vertices[a]!)) /
          2) *
        ((vertices[a + 2]! + vertices[b + 2]! + vertices[c + 2]!) / 3);
    }
    expect(volume).toBeCloseTo(240, -1);
  });

  test("vertices that do not exist and a missing CRS are refused", () => {
    const broken = structuredClone(box);
    broken.CityObjects.b.geometry[0]!.boundaries[0]![0]![0]![0] = 99;
    expect(readFootprints(write("x.city.json", broken), "h", "m")).rejects.toThrow("vertices that do not exist");
    expect(readFootprints(write("y.city.json", { ...box, metadata: {} }), "h", "m")).rejects.toThrow("referenceSystem");
  });

  skipUnless(data, "EARTHCRAFT_DATA is not set")("Zurich: 161 parts with geometry, in the city, with plausible heights", async () => {
    const parts = await readFootprints(join(data!, "cityjson-zurich/zurich_subset_lod2.json"), "h", "m");
    expect(parts.length).toBe(161);
    expect(parts.every((p) => p.outer.every(([lon, lat]) => lon > 8.43 && lon < 8.6 && lat > 47.32 && lat < 47.43))).toBe(true);
    const heights = parts.map((p) => p.height_m!).sort((a, b) => a - b);
    expect(heights[80]!).toBeGreaterThan(8); // dormers are parts that begin on the roof
    expect(heights[160]!).toBeLessThan(120);
    expect(parts.reduce((n, p) => n + p.shell!.length, 0)).toBeGreaterThan(1500);
  });
});
