/** Buildings whose walls and roofs were modelled (CityJSON): polygons in space, cut into triangles in their own planes. */
import earcut from "earcut";
import type { Building } from "./buildings";
import { roofColor, wallColor } from "./look";
import type { MeshBuilder, RGB } from "./mesh";

type Point = readonly [number, number, number];

/** The shell's lowest point stands on the lowest ground under the building. */
export function buildShell(mesh: MeshBuilder, b: Building, shell: NonNullable<Building["shell"]>, seen?: RGB): void {
  const colors = { wall: wallColor(b.tags, b.key), roof: seen ?? roofColor(b.landClass, b.tags, b.key) };
  for (const { kind, rings } of shell) {
    const normal = newell(rings[0]!);
    if (Math.hypot(...normal) < 1e-6) continue;
    const points = rings.flat();
    const at = points.map(([x, y, z]) => mesh.vertex(x, y, b.lowest_m + z, colors[kind]));
    const flat = points.map((p) => inPlane(p, normal));
    const holes = rings.slice(1).map((_, k) => rings.slice(0, k + 1).reduce((n, ring) => n + ring.length, 0));
    const index = earcut(flat.flat(), holes, 2);
    for (let i = 0; i + 2 < index.length; i += 3) {
      const [p, q, r] = [index[i]!, index[i + 1]!, index[i + 2]!];
      const [a, c, d] = [flat[p]!, flat[q]!, flat[r]!];
      const left = (c[0] - a[0]) * (d[1] - a[1]) - (c[1] - a[1]) * (d[0] - a[0]) > 0; // outer rings turn counter-clockwise seen from outside
      mesh.triangle(at[p]!, at[left ? q : r]!, at[left ? r : q]!, b.landClass);
    }
  }
}

/** Area-weighted normal of a ring (Newell). */
function newell(ring: readonly Point[]): [number, number, number] {
  const n: [number, number, number] = [0, 0, 0];
  for (let i = 0; i < ring.length; i++) {
    const [a, b] = [ring[i]!, ring[(i + 1) % ring.length]!];
    n[0] += (a[1] - b[1]) * (a[2] + b[2]);
    n[1] += (a[2] - b[2]) * (a[0] + b[0]);
    n[2] += (a[0] - b[0]) * (a[1] + b[1]);
  }
  return n;
}

/** Drops the axis along which the plane is seen best, keeping the turn: counter-clockwise about the normal stays counter-clockwise. */
function inPlane([x, y, z]: Point, [nx, ny, nz]: Point): [number, number] {
  const [ax, ay, az] = [Math.abs(nx), Math.abs(ny), Math.abs(nz)];
  if (az >= ax && az >= ay) return nz > 0 ? [x, y] : [y, x];
  if (ax >= ay) return nx > 0 ? [y, z] : [z, y];
  return ny > 0 ? [z, x] : [x, z];
}
