/**
 * The surface of a scene on a square grid: what the planner asks before it puts a camera somewhere.
 *
 * Row 0 is the southernmost, column 0 the westernmost. A cell holds the highest and the lowest surface over its centre, and the
 * class of the highest. Cells that no face covers hold NaN.
 */
import type { Vec3 } from "../../earth/api";

export interface SceneMesh {
  /** ENU metres about the site's origin, [V, 3]. */
  vertices: Float32Array;
  /** Counter-clockwise seen from outside, [F, 3]. */
  faces: Int32Array;
  /** Table 13 ids, [F]. */
  faceClass: Uint8Array;
}

export class SurfaceGrid {
  constructor(
    readonly west_m: number,
    readonly south_m: number,
    readonly cell_m: number,
    readonly columns: number,
    readonly rows: number,
    readonly top: Float32Array,
    readonly ground: Float32Array,
    readonly topClass: Uint8Array,
  ) {}

  /** Point-samples the mesh at the centres of the cells of a grid that covers it. */
  static fromMesh(mesh: SceneMesh, cell_m = 2): SurfaceGrid {
    const { vertices, faces, faceClass } = mesh;
    if (vertices.length === 0) throw new RangeError("SurfaceGrid: the mesh has no vertices");
    let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = 0; i < vertices.length; i += 3) {
      west = Math.min(west, vertices[i]!);
      east = Math.max(east, vertices[i]!);
      south = Math.min(south, vertices[i + 1]!);
      north = Math.max(north, vertices[i + 1]!);
    }
    const columns = Math.max(1, Math.ceil((east - west) / cell_m));
    const rows = Math.max(1, Math.ceil((north - south) / cell_m));
    const top = new Float32Array(columns * rows).fill(Number.NaN);
    const ground = new Float32Array(columns * rows).fill(Number.NaN);
    const topClass = new Uint8Array(columns * rows);
    for (let f = 0; f < faceClass.length; f++) {
      const [a, b, c] = [3 * faces[3 * f]!, 3 * faces[3 * f + 1]!, 3 * faces[3 * f + 2]!];
      const [ax, ay, az] = [(vertices[a]! - west) / cell_m - 0.5, (vertices[a + 1]! - south) / cell_m - 0.5, vertices[a + 2]!];
      const [bx, by, bz] = [(vertices[b]! - west) / cell_m - 0.5, (vertices[b + 1]! - south) / cell_m - 0.5, vertices[b + 2]!];
      const [cx, cy, cz] = [(vertices[c]! - west) / cell_m - 0.5, (vertices[c + 1]! - south) / cell_m - 0.5, vertices[c + 2]!];
      const area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay);
      if (area === 0) continue;
      const c0 = Math.max(0, Math.ceil(Math.min(ax, bx, cx)));
      const c1 = Math.min(columns - 1, Math.floor(Math.max(ax, bx, cx)));
      const r0 = Math.max(0, Math.ceil(Math.min(ay, by, cy)));
      const r1 = Math.min(rows - 1, Math.floor(Math.max(ay, by, cy)));
      for (let r = r0; r <= r1; r++)
        for (let q = c0; q <= c1; q++) {
          const wb = ((q - ax) * (cy - ay) - (cx - ax) * (r - ay)) / area;
          const wc = ((bx - ax) * (r - ay) - (q - ax) * (by - ay)) / area;
          if (wb < 0 || wc < 0 || wb + wc > 1) continue;
          const z = az + wb * (bz - az) + wc * (cz - az);
          const cell = r * columns + q;
          if (!(z <= top[cell]!)) {
            top[cell] = z;
            topClass[cell] = faceClass[f]!;
          }
          if (!(z >= ground[cell]!)) ground[cell] = z;
        }
    }
    return new SurfaceGrid(west, south, cell_m, columns, rows, top, ground, topClass);
  }

  /** Highest surface over (x, y), NaN where there is none. */
  topAt(x: number, y: number): number {
    return this.top[this.cellOf(x, y)] ?? Number.NaN;
  }

  /** Lowest surface over (x, y): the terrain below roofs and canopies; NaN where there is none. */
  groundAt(x: number, y: number): number {
    return this.ground[this.cellOf(x, y)] ?? Number.NaN;
  }

  /** Class of the highest surface over (x, y), 0 where there is none. */
  classAt(x: number, y: number): number {
    return this.topClass[this.cellOf(x, y)] ?? 0;
  }

  /** Highest surface within `radius_m` of (x, y), −Infinity where there is none. */
  highestWithin(x: number, y: number, radius_m: number): number {
    let highest = -Infinity;
    const reach = Math.ceil(radius_m / this.cell_m);
    const [column, row] = [Math.floor((x - this.west_m) / this.cell_m), Math.floor((y - this.south_m) / this.cell_m)];
    for (let r = Math.max(0, row - reach); r <= Math.min(this.rows - 1, row + reach); r++)
      for (let q = Math.max(0, column - reach); q <= Math.min(this.columns - 1, column + reach); q++)
        if (Math.hypot(q - column, r - row) <= reach && this.top[r * this.columns + q]! > highest) highest = this.top[r * this.columns + q]!;
    return highest;
  }

  /** Mean of the ground over the square of edge `edge_m` about the origin; 0 where the mesh has no ground there. */
  meanGround(edge_m: number): number {
    let [sum, count] = [0, 0];
    for (let r = 0; r < this.rows; r++)
      for (let q = 0; q < this.columns; q++) {
        const x = this.west_m + (q + 0.5) * this.cell_m;
        const y = this.south_m + (r + 0.5) * this.cell_m;
        const z = this.ground[r * this.columns + q]!;
        if (Math.abs(x) > edge_m / 2 || Math.abs(y) > edge_m / 2 || Number.isNaN(z)) continue;
        sum += z;
        count++;
      }
    return count === 0 ? 0 : sum / count;
  }

  /** Metres from `from` towards `to` until the surface is met, at most `limit_m` (what is returned when nothing is met). */
  freeSight(from: Vec3, to: Vec3, limit_m: number): number {
    const length = Math.hypot(to[0] - from[0], to[1] - from[1], to[2] - from[2]);
    const step = this.cell_m / 2;
    for (let t = 0; t < Math.min(limit_m, length); t += step) {
      const u = t / length;
      if (from[2] + u * (to[2] - from[2]) < this.topAt(from[0] + u * (to[0] - from[0]), from[1] + u * (to[1] - from[1]))) return t;
    }
    return limit_m;
  }

  private cellOf(x: number, y: number): number {
    const column = Math.floor((x - this.west_m) / this.cell_m);
    const row = Math.floor((y - this.south_m) / this.cell_m);
    return column < 0 || row < 0 || column >= this.columns || row >= this.rows ? -1 : row * this.columns + column;
  }
}
