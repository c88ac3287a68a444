/** Voxels in and out of settled columns: what windows that grow a scene need of coordinates. */
import { scope, Tensor } from "../../ffi";
import type { SparseTensor } from "../../ffi/sparse";

/** One scene's cells as int32 [N, 4]. @param cells [N, 3] */
export function toCoords(cells: Int32Array): Tensor {
  const n = cells.length / 3;
  const coords = new Int32Array(4 * n);
  for (let i = 0; i < n; i++) coords.set(cells.subarray(3 * i, 3 * i + 3), 4 * i + 1);
  return Tensor.from(coords, [n, 4]);
}

/**
 * 1 where a cell lies in a settled column, else 0: f32 [N, 1].
 *
 * @param factor cells of L along one cell of `coords_N4`'s level
 */
export function inColumns(coords_N4: Tensor, columns_LL: Tensor, factor: number): Tensor {
  return scope(() => {
    const edge = columns_LL.shape[1]!;
    const axis = (i: number) => coords_N4.select(1, i).to("i64").mul(factor);
    const column = axis(1).mul(edge).add(axis(2));
    return columns_LL.flatten().indexSelect(0, column).to("f32").reshape([-1, 1]);
  });
}

/** Features of `from` at the given coordinates, zeros where it has no voxel: [N, C]. */
export function rowsOf(from: SparseTensor, coords_N4: Tensor): Tensor {
  return scope(() => {
    if (from.coords.shape[0] === 0) return Tensor.zeros([coords_N4.shape[0]!, from.feats.shape[1]!]);
    const row = from.index.lookup(coords_N4);
    return from.feats.indexSelect(0, row.clamp(0)).mul(row.ge(0).to("f32").reshape([-1, 1]));
  });
}
