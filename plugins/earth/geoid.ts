/**
 * Vertical datums: ellipsoidal height h = H + N. N comes from a global 30′ grid of EGM96 (data/README.md: source, licence, accuracy), read on first use.
 */
import { readFileSync } from "node:fs";
import { inflateRawSync } from "node:zlib";
import { z } from "zod";

export const VERTICAL_DATUMS = ["ellipsoid", "egm96", "egm2008", "egm84", "navd88"] as const;

/** A named datum, or the metres to add to a height to get the ellipsoidal height. */
export const verticalSchema = z.union([z.enum(VERTICAL_DATUMS), z.number().min(-200).max(200)]);
export type Vertical = z.infer<typeof verticalSchema>;

const COLUMNS = 720;
const ROWS = 361;
const PER_DEGREE = 2;
const STEP_M = 0.1;

let grid: Int16Array | undefined;

function load(): Int16Array {
  const planes = inflateRawSync(readFileSync(new URL("./data/egm96-30min.bin", import.meta.url)), { maxOutputLength: 2 * COLUMNS * ROWS });
  const values = new Int16Array(COLUMNS * ROWS);
  for (let r = 0; r < ROWS; r++)
    for (let c = 0; c < COLUMNS; c++) {
      const i = r * COLUMNS + c;
      const zigzag = planes[i]! | (planes[values.length + i]! << 8);
      const residual = (zigzag >> 1) ^ -(zigzag & 1);
      const left = c > 0 ? values[i - 1]! : 0;
      const up = r > 0 ? values[i - COLUMNS]! : 0;
      values[i] = residual + (c > 0 && r > 0 ? left + up - values[i - COLUMNS - 1]! : left + up);
    }
  return values;
}

/** A node of the grid; rows beyond a pole go on down the opposite meridian. */
function node(values: Int16Array, row: number, column: number): number {
  let [r, c] = [row, column];
  if (r < 0) [r, c] = [-r, c + COLUMNS / 2];
  if (r >= ROWS) [r, c] = [2 * ROWS - 2 - r, c + COLUMNS / 2];
  return values[r * COLUMNS + (((c % COLUMNS) + COLUMNS) % COLUMNS)]! * STEP_M;
}

function catmullRom(a: number, b: number, c: number, d: number, t: number): number {
  return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}

/** Height of the EGM96 geoid above the WGS 84 ellipsoid, metres; lat and lon in degrees. */
export function geoidSeparation(lat: number, lon: number): number {
  grid ??= load();
  const values = grid;
  const x = (((lon % 360) + 360) % 360) * PER_DEGREE;
  const y = (90 - Math.min(90, Math.max(-90, lat))) * PER_DEGREE;
  const [c, r] = [Math.floor(x), Math.min(Math.floor(y), ROWS - 2)];
  const along = (row: number) =>
    catmullRom(node(values, row, c - 1), node(values, row, c), node(values, row, c + 1), node(values, row, c + 2), x - c);
  return catmullRom(along(r - 1), along(r), along(r + 1), along(r + 2), y - r);
}

/** N in h = H + N: the metres to add to a height of this datum. */
export function separation(vertical: Vertical, lat: number, lon: number): number {
  if (typeof vertical === "number") return vertical;
  return vertical === "ellipsoid" ? 0 : geoidSeparation(lat, lon);
}
