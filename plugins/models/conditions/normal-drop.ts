/**
 * Voxel normal drop (supplementary, "Voxel Normal Drop"): a whole side of the buildings vanishes from the condition, so that a flow learns to close what one view cannot see.
 *
 * The two main directions of walls come from the normals: for walls at right angles, 4·azimuth agrees, so θ = ¼ arg Σ w e^{4iφ}. One of the four sides ±N_x, ±N_y is drawn, turned a little, and voxels
 * whose normal points that way (cosine > σ_s) go. A dilation and an erosion of the dropped set make the holes smooth and connected.
 */
import { type CondVoxels, cellKey, type Draws, selectRows, voxelCount } from "./voxel-set";

export interface NormalDropOptions {
  /** σ_s: cosine beyond which a voxel goes. */
  threshold: number;
  /** Standard deviation of the side's turn, in radians. */
  jitter_rad: number;
}

export const normalDropDefaults: NormalDropOptions = { threshold: 0.7, jitter_rad: 0.1 };

/** Below this share of a unit vector, a normal says nothing about azimuth. */
const LEAST_HORIZONTAL = 0.1;

export function normalDrop(voxels: CondVoxels, draws: Draws, options: NormalDropOptions = normalDropDefaults): CondVoxels {
  const { normals } = voxels;
  if (!normals) return voxels;
  const [side, u1, u2] = draws.uniform(3) as unknown as [number, number, number];
  const gauss = Math.sqrt(-2 * Math.log(1 - u1)) * Math.cos(2 * Math.PI * u2);
  const azimuth = wallAzimuth(normals) + Math.floor(4 * side) * (Math.PI / 2) + options.jitter_rad * gauss;
  const [sx, sy] = [Math.cos(azimuth), Math.sin(azimuth)];
  const n = voxelCount(voxels);
  const dropped = Uint8Array.from({ length: n }, (_, i) => (normals[3 * i]! * sx + normals[3 * i + 1]! * sy > options.threshold ? 1 : 0));
  const closed = close(voxels.coords, dropped);
  const kept: number[] = [];
  for (let i = 0; i < n; i++) if (!closed[i]) kept.push(i);
  return kept.length === 0 ? voxels : selectRows(voxels, kept);
}

/** Direction of one of the two main wall normals, modulo a right angle. */
export function wallAzimuth(normals: Float32Array): number {
  let [re, im] = [0, 0];
  for (let i = 0; i < normals.length; i += 3) {
    const horizontal = Math.hypot(normals[i]!, normals[i + 1]!);
    if (horizontal < LEAST_HORIZONTAL) continue;
    const phi = 4 * Math.atan2(normals[i + 1]!, normals[i]!);
    re += horizontal * Math.cos(phi);
    im += horizontal * Math.sin(phi);
  }
  return Math.atan2(im, re) / 4;
}

/** Closing among the voxels that exist: grow the set by its 26 neighbours, then take back all that touch a voxel outside it. */
function close(coords: Int32Array, set: Uint8Array): Uint8Array {
  const row = new Map<number, number>();
  for (let i = 0; i < set.length; i++) row.set(cellKey(coords[3 * i]!, coords[3 * i + 1]!, coords[3 * i + 2]!), i);
  const around = (i: number, visit: (neighbour: number) => boolean): boolean => {
    for (let dx = -1; dx <= 1; dx++)
      for (let dy = -1; dy <= 1; dy++)
        for (let dz = -1; dz <= 1; dz++) {
          const neighbour = row.get(cellKey(coords[3 * i]! + dx, coords[3 * i + 1]! + dy, coords[3 * i + 2]! + dz));
          if (neighbour !== undefined && visit(neighbour)) return true;
        }
    return false;
  };
  const grown = set.map((inside, i) => (inside || around(i, (other) => set[other] === 1) ? 1 : 0));
  return grown.map((inside, i) => (inside && (set[i] || !around(i, (other) => grown[other] === 0)) ? 1 : 0));
}
