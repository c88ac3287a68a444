/**
 * Rows of T-blocks. In a row, odd blocks shift their windows by half an edge, so that neighbours across a border meet in the next block. A row goes on through the levels of a network (`first`): with one
 * block a level no border would ever move, and pictures would show 8³ tiles.
 */
import { ModuleList } from "../../../ffi";
import type { AttentionReach } from "../../../ffi/sparse";
import { ModulatedTBlock, type ModulatedTBlockConfig, TBlock, type TBlockConfig } from "./t-block";

/** Edge of an attention window, in voxels (TRELLIS; the paper is silent). */
export const WINDOW_EDGE = 8;
const MLP_RATIO = 4;

export type Attention = "swin" | "full";

/** Reach of the `index`-th block of a row. */
function reachOf(attention: Attention, index: number): AttentionReach {
  return attention === "full" ? { kind: "full" } : { kind: "window", edge: WINDOW_EDGE, shift: index % 2 === 0 ? 0 : WINDOW_EDGE / 2 };
}

/** Blocks of the levels before `level`, when a row runs down through the levels. */
export function blocksBefore(blocks: readonly number[], level: number): number {
  return blocks.slice(0, level).reduce((sum, count) => sum + count, 0);
}

export function tStack(
  count: number,
  attention: Attention,
  config: Pick<TBlockConfig, "channels" | "headDim" | "residualScale">,
  first = 0,
): ModuleList<TBlock> {
  return new ModuleList(
    Array.from({ length: count }, (_, i) => new TBlock({ ...config, mlpRatio: MLP_RATIO, reach: reachOf(attention, first + i) })),
  );
}

export type ModulatedConfig = Pick<ModulatedTBlockConfig, "channels" | "headDim" | "timeChannels" | "condChannels">;

export function modulatedBlock(attention: Attention, index: number, config: ModulatedConfig): ModulatedTBlock {
  return new ModulatedTBlock({ ...config, mlpRatio: MLP_RATIO, qkNorm: true, reach: reachOf(attention, index) });
}

export function modulatedStack(count: number, attention: Attention, config: ModulatedConfig, first = 0): ModuleList<ModulatedTBlock> {
  return new ModuleList(Array.from({ length: count }, (_, i) => modulatedBlock(attention, first + i, config)));
}
