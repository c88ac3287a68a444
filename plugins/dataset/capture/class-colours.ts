/** Sums of colour by class over the pixels of a site's views (`mean-colour.ts`). */
import { ops, scope, Tensor } from "../../../ffi";
import { CLASS_COUNT } from "../../earth/api";
import type { ClassSums } from "./mean-colour";

/** Pixels summed at once: their one-hot classes stay in the cache. */
const PIXELS_AT_ONCE = 2 ** 14;

/** @returns one entry a class; pixels of the sky (depth 0) do not count */
export function classColourSums(rgb_MHW3: Tensor, semantic_MHW: Tensor, depth_MHW: Tensor): ClassSums[] {
  return scope(() => {
    const [rgb_P3, label_P, seen_P] = [rgb_MHW3.view([-1, 3]), semantic_MHW.flatten(), depth_MHW.flatten().gt(0)];
    const pixels = label_P.shape[0]!;
    const sums = Tensor.zeros([CLASS_COUNT, 5], { dtype: "f64" });
    for (let first = 0; first < pixels; first += PIXELS_AT_ONCE)
      scope(() => {
        const some = (t: Tensor) => t.narrow(0, first, Math.min(PIXELS_AT_ONCE, pixels - first));
        const rgb = some(rgb_P3).to("f64").div(255);
        const seen_P1 = some(seen_P).to("f64").unsqueeze(-1);
        const columns = Tensor.cat([Tensor.ones([rgb.shape[0]!, 1], { dtype: "f64" }), rgb, rgb.mul(rgb).sum([1], true)], 1);
        const oneHot = ops.aten.scatter(Tensor.zeros([rgb.shape[0]!, CLASS_COUNT], { dtype: "f64" }), 1, some(label_P).to("i64").unsqueeze(-1), 1);
        // A product of matrices adds in a fixed order and fast; indexAdd under deterministic algorithms sorts first.
        sums.add_(oneHot.transpose(0, 1).matmul(columns.mul(seen_P1)));
      });
    const flat = sums.toArray() as Float64Array;
    return Array.from({ length: CLASS_COUNT }, (_, c) => [...flat.subarray(5 * c, 5 * c + 5)] as unknown as ClassSums);
  });
}
