/** A worker that tries to use tensors, which belong to the main thread; it posts what it was told. */
import { Tensor } from "../ffi";

declare const self: Worker;

try {
  self.postMessage(`made ${Tensor.scalar(1).item()}`);
} catch (error) {
  self.postMessage(String(error));
}
