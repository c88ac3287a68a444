/** The part of a scene's mesh that is annotated: near the centre and seen from outside, its vertices numbered anew. */
import { ops, scope, Tensor } from "../../../ffi";
import { seenFromOutside } from "./outside";

export interface Surface {
  /** float32 [V, 3], ENU metres. */
  vertices: Tensor;
  /** int32 [F, 3]. */
  faces: Tensor;
  /** Faces near the centre before the buried ones were left out. */
  facesWithin: number;
}

/** @param extent_m edge of the square about the origin; a face belongs to it when any of its vertices does */
export function surfaceWithin(mesh: { vertices: Float32Array; faces: Int32Array }, extent_m: number, pixel_m: number): Surface {
  return scope(() => {
    const all_V3 = Tensor.from(mesh.vertices, [mesh.vertices.length / 3, 3]);
    const all_F3 = Tensor.from(mesh.faces, [mesh.faces.length / 3, 3]);
    const near_V = all_V3
      .narrow(1, 0, 2)
      .abs()
      .max(1)
      .le(extent_m / 2)
      .to("f32");
    const near_F = near_V.indexSelect(0, all_F3.flatten()).view([-1, 3]).max(1).gt(0);
    const within_F3 = all_F3.indexSelect(0, ops.aten.nonzero(near_F).flatten());
    const kept_F3 = within_F3.indexSelect(0, ops.aten.nonzero(seenFromOutside(all_V3, within_F3, pixel_m)).flatten());
    const corners = kept_F3.to("i64").flatten();
    const used_V = ops.aten.scatter(Tensor.zeros([all_V3.shape[0]!], { dtype: "i64" }), 0, corners, 1);
    const rank_V = used_V.cumsum(0).sub(1);
    return {
      vertices: all_V3.indexSelect(0, ops.aten.nonzero(used_V).flatten()),
      faces: rank_V.indexSelect(0, corners).to("i32").view([-1, 3]),
      facesWithin: within_F3.shape[0]!,
    };
  });
}
