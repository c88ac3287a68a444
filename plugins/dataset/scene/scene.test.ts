import { beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { peer, runPeer } from "../../../test/peers/python";
import { skipUnless } from "../../../test/skip";
import { classId, EnuFrame, georeferenceSchema } from "../../earth/api";
import { openLayers } from "../place/elevation";
import { readPlaceMap } from "../place/map";
import { type Place, placeSchema, readPlace } from "../place/place-file";
import { placeBounds, resolveSites, type Site } from "../place/sites";
import { readOrthophoto } from "../readers/orthophoto";
import { emptyFeatures, type LonLat } from "../readers/osm-data";
import { makeSamplePlace } from "../sample-place/make";
import { readLandCover } from "./landcover";
import { lookDown } from "./picture";
import { ORIGIN, plain } from "./plain.fixture";
import { buildScene, type Scene, type SceneSource } from "./scene";

const OPTIONS = { extent_m: 600, cell_m: 2 };
const data = process.env.EARTHCRAFT_DATA;

async function open(file: string): Promise<{ source: SceneSource; sites: Site[]; warnings: string[] }> {
  const place = readPlace(file);
  const warnings: string[] = [];
  const warn = (text: string) => warnings.push(text);
  const map = await readPlaceMap(place);
  const bounds = placeBounds(place);
  const elevation = await openLayers(place.elevation, bounds, warn);
  const surface = place.surface ? await openLayers([place.surface], bounds, warn) : [];
  return { source: { place, map, elevation, surface, rules: readLandCover() }, sites: await resolveSites(place, map, warn), warnings };
}

/** A level plain round 47.2° N, 9.62° E without a map. */
const FLAT: SceneSource = {
  place: placeSchema.parse({ name: "flat", center: { lat: 47.2, lon: 9.62 }, elevation: [{ file: "flat" }] }) as Place,
  map: { features: emptyFeatures() },
  elevation: [
    {
      raster: { file: "flat", width: 10, height: 10, values: new Float32Array(100), pixelOf: () => [5, 5], pixel_m: 1000 },
      vertical: "ellipsoid",
      unit_m: 1,
    },
  ],
  surface: [],
  rules: readLandCover(),
};

describe("an F drawn on the map", () => {
  const origin = { lat: 47.2, lon: 9.62, h: 0 };
  const frame = new EnuFrame(origin);
  const lonLat = (x: number, y: number): LonLat => {
    const { lon, lat } = frame.toGeodetic([x, y, 0]);
    return [lon, lat];
  };
  // stem along the west, long arm in the north, short arm in the middle
  const letter: [number, number][] = [
    [-100, -150],
    [-50, -150],
    [-50, 0],
    [0, 0],
    [0, 50],
    [-50, 50],
    [-50, 100],
    [100, 100],
    [100, 150],
    [-100, 150],
  ];
  const area = { outer: letter.map(([x, y]) => lonLat(x, y)), inner: [], tags: { landuse: "farmland" } };
  const scene = buildScene({ ...FLAT, map: { features: { ...emptyFeatures(), areas: [area] } } }, { name: "f", origin }, OPTIONS);

  test("reads as an F from above, north up", () => {
    const view = lookDown(scene.mesh, 300, 12); // 50 m a pixel
    const field = classId("Agriculture Field");
    const picture = Array.from({ length: 12 }, (_, r) =>
      Array.from({ length: 12 }, (_, c) => (view.classes[12 * r + c] === field ? "#" : ".")).join(""),
    );
    const F = ["....####....", "....#.......", "....##......", "....#.......", "....#.......", "....#......."];
    expect(picture).toEqual([...Array(3).fill("............"), ...F, ...Array(3).fill("............")]);
  });

  test("faces look up and the mesh spans the site", () => {
    const { vertices, faces } = scene.mesh;
    for (let f = 0; f < faces.length; f += 3) {
      const [a, b, c] = [3 * faces[f]!, 3 * faces[f + 1]!, 3 * faces[f + 2]!];
      const up =
        (vertices[b]! - vertices[a]!) * (vertices[c + 1]! - vertices[a + 1]!) - (vertices[b + 1]! - vertices[a + 1]!) * (vertices[c]! - vertices[a]!);
      if (up <= 0) throw new Error(`face ${f / 3} looks down`);
    }
    expect([Math.min(...vertices.filter((_, i) => i % 3 === 0)), Math.max(...vertices.filter((_, i) => i % 3 === 1))]).toEqual([-300, 300]);
  });
});

test("what rises over a void of the terrain model is solid, not a ring", () => {
  const within = (half: number) => (x: number, y: number) => Math.abs(x - 100) < half && Math.abs(y + 60) < half;
  const [bare, top] = [plain({}, (x, y) => (within(20)(x, y) ? Number.NaN : 3)), plain({}, (x, y) => (within(40)(x, y) ? 33 : 3))];
  const scene = buildScene({ ...bare, surface: top.elevation }, { name: "tower", origin: ORIGIN }, OPTIONS);
  const view = lookDown(scene.mesh, 300, 120); // 5 m a pixel
  const at = (x: number, y: number) => Math.floor((300 - y) / 5) * 120 + Math.floor((x + 300) / 5);
  for (const [x, y] of [
    [100, -60],
    [110, -75],
    [70, -60],
  ] as const)
    expect([view.classes[at(x, y)], Math.round(view.height[at(x, y)]!)]).toEqual([classId("Woodland"), 33]);
  expect(view.classes[at(0, 0)]).toBe(classId("Grassland"));
});

describe("an orthophoto", () => {
  for (const kind of ["u8", "u16"])
    peer(
      `colours the ground and roofs where it has a picture (${kind}, written by rasterio)`,
      async () => {
        const origin = { lat: 47.2, lon: 9.62, h: 0 };
        const file = join(tmpdir(), `earthcraft-ortho-${process.pid}-${kind}.tif`);
        runPeer("orthophoto.py", [file, origin.lon, origin.lat, kind]);
        const imagery = (await readOrthophoto(file, { west: 9.6, east: 9.64, south: 47.19, north: 47.21 }, 1))!;
        const frame = new EnuFrame(origin);
        const at = (x: number, y: number): LonLat => {
          const { lon, lat } = frame.toGeodetic([x, y, 0]);
          return [lon, lat];
        };
        const house = { outer: [at(-95, -45), at(-55, -45), at(-55, -5), at(-95, -5)], inner: [], tags: { building: "yes", height: "10" } }; // on the stem
        const scene = buildScene({ ...FLAT, map: { features: { ...emptyFeatures(), areas: [house] } }, imagery }, { name: "o", origin }, OPTIONS);
        const view = lookDown(scene.mesh, 300, 12);
        const red = (r: number, c: number) => view.rgb[3 * (12 * r + c)]! > 3 * view.rgb[3 * (12 * r + c) + 1]!;
        const picture = Array.from({ length: 12 }, (_, r) => Array.from({ length: 12 }, (_, c) => (red(r, c) ? "#" : ".")).join(""));
        expect(picture).toEqual([
          ...Array(3).fill("............"),
          "....####....",
          "....#.......",
          "....##......",
          "....#.......",
          "....#.......",
          "....#.......",
          ...Array(3).fill("............"),
        ]);
        expect(view.classes[12 * 6 + 4]).toBe(classId("Building"));
      },
      60_000,
    );
});

describe("a site of the sample place", () => {
  let scene: Scene;
  let sites: Site[];
  let source: SceneSource;
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), "earthcraft-sample-"));
    const opened = await open(makeSamplePlace(7, folder));
    ({ sites, source } = opened);
    expect(opened.warnings).toEqual([]);
    scene = buildScene(source, sites[4]!, OPTIONS);
  }, 60_000);

  test("moderate size, all parts there, what it says about itself is a georeference", () => {
    expect(scene.mesh.faceClass.length).toBeLessThan(300_000);
    expect(scene.info.buildings.length).toBeGreaterThan(50);
    expect(scene.info.roads.length).toBeGreaterThan(20);
    expect(scene.info.voids).toEqual({ filled: 0, open: 0 });
    const { origin, vertical, enu_to_ecef, attribution } = scene.info;
    expect(georeferenceSchema.parse({ origin, vertical, enu_to_ecef, attribution }).origin.h).toBeCloseTo(sites[4]!.origin.h, 9);
    for (const name of ["Woodland", "Grassland", "Building", "Road", "Pavement", "Agriculture Field", "Water"])
      expect({ name, share: (scene.info.class_share[classId(name)] ?? 0) > 0.005 }).toEqual({ name, share: true });
    expect([...scene.mesh.faces].every((v) => v >= 0 && v < scene.mesh.vertices.length / 3)).toBe(true);
  });

  test("the same again is the same to the byte", () => {
    const again = buildScene(source, sites[4]!, OPTIONS);
    expect(Bun.hash(again.mesh.vertices.buffer)).toBe(Bun.hash(scene.mesh.vertices.buffer));
    expect(Bun.hash(again.mesh.vertexColor.buffer)).toBe(Bun.hash(scene.mesh.vertexColor.buffer));
    expect(again.info).toEqual(scene.info);
  });

  test("from above the surface model and the scene agree", async () => {
    const view = lookDown(scene.mesh, 300, 300);
    const frame = new EnuFrame(sites[4]!.origin);
    const { ellipsoidalHeight } = await import("../place/elevation");
    const off: number[] = [];
    for (let row = 5; row < 300; row += 7)
      for (let column = 5; column < 300; column += 7) {
        const { lat, lon } = frame.toGeodetic([2 * column + 1 - 300, 299 - 2 * row, 0]);
        off.push(Math.abs(view.height[300 * row + column]! + sites[4]!.origin.h - ellipsoidalHeight(source.surface, lon, lat)));
      }
    off.sort((a, b) => a - b);
    expect(off[Math.floor(off.length / 2)]!).toBeLessThan(0.3);
    expect(off[Math.floor(0.9 * off.length)]!).toBeLessThan(2.5); // pitched roofs and single trees are not in the surface model's boxes
  });

  test("roads do not run through buildings or water, and buildings stand beside roads", () => {
    const { canvas, built } = scene.plan;
    let [road, covered] = [0, 0];
    for (let i = 0; i < built.length; i++)
      if (canvas.classes[i] === classId("Road")) {
        road++;
        covered += built[i]!;
      }
    expect(covered / road).toBeLessThan(0.01);
    const distances = scene.info.buildings.map((b) =>
      Math.min(...scene.info.roads.flatMap((r) => r.line.map(([x, y]) => Math.hypot(x - b.footprint[0]![0], y - b.footprint[0]![1])))),
    );
    expect(distances.sort((a, b) => a - b)[Math.floor(0.9 * distances.length)]!).toBeLessThan(60);
  });

  test("a class's mean colour is a poor picture: at most 17.6 dB without light and shadow", () => {
    const view = lookDown(scene.mesh, 300, 300);
    const sums = new Map<number, [number, number, number, number]>();
    for (let i = 0; i < view.classes.length; i++) {
      const s = sums.get(view.classes[i]!) ?? [0, 0, 0, 0];
      for (let k = 0; k < 3; k++) s[k]! += view.rgb[3 * i + k]! / 255;
      s[3]++;
      sums.set(view.classes[i]!, s);
    }
    let error = 0;
    for (let i = 0; i < view.classes.length; i++) {
      const s = sums.get(view.classes[i]!)!;
      for (let k = 0; k < 3; k++) error += (view.rgb[3 * i + k]! / 255 - s[k]! / s[3]) ** 2;
    }
    expect(-10 * Math.log10(error / view.rgb.length)).toBeLessThan(17.6);
  });
});

describe("real places", () => {
  skipUnless(data, "EARTHCRAFT_DATA is not set")(
    "Monaco: sea in the south-east, the rock above it, streets on land",
    async () => {
      const { source, sites, warnings } = await open(join(data!, "scene-monaco/place.yaml"));
      expect(warnings.join()).toContain("nothing but water");
      const site = sites.find((s) => s.name === "x1y0")!; // Monaco-Ville on its rock, port Hercule north of it, the sea south of it
      const scene = buildScene(source, site, OPTIONS);
      const frame = new EnuFrame(site.origin);
      const view = lookDown(scene.mesh, 300, 600);
      const at = (lat: number, lon: number) => {
        const [x, y] = frame.fromGeodetic({ lat, lon, h: site.origin.h });
        const i = 600 * Math.floor(300 - y) + Math.floor(x + 300);
        return { class: view.classes[i]!, z: view.height[i]! };
      };
      const water = classId("Water");
      expect(at(43.7282, 7.4242).class).toBe(water); // off the rock's southern foot
      expect(at(43.7315, 7.4203).class).not.toBe(water); // the palace
      expect(at(43.7315, 7.4203).z - at(43.7282, 7.4242).z).toBeGreaterThan(30);
      expect(at(43.7282, 7.4242).z + site.origin.h).toBeCloseTo(48.7, 0); // NGA: the geoid lies 48.7 m above the ellipsoid here
      const wetHeights = [...view.height].filter((_, k) => view.classes[k] === water);
      expect(wetHeights.filter((z) => Math.abs(z - at(43.7282, 7.4242).z) < 0.01).length / wetHeights.length).toBeGreaterThan(0.9); // level, from one side to the other
      let wet = 0;
      for (const road of scene.info.roads)
        for (const [x, y] of road.line)
          if (Math.abs(x) < 300 && Math.abs(y) < 300 && scene.plan.canvas.classes[scene.plan.canvas.indexAt(x, y)] === water) wet++;
      expect(wet / scene.info.roads.flatMap((r) => r.line).length).toBeLessThan(0.02);
      expect(scene.info.buildings.filter((b) => b.height_from === "levels").length).toBeGreaterThan(30);
    },
    60_000,
  );

  skipUnless(data, "EARTHCRAFT_DATA is not set")(
    "Alexandria: measured heights on the terrain, trees from surface − terrain, a filled rim where nothing was measured",
    async () => {
      const { source, sites } = await open(join(data!, "scene-alexandria-va/place.yaml"));
      const scene = buildScene(source, sites[0]!, OPTIONS);
      const { info } = scene;
      expect(info.buildings.length).toBeGreaterThan(75);
      expect(info.buildings.filter((b) => b.height_from === "file").length).toBeGreaterThan(75);
      expect(info.buildings.filter((b) => b.height_from === "default")).toEqual([]);
      expect(info.origin.h).toBeCloseTo(12 - 33.345, 0); // 12.0 m above NAVD88; NGA's EGM96: −33.345 m
      expect(info.class_share[classId("Woodland")]!).toBeGreaterThan(0.1);
      expect(info.voids.filled).toBeGreaterThan(1000); // the data cover 566 × 518 m of the 600
    },
    60_000,
  );
});
