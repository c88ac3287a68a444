/**
 * The flows' U-Net (Figures 15c, 16b; Tables 9, 11): a level is a C-block, T-blocks, a C-block; convolutions of stride 2 lead down and transposed ones lead back to the very voxels the level had;
 * skips join by concatenation. The lowest level stands once, every other on both sides.
 */
import { Module, ModuleList, ops } from "../../../ffi";
import { type SparseTensor, StridedConv3d, TransposedConv3d } from "../../../ffi/sparse";
import { ModulatedCBlock } from "./c-block";
import type { Modulation } from "./modulation";
import { type Attention, modulatedStack } from "./stack";
import type { ModulatedTBlock } from "./t-block";

export interface UNetLevelConfig {
  channels: number;
  blocks: number;
  attention: Attention;
}

export interface UNetConfig {
  levels: readonly UNetLevelConfig[];
  headDim: number;
  timeChannels: number;
  /** T-blocks that stand before the U-Net, at its level 0. */
  blocksBefore: number;
}

/** C-block, T-blocks, C-block. */
class Side extends Module {
  readonly first: ModulatedCBlock;
  readonly blocks: ModuleList<ModulatedTBlock>;
  readonly last: ModulatedCBlock;

  /** @param first T-blocks of this level before these: the phase of their windows goes on */
  constructor({ channels, blocks, attention }: UNetLevelConfig, inChannels: number, { headDim, timeChannels }: UNetConfig, first: number) {
    super();
    this.first = new ModulatedCBlock({ channels: inChannels, outChannels: channels, timeChannels });
    this.blocks = modulatedStack(blocks, attention, { channels, headDim, timeChannels }, first);
    this.last = new ModulatedCBlock({ channels, timeChannels });
  }

  forward(x: SparseTensor, time: Modulation): SparseTensor {
    let h = this.first.forward(x, time);
    for (const block of this.blocks) h = block.forward(h, time);
    return this.last.forward(h, time);
  }
}

/** Called on entering a level on the way down: where conditions come in. */
export type Inject = (h: SparseTensor, level: number) => SparseTensor;

export class UNet extends Module {
  /** Levels 0 to last − 1 on the way down, then the lowest level. */
  readonly down: ModuleList<Side>;
  readonly stride: ModuleList<StridedConv3d>;
  /** Levels 0 to last − 1 on the way up. */
  readonly up: ModuleList<Side>;
  readonly unstride: ModuleList<TransposedConv3d>;

  constructor(readonly config: UNetConfig) {
    super();
    const { levels } = config;
    const upper = levels.slice(0, -1);
    const channels = levels.map((level) => level.channels);
    const before = levels.map((_, i) => (i === 0 ? config.blocksBefore : 0));
    this.down = new ModuleList(levels.map((level, i) => new Side(level, level.channels, config, before[i]!)));
    this.stride = new ModuleList(upper.map((_, i) => new StridedConv3d(channels[i]!, channels[i + 1]!, { kernel: 3, stride: 2 })));
    this.unstride = new ModuleList(upper.map((_, i) => new TransposedConv3d(channels[i + 1]!, channels[i]!, { kernel: 3, stride: 2 })));
    this.up = new ModuleList(upper.map((level, i) => new Side(level, 2 * level.channels, config, before[i]! + level.blocks)));
  }

  forward(x: SparseTensor, time: Modulation, inject: Inject = (h) => h): SparseTensor {
    const [down, stride, up, unstride] = [[...this.down], [...this.stride], [...this.up], [...this.unstride]];
    const lowest = down.length - 1;
    const skips: SparseTensor[] = [];
    let h = x;
    for (let level = 0; level < lowest; level++) {
      h = down[level]!.forward(inject(h, level), time);
      skips.push(h);
      h = stride[level]!.forward(h);
    }
    h = down[lowest]!.forward(inject(h, lowest), time);
    for (let level = lowest - 1; level >= 0; level--) {
      const skip = skips[level]!;
      const raised = unstride[level]!.forward(h, skip);
      h = up[level]!.forward(skip.withFeats(ops.aten.cat([raised.feats, skip.feats], 1)), time);
    }
    return h;
  }
}
