/** A diagonal Gaussian over latents: what a VAE's encoder says. */
import type { Tensor } from "../../../ffi";

/** Beyond these a variance is 0 or infinite in f32. */
const LOG_VARIANCE_RANGE = [-30, 20] as const;

export class Posterior {
  private constructor(
    /** [N, C] */
    readonly mean: Tensor,
    readonly logVariance: Tensor,
  ) {}

  /** @param raw_N2C mean, then log-variance less its start */
  static of(raw_N2C: Tensor, logVarianceStart: number): Posterior {
    const [mean, raw] = raw_N2C.chunk(2, 1) as [Tensor, Tensor];
    return new Posterior(mean, raw.add(logVarianceStart).clamp(...LOG_VARIANCE_RANGE));
  }

  /** @param noise standard normal, [N, C] */
  sample(noise: Tensor): Tensor {
    return this.mean.add(this.logVariance.mul(0.5).exp().mul(noise));
  }

  /** KL divergence to the standard normal in nats, one value an element, [N, C]. */
  kl(): Tensor {
    return this.mean.pow(2).add(this.logVariance.exp()).sub(this.logVariance).sub(1).mul(0.5);
  }

  /** What `scope` keeps of it. */
  tensors(): Tensor[] {
    return [this.mean, this.logVariance];
  }
}
