/**
 * How sure a mean over held-out crops is: the percentile bootstrap, 95 %.
 *
 * Differences are taken pair by pair: what is compared was drawn for the same crop from the same noise. A crop's seeds are averaged before anything is drawn, because they are no new crops. Crops are then drawn with replacement within
 * their own site, so that every resample has as many crops of each site as there are. The intervals therefore speak of other crops of these sites; of other sites only the differences from site to site speak, and those are given one by one.
 */
import { scope, uniform } from "../../../ffi";
import { mean } from "../../models/api";

/** A measure of one crop. */
export interface CropValues {
  site: string;
  crop: string;
  /** One number a seed, or one for all; NaN where it cannot be said. */
  values: readonly number[];
}

export interface Estimate {
  /** Mean over crops. */
  mean: number;
  /** NaN where no site has two crops. */
  low: number;
  high: number;
  /** Mean over the crops of each site. */
  sites: Record<string, number>;
  crops: number;
}

export interface BootstrapOptions {
  seed: number;
  resamples: number;
}

/** @param measures crops may come in any order; those without a number are left out */
export function bootstrap(measures: readonly CropValues[], { seed, resamples }: BootstrapOptions): Estimate {
  const sites = new Map<string, number[]>();
  for (const { site, values } of [...measures].sort((a, b) => (a.crop < b.crop ? -1 : 1))) {
    const value = mean(values.filter((one) => !Number.isNaN(one)));
    if (!Number.isNaN(value)) sites.set(site, [...(sites.get(site) ?? []), value]);
  }
  const bySite = [...sites].sort(([a], [b]) => (a < b ? -1 : 1));
  const all = bySite.flatMap(([, values]) => values);
  const estimate = { mean: mean(all), sites: Object.fromEntries(bySite.map(([site, values]) => [site, mean(values)])), crops: all.length };
  if (bySite.every(([, values]) => values.length < 2)) return { ...estimate, low: Number.NaN, high: Number.NaN };
  const means = resampledMeans(
    bySite.map(([, values]) => values),
    { seed, resamples },
  );
  return { ...estimate, low: quantile(means, 0.025), high: quantile(means, 0.975) };
}

/** `of` less `over`, pair by pair; crops that only one has are left out. */
export function differences(of: readonly CropValues[], over: readonly CropValues[]): CropValues[] {
  const others = new Map(over.map((one) => [one.crop, one.values]));
  return of.flatMap(({ site, crop, values }) => {
    const other = others.get(crop);
    if (!other || other.length === 0 || values.length === 0) return [];
    if (values.length > 1 && other.length > 1 && values.length !== other.length)
      throw new RangeError(`differences: crop ${crop} has ${values.length} and ${other.length} seeds`);
    const at = (list: readonly number[], i: number) => list[list.length === 1 ? 0 : i]!;
    return [{ site, crop, values: Array.from({ length: Math.max(values.length, other.length) }, (_, i) => at(values, i) - at(other, i)) }];
  });
}

/** Means of the resamples, sorted. */
function resampledMeans(strata: readonly (readonly number[])[], { seed, resamples }: BootstrapOptions): Float64Array {
  const crops = strata.reduce((sum, { length }) => sum + length, 0);
  const chance = scope(() => uniform([resamples, crops], { seed, purpose: "resampling", index: 0 }).toArray());
  const means = new Float64Array(resamples);
  for (let r = 0, at = 0; r < resamples; r++) {
    let sum = 0;
    for (const values of strata) for (let i = 0; i < values.length; i++) sum += values[Math.floor(chance[at++]! * values.length)]!;
    means[r] = sum / crops;
  }
  return means.sort();
}

/** Between the two nearest of a sorted list, in proportion. */
function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  return sorted[below]! + (at - below) * ((sorted[below + 1] ?? sorted[below]!) - sorted[below]!);
}
