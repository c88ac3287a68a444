/**
 * The sample place: a valley town of 2.4 × 2.4 km that the project makes itself, written in the formats that real places come in.
 *
 * Same seed, same bytes. Its nine 600 m sites lie inside an apron of 300 m; where it is put on the globe is a fiction.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import proj4 from "proj4";
import { northUp, writeGeoTiff } from "../../earth/api";
import { smoothNoise } from "../noise";
import { Canvas } from "../scene/canvas";
import { drawBlocks } from "./blocks";
import { drawCountry } from "./country";
import { type Drawing, emptyDrawing } from "./drawing";
import { type OsmElements, writeOsmPbf } from "./pbf-writer";
import { drawStreets } from "./streets";
import { Valley, type XY } from "./valley";

/** Half the edge of the land, metres. */
export const HALF_M = 1200;
const CENTRE = { lat: 47.2, lon: 9.62 } as const;
const EPSG = 32632;
const UTM = "+proj=utm +zone=32 +datum=WGS84 +units=m +no_defs";
const ATTRIBUTION = "Sample place of earthcraft: a made-up town, no real map or survey in it (CC0 1.0)";

/** What `place.yaml` beside the data says. */
const PLACE_YAML = `name: sample
center: { lat: ${CENTRE.lat}, lon: ${CENTRE.lon} }
sites: grid                                # 3 × 3 cells of 600 m
extent_m: 1800
elevation: [{ file: dtm.tif, vertical: egm96 }]
surface: { file: dsm.tif, vertical: egm96 } # with woods and buildings
osm: map.osm.pbf
buildings: { file: buildings.geojsonl, height: height, units: m }
attribution: ["${ATTRIBUTION}"]
`;

/** Writes `place.yaml` and its data into a folder, which is made if needed; returns the path of `place.yaml`. */
export function makeSamplePlace(seed: number, folder: string): string {
  mkdirSync(folder, { recursive: true });
  const valley = new Valley(seed, HALF_M);
  const drawing = emptyDrawing();
  const { blocks } = drawStreets(valley, drawing);
  drawCountry(valley, drawing, blocks);
  drawBlocks(valley, drawing, blocks);

  const [east, north] = proj4(UTM).forward([CENTRE.lon, CENTRE.lat]) as [number, number];
  const [e0, n0] = [Math.round(east / 10) * 10, Math.round(north / 10) * 10];
  const grid = { epsg: EPSG, verticalEpsg: 5773, citation: "WGS 84 / UTM zone 32N + EGM96 height" };
  const raster = ({ pixel_m, ...rest }: Heights) => ({
    ...rest,
    ...grid,
    pixelToModel: northUp(e0 - HALF_M, n0 + HALF_M, pixel_m),
  });
  const terrain = heights(4, (p) => valley.ground(p));
  writeFileSync(join(folder, "dtm.tif"), writeGeoTiff(raster(terrain)));
  writeFileSync(join(folder, "dsm.tif"), writeGeoTiff(raster(surface(2, terrain, valley, drawing))));

  const utm = proj4(UTM);
  const degrees = ([x, y]: XY) => utm.inverse([e0 + x, n0 + y]) as [number, number];
  writeFileSync(join(folder, "map.osm.pbf"), writeOsmPbf(toOsm(drawing, degrees), "earthcraft sample place"));
  writeFileSync(join(folder, "buildings.geojsonl"), buildingLines(drawing, degrees));
  writeFileSync(join(folder, "place.yaml"), PLACE_YAML);
  return join(folder, "place.yaml");
}

interface Heights {
  width: number;
  height: number;
  pixel_m: number;
  values: Float32Array;
}

/** Heights at pixel centres, in centimetre steps so that the file packs well. */
function heights(pixel_m: number, at: (p: XY) => number): Heights {
  const n = (2 * HALF_M) / pixel_m;
  const values = new Float32Array(n * n);
  for (let row = 0; row < n; row++)
    for (let column = 0; column < n; column++)
      values[row * n + column] = Math.round(at([(column + 0.5) * pixel_m - HALF_M, HALF_M - (row + 0.5) * pixel_m]) * 100) / 100;
  return { width: n, height: n, pixel_m, values };
}

/** The ground with what stands on it: canopies that vary over 40 m, and buildings as boxes. */
function surface(pixel_m: number, terrain: Heights, valley: Valley, drawing: Drawing): Heights {
  const raster = heights(pixel_m, ([x, y]) => bilinear(terrain, x, y));
  const canvas = new Canvas(HALF_M, pixel_m); // its rows run from the south, the raster's from the north
  const n = canvas.n;
  const pixel = (i: number) => (n - 1 - Math.floor(i / n)) * n + (i % n);
  const wood = new Uint8Array(n * n);
  const mark = (value: number) => (i: number) => {
    wood[i] = value;
  };
  for (const a of drawing.areas) if (a.tags.natural === "wood") canvas.polygon([a.outer, ...a.inner], mark(1));
  for (const a of drawing.areas) if (a.tags.landuse === "quarry" || a.tags.natural === "bare_rock") canvas.polygon([a.outer], mark(0));
  for (let i = 0; i < wood.length; i++)
    if (wood[i]) raster.values[pixel(i)]! += Math.round(canopy([canvas.centre(i % n), canvas.centre(Math.floor(i / n))], valley.seed) * 100) / 100;
  for (const b of drawing.buildings) {
    const top = Math.round((Math.max(...b.ring.map((p) => valley.ground(p))) + b.height_m) * 100) / 100;
    canvas.polygon([b.ring], (i) => {
      raster.values[pixel(i)] = top;
    });
  }
  return raster;
}

function bilinear({ width: n, pixel_m, values }: Heights, x: number, y: number): number {
  const u = Math.min(n - 1.001, Math.max(0, (x + HALF_M) / pixel_m - 0.5));
  const v = Math.min(n - 1.001, Math.max(0, (HALF_M - y) / pixel_m - 0.5));
  const [c, r] = [Math.floor(u), Math.floor(v)];
  const at = r * n + c;
  return (
    (values[at]! * (1 - u + c) + values[at + 1]! * (u - c)) * (1 - v + r) + (values[at + n]! * (1 - u + c) + values[at + n + 1]! * (u - c)) * (v - r)
  );
}

/** Height of the wood's canopy above the ground, metres: smooth at 40 m. */
function canopy([x, y]: XY, seed: number): number {
  return 13 + 3.5 * smoothNoise(x, y, 40, seed + 41) + 2 * smoothNoise(x, y, 160, seed + 42);
}

type ToDegrees = (p: XY) => [lon: number, lat: number];

/** Points with the same coordinates become one node, so that streets meet. */
function toOsm(drawing: Drawing, degrees: ToDegrees): OsmElements {
  const out: OsmElements = { nodes: [], ways: [], relations: [] };
  const known = new Map<string, number>();
  const node = (p: XY, tags?: Record<string, string>): number => {
    const [lon, lat] = degrees(p);
    const key = `${Math.round(lon * 1e7)},${Math.round(lat * 1e7)}`;
    const old = tags === undefined ? known.get(key) : undefined;
    if (old !== undefined) return old;
    const id = out.nodes.length + 1;
    out.nodes.push({ id, lat, lon, ...(tags === undefined ? {} : { tags }) });
    if (tags === undefined) known.set(key, id);
    return id;
  };
  const way = (points: readonly XY[], closed: boolean, tags: Record<string, string>): number => {
    const refs = points.map((p) => node(p));
    if (closed) refs.push(refs[0]!);
    out.ways.push({ id: out.ways.length + 1, refs, tags });
    return out.ways.length;
  };
  for (const { points, tags } of drawing.lines) way(points, false, tags);
  for (const { outer, inner, tags } of drawing.areas)
    if (inner.length === 0) way(outer, true, tags);
    else {
      const members = [outer, ...inner].map((ring, i) => ({ type: "way" as const, ref: way(ring, true, {}), role: i === 0 ? "outer" : "inner" }));
      out.relations.push({ id: out.relations.length + 1, members, tags: { type: "multipolygon", ...tags } });
    }
  for (const b of drawing.buildings) way(b.ring, true, { ...b.tags, height: String(b.height_m) });
  for (const p of drawing.points) node(p.at, p.tags);
  return out;
}

/** One GeoJSON Feature a line (RFC 7946: longitude first, outer rings counter-clockwise and closed). */
function buildingLines(drawing: Drawing, degrees: ToDegrees): string {
  const round = (v: number) => Math.round(v * 1e7) / 1e7;
  return drawing.buildings
    .map((b) => {
      const ring = [...b.ring, b.ring[0]!].map((p) => degrees(p).map(round));
      const { "building:levels": levels, ...tags } = b.tags;
      return `${JSON.stringify({ type: "Feature", geometry: { type: "Polygon", coordinates: [ring] }, properties: { height: b.height_m, levels: Number(levels), ...tags } })}\n`;
    })
    .join("");
}
