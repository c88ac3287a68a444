/**
 * Draws what the views show onto the mesh (supplementary, "Multi-View Score-Aggregation", Listing 1): the 66 channels of Eq. 1 and a class a vertex.
 */
import { ops, scope, Tensor } from "../../../ffi";
import { type Camera, CLASS_COUNT } from "../../earth/api";
import { faceNormals, NEAREST_M, rasterCameras } from "../capture/render";
import { type FeatureExtractor, imageFeatures, VOXEL_CHANNELS } from "../features/extractor";

export interface AggregateOptions {
  /** Z_far: a pixel so far away counts nothing. */
  far_m: number;
  /** τ_s and τ_d: exponents of the score of direction and of distance. */
  exponent_view: number;
  exponent_depth: number;
}

export interface VertexFeatures {
  /** float32 [V, 66]; zero where no view saw the vertex. */
  feats: Tensor;
  /** uint8 [V], Table 13 ids. */
  semantic: Tensor;
  /** bool [V]. */
  seen: Tensor;
}

/** Pixels whose features are held at once: 66 float32 channels of 2^19 pixels are 138 MB. */
const PIXELS_AT_ONCE = 2 ** 19;

/**
 * @param mesh vertices float32 [V, 3] metres, faces int32 [F, 3]
 * @param views rgb uint8 [M, H, W, 3] and semantic uint8 [M, H, W] as the cameras saw them
 */
export function aggregateViews(
  mesh: { vertices: Tensor; faces: Tensor },
  cameras: readonly Camera[],
  views: { rgb: Tensor; semantic: Tensor },
  extractor: FeatureExtractor,
  { far_m, exponent_view, exponent_depth }: AggregateOptions,
  progress: (done: number) => void = () => {},
): VertexFeatures {
  return scope(() => {
    const { vertices, faces } = mesh;
    const { width, height } = cameras[0]!;
    const normals_F3 = faceNormals(vertices, faces);
    const count = vertices.shape[0]!;
    const sums = Tensor.zeros([count, VOXEL_CHANNELS]);
    const weights = Tensor.zeros([count]);
    const classSums = Tensor.zeros([count, CLASS_COUNT]);
    const step = Math.max(1, Math.floor(PIXELS_AT_ONCE / (width * height)));
    for (let first = 0; first < cameras.length; first += step) {
      const some = cameras.slice(first, first + step);
      scope(() => {
        const { viewmats, Ks } = rasterCameras(some);
        const [face, , depth] = ops.earthcraft.meshRaster(vertices, faces, viewmats, Ks, width, height, NEAREST_M);
        const rgb_M3HW = views.rgb.narrow(0, first, some.length).permute([0, 3, 1, 2]).to("f32").div(255);
        const normal_MHW3 = normals_F3.indexSelect(0, face.clamp(0).to("i64").flatten()).view([some.length, height, width, 3]);
        const features_MHWC = ops.aten.cat([imageFeatures(extractor, rgb_M3HW).permute([0, 2, 3, 1]), normal_MHW3], 3);
        const [sum, weight] = ops.earthcraft.scoreAggregate(
          vertices,
          faces,
          face,
          depth,
          viewmats,
          Ks,
          features_MHWC,
          null,
          far_m,
          exponent_view,
          exponent_depth,
        );
        sums.add_(sum);
        weights.add_(weight);
        const labels = views.semantic.narrow(0, first, some.length);
        const [classSum] = ops.earthcraft.scoreAggregateLabels(
          vertices,
          faces,
          face,
          depth,
          viewmats,
          Ks,
          labels,
          CLASS_COUNT,
          labels.gt(0),
          far_m,
          exponent_view,
          exponent_depth,
        );
        classSums.add_(classSum);
      });
      progress(Math.min(cameras.length, first + step));
    }
    const seen = weights.gt(0);
    const feats = sums.div(weights.clamp(1e-12).unsqueeze(-1));
    const normal = feats.narrow(1, VOXEL_CHANNELS - 3, 3);
    const unit = normal.div(ops.aten.linalgVectorNorm(normal, 2, [1], true).clamp(1e-12));
    return {
      feats: ops.aten.cat([feats.narrow(1, 0, VOXEL_CHANNELS - 3), unit], 1),
      semantic: classSums.argmax(1).to("u8"), // no labelled pixel: all sums 0, and the first of equals is 0
      seen,
    };
  });
}

/** The rows of `values` that `nearest` names: what unseen vertices take over. */
export function takeRows(values: Tensor, nearest: Int32Array): Tensor {
  return scope(() => values.indexSelect(0, Tensor.from(nearest)));
}
