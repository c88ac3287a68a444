/**
 * The paper's T-block: pre-norm attention, then an MLP, each on a residual. Norms have no learned scale, and run in f32 (TRELLIS).
 *
 * `ModulatedTBlock` is the flows' variant: the time embedding shifts, scales and gates both halves (adaLN-zero: at the start a block is the identity). With a condition width it also looks at the
 * condition's voxels between the two halves (a cross block).
 */
import { autocastType, init, LayerNorm, Linear, Module, ops, type Tensor } from "../../../ffi";
import type { AttentionReach, SparseTensor } from "../../../ffi/sparse";
import { CrossAttention, SelfAttention } from "./attention";
import { scaledXavier } from "./init";
import { Mlp } from "./mlp";
import { type Modulation, scenesOf } from "./modulation";
import { segment } from "./rematerialize";

const NORM_EPS = 1e-6;

export interface TBlockConfig {
  channels: number;
  headDim: number;
  mlpRatio: number;
  reach: AttentionReach;
  /** Share of Xavier's width with which each residual branch begins; 1 is plain Xavier. */
  residualScale: number;
}

export class TBlock extends Module {
  readonly norm: LayerNorm;
  readonly attention: SelfAttention;
  readonly mlp: Mlp;

  constructor(readonly config: TBlockConfig) {
    super();
    const { channels, headDim, mlpRatio, reach, residualScale } = config;
    const outInit = scaledXavier(residualScale);
    this.norm = new LayerNorm(channels, { affine: false, eps: NORM_EPS });
    this.attention = new SelfAttention({ channels, headDim, qkNorm: false, outInit }, reach);
    this.mlp = new Mlp(channels, mlpRatio, outInit);
  }

  forward(x: SparseTensor): SparseTensor {
    return segment(x, (voxels) => this.compute(voxels));
  }

  private compute(x: SparseTensor): SparseTensor {
    const normed = (feats: Tensor) => this.norm.forward(feats, autocastType());
    const attended = x.feats.add(this.attention.forward(normed(x.feats), x));
    return x.withFeats(attended.add(this.mlp.forward(normed(attended))));
  }
}

export interface ModulatedTBlockConfig extends Omit<TBlockConfig, "residualScale"> {
  timeChannels: number;
  qkNorm: boolean;
  /** Channels of the condition to attend to; absent: no cross-attention. */
  condChannels?: number;
}

export class ModulatedTBlock extends Module {
  readonly modulation: Linear;
  readonly attention: SelfAttention;
  readonly crossNorm: LayerNorm | undefined;
  readonly cross: CrossAttention | undefined;
  readonly mlp: Mlp;

  constructor(readonly config: ModulatedTBlockConfig) {
    super();
    const { channels, headDim, mlpRatio, reach, qkNorm, timeChannels, condChannels } = config;
    const attention = { channels, headDim, qkNorm, outInit: scaledXavier(1) };
    this.modulation = new Linear(timeChannels, 6 * channels, { init: init.zeros() });
    this.attention = new SelfAttention(attention, reach);
    if (condChannels !== undefined) {
      this.crossNorm = new LayerNorm(channels, { affine: true, eps: NORM_EPS });
      this.cross = new CrossAttention({ ...attention, qkNorm: false }, condChannels);
    }
    this.mlp = new Mlp(channels, mlpRatio, scaledXavier(1));
  }

  /**
   * @param time SiLU of the time embedding, one row a scene
   * @param cond the condition's voxels; needed exactly when the block has cross-attention
   */
  forward(x: SparseTensor, time: Modulation, cond?: SparseTensor): SparseTensor {
    return segment(x, (voxels) => this.compute(voxels, time, cond));
  }

  private compute(x: SparseTensor, time: Modulation, cond: SparseTensor | undefined): SparseTensor {
    const rows_BC = this.modulation.forward(time.embedding_BE);
    const [shiftA, scaleA, gateA, shiftM, scaleM, gateM] = rows_BC.chunk(6, 1) as Six<Tensor>;
    const scenes = scenesOf(rows_BC, x);
    const { modulatedNorm, gatedAdd } = ops.earthcraft;
    const normed = (feats: Tensor, scale: Tensor, shift: Tensor) => modulatedNorm(feats, scale, shift, scenes, NORM_EPS, autocastType());
    let h = x.feats;
    h = gatedAdd(h, gateA, this.attention.forward(normed(h, scaleA, shiftA), x), scenes);
    if (this.cross && this.crossNorm) {
      if (!cond) throw new TypeError("ModulatedTBlock: a cross block was called without a condition");
      h = h.add(this.cross.forward(this.crossNorm.forward(h, autocastType()), x, cond));
    }
    h = gatedAdd(h, gateM, this.mlp.forward(normed(h, scaleM, shiftM)), scenes);
    return x.withFeats(h);
  }
}

type Six<T> = [T, T, T, T, T, T];
