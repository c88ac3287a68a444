/**
 * TexFM (Figure 16): texture latents for the voxels of a scene. A U-Net of four levels, windows on the three finer ones and full attention at L/8; the condition is added level by level where its
 * voxels and the scene's coincide (Table 12: cross-attention finds no correspondence).
 */
import { init, LayerNorm, Linear, Module, ops, type Tensor } from "../../../ffi";
import type { SparseTensor } from "../../../ffi/sparse";
import { ModulatedCBlock, type ModulatedTBlock, type Modulation, modulatedBlock, positionsOf, TimestepEmbedding } from "../blocks";
import { UNet } from "../blocks/u-net";
import { alignTo } from "../conditions/align";
import { CondNet } from "../conditions/cond-net";
import { besideSettled, inputChannels, type Settled } from "../flow";
import type { TexfmConfig } from "./config";

export class Texfm extends Module {
  readonly condNet: CondNet;
  readonly time: TimestepEmbedding;
  readonly input: Linear;
  readonly preConv: ModulatedCBlock;
  readonly preBlock: ModulatedTBlock;
  readonly uNet: UNet;
  readonly norm: LayerNorm;
  readonly output: Linear;

  constructor(readonly config: TexfmConfig) {
    super();
    const { latentChannels, headDim, condChannels } = config;
    const channels = config.channels[0]!;
    const timeChannels = Math.max(...config.channels);
    this.condNet = new CondNet(condChannels, config.condNet);
    this.time = new TimestepEmbedding(timeChannels);
    this.input = new Linear(inputChannels(latentChannels, config.inpainting), channels);
    this.preConv = new ModulatedCBlock({ channels, timeChannels });
    this.preBlock = modulatedBlock("swin", 0, { channels, headDim, timeChannels });
    const lowest = config.channels.length - 1;
    this.uNet = new UNet({
      levels: config.channels.map((width, level) => ({
        channels: width,
        blocks: config.blocks[level]!,
        attention: level === lowest ? "full" : "swin",
      })),
      headDim,
      timeChannels,
      blocksBefore: 1,
    });
    this.norm = new LayerNorm(channels, { affine: false, eps: 1e-6 });
    this.output = new Linear(channels, latentChannels, { init: init.zeros() });
  }

  /**
   * @param x the scene's voxels with noisy latents [N, 8]
   * @param t_B times in [0, 1], one a scene
   * @param cond the pyramid that `condNet` made of the condition's voxels
   * @param settled voxels whose latents are known; heard only with `inpainting: trained`
   * @returns velocity [N, 8]
   */
  forward(x: SparseTensor, t_B: readonly number[], cond: readonly SparseTensor[], settled?: Settled): Tensor {
    const time: Modulation = { embedding_BE: ops.aten.silu(this.time.forward(t_B, x.feats.device)) };
    let h = x.withFeats(
      this.input.forward(besideSettled(x.feats, this.config.inpainting, settled)).add(positionsOf(x.coords, this.config.channels[0]!)),
    );
    h = this.preBlock.forward(this.preConv.forward(h, time), time);
    h = this.uNet.forward(h, time, (voxels, level) => voxels.withFeats(voxels.feats.add(alignTo(voxels, cond[level]!))));
    return this.output.forward(this.norm.forward(h.feats));
  }
}
