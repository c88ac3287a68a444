/**
 * How a flow hears of what is settled when a scene grows (paper, "Infinite Scene Generation": "mask-based inpainting", no details).
 *
 * `reset` asks nothing of training: sampling puts the settled rows back on their path before every step, but while t is near 1 the network sees only their noise, and what it makes beside them
 * need not join. `trained` (WorldGrow) shows the network the mask and the settled rows free of noise, beside x, in training and in sampling; 2C + 1 channels go in instead of C.
 */
import { z } from "zod";
import { ops, Tensor } from "../../../ffi";

export const inpainting = z.enum(["reset", "trained"]);
export type Inpainting = z.infer<typeof inpainting>;

export interface Settled {
  /** f32 [N, 1]: 1 where the answer is known, 0 elsewhere. */
  mask: Tensor;
  /** [N, C] data, finite everywhere; rows outside the mask do not count. */
  x0: Tensor;
}

/** Channels that go into a network whose data has `channels`. */
export function inputChannels(channels: number, how: Inpainting): number {
  return how === "trained" ? 2 * channels + 1 : channels;
}

/**
 * What goes into the network: x alone, or x, mask and settled data side by side.
 *
 * @param x_NC on the path
 * @param settled absent: nothing is settled
 */
export function besideSettled(x_NC: Tensor, how: Inpainting, settled?: Settled): Tensor {
  if (how === "reset") return x_NC;
  const [n, channels] = x_NC.shape as [number, number];
  if (!settled) return ops.aten.cat([x_NC, Tensor.zeros([n, channels + 1], { dtype: x_NC.dtype, device: x_NC.device })], 1);
  return ops.aten.cat([x_NC, settled.mask, settled.x0.mul(settled.mask)], 1);
}
