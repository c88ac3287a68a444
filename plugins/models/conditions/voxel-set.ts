/** Condition voxels before they are tensors: plain arrays in the crop's lattice, so that augmenting them needs no tensor library. */
export interface CondVoxels {
  /** [N, 3] x, y, z. */
  coords: Int32Array;
  /** [N, channels]. */
  feats: Float32Array;
  channels: number;
  /** [N, 3] unit normals in world axes, zeros where unknown; planes have none. */
  normals?: Float32Array;
}

/** A source of uniform numbers in [0, 1): counter-based in training, fixed in tests. */
export interface Draws {
  uniform(count: number): Float32Array;
}

/** One number per lattice cell, exact below 2⁵³: 17 bits an axis, offset so that −65,536 is the least coordinate. */
export function cellKey(x: number, y: number, z: number): number {
  return ((x + 65_536) * 131_072 + (y + 65_536)) * 131_072 + (z + 65_536);
}

export function voxelCount(voxels: CondVoxels): number {
  return voxels.coords.length / 3;
}

/** The voxels of the given rows, in that order. */
export function selectRows(voxels: CondVoxels, rows: ArrayLike<number>): CondVoxels {
  const { channels, normals } = voxels;
  const coords = new Int32Array(3 * rows.length);
  const feats = new Float32Array(channels * rows.length);
  const kept = normals && new Float32Array(3 * rows.length);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    coords.set(voxels.coords.subarray(3 * row, 3 * row + 3), 3 * i);
    feats.set(voxels.feats.subarray(channels * row, channels * (row + 1)), channels * i);
    kept?.set(normals!.subarray(3 * row, 3 * row + 3), 3 * i);
  }
  return { coords, feats, channels, ...(kept && { normals: kept }) };
}
