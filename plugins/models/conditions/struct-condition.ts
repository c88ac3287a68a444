/**
 * What StructFM is told: the points of an image with depth, a semantic map, or nothing (paper, "Condition Branch"; DESIGN §4, "Conditions").
 *
 * An input voxel has 29 channels: the semantic class one-hot (26: ids 0–25, 0 = unlabelled), then RGB in [0, 1]. Image voxels leave the first part zero, plane voxels the second. Nothing is a plane
 * of id 0.
 */
import { Tensor } from "../../../ffi";
import { SparseTensor } from "../../../ffi/sparse";
import { type CondVoxels, cellKey, voxelCount } from "./voxel-set";

const CLASSES = 26;
export const STRUCT_CONDITION_CHANNELS = CLASSES + 3;

export interface StructConditionVoxels {
  kind: "image" | "semantic" | "none";
  /** Cells along an edge: L. */
  extent: number;
  voxels: CondVoxels;
}

/** The same as a tensor of one scene. */
export interface StructCondition {
  shape: "points" | "plane";
  extent: number;
  voxels: SparseTensor;
}

export interface View {
  width: number;
  height: number;
  /** [H, W, 3]. */
  rgb: Uint8Array;
  /** [H, W] z-depth in metres, 0 = nothing. */
  depth: Float32Array;
  /** [H, W, 3] world normals × 127. */
  normal?: Int8Array;
  /** Row-major 4 × 4, OpenGL, metres in the site's frame. */
  c2w: Float32Array;
  /** fx, fy, cx, cy in pixels. */
  intrinsics: Float32Array;
}

/** Where the crop's lattice lies in the frame of the cameras: cell (0, 0, 0) begins at `origin_m`. */
export interface Lattice {
  origin_m: readonly [number, number, number];
  voxel_m: number;
  /** Cells along an edge: L. */
  extent: number;
}

/**
 * Every pixel with depth becomes a point, every cell with points a voxel of their mean colour and mean normal. Points outside the lattice are left out.
 *
 * A pixel's centre is (column + 0.5, row + 0.5); depth is along −z of the OpenGL camera.
 */
export function imageCondition(view: View, lattice: Lattice): StructConditionVoxels {
  const { width, height, c2w } = view;
  const [fx, fy, cx, cy] = view.intrinsics as unknown as [number, number, number, number];
  const cells = new Map<number, number>();
  const sums: number[] = [];
  const coords: number[] = [];
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const pixel = row * width + column;
      const depth = view.depth[pixel]!;
      if (!(depth > 0)) continue;
      const [x, y] = [((column + 0.5 - cx) / fx) * depth, (-(row + 0.5 - cy) / fy) * depth];
      const cell = [0, 1, 2].map((axis) => {
        const world = c2w[4 * axis]! * x + c2w[4 * axis + 1]! * y - c2w[4 * axis + 2]! * depth + c2w[4 * axis + 3]!;
        return Math.floor((world - lattice.origin_m[axis]!) / lattice.voxel_m);
      }) as [number, number, number];
      if (cell.some((index) => index < 0 || index >= lattice.extent)) continue;
      const key = cellKey(...cell);
      let at = cells.get(key);
      if (at === undefined) {
        at = cells.size;
        cells.set(key, at);
        coords.push(...cell);
        sums.push(0, 0, 0, 0, 0, 0, 0);
      }
      const sum = 7 * at;
      sums[sum]! += 1;
      for (let k = 0; k < 3; k++) {
        sums[sum + 1 + k]! += view.rgb[3 * pixel + k]!;
        sums[sum + 4 + k]! += view.normal?.[3 * pixel + k] ?? 0;
      }
    }
  return { kind: "image", extent: lattice.extent, voxels: meansOf(coords, sums, view.normal !== undefined) };
}

function meansOf(coords: number[], sums: number[], withNormals: boolean): CondVoxels {
  const n = coords.length / 3;
  const feats = new Float32Array(n * STRUCT_CONDITION_CHANNELS);
  const normals = new Float32Array(3 * n);
  for (let i = 0; i < n; i++) {
    const [count, r, g, b, nx, ny, nz] = sums.slice(7 * i, 7 * i + 7) as [number, number, number, number, number, number, number];
    feats.set([r / count / 255, g / count / 255, b / count / 255], i * STRUCT_CONDITION_CHANNELS + CLASSES);
    const length = Math.hypot(nx, ny, nz);
    if (length > 0) normals.set([nx / length, ny / length, nz / length], 3 * i);
  }
  return { coords: Int32Array.from(coords), feats, channels: STRUCT_CONDITION_CHANNELS, ...(withNormals && { normals }) };
}

/**
 * The map as one layer of voxels at z = L/2.
 *
 * @param map u8 [L, L] of class ids, north-up: row r, column c is the cell x = c, y = L − 1 − r
 */
export function semanticCondition(map: Uint8Array, extent: number): StructConditionVoxels {
  if (map.length !== extent ** 2) throw new RangeError(`semanticCondition: a map of ${map.length} cells is not ${extent} × ${extent}`);
  return { kind: "semantic", extent, voxels: planeOf(extent, (row, column) => map[row * extent + column]!) };
}

/** No wish: the plane with every cell unlabelled. */
export function emptyCondition(extent: number): StructConditionVoxels {
  return { kind: "none", extent, voxels: planeOf(extent, () => 0) };
}

function planeOf(extent: number, idAt: (row: number, column: number) => number): CondVoxels {
  const n = extent ** 2;
  const coords = new Int32Array(3 * n);
  const feats = new Float32Array(STRUCT_CONDITION_CHANNELS * n);
  for (let row = 0; row < extent; row++)
    for (let column = 0; column < extent; column++) {
      const i = row * extent + column;
      const id = idAt(row, column);
      if (id >= CLASSES) throw new RangeError(`semanticCondition: row ${row}, column ${column}: class ${id} is not in 0…${CLASSES - 1}`);
      coords.set([column, extent - 1 - row, extent / 2], 3 * i);
      feats[i * STRUCT_CONDITION_CHANNELS + id] = 1;
    }
  return { coords, feats, channels: STRUCT_CONDITION_CHANNELS };
}

export function toTensor(condition: StructConditionVoxels): StructCondition {
  const { kind, extent, voxels } = condition;
  return { shape: kind === "image" ? "points" : "plane", extent, voxels: sparseOf(voxels) };
}

/** Condition voxels as a sparse tensor of one scene. */
export function sparseOf(voxels: CondVoxels, batch = 0): SparseTensor {
  const n = voxelCount(voxels);
  const coords_N4 = new Int32Array(4 * n);
  for (let i = 0; i < n; i++) coords_N4.set([batch, voxels.coords[3 * i]!, voxels.coords[3 * i + 1]!, voxels.coords[3 * i + 2]!], 4 * i);
  return SparseTensor.of(Tensor.from(coords_N4, [n, 4]), Tensor.from(voxels.feats, [n, voxels.channels]));
}
