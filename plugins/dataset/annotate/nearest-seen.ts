/** Which seen vertex speaks for one that no view saw: the nearest in space, so that no voxel is ever black. */

/**
 * @param vertices [V, 3], metres
 * @param seen [V], 0 where no view saw the vertex
 * @returns [V]: for a seen vertex itself, else the nearest seen one (the lower index of equals)
 * @throws RangeError when none was seen
 */
export function nearestSeen(vertices: Float32Array, seen: Uint8Array): Int32Array {
  const nearest = Int32Array.from(seen, (_, v) => v);
  const known = nearest.filter((v) => seen[v] !== 0);
  if (known.length === 0) throw new RangeError("nearestSeen: no view saw any of the mesh");
  if (known.length === seen.length) return nearest;
  const tree = new KdTree(vertices, known);
  for (let v = 0; v < seen.length; v++) if (seen[v] === 0) nearest[v] = tree.nearest(vertices[3 * v]!, vertices[3 * v + 1]!, vertices[3 * v + 2]!);
  return nearest;
}

/** Points at most in a leaf, which is searched through. */
const LEAF = 8;

/** A k-d tree over points given by index. The point in the middle of a range of `order` splits it; what lies left of it is not greater along the axis. */
class KdTree {
  private readonly axis: Uint8Array;

  /** @param order the points; reordered in place */
  constructor(
    private readonly vertices: Float32Array,
    private readonly order: Int32Array,
  ) {
    this.axis = new Uint8Array(order.length);
    this.build(0, order.length);
  }

  nearest(x: number, y: number, z: number): number {
    const { vertices, order, axis } = this;
    const point = [x, y, z] as const;
    let [best, least] = [-1, Infinity];
    const visit = (at: number): void => {
      const v = order[at]!;
      const [dx, dy, dz] = [vertices[3 * v]! - x, vertices[3 * v + 1]! - y, vertices[3 * v + 2]! - z];
      const squared = dx * dx + dy * dy + dz * dz;
      if (squared < least || (squared === least && v < best)) [best, least] = [v, squared];
    };
    const search = (from: number, to: number): void => {
      if (to - from <= LEAF) {
        for (let at = from; at < to; at++) visit(at);
        return;
      }
      const middle = (from + to) >> 1;
      const k = axis[middle]!;
      const beyond = point[k as 0 | 1 | 2] - vertices[3 * order[middle]! + k]!;
      visit(middle);
      if (beyond < 0) search(from, middle);
      else search(middle + 1, to);
      if (beyond * beyond > least) return; // at equal distance a lower index may lie on the other side
      if (beyond < 0) search(middle + 1, to);
      else search(from, middle);
    };
    search(0, order.length);
    return best;
  }

  private build(from: number, to: number): void {
    if (to - from <= LEAF) return;
    const middle = (from + to) >> 1;
    const k = this.widest(from, to);
    this.axis[middle] = k;
    this.select(from, to - 1, middle, k);
    this.build(from, middle);
    this.build(middle + 1, to);
  }

  private widest(from: number, to: number): number {
    let [axis, most] = [0, -1];
    for (let k = 0; k < 3; k++) {
      let [low, high] = [Infinity, -Infinity];
      for (let at = from; at < to; at++) {
        const value = this.vertices[3 * this.order[at]! + k]!;
        if (value < low) low = value;
        if (value > high) high = value;
      }
      if (high - low > most) [axis, most] = [k, high - low];
    }
    return axis;
  }

  /** Hoare's selection: the `rank`-th along axis `k` comes to its place, smaller ones before it. */
  private select(from: number, to: number, rank: number, k: number): void {
    const { order, vertices } = this;
    const value = (at: number) => vertices[3 * order[at]! + k]!;
    let [left, right] = [from, to];
    while (left < right) {
      const pivot = value((left + right) >> 1);
      let [i, j] = [left, right];
      while (i <= j) {
        while (value(i) < pivot) i++;
        while (value(j) > pivot) j--;
        if (i > j) break;
        [order[i], order[j]] = [order[j]!, order[i]!];
        i++;
        j--;
      }
      if (rank <= j) right = j;
      else if (rank >= i) left = i;
      else return;
    }
  }
}
