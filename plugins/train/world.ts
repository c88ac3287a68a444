/**
 * Several processes that train one model: each takes its share of a step's crops, gradients are averaged in a fixed order, and all make the same update. Only rank 0 writes files.
 */

import { EXIT, UserError } from "../../cli/plugin";
import {
  allReduce,
  averageGradients,
  barrier,
  groupFromEnvironment,
  initDistributed,
  type Module,
  scope,
  shutdownDistributed,
  Tensor,
} from "../../ffi";

export class World {
  private constructor(
    readonly rank: number,
    readonly size: number,
  ) {}

  /** Meets the other ranks; one alone meets nobody. */
  static join({ rank, size }: { rank: number; size: number }): World {
    if (size > 1) {
      const group = groupFromEnvironment();
      if (!group || group.rank !== rank || group.worldSize !== size)
        throw new UserError({
          what: `rank ${rank} of ${size} has no group to join: RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT must be set`,
          exit: EXIT.usage,
        });
      initDistributed(group);
    }
    return new World(rank, size);
  }

  /** Crops of a step that this rank computes. */
  places(batch: number): number[] {
    if (batch < this.size)
      throw new UserError({
        what: `${this.size} ranks cannot share the ${batch} crops of an update`,
        fix: "raise training.batch, or use fewer ranks",
        exit: EXIT.usage,
      });
    return Array.from({ length: batch }, (_, place) => place).filter((place) => place % this.size === this.rank);
  }

  /** After it every rank holds the mean of the ranks' gradients. */
  averageGradients(model: Module): void {
    averageGradients(model);
  }

  /** Whether any rank says yes: a signal reaches ranks at different steps, and they must stop at the same. */
  any(yes: boolean): boolean {
    if (this.size === 1) return yes;
    return scope(() => {
      const vote = Tensor.scalar(yes ? 1 : 0);
      allReduce([vote], "max");
      return vote.item() > 0;
    });
  }

  /** Waits for the others. */
  meet(): void {
    barrier();
  }

  leave(): void {
    if (this.size > 1) shutdownDistributed();
  }
}
