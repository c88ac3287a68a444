/** Where the nodes of a site's raster fall in a georeferenced one. */
import { EnuFrame, type Geodetic } from "../../earth/api";

const CONTROL = 16;

/**
 * Calls `visit` with the pixel position of every node (column c, row r from the south) at x = x0 + c · step, y = y0 + r · step of the site's plan.
 * Positions are exact on every 16th node and joined bilinearly between them: over 32 m a map projection bends by micrometres.
 */
export function forEachNode(
  pixelOf: (lon: number, lat: number) => readonly [number, number],
  origin: Geodetic,
  grid: { x0: number; y0: number; step_m: number; columns: number; rows: number },
  visit: (index: number, column: number, row: number) => void,
): void {
  const frame = new EnuFrame(origin);
  const { x0, y0, step_m, columns, rows } = grid;
  const corner = (c: number, r: number) => {
    const { lat, lon } = frame.toGeodetic([x0 + c * step_m, y0 + r * step_m, 0]);
    return pixelOf(lon, lat);
  };
  for (let r0 = 0; r0 < rows; r0 += CONTROL)
    for (let c0 = 0; c0 < columns; c0 += CONTROL) {
      const [sw, se, nw, ne] = [corner(c0, r0), corner(c0 + CONTROL, r0), corner(c0, r0 + CONTROL), corner(c0 + CONTROL, r0 + CONTROL)];
      for (let r = r0; r < Math.min(rows, r0 + CONTROL); r++)
        for (let c = c0; c < Math.min(columns, c0 + CONTROL); c++) {
          const [fc, fr] = [(c - c0) / CONTROL, (r - r0) / CONTROL];
          const mix = (k: 0 | 1) => (sw[k] * (1 - fc) + se[k] * fc) * (1 - fr) + (nw[k] * (1 - fc) + ne[k] * fc) * fr;
          visit(r * columns + c, mix(0), mix(1));
        }
    }
}
