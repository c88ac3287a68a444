/**
 * How a flow hears of what is settled when a scene grows (paper, "Infinite Scene Generation": "mask-based inpainting", no details).
 *
 * `reset` asks nothing of training: sampling puts the settled rows back on their path before every step, but while t is near 1 the network sees only their noise, and what it makes beside them
 * need not join. `trained` (WorldGrow) shows the network the mask and the settled rows free of noise, beside x, in training and in sampling; 2C + 1 channels go in instead of C.
 * `continued` is `trained` with a hint: in the rows that are open stands what the nearest settled column has at their height. A small network that is told a map otherwise goes by its map alone.
 */
import { z } from "zod";
import { ops, Tensor } from "../../../ffi";
import { continuedData } from "./continuation";

export const inpainting = z.enum(["reset", "trained", "continued"]);
export type Inpainting = z.infer<typeof inpainting>;

export interface Settled {
  /** f32 [N, 1]: 1 where the answer is known, 0 elsewhere. */
  mask: Tensor;
  /** [N, C] data, finite everywhere; rows outside the mask do not count, or hold hints (`withHints`). */
  x0: Tensor;
}

/**
 * What is settled as a network of this kind is shown it.
 *
 * @param coords [N, 3] of one scene; asked for where hints are made
 * @param mask the mask's values, where the caller has them: reading them back waits for a GPU
 */
export function withHints<S extends Settled>(settled: S, how: Inpainting, coords: () => ArrayLike<number>, mask?: ArrayLike<number>): S {
  return how === "continued" ? { ...settled, x0: continuedData(coords(), mask ?? settled.mask.toArray(), settled.x0) } : settled;
}

/** Channels that go into a network whose data has `channels`. */
export function inputChannels(channels: number, how: Inpainting): number {
  return how === "reset" ? channels : 2 * channels + 1;
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
  return ops.aten.cat([x_NC, settled.mask, how === "continued" ? settled.x0 : settled.x0.mul(settled.mask)], 1);
}
