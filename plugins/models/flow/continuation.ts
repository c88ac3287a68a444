/** The hint that an open row gets with `inpainting: continued`: how the nearest settled column would go on at its height. */
import { scope, Tensor } from "../../../ffi";

/**
 * Which row each row would copy: itself where settled, else the row of the same height in the nearest settled column (steps along x and y; the first of equals in the order west, east, south,
 * north); −1 where that column has nothing at this height.
 *
 * @param coords [N, 3] of one scene
 * @param mask [N], 1 where settled; whole columns are settled or open
 */
export function continuedRows(coords: ArrayLike<number>, mask: ArrayLike<number>): Int32Array {
  const n = mask.length;
  const rows = new Int32Array(n).fill(-1);
  if (n === 0) return rows;
  const [low, high] = boundsOf(coords);
  const size = [0, 1, 2].map((axis) => high[axis]! - low[axis]! + 1) as [number, number, number];
  const columnOf = (i: number) => (coords[3 * i]! - low[0]!) * size[1] + coords[3 * i + 1]! - low[1]!;
  const source = new Int32Array(size[0] * size[1]).fill(-1);
  const settledRow = new Map<number, number>();
  const front: number[] = [];
  for (let i = 0; i < n; i++) {
    if (mask[i] !== 1) continue;
    const column = columnOf(i);
    settledRow.set(column * size[2] + coords[3 * i + 2]! - low[2]!, i);
    if (source[column] === -1) front.push(column);
    source[column] = column;
  }
  for (let head = 0; head < front.length; head++) {
    const column = front[head]!;
    const [x, y] = [Math.floor(column / size[1]), column % size[1]];
    for (const [nx, ny] of [
      [x - 1, y],
      [x + 1, y],
      [x, y - 1],
      [x, y + 1],
    ] as const) {
      if (nx < 0 || ny < 0 || nx >= size[0] || ny >= size[1]) continue;
      const next = nx * size[1] + ny;
      if (source[next] !== -1) continue;
      source[next] = source[column]!;
      front.push(next);
    }
  }
  for (let i = 0; i < n; i++) rows[i] = settledRow.get(source[columnOf(i)]! * size[2] + coords[3 * i + 2]! - low[2]!) ?? -1;
  return rows;
}

/**
 * Data with hints in the open rows, zero where there is none.
 *
 * @param mask [N], 1 where settled
 * @param x0 [N, C]
 */
export function continuedData(coords: ArrayLike<number>, mask: ArrayLike<number>, x0: Tensor): Tensor {
  return scope(() => {
    const rows = Tensor.from(continuedRows(coords, mask), [mask.length], { device: x0.device });
    return x0.indexSelect(0, rows.clamp(0).to("i64")).mul(rows.ge(0).to("f32").reshape([-1, 1]));
  });
}

function boundsOf(coords: ArrayLike<number>): [number[], number[]] {
  const low = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const high = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < coords.length; i++) {
    low[i % 3] = Math.min(low[i % 3]!, coords[i]!);
    high[i % 3] = Math.max(high[i % 3]!, coords[i]!);
  }
  return [low, high];
}
