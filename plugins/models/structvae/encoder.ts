/** StructVAE's encoder (Table 6): voxel coordinates to 32 channels a cell at L/8. A level is T-blocks, a C-block, then a convolution of stride 2. */
import { init, LayerNorm, Linear, Module, ModuleList } from "../../../ffi";
import { type SparseTensor, StridedConv3d } from "../../../ffi/sparse";
import { blocksBefore, CBlock, positionsOf, type TBlock, tStack } from "../blocks";
import { Posterior } from "../blocks/posterior";
import { LEVELS, type StructvaeConfig } from "./config";

class EncoderLevel extends Module {
  readonly blocks: ModuleList<TBlock>;
  readonly cBlock: CBlock | undefined;
  readonly down: StridedConv3d | undefined;

  constructor(config: StructvaeConfig, level: number) {
    super();
    const { headDim, residualScale } = config;
    const channels = config.encoder.channels[level]!;
    const next = config.encoder.channels[level + 1];
    const { blocks } = config.encoder;
    const attention = next === undefined ? config.bottom : "swin";
    this.blocks = tStack(blocks[level]!, attention, { channels, headDim, residualScale }, blocksBefore(blocks, level));
    if (config.cBlock) this.cBlock = new CBlock(channels, residualScale);
    if (next !== undefined) this.down = new StridedConv3d(channels, next, { kernel: config.downKernel, stride: 2 });
  }

  forward(x: SparseTensor): SparseTensor {
    let h = x;
    for (const block of this.blocks) h = block.forward(h);
    return this.cBlock?.forward(h) ?? h;
  }
}

export interface Encoded {
  posterior: Posterior;
  /** The voxels of levels 0 to 3: the truth of every PSS block. Level 3 is where the latents live. */
  pyramid: SparseTensor[];
}

export class StructvaeEncoder extends Module {
  readonly input: Linear;
  readonly levels: ModuleList<EncoderLevel>;
  readonly norm: LayerNorm;
  readonly output: Linear;

  constructor(readonly config: StructvaeConfig) {
    super();
    const { channels } = config.encoder;
    this.input = new Linear(channels[0]!, channels[0]!, { init: init.normal(config.positionStd), biasInit: init.normal(1) });
    this.levels = new ModuleList(Array.from({ length: LEVELS }, (_, level) => new EncoderLevel(config, level)));
    // Means of unit size from the first step on, beside which e^(−5/2) is little noise.
    this.norm = new LayerNorm(channels[LEVELS - 1]!, { affine: false, eps: 1e-6 });
    this.output = new Linear(channels[LEVELS - 1]!, 2 * config.latentChannels);
  }

  /** @param voxels coordinates count, features do not */
  forward(voxels: SparseTensor): Encoded {
    let h = voxels.withFeats(this.input.forward(positionsOf(voxels.coords, this.config.encoder.channels[0]!)));
    const pyramid: SparseTensor[] = [];
    for (const level of this.levels) {
      h = level.forward(h);
      pyramid.push(h);
      if (level.down) h = level.down.forward(h);
    }
    return { posterior: Posterior.of(this.output.forward(this.norm.forward(h.feats)), this.config.logVarianceStart), pyramid };
  }
}
