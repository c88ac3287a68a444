/** When on the path the network is asked: 256 cosines and sines of 1000·t, then a two-layer network (TRELLIS's TimestepEmbedder). */
import { init, Linear, Module, silu, Tensor, timestepEmbedding } from "../../../ffi";
import { LEVELS } from "../flow/time";

const WAVES = 256;

export class TimestepEmbedding extends Module {
  readonly first: Linear;
  readonly second: Linear;

  constructor(channels: number) {
    super();
    this.first = new Linear(WAVES, channels, { init: init.normal(0.02) });
    this.second = new Linear(channels, channels, { init: init.normal(0.02) });
  }

  /**
   * @param t_B times in [0, 1], one a scene
   * @returns f32 [B, channels]
   */
  forward(t_B: readonly number[], device: string): Tensor {
    const levels = Tensor.from(
      t_B.map((t) => t * LEVELS),
      [t_B.length],
      { dtype: "f32", device },
    );
    return this.second.forward(silu(this.first.forward(timestepEmbedding(levels, WAVES))));
  }
}
