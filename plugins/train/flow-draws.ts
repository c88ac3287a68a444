/** Times and noise of a training step: several draws of one scene side by side. */
import { onDevice, Tensor } from "../../ffi";
import { type Inpainting, LEVELS, logitNormalTime, pair, type Settled, trainingTime, withHints } from "../models/api";
import type { Square } from "./augment/crop";
import { drawStrips, settledCells } from "./augment/settled";
import type { FlowOptions } from "./flow-options";
import { StepDraws } from "./random";

export interface FlowDraws {
  /** One time a draw. */
  t: number[];
  /** [draws · N, C]. */
  xt: Tensor;
  target: Tensor;
}

/**
 * @param x0 data of one scene, [N, C]
 * @param count crops drawn before this one, over the whole run
 */
export function drawFlow(x0: Tensor, { draws, times, shift }: FlowOptions, seed: number, count: number): FlowDraws {
  const t = timesOf(draws, times, shift, new StepDraws(seed, "time", count));
  const [n, channels] = x0.shape as [number, number];
  const noise = new StepDraws(seed, "noise", count).normal([draws * n, channels]);
  const rows = Tensor.from(
    Float32Array.from({ length: draws * n }, (_, i) => t[Math.floor(i / n)]!),
    [draws * n, 1],
    { device: x0.device },
  );
  return { t, ...pair(repeatRows(x0, draws), noise.to(x0.device), rows) };
}

/**
 * By chance, what the flow is told to be settled: whole columns of the crop, with their data.
 *
 * @param x0 data of one scene, [N, C]
 * @param coords its cells [N, 3], each `factor` cells of L wide
 * @param square columns of the crop, in cells of L
 */
export function drawSettled(
  x0: Tensor,
  coords: Int32Array,
  { square, factor }: { square: Square; factor: number },
  { settled, draws }: FlowOptions,
  how: Inpainting,
  seed: number,
  count: number,
): Settled | undefined {
  if (how === "reset") return undefined;
  const chance = new StepDraws(seed, "inpainting", count);
  if (chance.uniform(1)[0]! >= settled) return undefined;
  const mask = settledCells(coords, drawStrips(square, chance), factor);
  if (!mask) return undefined;
  const settledRows = withHints({ mask: Tensor.from(mask, [mask.length, 1], { device: x0.device }), x0 }, how, () => coords, mask);
  return { mask: repeatRows(settledRows.mask, draws), x0: repeatRows(settledRows.x0, draws) };
}

export function repeatRows(x: Tensor, times: number): Tensor {
  if (times === 1) return x;
  const [n, channels] = x.shape as [number, number];
  return x
    .unsqueeze(0)
    .expand([times, n, channels])
    .reshape([times * n, channels]);
}

function timesOf(count: number, law: FlowOptions["times"], shift: number, draws: StepDraws): number[] {
  if (law === "uniform") return draws.integers(count, LEVELS).map((index) => trainingTime(index + 1, shift));
  return Array.from(
    onDevice("cpu", () => draws.normal([count]).toArray()),
    (z) => logitNormalTime(z),
  );
}
