/**
 * TexVAE: voxel features to 8 channels a voxel and from there to 2D Gaussians. A tube: no level is ever coarser, because texture does not survive spatial compression (Table 2).
 *
 * Sizes in names: N voxels, C channels, K splats a voxel.
 */
import { LayerNorm, Linear, Module, type ModuleList, type Tensor } from "../../../ffi";
import type { SparseTensor } from "../../../ffi/sparse";
import { positionsOf, type TBlock, tStack } from "../blocks";
import { Posterior } from "../blocks/posterior";
import type { TexvaeConfig } from "./config";
import { GaussianHead } from "./gaussian-head";

/** Input layer, position, T-blocks, norm: both halves of the tube. */
class Tube extends Module {
  readonly input: Linear;
  readonly blocks: ModuleList<TBlock>;
  readonly norm: LayerNorm;

  constructor(inChannels: number, config: TexvaeConfig) {
    super();
    const { channels, headDim, residualScale } = config;
    this.input = new Linear(inChannels, channels);
    this.blocks = tStack(config.blocks, "swin", { channels, headDim, residualScale });
    this.norm = new LayerNorm(channels, { affine: false, eps: 1e-6 });
  }

  forward(x: SparseTensor): SparseTensor {
    const feats = this.input.forward(x.feats);
    let h = x.withFeats(feats.add(positionsOf(x.coords, feats.shape[1]!)));
    for (const block of this.blocks) h = block.forward(h);
    return h.withFeats(this.norm.forward(h.feats));
  }
}

export class TexvaeEncoder extends Module {
  readonly tube: Tube;
  readonly output: Linear;

  constructor(readonly config: TexvaeConfig) {
    super();
    this.tube = new Tube(config.inChannels, config);
    this.output = new Linear(config.channels, 2 * config.latentChannels);
  }

  /** @param x voxels with feats [N, 66] (Eq. 1) */
  forward(x: SparseTensor): Posterior {
    return Posterior.of(this.output.forward(this.tube.forward(x).feats), this.config.logVarianceStart);
  }
}

export class TexvaeDecoder extends Module {
  readonly tube: Tube;
  readonly head: GaussianHead;

  constructor(readonly config: TexvaeConfig) {
    super();
    this.tube = new Tube(config.latentChannels, config);
    this.head = new GaussianHead(config.channels, config.splats);
  }

  /** @param z voxels with latents [N, 8]; returns raw parameters [N, K·23], block layout by attribute: see `gaussian-head.ts` */
  forward(z: SparseTensor): Tensor {
    return this.head.forward(this.tube.forward(z).feats);
  }
}

export class Texvae extends Module {
  readonly encoder: TexvaeEncoder;
  readonly decoder: TexvaeDecoder;

  constructor(readonly config: TexvaeConfig) {
    super();
    this.encoder = new TexvaeEncoder(config);
    this.decoder = new TexvaeDecoder(config);
  }
}
