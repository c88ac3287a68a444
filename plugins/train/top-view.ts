/** Voxels as seen from above, for the report: height as shade and hue, north up. */
import { Tensor } from "../../ffi";

const SKY: readonly [number, number, number] = [24, 24, 28];
/** From low to high. */
const RAMP: readonly (readonly [number, number, number])[] = [
  [38, 70, 83],
  [42, 157, 143],
  [138, 177, 125],
  [233, 196, 106],
  [244, 162, 97],
  [231, 111, 81],
];

/** Highest voxel of each column, −1 where it is empty: [extent², x + extent·y]. */
export function heightMap(coords: ArrayLike<number>, extent: number): Int32Array {
  const top = new Int32Array(extent ** 2).fill(-1);
  for (let i = 0; i < coords.length; i += 3) {
    const column = coords[i]! + extent * coords[i + 1]!;
    top[column] = Math.max(top[column]!, coords[i + 2]!);
  }
  return top;
}

/**
 * Relief of the surface, lit from the north-west.
 *
 * @param range lowest and highest cell of the colour ramp, the same for pictures to be compared
 * @returns u8 [extent, extent, 3]
 */
export function relief(coords: ArrayLike<number>, extent: number, range: readonly [number, number]): Tensor {
  const top = heightMap(coords, extent);
  const rgb = new Uint8Array(3 * extent ** 2);
  for (let row = 0; row < extent; row++)
    for (let x = 0; x < extent; x++) {
      const y = extent - 1 - row;
      const height = top[x + extent * y]!;
      const west = x > 0 ? top[x - 1 + extent * y]! : height;
      const north = y + 1 < extent ? top[x + extent * (y + 1)]! : height;
      const slope = height < 0 || west < 0 || north < 0 ? 0 : 2 * height - west - north;
      const light = Math.min(1.25, Math.max(0.55, 1 + 0.12 * slope));
      rgb.set(height < 0 ? SKY : shade(ramp((height - range[0]) / Math.max(1, range[1] - range[0])), light), 3 * (row * extent + x));
    }
  return Tensor.from(rgb, [extent, extent, 3]);
}

/** Colours of the surface. @param rgb [N, 3], 0–255 */
export function surfaceColours(coords: ArrayLike<number>, rgb: ArrayLike<number>, extent: number): Tensor {
  const top = heightMap(coords, extent);
  const picture = new Uint8Array(3 * extent ** 2);
  for (let cell = 0; cell < extent ** 2; cell++) picture.set(SKY, 3 * cell);
  for (let i = 0; 3 * i < coords.length; i++) {
    const [x, y, z] = [coords[3 * i]!, coords[3 * i + 1]!, coords[3 * i + 2]!];
    if (top[x + extent * y] !== z) continue;
    const pixel = 3 * ((extent - 1 - y) * extent + x);
    for (let k = 0; k < 3; k++) picture[pixel + k] = Math.round(Math.min(255, Math.max(0, rgb[3 * i + k]!)));
  }
  return Tensor.from(picture, [extent, extent, 3]);
}

/** Lowest and highest cell among several sets of voxels. */
export function heightRange(...sets: readonly ArrayLike<number>[]): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, 0];
  for (const coords of sets)
    for (let i = 2; i < coords.length; i += 3) {
      low = Math.min(low, coords[i]!);
      high = Math.max(high, coords[i]!);
    }
  return [Number.isFinite(low) ? low : 0, high];
}

function ramp(share: number): [number, number, number] {
  const at = Math.min(1, Math.max(0, share)) * (RAMP.length - 1);
  const lower = Math.min(RAMP.length - 2, Math.floor(at));
  const [a, b] = [RAMP[lower]!, RAMP[lower + 1]!];
  return [0, 1, 2].map((k) => a[k]! + (b[k]! - a[k]!) * (at - lower)) as [number, number, number];
}

function shade(colour: readonly number[], light: number): number[] {
  return colour.map((value) => Math.min(255, Math.round(value * light)));
}
