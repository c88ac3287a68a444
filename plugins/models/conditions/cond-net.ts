/**
 * The condition branch (Figures 15a, 16a; Tables 8, 10): condition voxels through four levels of plain T-blocks; between levels the mean over children and a linear layer to the next width, or a
 * convolution over the children.
 *
 * Time never enters, so that one pass serves every step of sampling and every draw of training.
 */

import { z } from "zod";
import { Linear, Module, ModuleList } from "../../../ffi";
import { avgPool, type SparseTensor, StridedConv3d } from "../../../ffi/sparse";
import { type Attention, blocksBefore, positionsOf, type TBlock, tStack } from "../blocks";

export const condNetConfig = (channels: number[], blocks: number[]) =>
  z
    .strictObject({
      channels: z.array(z.int().positive()).length(4).default(channels),
      blocks: z.array(z.int().nonnegative()).length(4).default(blocks),
      headDim: z.int().positive().default(64),
      /** Between levels: the paper's mean over children forgets which of them was which, unless wide levels have learnt to say it; a convolution (kernel and stride 2) does not. */
      down: z.enum(["mean", "convolution"]).default("mean"),
    })
    .prefault({});
export type CondNetConfig = z.infer<ReturnType<typeof condNetConfig>>;

class CondNetLevel extends Module {
  readonly blocks: ModuleList<TBlock>;
  /** To the next level's width: after the pooling, or in its place. */
  readonly widen: Linear | undefined;
  readonly stride: StridedConv3d | undefined;

  constructor(config: CondNetConfig, level: number) {
    super();
    const next = config.channels[level + 1];
    const attention: Attention = next === undefined ? "full" : "swin";
    const block = { channels: config.channels[level]!, headDim: config.headDim, residualScale: 1 };
    this.blocks = tStack(config.blocks[level]!, attention, block, blocksBefore(config.blocks, level));
    if (next === undefined) return;
    if (config.down === "mean") this.widen = new Linear(config.channels[level]!, next);
    else this.stride = new StridedConv3d(config.channels[level]!, next, { kernel: 2, stride: 2 });
  }

  /** The next level's voxels; the last level has none. */
  coarser(x: SparseTensor): SparseTensor {
    if (this.stride) return this.stride.forward(x);
    if (!this.widen) return x;
    const pooled = avgPool(x);
    return pooled.withFeats(this.widen.forward(pooled.feats));
  }
}

export class CondNet extends Module {
  readonly input: Linear;
  readonly levels: ModuleList<CondNetLevel>;

  constructor(
    inChannels: number,
    readonly config: CondNetConfig,
  ) {
    super();
    this.input = new Linear(inChannels, config.channels[0]!);
    this.levels = new ModuleList(config.channels.map((_, level) => new CondNetLevel(config, level)));
  }

  /** @returns the voxels of levels 0 to 3 */
  forward(voxels: SparseTensor): SparseTensor[] {
    let h = voxels.withFeats(this.input.forward(voxels.feats).add(positionsOf(voxels.coords, this.config.channels[0]!)));
    const pyramid: SparseTensor[] = [];
    for (const level of this.levels) {
      for (const block of level.blocks) h = block.forward(h);
      pyramid.push(h);
      h = level.coarser(h);
    }
    return pyramid;
  }
}
