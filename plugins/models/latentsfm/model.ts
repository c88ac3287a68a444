/**
 * LatentSFM, the fine stage of StructFM (Figure 15c): on the coarse voxels it makes the structural latents, and says by their size which of the voxels are real.
 *
 * C-block and T-block, a first look at the condition, a U-Net of two levels, a second look where the levels meet.
 */
import { init, LayerNorm, Linear, Module, ops, type Tensor } from "../../../ffi";
import { avgPool, type SparseTensor } from "../../../ffi/sparse";
import { ModulatedCBlock, type ModulatedTBlock, type Modulation, modulatedBlock, positionsOf, TimestepEmbedding } from "../blocks";
import { UNet } from "../blocks/u-net";
import { alignTo } from "../conditions/align";
import { StructCondNet } from "../conditions/struct-cond-net";
import { besideSettled, inputChannels, type Settled } from "../flow";
import type { LatentsfmConfig } from "./config";

export class Latentsfm extends Module {
  readonly condNet: StructCondNet;
  readonly time: TimestepEmbedding;
  readonly input: Linear;
  readonly preConv: ModulatedCBlock;
  readonly preBlock: ModulatedTBlock;
  /** The two looks at the condition: cross blocks, or linear layers to add. */
  readonly crossFine: ModulatedTBlock | undefined;
  readonly crossCoarse: ModulatedTBlock | undefined;
  readonly addFine: Linear | undefined;
  readonly addCoarse: Linear | undefined;
  readonly uNet: UNet;
  readonly norm: LayerNorm;
  readonly output: Linear;

  constructor(readonly config: LatentsfmConfig) {
    super();
    const { latentChannels, headDim, condition } = config;
    const [fine, coarse] = config.channels as [number, number];
    // The time embedding is as wide as the widest level.
    const timeChannels = Math.max(fine, coarse);
    this.condNet = new StructCondNet(config.condNet);
    this.time = new TimestepEmbedding(timeChannels);
    this.input = new Linear(inputChannels(latentChannels, config.inpainting), fine);
    this.preConv = new ModulatedCBlock({ channels: fine, timeChannels });
    this.preBlock = modulatedBlock("full", 0, { channels: fine, headDim, timeChannels });
    const condChannels = this.condNet.channels;
    if (condition === "cross") {
      this.crossFine = modulatedBlock("full", 0, { channels: fine, headDim, timeChannels, condChannels });
      this.crossCoarse = modulatedBlock("full", 0, { channels: coarse, headDim, timeChannels, condChannels });
    } else {
      this.addFine = new Linear(condChannels, fine);
      this.addCoarse = new Linear(condChannels, coarse);
    }
    this.uNet = new UNet({
      levels: [
        { channels: fine, blocks: config.blocks[0]!, attention: "full" },
        { channels: coarse, blocks: config.blocks[1]!, attention: "full" },
      ],
      headDim,
      timeChannels,
      blocksBefore: 1,
    });
    this.norm = new LayerNorm(fine, { affine: false, eps: 1e-6 });
    this.output = new Linear(fine, latentChannels, { init: init.zeros() });
  }

  /**
   * @param x coarse voxels with noisy latents [N, 32]
   * @param t_B times in [0, 1], one a scene
   * @param settled cells whose latents are known; heard only with `inpainting: trained`
   * @returns velocity [N, 32]
   */
  forward(x: SparseTensor, t_B: readonly number[], cond: SparseTensor, settled?: Settled): Tensor {
    const time: Modulation = { embedding_BE: ops.aten.silu(this.time.forward(t_B, x.feats.device)) };
    let h = x.withFeats(
      this.input.forward(besideSettled(x.feats, this.config.inpainting, settled)).add(positionsOf(x.coords, this.config.channels[0]!)),
    );
    h = this.preBlock.forward(this.preConv.forward(h, time), time);
    const aligned = this.addFine && x.withFeats(alignTo(x, cond));
    if (aligned) h = h.withFeats(h.feats.add(this.addFine!.forward(aligned.feats)));
    else h = this.crossFine!.forward(h, time, cond);
    h = this.uNet.forward(h, time, (voxels, level) => {
      if (level === 0) return voxels;
      if (aligned) return voxels.withFeats(voxels.feats.add(this.addCoarse!.forward(avgPool(aligned).feats)));
      return this.crossCoarse!.forward(voxels, time, cond);
    });
    return this.output.forward(this.norm.forward(h.feats));
  }
}
