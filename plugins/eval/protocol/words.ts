/** Estimates as a person reads them. */
import type { ReportSection } from "../../../cli/plugin";
import type { Results } from "./results";
import type { Estimate } from "./statistics";

type Table = NonNullable<ReportSection["tables"]>[number];
type Intervals = NonNullable<ReportSection["intervals"]>[number];

/** A difference that a table and a chart show. */
export interface Difference {
  /** Of the metric. */
  name: string;
  label: string;
  of: string;
  over: string;
}

export function fixed(value: number, digits = 3): string {
  return Number.isNaN(value) ? "–" : value.toFixed(digits).replace("-", "−");
}

export function percent(share: number, digits = 0): string {
  return Number.isNaN(share) ? "nothing" : `${(100 * share).toFixed(digits)} %`;
}

/** `0.512 [0.430, 0.588]`. */
export function figure({ mean, low, high }: Estimate, digits = 3): string {
  return Number.isNaN(low) ? fixed(mean, digits) : `${fixed(mean, digits)} [${fixed(low, digits)}, ${fixed(high, digits)}]`;
}

/** What an interval of a difference allows to say. */
export function verdict({ mean, low, high }: Estimate): string {
  if (Number.isNaN(mean)) return "could not be measured";
  if (Number.isNaN(low)) return "rests on too few crops for an interval";
  return low > 0 ? "is clearly above 0" : high < 0 ? "is clearly below 0" : "cannot be told from 0";
}

/** Differences with their intervals and each site's own, as a table and as a chart. Those that could not be measured are left out. */
export function differencesOf(
  results: Results,
  {
    title,
    sentence,
    unit,
    digits = 3,
  }: { title: string; sentence: (estimates: ReadonlyMap<string, Estimate>) => string; unit: string; digits?: number },
  wanted: readonly Difference[],
): { tables: Table[]; intervals: Intervals[]; estimates: ReadonlyMap<string, Estimate> } {
  const found = wanted
    .filter(({ of, over }) => results.has(of) && results.has(over))
    .map(({ name, label, of, over }) => ({ name, label, estimate: results.difference(name, of, over) }));
  const estimates = new Map(found.map(({ name, estimate }) => [name, estimate]));
  if (found.length === 0) return { tables: [], intervals: [], estimates };
  const { sites } = results;
  const table: Table = {
    title,
    sentence: sentence(estimates),
    columns: [`difference (${unit})`, "mean", "95 % interval", ...sites.map((site) => `site ${site}`)],
    rows: found.map(({ label, estimate: { mean, low, high, sites: bySite } }) => [
      label,
      fixed(mean, digits),
      Number.isNaN(low) ? "too few crops" : `[${fixed(low, digits)}, ${fixed(high, digits)}]`,
      ...sites.map((site) => fixed(bySite[site] ?? Number.NaN, digits)),
    ]),
  };
  const rows = found.map(({ label, estimate: { mean, low, high, sites: bySite } }) => ({
    name: label,
    ...{ value: mean, low, high },
    points: sites.map((site) => bySite[site]).filter((value) => value !== undefined),
  }));
  return { tables: [table], intervals: [{ title, x: unit, rows }], estimates };
}
