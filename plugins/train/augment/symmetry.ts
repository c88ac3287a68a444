/**
 * The 8 symmetries of a square seen from above: flips and transposes of a crop, with its cameras (paper: "voxel cropping and voxel flipping … with the corresponding camera pose also being
 * transformed").
 *
 * A symmetry maps (x, y) to (x, y) or (y, x), then mirrors each axis or not. One that is a reflection (odd) mirrors every picture of the scene left to right; a rotation (even) leaves pictures alone.
 */
export interface Symmetry {
  transpose: boolean;
  flipX: boolean;
  flipY: boolean;
}

export const IDENTITY: Symmetry = { transpose: false, flipX: false, flipY: false };

/** Symmetry 0 to 7; 0 is the identity. */
export function symmetryOf(index: number): Symmetry {
  if (!Number.isInteger(index) || index < 0 || index > 7) throw new RangeError(`symmetry ${index}; there are 8, from 0`);
  return { flipX: (index & 1) !== 0, flipY: (index & 2) !== 0, transpose: (index & 4) !== 0 };
}

/** Whether pictures come out mirrored. */
export function isReflection({ transpose, flipX, flipY }: Symmetry): boolean {
  return ((transpose ? 1 : 0) + (flipX ? 1 : 0) + (flipY ? 1 : 0)) % 2 === 1;
}

/** Coordinates [N, 3] of a crop of `extent` cells along x and y. */
export function turnCoords(coords: Int32Array, symmetry: Symmetry, extent: number): Int32Array {
  const turned = new Int32Array(coords.length);
  for (let i = 0; i < coords.length; i += 3) {
    let [x, y] = symmetry.transpose ? [coords[i + 1]!, coords[i]!] : [coords[i]!, coords[i + 1]!];
    if (symmetry.flipX) x = extent - 1 - x;
    if (symmetry.flipY) y = extent - 1 - y;
    turned[i] = x;
    turned[i + 1] = y;
    turned[i + 2] = coords[i + 2]!;
  }
  return turned;
}

/** Vectors [N, 3], such as normals. */
export function turnVectors<T extends Float32Array | Int8Array>(vectors: T, symmetry: Symmetry): T {
  const turned = vectors.slice() as T;
  for (let i = 0; i < vectors.length; i += 3) {
    const [x, y] = symmetry.transpose ? [vectors[i + 1]!, vectors[i]!] : [vectors[i]!, vectors[i + 1]!];
    turned[i] = symmetry.flipX ? -x : x;
    turned[i + 1] = symmetry.flipY ? -y : y;
  }
  return turned;
}

/** A north-up map [extent, extent] of the same crop: row r, column c is the cell x = c, y = extent − 1 − r. */
export function turnMap(map: Uint8Array, symmetry: Symmetry, extent: number): Uint8Array {
  const turned = new Uint8Array(map.length);
  for (let y = 0; y < extent; y++)
    for (let x = 0; x < extent; x++) {
      let [tx, ty] = symmetry.transpose ? [y, x] : [x, y];
      if (symmetry.flipX) tx = extent - 1 - tx;
      if (symmetry.flipY) ty = extent - 1 - ty;
      turned[(extent - 1 - ty) * extent + tx] = map[(extent - 1 - y) * extent + x]!;
    }
  return turned;
}

/**
 * A camera in the crop's frame, whose origin is the crop's corner and whose edge is `edge_m`. c2w′ = G · c2w · diag(±1, 1, 1, 1): the symmetry on the left, and for a reflection the camera's own
 * mirror on the right, so that it stays right-handed.
 *
 * @param c2w row-major 4 × 4, OpenGL
 */
export function turnCamera(c2w: ArrayLike<number>, symmetry: Symmetry, edge_m: number): number[] {
  const rows = [0, 1, 2, 3].map((row) => [0, 1, 2, 3].map((column) => c2w[4 * row + column]!));
  if (symmetry.transpose) [rows[0], rows[1]] = [rows[1]!, rows[0]!];
  const mirror = (row: number[]): number[] => row.map((value, column) => (column === 3 ? edge_m - value : -value));
  if (symmetry.flipX) rows[0] = mirror(rows[0]!);
  if (symmetry.flipY) rows[1] = mirror(rows[1]!);
  if (isReflection(symmetry)) for (const row of rows) row[0] = -row[0]!;
  return rows.flat();
}
