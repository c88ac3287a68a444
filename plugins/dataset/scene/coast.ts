/** Land or sea: OpenStreetMap draws coastlines with land on the left and sea on the right. */
import type { Canvas, XY } from "./canvas";
import { distanceToSegment } from "./canvas";

interface Segment {
  a: XY;
  b: XY;
  /** Mean of the left normals of the segments that meet at a and at b: decides the side where the nearest point is a corner. */
  normalA: XY;
  normalB: XY;
}

/**
 * @param lines coastlines in the site's plan, all of the map's and not only those in the site
 * @returns 1 where a square of the canvas is sea
 */
export function seaMask(canvas: Canvas, lines: readonly (readonly XY[])[]): Uint8Array {
  const sea = new Uint8Array(canvas.n * canvas.n);
  const segments = toSegments(lines);
  if (segments.length === 0) return sea;
  const nearest = nearestSegments(canvas, segments);
  for (let i = 0; i < sea.length; i++)
    sea[i] = isSea(segments[nearest[i]!]!, canvas.centre(i % canvas.n), canvas.centre(Math.floor(i / canvas.n))) ? 1 : 0;
  return sea;
}

function toSegments(lines: readonly (readonly XY[])[]): Segment[] {
  const normals = new Map<string, [number, number]>();
  const key = (p: XY) => `${p[0].toFixed(3)},${p[1].toFixed(3)}`;
  const flat: [XY, XY][] = [];
  for (const line of lines)
    for (let i = 0; i + 1 < line.length; i++) {
      const [a, b] = [line[i]!, line[i + 1]!];
      const d = Math.hypot(b[0] - a[0], b[1] - a[1]);
      if (d < 1e-6) continue;
      flat.push([a, b]);
      for (const p of [a, b]) {
        const sum = normals.get(key(p)) ?? [0, 0];
        normals.set(key(p), [sum[0] - (b[1] - a[1]) / d, sum[1] + (b[0] - a[0]) / d]);
      }
    }
  return flat.map(([a, b]) => ({ a, b, normalA: normals.get(key(a))!, normalB: normals.get(key(b))! }));
}

function distance({ a, b }: Segment, x: number, y: number): number {
  return distanceToSegment(x, y, a[0], a[1], b[0], b[1]);
}

function isSea({ a, b, normalA, normalB }: Segment, x: number, y: number): boolean {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const t = ((x - a[0]) * dx + (y - a[1]) * dy) / (dx * dx + dy * dy);
  if (t <= 0) return normalA[0] * (x - a[0]) + normalA[1] * (y - a[1]) < 0;
  if (t >= 1) return normalB[0] * (x - b[0]) + normalB[1] * (y - b[1]) < 0;
  return dx * (y - a[1]) - dy * (x - a[0]) < 0;
}

/** Index of (about) the nearest segment for every square: exact on the rim and along the lines, spread from there by two sweeps. */
function nearestSegments(canvas: Canvas, segments: readonly Segment[]): Int32Array {
  const { n } = canvas;
  const nearest = new Int32Array(n * n).fill(-1);
  const best = new Float32Array(n * n).fill(Infinity);
  const offer = (i: number, s: number) => {
    if (s < 0 || s === nearest[i]) return;
    const d = distance(segments[s]!, canvas.centre(i % n), canvas.centre(Math.floor(i / n)));
    if (d < best[i]!) {
      best[i] = d;
      nearest[i] = s;
    }
  };
  for (const [s, { a, b }] of segments.entries()) canvas.stroke([a, b], 1.5 * canvas.step_m, (i) => offer(i, s));
  const rim = Math.max(1, Math.floor(n / 40));
  for (let k = 0; k < n; k += rim) for (const i of [k, (n - 1) * n + k, k * n, k * n + n - 1]) for (let s = 0; s < segments.length; s++) offer(i, s);
  for (let round = 0; round < 2; round++) {
    for (let r = 0; r < n; r++)
      for (let c = 0; c < n; c++) {
        const i = r * n + c;
        if (c > 0) offer(i, nearest[i - 1]!);
        if (r > 0) offer(i, nearest[i - n]!);
        if (r > 0 && c < n - 1) offer(i, nearest[i - n + 1]!);
      }
    for (let r = n - 1; r >= 0; r--)
      for (let c = n - 1; c >= 0; c--) {
        const i = r * n + c;
        if (c < n - 1) offer(i, nearest[i + 1]!);
        if (r < n - 1) offer(i, nearest[i + n]!);
        if (r < n - 1 && c > 0) offer(i, nearest[i + n - 1]!);
      }
  }
  return nearest;
}
