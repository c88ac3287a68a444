/**
 * The condition branch (Figures 15a, 16a; Tables 8, 10): condition voxels through four levels of plain T-blocks; between levels the mean over children and a linear layer to the next width.
 *
 * Time never enters, so that one pass serves every step of sampling and every draw of training.
 */

import { z } from "zod";
import { Linear, Module, ModuleList } from "../../../ffi";
import { avgPool, type SparseTensor } from "../../../ffi/sparse";
import { type Attention, blocksBefore, positionsOf, type TBlock, tStack } from "../blocks";

export const condNetConfig = (channels: number[], blocks: number[]) =>
  z
    .strictObject({
      channels: z.array(z.int().positive()).length(4).default(channels),
      blocks: z.array(z.int().nonnegative()).length(4).default(blocks),
      headDim: z.int().positive().default(64),
    })
    .prefault({});
export type CondNetConfig = z.infer<ReturnType<typeof condNetConfig>>;

class CondNetLevel extends Module {
  readonly blocks: ModuleList<TBlock>;
  /** To the next level's width; after the pooling. */
  readonly widen: Linear | undefined;

  constructor(config: CondNetConfig, level: number) {
    super();
    const next = config.channels[level + 1];
    const attention: Attention = next === undefined ? "full" : "swin";
    const block = { channels: config.channels[level]!, headDim: config.headDim, residualScale: 1 };
    this.blocks = tStack(config.blocks[level]!, attention, block, blocksBefore(config.blocks, level));
    if (next !== undefined) this.widen = new Linear(config.channels[level]!, next);
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
      if (level.widen) {
        const pooled = avgPool(h);
        h = pooled.withFeats(level.widen.forward(pooled.feats));
      }
    }
    return pyramid;
  }
}
