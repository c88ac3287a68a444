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

/** With fewer crops an interval is no more than a hint: it knows only what these few have in common. */
const ENOUGH_CROPS = 8;

export function isSure({ low, crops }: Estimate): boolean {
  return crops >= ENOUGH_CROPS && !Number.isNaN(low);
}

/** What an interval of a difference allows to say, with the sites beside it. */
export function verdict(estimate: Estimate): string {
  const { mean, low, high, sites, crops } = estimate;
  if (Number.isNaN(mean)) return "could not be measured";
  const sign = low > 0 ? "above" : high < 0 ? "below" : undefined;
  if (!isSure(estimate)) return `is ${fixed(mean)} on ${crops} ${crops === 1 ? "crop" : "crops"}, too few to be sure`;
  if (sign === undefined) return "cannot be told from 0";
  const everywhere = Object.values(sites).every((site) => (sign === "above" ? site > 0 : site < 0));
  return `is clearly ${sign} 0${everywhere ? "" : ", but not on every site"}`;
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
  const rows = found.map(({ label, estimate }) => ({
    name: label,
    ...{ value: estimate.mean, low: estimate.low, high: estimate.high },
    points: sites.map((site) => estimate.sites[site]).filter((value) => value !== undefined),
    ...(isSure(estimate) ? {} : { unsure: true }),
  }));
  return { tables: [table], intervals: [{ title, x: unit, rows }], estimates };
}
