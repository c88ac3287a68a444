/** The two layers after attention: C → 4C, tanh-GELU, 4C → C. */
import { gelu, type Init, Linear, Module, type Tensor } from "../../../ffi";

export class Mlp extends Module {
  readonly up: Linear;
  readonly down: Linear;

  constructor(channels: number, ratio: number, outInit: Init) {
    super();
    this.up = new Linear(channels, channels * ratio);
    this.down = new Linear(channels * ratio, channels, { init: outInit });
  }

  forward(h_NC: Tensor): Tensor {
    return this.down.forward(gelu(this.up.forward(h_NC)));
  }
}
