/** A plain round 47.2° N, 9.62° E for tests, drawn on in metres east and north of its middle. */
import { EnuFrame } from "../../earth/api";
import { type Place, placeSchema } from "../place/place-file";
import { emptyFeatures, type LonLat, type MapFeatures, type Tags } from "../readers/osm-data";
import { readLandCover } from "./landcover";
import type { SceneSource } from "./scene";

export const ORIGIN = { lat: 47.2, lon: 9.62, h: 0 };
const frame = new EnuFrame(ORIGIN);

export function lonLat(x: number, y: number): LonLat {
  const { lon, lat } = frame.toGeodetic([x, y, 0]);
  return [lon, lat];
}

type XY = [number, number];
export const line = (points: XY[], tags: Tags): MapFeatures["lines"][number] => ({ points: points.map(([x, y]) => lonLat(x, y)), tags });
export const area = (ring: XY[], tags: Tags): MapFeatures["areas"][number] => ({ outer: ring.map(([x, y]) => lonLat(x, y)), inner: [], tags });
export const box = (west: number, south: number, east: number, north: number): XY[] => [
  [west, south],
  [east, south],
  [east, north],
  [west, north],
];

const CELLS = 400;
const CELL_M = 5;

/** @param height metres at a point east and north of the middle; NaN = void. The elevation covers 2 × 2 km. */
export function plain(features: Partial<MapFeatures> = {}, height: (x: number, y: number) => number = () => 0): SceneSource {
  const values = new Float32Array(CELLS * CELLS);
  for (let row = 0; row < CELLS; row++)
    for (let column = 0; column < CELLS; column++)
      values[row * CELLS + column] = height((column + 0.5 - CELLS / 2) * CELL_M, (CELLS / 2 - row - 0.5) * CELL_M);
  const pixelOf = (lon: number, lat: number) => {
    const [x, y] = frame.fromGeodetic({ lon, lat, h: 0 });
    return [x / CELL_M + CELLS / 2, CELLS / 2 - y / CELL_M] as const;
  };
  return {
    place: placeSchema.parse({ name: "plain", center: { lat: ORIGIN.lat, lon: ORIGIN.lon }, elevation: [{ file: "plain" }] }) as Place,
    map: { features: { ...emptyFeatures(), ...features } },
    elevation: [{ raster: { file: "plain", width: CELLS, height: CELLS, values, pixelOf, pixel_m: CELL_M }, vertical: "ellipsoid", unit_m: 1 }],
    surface: [],
    rules: readLandCover(),
  };
}
