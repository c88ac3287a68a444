/** What was measured of each held-out crop, and what it says on the whole: every mean and every difference that a table asks for, with its interval, ends up among the run's metrics. */
import type { ClassColour } from "../../models/api";
import type { Recovered } from "../../train/api";
import { type BootstrapOptions, bootstrap, type CropValues, differences, type Estimate } from "./statistics";

export interface CropResult {
  id: string;
  site: string;
  /** By measure: one number a seed, or one for all. */
  values: Record<string, readonly number[]>;
  /** StructVAE. */
  recovered?: Recovered;
  /** TexFM: colours of the classes as TexVAE decodes them, and as drawn with each seed. */
  colours?: { own: [number, ClassColour][]; drawn: [number, ClassColour][][] };
  /** ClassSFM: keys of the cells drawn from nothing, a seed each. */
  free?: number[][];
}

/** More sites than these would make no table. */
const MOST_SITES = 6;

export class Results {
  readonly metrics: Record<string, number> = {};

  constructor(
    readonly crops: readonly CropResult[],
    private readonly options: BootstrapOptions,
  ) {}

  /** Sites to print one by one. */
  get sites(): string[] {
    const names = [...new Set(this.crops.map(({ site }) => site))].sort();
    return names.length > MOST_SITES ? [] : names;
  }

  has(measure: string): boolean {
    return this.crops.some(({ values }) => values[measure]?.some((value) => !Number.isNaN(value)));
  }

  /** Mean of a measure over crops. */
  mean(measure: string): Estimate {
    return this.note(measure, this.valuesOf(measure), false);
  }

  /** Mean of `of` − `over` over (crop, seed) pairs. */
  difference(name: string, of: string, over: string): Estimate {
    return this.note(name, differences(this.valuesOf(of), this.valuesOf(over)), true);
  }

  /** Mean of values that were made of several measures. */
  note(name: string, values: readonly CropValues[], everySite: boolean): Estimate {
    const estimate = bootstrap(values, this.options);
    this.metric(name, estimate.mean);
    this.metric(`${name}_low`, estimate.low);
    this.metric(`${name}_high`, estimate.high);
    if (everySite) for (const site of this.sites) this.metric(`${name}_site_${site}`, estimate.sites[site]);
    return estimate;
  }

  /** A number without an interval; what could not be measured is left out. */
  metric(name: string, value: number | undefined): void {
    if (value !== undefined && Number.isFinite(value)) this.metrics[name] = value;
  }

  private valuesOf(measure: string): CropValues[] {
    return this.crops.map(({ id, site, values }) => ({ site, crop: id, values: values[measure] ?? [] }));
  }
}
