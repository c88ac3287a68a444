/**
 * The paper's C-blocks: sparse 3³ convolutions on a residual.
 *
 * `CBlock` is StructVAE's: one convolution. Table 5's 258.5 M leaves no room for two (that gives at least 328 M).
 * `ModulatedCBlock` is the flows' (TRELLIS's SparseResBlock3d): two convolutions, the time embedding scales and shifts between them, the second starts at zero.
 */
import { init, LayerNorm, Linear, Module, ops } from "../../../ffi";
import { type SparseTensor, SubMConv3d } from "../../../ffi/sparse";
import { scaledXavier } from "./init";
import { type Modulation, scenesOf } from "./modulation";
import { segment } from "./rematerialize";

export class CBlock extends Module {
  readonly norm: LayerNorm;
  readonly conv: SubMConv3d;

  constructor(channels: number, residualScale: number) {
    super();
    this.norm = new LayerNorm(channels, { affine: false, eps: 1e-6 });
    this.conv = new SubMConv3d(channels, channels, { init: scaledXavier(residualScale) });
  }

  forward(x: SparseTensor): SparseTensor {
    return segment(x, (voxels) => this.compute(voxels));
  }

  private compute(x: SparseTensor): SparseTensor {
    const h = x.withFeats(ops.aten.silu(this.norm.forward(x.feats)));
    return this.conv.forward(h, x.feats);
  }
}

export class ModulatedCBlock extends Module {
  readonly normIn: LayerNorm;
  readonly convIn: SubMConv3d;
  readonly modulation: Linear;
  readonly convOut: SubMConv3d;
  readonly skip: Linear | undefined;

  constructor(config: { channels: number; outChannels?: number; timeChannels: number }) {
    super();
    const { channels, outChannels = channels, timeChannels } = config;
    this.normIn = new LayerNorm(channels, { affine: true, eps: 1e-6 });
    this.convIn = new SubMConv3d(channels, outChannels);
    this.modulation = new Linear(timeChannels, 2 * outChannels);
    this.convOut = new SubMConv3d(outChannels, outChannels, { init: init.zeros() });
    if (channels !== outChannels) this.skip = new Linear(channels, outChannels);
  }

  forward(x: SparseTensor, time: Modulation): SparseTensor {
    return segment(x, (voxels) => this.compute(voxels, time));
  }

  private compute(x: SparseTensor, time: Modulation): SparseTensor {
    const first = this.convIn.forward(x.withFeats(ops.aten.silu(this.normIn.forward(x.feats))));
    const rows_BC = this.modulation.forward(time.embedding_BE);
    const [scale, shift] = rows_BC.chunk(2, 1);
    const modulated = ops.earthcraft.modulatedNorm(first.feats, scale!, shift!, scenesOf(rows_BC, x));
    return this.convOut.forward(x.withFeats(ops.aten.silu(modulated)), this.skip ? this.skip.forward(x.feats) : x.feats);
  }
}
