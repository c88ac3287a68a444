/**
 * Which faces can be seen from outside the scene: what lies under roofs and inside walls is not part of its surface.
 *
 * The paper keeps the vertices that its renderings sampled. The same is done here from parallel views all round, so that what is kept does not depend on how many cameras were planned: a face stays when some view sees it or a face that shares a vertex with it.
 */
import { ops, scope, Tensor } from "../../../ffi";
import type { Vec3 } from "../../earth/api";
import { parallelView } from "../capture/parallel-view";

/** From above, and obliquely from eight sides at two heights. */
function directions(): Vec3[] {
  const sides = [55, 25].flatMap((elevation_deg) =>
    Array.from({ length: 8 }, (_, i): Vec3 => {
      const [azimuth, elevation] = [(i * Math.PI) / 4 + 0.1, (elevation_deg * Math.PI) / 180];
      return [Math.sin(azimuth) * Math.cos(elevation), Math.cos(azimuth) * Math.cos(elevation), Math.sin(elevation)];
    }),
  );
  return [[0, 0, 1], ...sides];
}

/**
 * @param vertices_V3 float32, metres
 * @param faces_F3 int32
 * @param pixel_m size of a pixel of the parallel views
 * @returns bool [F]
 */
export function seenFromOutside(vertices_V3: Tensor, faces_F3: Tensor, pixel_m: number): Tensor {
  return scope(() => {
    const [vertexCount, faceCount] = [vertices_V3.shape[0]!, faces_F3.shape[0]!];
    const seen_F = Tensor.zeros([faceCount]);
    for (const direction of directions())
      scope(() => {
        const face = parallelView(vertices_V3, faces_F3, direction, pixel_m).face.flatten();
        seen_F.copy_(mark(seen_F, ops.aten.maskedSelect(face, face.ge(0))));
      });
    const seen_V = mark(Tensor.zeros([vertexCount]), faces_F3.indexSelect(0, ops.aten.nonzero(seen_F).flatten()).flatten());
    return seen_V.indexSelect(0, faces_F3.flatten()).view([faceCount, 3]).max(1).gt(0);
  });
}

/** `values` with 1 at the given places. */
function mark(values: Tensor, at: Tensor): Tensor {
  return ops.aten.scatter(values, 0, at.to("i64"), 1);
}
