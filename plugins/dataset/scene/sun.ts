/** Light of a fixed morning sun, baked into the colours as aerial photographs have it. */
import type { Field } from "./ground";

const AZIMUTH = (125 * Math.PI) / 180; // from north, clockwise: the sun stands in the south-east
const ELEVATION = (42 * Math.PI) / 180;
const SUN = [Math.sin(AZIMUTH) * Math.cos(ELEVATION), Math.cos(AZIMUTH) * Math.cos(ELEVATION), Math.sin(ELEVATION)] as const;
const AMBIENT = 0.45;

/** Brightness of a surface with this unit normal; 1 on level ground in the sun. */
export function lambert(nx: number, ny: number, nz: number, lit = 1): number {
  const direct = Math.max(0, nx * SUN[0] + ny * SUN[1] + nz * SUN[2]) / SUN[2];
  return AMBIENT * (0.7 + 0.3 * nz) + (1 - AMBIENT) * direct * lit;
}

/** Brightness of every node of a height field, cast shadows included. @param tops heights that throw shadows: the field with what stands on it */
export function groundLight({ n, cell_m, z }: Field, tops: Float32Array): Float32Array {
  const side = n + 1;
  const light = new Float32Array(z.length);
  const [dx, dy] = [Math.sin(AZIMUTH), Math.cos(AZIMUTH)];
  const climb = Math.tan(ELEVATION);
  const reach = Math.ceil(70 / cell_m);
  for (let r = 0; r < side; r++)
    for (let c = 0; c < side; c++) {
      const i = r * side + c;
      const east = z[r * side + Math.min(n, c + 1)]! - z[r * side + Math.max(0, c - 1)]!;
      const north = z[Math.min(n, r + 1) * side + c]! - z[Math.max(0, r - 1) * side + c]!;
      const [gx, gy] = [-east / (2 * cell_m), -north / (2 * cell_m)];
      const length = Math.hypot(gx, gy, 1);
      let lit = 1;
      for (let step = 1; step <= reach; step++) {
        const [cc, rr] = [Math.round(c + step * dx), Math.round(r + step * dy)];
        if (cc < 0 || rr < 0 || cc > n || rr > n) break;
        if (tops[rr * side + cc]! > z[i]! + 0.3 + step * cell_m * climb) {
          lit = 0.15;
          break;
        }
      }
      light[i] = lambert(gx / length, gy / length, 1 / length, lit);
    }
  return light;
}
