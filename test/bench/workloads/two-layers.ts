/** C → 4C, tanh-GELU, 4C → C: what a checkpoint holds in both benches. */
import { gelu, Linear, Module, type Tensor } from "../../../ffi";

export class TwoLayers extends Module {
  readonly up: Linear;
  readonly down: Linear;
  constructor(channels: number) {
    super();
    this.up = new Linear(channels, 4 * channels);
    this.down = new Linear(4 * channels, channels);
  }
  /** @param x [N, C] */
  forward(x: Tensor): Tensor {
    return this.down.forward(gelu(this.up.forward(x)));
  }
}
