/** Sums of colour by class over the pixels of a site's views (`mean-colour.ts`). */
import { ops, scope, Tensor } from "../../../ffi";
import { CLASS_COUNT } from "../../earth/api";
import type { ClassSums } from "./mean-colour";

/** @returns one entry a class; pixels of the sky (depth 0) do not count */
export function classColourSums(rgb_MHW3: Tensor, semantic_MHW: Tensor, depth_MHW: Tensor): ClassSums[] {
  return scope(() => {
    const seen = ops.aten.nonzero(depth_MHW.gt(0).flatten()).flatten();
    const rgb_P3 = rgb_MHW3.view([-1, 3]).indexSelect(0, seen).to("f64").div(255);
    const columns_P5 = ops.aten.cat([Tensor.ones([rgb_P3.shape[0]!, 1], { dtype: "f64" }), rgb_P3, rgb_P3.mul(rgb_P3).sum([1], true)], 1);
    const label_P = semantic_MHW.flatten().indexSelect(0, seen).to("i64");
    const sums = ops.aten.indexAdd(Tensor.zeros([CLASS_COUNT, 5], { dtype: "f64" }), 0, label_P, columns_P5).toArray() as Float64Array;
    return Array.from({ length: CLASS_COUNT }, (_, c) => [...sums.subarray(5 * c, 5 * c + 5)] as unknown as ClassSums);
  });
}
