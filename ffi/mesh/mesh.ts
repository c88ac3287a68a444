/** Triangle meshes: seen by cameras, cut into surface voxels, annotated from many views. */
import { earthcraft } from "../ops.gen";
import type { Tensor } from "../tensor";
import type { ProjectedViews, Views } from "./views";

export interface Mesh {
  /** f32 [N, 3] */
  vertices: Tensor;
  /** i32 [F, 3] */
  faces: Tensor;
}

/** Points on a mesh: pixels [V, H, W] or voxels [M]. */
export interface MeshPoints {
  /** i32 [...], −1 where there is no face */
  face: Tensor;
  /** f32 [..., 3], of the face's vertices in their order */
  barycentrics: Tensor;
}

export interface MeshImage extends MeshPoints {
  /** f32 [V, H, W], z-depth, 0 where there is no face */
  depth: Tensor;
}

/**
 * Which face every pixel's centre sees, from either side. Shared edges belong to one face (top-left rule), so that closed meshes have no holes; faces
 * that cross the near plane are cut there. Nothing is differentiable.
 */
export function rasterizeMesh({ vertices, faces }: Mesh, { viewmats, Ks, width, height, near, projection }: ProjectedViews): MeshImage {
  const [face, barycentrics, depth] = earthcraft.meshRaster(vertices, faces, viewmats, Ks, width, height, near, projection);
  return { face, barycentrics, depth };
}

/**
 * In how many views each face is seen, by at least one pixel's centre, from either side: the pixels of `rasterizeMesh`, without the pictures.
 * @returns i32 [F]
 */
export function visibleFaces({ vertices, faces }: Mesh, { viewmats, Ks, width, height, near, projection }: ProjectedViews): Tensor {
  return earthcraft.meshVisibility(vertices, faces, viewmats, Ks, width, height, near, projection);
}

/**
 * Attributes of vertices at points of the mesh.
 * @param attributes f32 [N, C]
 * @returns f32 [..., C], 0 where there is no face
 */
export function interpolateMesh({ faces }: Pick<Mesh, "faces">, { face, barycentrics }: MeshPoints, attributes: Tensor): Tensor {
  return earthcraft.meshInterpolate(face, barycentrics, faces, attributes);
}

/** A box of cubic cells: cell i covers [i, i + 1) · voxel_m from the origin. */
export interface Lattice {
  origin: readonly [number, number, number];
  voxel_m: number;
  /** Cells along x, y, z; what lies outside is left out. */
  extent: readonly [number, number, number];
}

export interface SurfaceVoxels extends MeshPoints {
  /** i32 [M, 3] (x, y, z), in Morton order */
  coords: Tensor;
}

/** Every cell that a triangle touches, with the touching mesh's point nearest to the cell's centre. */
export function voxelizeMesh({ vertices, faces }: Mesh, { origin, voxel_m, extent }: Lattice): SurfaceVoxels {
  const [coords, face, barycentrics] = earthcraft.meshVoxelize(vertices, faces, origin, voxel_m, extent);
  return { coords, face, barycentrics };
}

export interface ScoreOptions {
  /** bool [V, H, W]: pixels that count. Default all. */
  mask?: Tensor;
  /** Beyond this z-depth a pixel counts nothing. Default 600, the paper's Z_far = 2.0 in units of 300 m. */
  far_m?: number;
  /** Default 3, the paper's τ_s. */
  exponentView?: number;
  /** Default 3, the paper's τ_d. */
  exponentDepth?: number;
}

/** Sums of score · value, and of scores, over the pixels that saw a face of the vertex. A vertex of weight 0 was never seen. */
export interface VertexScores {
  /** f32 [N, C] */
  sums: Tensor;
  /** f32 [N] */
  weights: Tensor;
}

/**
 * Draws what views saw onto the vertices of a mesh ("Multi-View Score-Aggregation", Listing 1): each pixel adds |cos|^3 (1 − d / far)^3 times its features
 * to the three vertices of its face. Pixels with a feature that is not finite are left out.
 * @param features f32 [V, H, W, C]
 */
export function aggregateScores(mesh: Mesh, views: Views, { face, depth }: MeshImage, features: Tensor, options: ScoreOptions = {}): VertexScores {
  const { mask, far_m, exponentView, exponentDepth } = options;
  const [sums, weights] = earthcraft.scoreAggregate(
    mesh.vertices,
    mesh.faces,
    face,
    depth,
    views.viewmats,
    views.Ks,
    features,
    mask,
    far_m,
    exponentView,
    exponentDepth,
  );
  return { sums, weights };
}

/**
 * The same for classes, one channel each.
 * @param labels u8 [V, H, W]; `classes` and above count nothing
 */
export function aggregateLabels(
  mesh: Mesh,
  views: Views,
  { face, depth }: MeshImage,
  labels: Tensor,
  classes: number,
  options: ScoreOptions = {},
): VertexScores {
  const { mask, far_m, exponentView, exponentDepth } = options;
  const [sums, weights] = earthcraft.scoreAggregateLabels(
    mesh.vertices,
    mesh.faces,
    face,
    depth,
    views.viewmats,
    views.Ks,
    labels,
    classes,
    mask,
    far_m,
    exponentView,
    exponentDepth,
  );
  return { sums, weights };
}
