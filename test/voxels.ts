/** Voxels for tests: asymmetric, in no order, several batches. */
import { Tensor } from "../ffi";

export interface VoxelOptions {
  /** Voxels a batch. */
  count: number;
  /** Sizes of the box, which differ by axis. */
  extent: readonly [number, number, number];
  batches?: number;
  seed: number;
}

/** Numbers in [0, 1) that depend on the seed alone (mulberry32). */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** [batch, x, y, z] of distinct voxels, batches ascending and shuffled inside. */
export function randomRows({ count, extent, batches = 1, seed }: VoxelOptions): [number, number, number, number][] {
  const next = numbers(seed);
  const rows: [number, number, number, number][] = [];
  for (let batch = 0; batch < batches; ++batch) {
    const cells = new Set<number>();
    while (cells.size < count) cells.add(Math.floor(next() * extent[0] * extent[1] * extent[2]));
    for (const cell of cells)
      rows.push([batch, cell % extent[0], Math.floor(cell / extent[0]) % extent[1], Math.floor(cell / extent[0] / extent[1])]);
  }
  return rows;
}

export function coordsOf(rows: readonly (readonly number[])[]): Tensor {
  return Tensor.from(Int32Array.from(rows.flat()), [rows.length, 4]);
}

/** Values in [−1, 1). */
export function randomTensor(shape: readonly number[], seed: number, dtype: "f32" | "f64" = "f64"): Tensor {
  const next = numbers(seed);
  const count = shape.reduce((a, b) => a * b, 1);
  return Tensor.from(
    Float64Array.from({ length: count }, () => 2 * next() - 1),
    shape,
  ).to(dtype);
}
