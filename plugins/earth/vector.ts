/** Three-vectors and row-major 4 × 4 matrices in float64: only what frames and cameras need. */

export type Vec3 = readonly [number, number, number];
/** Row-major: element (r, c) at 4 r + c. Affine: the last row is 0 0 0 1. */
export type Mat4 = readonly number[];

export const sub = (a: Vec3, b: Vec3): Vec3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const scale = (a: Vec3, k: number): Vec3 => [a[0] * k, a[1] * k, a[2] * k];
export const cross = (a: Vec3, b: Vec3): Vec3 => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
export const length = (a: Vec3): number => Math.hypot(a[0], a[1], a[2]);

/** @throws RangeError for the zero vector, which has no direction */
export function normalize(a: Vec3): Vec3 {
  const n = length(a);
  if (!(n > 0)) throw new RangeError("normalize: the zero vector has no direction");
  return scale(a, 1 / n);
}

export function multiply(a: Mat4, b: Mat4): Mat4 {
  const out = new Array<number>(16);
  for (let r = 0; r < 4; r++)
    for (let c = 0; c < 4; c++) {
      let sum = 0;
      for (let k = 0; k < 4; k++) sum += a[4 * r + k]! * b[4 * k + c]!;
      out[4 * r + c] = sum;
    }
  return out;
}

export const diagonal = (x: number, y: number, z: number): Mat4 => [x, 0, 0, 0, 0, y, 0, 0, 0, 0, z, 0, 0, 0, 0, 1];

/** The point m · (p, 1). */
export function transformPoint(m: Mat4, p: Vec3): Vec3 {
  return [
    m[0]! * p[0] + m[1]! * p[1] + m[2]! * p[2] + m[3]!,
    m[4]! * p[0] + m[5]! * p[1] + m[6]! * p[2] + m[7]!,
    m[8]! * p[0] + m[9]! * p[1] + m[10]! * p[2] + m[11]!,
  ];
}

/** Inverse of a rotation with translation (no scale): transpose and turn the translation back. */
export function invertRigid(m: Mat4): Mat4 {
  const [tx, ty, tz] = [m[3]!, m[7]!, m[11]!];
  return [
    m[0]!,
    m[4]!,
    m[8]!,
    -(m[0]! * tx + m[4]! * ty + m[8]! * tz),
    m[1]!,
    m[5]!,
    m[9]!,
    -(m[1]! * tx + m[5]! * ty + m[9]! * tz),
    m[2]!,
    m[6]!,
    m[10]!,
    -(m[2]! * tx + m[6]! * ty + m[10]! * tz),
    0,
    0,
    0,
    1,
  ];
}
