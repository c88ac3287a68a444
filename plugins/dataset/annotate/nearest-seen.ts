/**
 * Which seen vertex speaks for one that no view saw: the nearest in space, so that no voxel is ever black.
 *
 * Seen vertices are sorted into a grid of about two a cell; a search widens ring by ring until no nearer one can follow.
 */

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
  const grid = new Grid(vertices, known);
  for (let v = 0; v < seen.length; v++) if (seen[v] === 0) nearest[v] = grid.nearest(vertices[3 * v]!, vertices[3 * v + 1]!, vertices[3 * v + 2]!);
  return nearest;
}

class Grid {
  private readonly low: [number, number, number];
  private readonly cell: number;
  private readonly size: [number, number, number];
  /** Vertices by cell: those of cell c are `order[starts[c]] … order[starts[c + 1] − 1]`. */
  private readonly starts: Int32Array;
  private readonly order: Int32Array;

  constructor(
    private readonly vertices: Float32Array,
    points: Int32Array,
  ) {
    const low = [Infinity, Infinity, Infinity] as [number, number, number];
    const high = [-Infinity, -Infinity, -Infinity] as [number, number, number];
    for (const p of points)
      for (let k = 0; k < 3; k++) {
        low[k] = Math.min(low[k]!, vertices[3 * p + k]!);
        high[k] = Math.max(high[k]!, vertices[3 * p + k]!);
      }
    // A mesh is a surface: cells of its area's share, not its volume's.
    const spread = [0, 1, 2].map((k) => Math.max(1e-3, high[k]! - low[k]!)).sort((a, b) => b - a);
    this.low = low;
    this.cell = Math.max(Math.sqrt((2 * spread[0]! * spread[1]!) / points.length), spread[0]! / 512);
    this.size = [0, 1, 2].map((k) => Math.floor((high[k]! - low[k]!) / this.cell) + 1) as [number, number, number];
    const cells = this.size[0] * this.size[1] * this.size[2];
    this.starts = new Int32Array(cells + 1);
    const cellOf = Int32Array.from(points, (p) =>
      this.cellOf([0, 1, 2].map((k) => this.along(k as 0 | 1 | 2, vertices[3 * p + k]!)) as [number, number, number]),
    );
    for (const c of cellOf) this.starts[c + 1]!++;
    for (let c = 0; c < cells; c++) this.starts[c + 1]! += this.starts[c]!;
    const next = this.starts.slice(0, cells);
    this.order = new Int32Array(points.length);
    for (let i = 0; i < points.length; i++) this.order[next[cellOf[i]!]!++] = points[i]!;
  }

  nearest(x: number, y: number, z: number): number {
    const centre = [this.along(0, x), this.along(1, y), this.along(2, z)] as const;
    let [best, bestSquared] = [-1, Infinity];
    const widest = Math.max(...this.size);
    for (let ring = 0; ring <= widest; ring++) {
      // All of ring r lies at least (r − 1) cells away, wherever in its own cell (or beside the grid) the point is.
      if (best >= 0 && ((ring - 1) * this.cell) ** 2 > bestSquared) break;
      this.eachInRing(centre, ring, (v) => {
        const squared = (this.vertices[3 * v]! - x) ** 2 + (this.vertices[3 * v + 1]! - y) ** 2 + (this.vertices[3 * v + 2]! - z) ** 2;
        if (squared < bestSquared || (squared === bestSquared && v < best)) [best, bestSquared] = [v, squared];
      });
    }
    return best;
  }

  private eachInRing([cx, cy, cz]: readonly [number, number, number], ring: number, visit: (vertex: number) => void): void {
    for (let i = Math.max(0, cx - ring); i <= Math.min(this.size[0] - 1, cx + ring); i++)
      for (let j = Math.max(0, cy - ring); j <= Math.min(this.size[1] - 1, cy + ring); j++) {
        const shell = Math.abs(i - cx) === ring || Math.abs(j - cy) === ring;
        for (let k = cz - ring; k <= cz + ring; k += shell || ring === 0 ? 1 : 2 * ring) {
          if (k < 0 || k >= this.size[2]) continue;
          const c = this.cellOf([i, j, k]);
          for (let at = this.starts[c]!; at < this.starts[c + 1]!; at++) visit(this.order[at]!);
        }
      }
  }

  private along(axis: 0 | 1 | 2, value: number): number {
    return Math.min(this.size[axis] - 1, Math.max(0, Math.floor((value - this.low[axis]) / this.cell)));
  }

  private cellOf([i, j, k]: readonly [number, number, number]): number {
    return (i * this.size[1] + j) * this.size[2] + k;
  }
}
