/** A site's ground as a height field on the vertices of its mesh: sampled from the elevation, voids filled, water levelled. */
import { type Geodetic, separation } from "../../earth/api";
import type { Layer } from "../place/elevation";
import { sampleHeight } from "../readers/height-raster";
import { forEachNode } from "./warp";

/** Heights at (n + 1)² nodes, row 0 in the south; z in metres above the site's origin. */
export interface Field {
  /** Cells along an edge. */
  n: number;
  cell_m: number;
  half_m: number;
  z: Float32Array;
}

export interface Ground extends Field {
  /** 1 where the elevation had no height and one was filled in. */
  filled: Uint8Array;
  /** 1 where no height lies within reach: the mesh has a hole there. */
  absent: Uint8Array;
}

/** Voids further than this from any height stay open. */
const FILL_REACH_M = 60;

/** A layer's height gives way to the one below it over the last metres before its rim. */
const FEATHER_M = 40;

/** Samples layers at every node, the first on top; NaN where none has a height. */
export function sampleField(layers: readonly Layer[], origin: Geodetic, half_m: number, n: number): Field {
  const cell_m = (2 * half_m) / n;
  const side = n + 1;
  const z = new Float32Array(side * side).fill(Number.NaN);
  for (const { raster, vertical, unit_m } of [...layers].reverse()) {
    const add = separation(vertical, origin.lat, origin.lon) - origin.h;
    forEachNode(raster.pixelOf, origin, { x0: -half_m, y0: -half_m, step_m: cell_m, columns: side, rows: side }, (i, column, row) => {
      const height = sampleHeight(raster, column, row) * unit_m;
      if (Number.isNaN(height)) return;
      const [x, y] = [(i % side) * cell_m - half_m, Math.floor(i / side) * cell_m - half_m];
      const value = height + add - (x * x + y * y) / (2 * 6_371_000); // the ellipsoid drops away from the tangent plane: 14 mm at 424 m
      const rim_m = Math.min(column, row, raster.width - column, raster.height - row) * raster.pixel_m;
      const weight = Number.isNaN(z[i]!) ? 1 : Math.min(1, rim_m / FEATHER_M);
      z[i] = weight * value + (weight < 1 ? (1 - weight) * z[i]! : 0);
    });
  }
  return { n, cell_m, half_m, z };
}

/** @throws RangeError when the site has no height at all */
export function sampleGround(layers: readonly Layer[], origin: Geodetic, half_m: number, n: number): Ground {
  const field = sampleField(layers, origin, half_m, n);
  const { z, cell_m } = field;
  const filled = new Uint8Array(z.length);
  for (let i = 0; i < z.length; i++) filled[i] = Number.isNaN(z[i]!) ? 1 : 0;
  const absent = fillVoids(z, n + 1, FILL_REACH_M / cell_m);
  return { ...field, filled, absent };
}

/**
 * Fills NaNs: nearest heights spread inwards, then smoothed into a membrane.
 * @param reach nodes; farther ones keep a height (the nearest) but are marked in the result
 */
function fillVoids(z: Float32Array, n: number, reach: number): Uint8Array {
  const absent = new Uint8Array(z.length);
  const voids: number[] = [];
  for (let i = 0; i < z.length; i++) if (Number.isNaN(z[i]!)) voids.push(i);
  if (voids.length === 0) return absent;
  if (voids.length === z.length) throw new RangeError("the elevation has no height in this site");
  const isVoid = new Uint8Array(z.length);
  for (const i of voids) isVoid[i] = 1;
  const neighbours = (i: number) => {
    const c = i % n;
    return [c > 0 ? i - 1 : -1, c < n - 1 ? i + 1 : -1, i - n, i + n].filter((j) => j >= 0 && j < z.length);
  };
  let front: number[] = voids.filter((i) => neighbours(i).some((j) => !isVoid[j]));
  for (let distance = 1; front.length > 0; distance++) {
    const values = front.map((i) => {
      const known = neighbours(i).filter((j) => !Number.isNaN(z[j]!));
      return known.reduce((sum, j) => sum + z[j]!, 0) / known.length;
    });
    for (const [k, i] of front.entries()) {
      z[i] = values[k]!;
      if (distance > reach) absent[i] = 1;
    }
    front = [...new Set(front.flatMap((i) => neighbours(i).filter((j) => Number.isNaN(z[j]!))))];
  }
  for (let round = 0; round < 60; round++)
    for (const i of round % 2 === 0 ? voids : [...voids].reverse()) {
      const around = neighbours(i);
      z[i] = around.reduce((sum, j) => sum + z[j]!, 0) / around.length;
    }
  return absent;
}

/** Height of the field at a point, bilinear, clamped to its rim. */
export function heightAt({ n, cell_m, half_m, z }: Field, x: number, y: number): number {
  const u = Math.min(n - 1e-6, Math.max(0, (x + half_m) / cell_m));
  const v = Math.min(n - 1e-6, Math.max(0, (y + half_m) / cell_m));
  const [c, r] = [Math.floor(u), Math.floor(v)];
  const [fu, fv] = [u - c, v - r];
  const at = r * (n + 1) + c;
  return (z[at]! * (1 - fu) + z[at + 1]! * fu) * (1 - fv) + (z[at + n + 1]! * (1 - fu) + z[at + n + 2]! * fu) * fv;
}

/**
 * Levels water: a still body gets one height, a body that falls along its course (a river) a local mean.
 * The level comes from the body's rim: "we refine the mesh for water regions using the average height of water edge to land".
 * The sea, and what is joined to it, lies at sea level: a coarse elevation lifts it along steep coasts.
 * @param water 1 on nodes in water
 * @param sea 1 on nodes in the sea, and the sea's height
 */
export function levelWater({ n, cell_m, z }: Field, water: Uint8Array, sea?: { nodes: Uint8Array; level_m: number }): void {
  const side = n + 1;
  const seen = new Uint8Array(z.length);
  for (let start = 0; start < z.length; start++) {
    if (!water[start] || seen[start]) continue;
    const body: number[] = [start];
    const rim: number[] = [];
    seen[start] = 1;
    for (let k = 0; k < body.length; k++) {
      const i = body[k]!;
      const c = i % side;
      let onRim = false;
      for (const j of [c > 0 ? i - 1 : -1, c < n ? i + 1 : -1, i - side, i + side]) {
        if (j < 0 || j >= z.length) continue;
        if (!water[j]) onRim = true;
        else if (!seen[j]) {
          seen[j] = 1;
          body.push(j);
        }
      }
      if (onRim) rim.push(i);
    }
    if (sea && body.some((i) => sea.nodes[i])) {
      for (const i of body) z[i] = sea.level_m;
      continue;
    }
    const heights = (rim.length > 0 ? rim : body).map((i) => z[i]!).sort((a, b) => a - b);
    const at = (q: number) => heights[Math.min(heights.length - 1, Math.floor(q * heights.length))]!;
    if (at(0.9) - at(0.1) < 2.5) for (const i of body) z[i] = at(0.5);
    else smoothWithin(z, side, body, water, Math.max(1, Math.round(10 / cell_m)));
  }
}

function smoothWithin(z: Float32Array, side: number, body: readonly number[], water: Uint8Array, radius: number): void {
  const smooth = new Float32Array(body.length);
  for (const [k, i] of body.entries()) {
    const [c, r] = [i % side, Math.floor(i / side)];
    let [sum, count] = [0, 0];
    for (let rr = Math.max(0, r - radius); rr <= Math.min(side - 1, r + radius); rr++)
      for (let cc = Math.max(0, c - radius); cc <= Math.min(side - 1, c + radius); cc++)
        if (water[rr * side + cc]) {
          sum += z[rr * side + cc]!;
          count++;
        }
    smooth[k] = sum / count;
  }
  for (const [k, i] of body.entries()) z[i] = smooth[k]!;
}
