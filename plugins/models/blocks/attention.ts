/**
 * Attention of voxels: among the voxels of an 8³ window ("3D Swin"), among all of a scene ("Full"), or from voxels to the condition's ("cross").
 *
 * Sizes in names: N voxels, M condition voxels, C channels, H heads, D = C / H.
 */
import { type Init, init, Linear, Module, ops, Parameter, type Tensor } from "../../../ffi";
import { type AttentionReach, fullAttention, packedAttention, type SparseTensor, windowAttention } from "../../../ffi/sparse";

export interface AttentionConfig {
  channels: number;
  headDim: number;
  /** Normalise queries and keys per head, × √D × a learned scale: on in the flows, off in the VAEs (TRELLIS). */
  qkNorm: boolean;
  /** Start of the output projection; see `scaledXavier`. */
  outInit: Init;
}

export class SelfAttention extends Module {
  readonly heads: number;
  readonly qkv: Linear;
  readonly out: Linear;
  readonly qNorm: HeadNorm | undefined;
  readonly kNorm: HeadNorm | undefined;

  constructor(
    readonly config: AttentionConfig,
    readonly reach: AttentionReach,
  ) {
    super();
    const { channels, headDim, qkNorm, outInit } = config;
    this.heads = headCount(channels, headDim);
    this.qkv = new Linear(channels, 3 * channels);
    this.out = new Linear(channels, channels, { init: outInit });
    if (qkNorm) {
      this.qNorm = new HeadNorm(this.heads, headDim);
      this.kNorm = new HeadNorm(this.heads, headDim);
    }
  }

  /**
   * @param h_NC features of x's voxels, normalised already
   * @returns [N, C], before the residual sum
   */
  forward(h_NC: Tensor, x: SparseTensor): Tensor {
    const qkv = this.qkv.forward(h_NC).view([-1, 3, this.heads, this.config.headDim]);
    return this.out.forward(this.attend(qkv, x).flatten(1));
  }

  private attend(qkv: Tensor, { index }: SparseTensor): Tensor {
    const { reach, qNorm, kNorm } = this;
    if (!qNorm || !kNorm) return packedAttention(qkv, index, reach);
    const [q, k, v] = qkv.unbind(1) as [Tensor, Tensor, Tensor];
    const [qn, kn] = [qNorm.forward(q), kNorm.forward(k)];
    return reach.kind === "window" ? windowAttention(qn, kn, v, index, reach) : fullAttention(qn, kn, v, index, index);
  }
}

export class CrossAttention extends Module {
  readonly heads: number;
  readonly q: Linear;
  readonly kv: Linear;
  readonly out: Linear;
  readonly qNorm: HeadNorm | undefined;
  readonly kNorm: HeadNorm | undefined;

  constructor(
    readonly config: AttentionConfig,
    readonly condChannels: number,
  ) {
    super();
    const { channels, headDim, qkNorm, outInit } = config;
    this.heads = headCount(channels, headDim);
    this.q = new Linear(channels, channels);
    this.kv = new Linear(condChannels, 2 * channels);
    this.out = new Linear(channels, channels, { init: outInit });
    if (qkNorm) {
      this.qNorm = new HeadNorm(this.heads, headDim);
      this.kNorm = new HeadNorm(this.heads, headDim);
    }
  }

  /** Every voxel of x looks at all condition voxels of its own scene. */
  forward(h_NC: Tensor, x: SparseTensor, cond: SparseTensor): Tensor {
    const { headDim } = this.config;
    const q = this.q.forward(h_NC).view([-1, this.heads, headDim]);
    const [k, v] = this.kv.forward(cond.feats).view([-1, 2, this.heads, headDim]).unbind(1) as [Tensor, Tensor];
    const [qn, kn] = [this.qNorm?.forward(q) ?? q, this.kNorm?.forward(k) ?? k];
    return this.out.forward(fullAttention(qn, kn, v, x.index, cond.index).flatten(1));
  }
}

/** x / ‖x‖ · √D · γ per head. */
export class HeadNorm extends Module {
  readonly gamma: Parameter;

  constructor(
    readonly heads: number,
    readonly headDim: number,
  ) {
    super();
    this.gamma = new Parameter([heads, headDim], init.ones());
  }

  forward(x_NHD: Tensor): Tensor {
    return ops.earthcraft.headNorm(x_NHD, this.gamma.tensor);
  }
}

function headCount(channels: number, headDim: number): number {
  if (channels % headDim !== 0) throw new RangeError(`attention: ${channels} channels do not divide into heads of ${headDim}`);
  return channels / headDim;
}
