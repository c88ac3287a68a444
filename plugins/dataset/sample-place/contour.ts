/** Outlines of a mask: closed rings by marching squares, with the field's value deciding where between two nodes the line runs. */
import type { XY } from "./valley";

/**
 * @param field n × n values on a square grid, row-major, row 0 in the south
 * @param at plan coordinates of a node (column, row), also for fractions
 * @returns rings round the regions where the field is > 0, counter-clockwise, and clockwise rings round their holes. The field's rim must be ≤ 0.
 */
export function outlines(field: Float64Array, n: number, at: (column: number, row: number) => XY): XY[][] {
  const next = new Map<number, { to: number; point: XY }[]>(); // from one grid edge to the next
  const value = (c: number, r: number) => field[r * n + c]!;
  const edge = (c: number, r: number, vertical: boolean) => 2 * (r * n + c) + (vertical ? 1 : 0);
  const cross = (c: number, r: number, vertical: boolean): XY => {
    const [a, b] = [value(c, r), vertical ? value(c, r + 1) : value(c + 1, r)];
    const f = Math.min(0.95, Math.max(0.05, a / (a - b)));
    return vertical ? at(c, r + f) : at(c + f, r);
  };
  for (let r = 0; r < n - 1; r++)
    for (let c = 0; c < n - 1; c++) {
      const corners = [value(c, r) > 0, value(c + 1, r) > 0, value(c + 1, r + 1) > 0, value(c, r + 1) > 0];
      const edges: [number, number, boolean][] = [
        [c, r, false],
        [c + 1, r, true],
        [c, r + 1, false],
        [c, r, true],
      ]; // south, east, north, west
      // Going round the cell counter-clockwise, the line enters where we leave the region and leaves where we come back in: so the region stays on its left.
      for (let k = 0; k < 4; k++) {
        if (!(corners[k] && !corners[(k + 1) % 4])) continue;
        let j = k;
        do j = (j + 3) % 4;
        while (!(!corners[j] && corners[(j + 1) % 4])); // back, clockwise, to where this run of inside corners began
        const [from, to] = [edges[k]!, edges[j]!];
        const list = next.get(edge(...from)) ?? [];
        list.push({ to: edge(...to), point: cross(...from) });
        next.set(edge(...from), list);
      }
    }
  const rings: XY[][] = [];
  for (const start of next.keys()) {
    let ring: XY[] = [];
    let here = start;
    for (;;) {
      const step = next.get(here)?.pop();
      if (step === undefined) break;
      ring.push(step.point);
      here = step.to;
    }
    if (ring.length >= 4) rings.push(ring);
    ring = [];
  }
  return rings;
}

/** Twice the signed area; positive when counter-clockwise. */
export function signedArea2(ring: readonly XY[]): number {
  let sum = 0;
  for (let i = 0; i < ring.length; i++) {
    const [a, b] = [ring[i]!, ring[(i + 1) % ring.length]!];
    sum += a[0] * b[1] - b[0] * a[1];
  }
  return sum;
}

/** Is the point inside the ring (even–odd)? */
export function inRing([x, y]: XY, ring: readonly XY[]): boolean {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [a, b] = [ring[i]!, ring[j]!];
    if (a[1] > y !== b[1] > y && x < ((b[0] - a[0]) * (y - a[1])) / (b[1] - a[1]) + a[0]) inside = !inside;
  }
  return inside;
}
