/** Coloured voxels of a scene, as pictures and meshes are made from them. */

export interface Voxels {
  /** [N, 3] cells (x east, y north, z up). */
  coords: Int16Array | Int32Array;
  /** [N, 3] sRGB. */
  rgb: Uint8Array;
  /** Edge of a cell in metres. */
  voxel_m: number;
  /** ENU of the lower corner of cell (0, 0, 0), metres. */
  corner_m: readonly [number, number, number];
}

export interface Extent {
  min: [number, number, number];
  /** One beyond the last cell. */
  max: [number, number, number];
}

export function extentOf({ coords }: Pick<Voxels, "coords">): Extent {
  const min: [number, number, number] = [Infinity, Infinity, Infinity];
  const max: [number, number, number] = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < coords.length; i++) {
    const axis = i % 3;
    if (coords[i]! < min[axis]!) min[axis] = coords[i]!;
    if (coords[i]! >= max[axis]!) max[axis] = coords[i]! + 1;
  }
  return coords.length === 0 ? { min: [0, 0, 0], max: [0, 0, 0] } : { min, max };
}
