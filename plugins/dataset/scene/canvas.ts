/**
 * A site's ground plan as a raster: class and look of every small square. Row 0 lies in the south (y grows with the row), as in the lattice.
 */

export type XY = readonly [number, number];

/** How a patch of ground or a building looks: a colour with what varies on it. */
export interface Style {
  /** 0–1, linear in nothing but the picture: sRGB values. */
  rgb: readonly [number, number, number];
  /** Depth of blotches of about `mottle_m`. */
  mottle: number;
  mottle_m: number;
  /** Irregular patches, each in one of the colours: then `rgb` is not used. */
  patches?: { colors: readonly (readonly [number, number, number])[]; size_m: number };
  /** Rows of crops: direction across them, distance and depth. */
  rows?: { angle_rad: number; period_m: number; depth: number };
}

export class Canvas {
  /** Squares along an edge. */
  readonly n: number;
  readonly classes: Uint8Array;
  /** Index into `styles`. */
  readonly style: Uint16Array;
  readonly styles: Style[] = [];

  /** @param anchor where the site's origin lies in a plan that all sites of a place share, so that patterns go on from one site to the next */
  constructor(
    readonly half_m: number,
    readonly step_m: number,
    readonly anchor: XY = [0, 0],
  ) {
    this.n = Math.round((2 * half_m) / step_m);
    this.classes = new Uint8Array(this.n * this.n);
    this.style = new Uint16Array(this.n * this.n);
  }

  addStyle(style: Style): number {
    if (this.styles.length === 65535) return 65534; // more looks than the eye tells apart
    return this.styles.push(style) - 1;
  }

  /** Centre of a column or row, metres. */
  centre(index: number): number {
    return (index + 0.5) * this.step_m - this.half_m;
  }

  /** Index of the square that holds a point; −1 outside. */
  indexAt(x: number, y: number): number {
    const [c, r] = [Math.floor((x + this.half_m) / this.step_m), Math.floor((y + this.half_m) / this.step_m)];
    return c < 0 || r < 0 || c >= this.n || r >= this.n ? -1 : r * this.n + c;
  }

  /** Calls `visit` for every square whose centre lies in the polygon (even–odd, holes included). */
  polygon(rings: readonly (readonly XY[])[], visit: (index: number) => void): void {
    const { n, step_m, half_m } = this;
    let [low, high] = [Infinity, -Infinity];
    for (const p of rings[0] ?? []) [low, high] = [Math.min(low, p[1]), Math.max(high, p[1])];
    const first = Math.max(0, Math.ceil((low + half_m) / step_m - 0.5));
    const last = Math.min(n - 1, Math.floor((high + half_m) / step_m - 0.5));
    const crossings: number[] = [];
    for (let row = first; row <= last; row++) {
      const y = this.centre(row);
      crossings.length = 0;
      for (const ring of rings)
        for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
          const [a, b] = [ring[i]!, ring[j]!];
          if (a[1] > y !== b[1] > y) crossings.push(((b[0] - a[0]) * (y - a[1])) / (b[1] - a[1]) + a[0]);
        }
      crossings.sort((a, b) => a - b);
      for (let k = 0; k + 1 < crossings.length; k += 2) {
        const from = Math.max(0, Math.ceil((crossings[k]! + half_m) / step_m - 0.5));
        const to = Math.min(n - 1, Math.floor((crossings[k + 1]! + half_m) / step_m - 0.5));
        for (let column = from; column <= to; column++) visit(row * n + column);
      }
    }
  }

  /** Calls `visit` for every square whose centre lies within `radius_m` of the line (some more than once). */
  stroke(points: readonly XY[], radius_m: number, visit: (index: number) => void): void {
    const { n, step_m, half_m } = this;
    for (let k = 0; k + 1 < points.length; k++) {
      const [[ax, ay], [bx, by]] = [points[k]!, points[k + 1]!];
      const first = Math.max(0, Math.ceil((Math.min(ay, by) - radius_m + half_m) / step_m - 0.5));
      const last = Math.min(n - 1, Math.floor((Math.max(ay, by) + radius_m + half_m) / step_m - 0.5));
      const left = Math.max(0, Math.ceil((Math.min(ax, bx) - radius_m + half_m) / step_m - 0.5));
      const right = Math.min(n - 1, Math.floor((Math.max(ax, bx) + radius_m + half_m) / step_m - 0.5));
      for (let row = first; row <= last; row++)
        for (let column = left; column <= right; column++)
          if (distanceToSegment(this.centre(column), this.centre(row), ax, ay, bx, by) <= radius_m) visit(row * n + column);
    }
  }
}

export function distanceToSegment(x: number, y: number, ax: number, ay: number, bx: number, by: number): number {
  const [dx, dy] = [bx - ax, by - ay];
  const t = Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(x - ax - t * dx, y - ay - t * dy);
}
