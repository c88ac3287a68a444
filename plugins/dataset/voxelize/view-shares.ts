/** Which views see which crop: the share of a view's pixels whose surface point lies inside the crop's square. */
import { ops, scope, Tensor } from "../../../ffi";
import { CENTRE_M, CROP_M } from "../../earth/api";

export interface ViewTensors {
  /** float32 [M, H, W], 0 = nothing. */
  depth: Tensor;
  /** float32 [M, 4, 4], OpenGL. */
  c2w: Tensor;
  /** float32 [M, 4], fx fy cx cy. */
  intrinsics: Tensor;
}

/**
 * @param corners south-western corners of the crops, metres from that of the central square
 * @returns for each crop, the share of each view's pixels that falls into it
 */
export function viewShares({ depth, c2w, intrinsics }: ViewTensors, corners: readonly (readonly [number, number])[]): number[][] {
  const [x, y] = scope(() => surfaceXY(depth, c2w, intrinsics));
  const shares = corners.map(([west, south]) =>
    scope(() => {
      const inside = [x!.sub(west - CENTRE_M / 2), y!.sub(south - CENTRE_M / 2)].map((t) => ops.aten.logicalAnd(t.ge(0), t.lt(CROP_M)));
      const seen = ops.aten.logicalAnd(ops.aten.logicalAnd(inside[0]!, inside[1]!), depth.gt(0));
      return Array.from(seen.to("f32").mean([1, 2]).toArray() as Float32Array);
    }),
  );
  x!.dispose();
  y!.dispose();
  return shares;
}

/** East and north of the point that each pixel sees, float32 [M, H, W] each. */
function surfaceXY(depth: Tensor, c2w: Tensor, intrinsics: Tensor): [Tensor, Tensor] {
  const [views, height, width] = depth.shape as [number, number, number];
  const [fx, fy, cx, cy] = [0, 1, 2, 3].map((k) => intrinsics.select(1, k).view([views, 1, 1])) as [Tensor, Tensor, Tensor, Tensor];
  const column = Tensor.from(
    Float32Array.from({ length: width }, (_, i) => i + 0.5),
    [1, 1, width],
  );
  const row = Tensor.from(
    Float32Array.from({ length: height }, (_, j) => j + 0.5),
    [1, height, 1],
  );
  const right = column.sub(cx).div(fx).mul(depth);
  const down = row.sub(cy).div(fy).mul(depth);
  const world = (axis: 0 | 1): Tensor => {
    const m = (k: number) => c2w.select(1, axis).select(1, k).view([views, 1, 1]);
    return right
      .mul(m(0))
      .sub(down.mul(m(1)))
      .sub(depth.mul(m(2)))
      .add(m(3));
  };
  return [world(0), world(1)];
}
