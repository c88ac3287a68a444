/** The training crops, as what a generated scene has to be better than: copies of them. Middle windows, unturned. */
import type { Dataset } from "../../dataset/api";
import { cellKeys, coarsened, iou } from "../../models/api";
import { cropWindow, windowMap, windowVoxels } from "../../sample/api";

export interface TrainingCrop {
  id: string;
  /** u8 [L, L], north-up. */
  map: Uint8Array;
  /** Sorted keys of voxels. */
  fine: Float64Array;
  /** Sorted keys of cells at L/8. */
  coarse: Float64Array;
}

export class TrainingLibrary {
  constructor(readonly crops: readonly TrainingCrop[]) {}

  static async read(dataset: Dataset, extent: number): Promise<TrainingLibrary> {
    const crops: TrainingCrop[] = [];
    for (const id of dataset.ids("train")) {
      const window = await cropWindow(dataset, id, extent);
      const { coords } = windowVoxels(window);
      crops.push({ id, map: windowMap(window), fine: cellKeys(coords, 3), coarse: coarsened(coords, 3, 8) });
    }
    return new TrainingLibrary(crops);
  }

  /** The training crop that shares most with a set of voxels: the best that copying could do for it. */
  nearest(level: "coarse" | "fine", keys: Float64Array): { crop: TrainingCrop; iou: number } {
    const shares = this.crops.map((crop) => iou(crop[level], keys));
    const best = shares.reduce((most, share, i) => (share > shares[most]! ? i : most), 0);
    return { crop: this.crops[best]!, iou: shares[best]! };
  }

  /** The training crop whose map agrees in most cells: what somebody who has only the map would copy. */
  nearestMap(map: Uint8Array): TrainingCrop {
    const agreement = ({ map: other }: TrainingCrop) => map.reduce((sum, id, i) => sum + (id === other[i] ? 1 : 0), 0);
    const scores = this.crops.map(agreement);
    return this.crops[scores.reduce((most, score, i) => (score > scores[most]! ? i : most), 0)]!;
  }

  /** Cells at L/8 that more than half of the training crops hold: the guess that knows nothing of the crop. */
  get usualCells(): Float64Array {
    const count = new Map<number, number>();
    for (const { coarse } of this.crops) for (const key of coarse) count.set(key, (count.get(key) ?? 0) + 1);
    return Float64Array.from([...count].filter(([, n]) => 2 * n > this.crops.length).map(([key]) => key)).sort();
  }
}
