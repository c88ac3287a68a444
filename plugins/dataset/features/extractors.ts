/** The feature extractors by the ids that samples and checkpoints carry. */
import { dct } from "./dct";
import type { FeatureExtractor } from "./extractor";

/** @throws RangeError when no such extractor is here */
export function extractorOf(id: string): FeatureExtractor {
  if (id !== dct.id) throw new RangeError(`no feature extractor "${id}" here; there is ${dct.id}`);
  return dct;
}
