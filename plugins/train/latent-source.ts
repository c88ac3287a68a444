/** Chooses encoded windows for training by Eq. 2's weights; the same for the same seed and count. */
import { drawByWeight, heightWeights } from "./augment/height-weights";
import type { LatentItem } from "./latents";
import { StepDraws } from "./random";
import type { SampleStore } from "./samples";

export class LatentSource {
  private readonly weights: number[];

  constructor(
    readonly items: readonly LatentItem[],
    private readonly seed: number,
    heightAlpha: number,
  ) {
    this.weights = heightWeights(
      items.map((item) => item.height_cells),
      heightAlpha,
    );
  }

  /** Loads the samples, for their conditions, of the `batch` windows of a step. */
  prepare(store: SampleStore, step: number, batch: number): Promise<void> {
    return store.load(Array.from({ length: batch }, (_, place) => this.draw(step * batch + place).sample));
  }

  /** @param count windows drawn before it, over the whole run */
  draw(count: number): LatentItem {
    return this.items[drawByWeight(this.weights, new StepDraws(this.seed, "loaderOrder", count).uniform(1)[0]!)]!;
  }
}
