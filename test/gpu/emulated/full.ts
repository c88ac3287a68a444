/**
 * A GPU whose memory runs out in `aten::mul` as often as EARTHCRAFT_EMULATED_FULL says: prints what becomes of a multiplication.
 * usage: full.ts mul|mul_
 */
import { synchronize, Tensor, TensorError, useDevice } from "../../../ffi";

useDevice("cuda:0");
const [x, factor] = [Tensor.from([1, 2, 3], [3]), Tensor.from([2], [1])];
try {
  console.log([...(process.argv[2] === "mul" ? x.mul(factor) : x.mul_(factor)).toArray()].join());
} catch (error) {
  if (!(error instanceof TensorError)) throw error;
  console.log(`${error.kind}: ${error.message}`);
}
synchronize("cuda:0");
