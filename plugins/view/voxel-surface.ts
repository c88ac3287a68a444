/** The surface of voxels as quads: one for every face of a cell with no cell behind it. */
import { extentOf, type Voxels } from "./voxels";

export interface Surface {
  /** [4 Q, 3] metres, ENU; four corners a quad, counter-clockwise from outside. */
  positions: Float32Array;
  /** [Q] the voxel that each quad belongs to. */
  voxel: Uint32Array;
}

/** A face: the way to the neighbour, and its corners in units of a cell, counter-clockwise seen from there. */
const FACES: readonly { towards: readonly [number, number, number]; corners: readonly (readonly [number, number, number])[] }[] = [0, 1, 2].flatMap(
  (axis) =>
    [0, 1].map((side) => {
      const [u, v] = [(axis + 1) % 3, (axis + 2) % 3]; // axis, u, v is right-handed
      const walk = [
        [0, 0],
        [1, 0],
        [1, 1],
        [0, 1],
      ];
      const corners = (side === 1 ? walk : walk.toReversed()).map(([a, b]) => {
        const corner: [number, number, number] = [0, 0, 0];
        corner[axis] = side;
        corner[u] = a!;
        corner[v] = b!;
        return corner;
      });
      const towards: [number, number, number] = [0, 0, 0];
      towards[axis] = side === 1 ? 1 : -1;
      return { towards, corners };
    }),
);

export function voxelSurface(voxels: Voxels): Surface {
  const { coords, voxel_m, corner_m } = voxels;
  const count = coords.length / 3;
  const { min, max } = extentOf(voxels);
  // One cell of margin on every side, so that a neighbour always has a place.
  const [sx, sy, sz] = [max[0] - min[0] + 2, max[1] - min[1] + 2, max[2] - min[2] + 2];
  const filled = new Uint8Array(Math.ceil((sx * sy * sz) / 8));
  const cell = (x: number, y: number, z: number) => ((z - min[2] + 1) * sy + (y - min[1] + 1)) * sx + (x - min[0] + 1);
  for (let i = 0; i < count; i++) {
    const at = cell(coords[3 * i]!, coords[3 * i + 1]!, coords[3 * i + 2]!);
    filled[at >> 3]! |= 1 << (at & 7);
  }
  const open = (x: number, y: number, z: number) => {
    const at = cell(x, y, z);
    return (filled[at >> 3]! & (1 << (at & 7))) === 0;
  };
  const quads: number[] = []; // voxel · 6 + face
  for (let i = 0; i < count; i++) {
    const [x, y, z] = [coords[3 * i]!, coords[3 * i + 1]!, coords[3 * i + 2]!];
    for (let face = 0; face < 6; face++) {
      const [dx, dy, dz] = FACES[face]!.towards;
      if (open(x + dx, y + dy, z + dz)) quads.push(6 * i + face);
    }
  }
  const positions = new Float32Array(12 * quads.length);
  const voxel = new Uint32Array(quads.length);
  quads.forEach((quad, q) => {
    const i = Math.floor(quad / 6);
    voxel[q] = i;
    FACES[quad % 6]!.corners.forEach((corner, c) => {
      for (let axis = 0; axis < 3; axis++) positions[12 * q + 3 * c + axis] = corner_m[axis]! + (coords[3 * i + axis]! + corner[axis]!) * voxel_m;
    });
  });
  return { positions, voxel };
}
