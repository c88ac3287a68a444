/**
 * Which samples train, which tune and which validate ("Train and Validation Dataset Split").
 *
 * The paper draws validation crops at random within 20 groups of maximum voxel height; its crops overlap, so a validation crop shares ground with training crops. With a large set that is followed. A small set holds out whole sites, chosen by a hash of their names, so that
 * adding a site never moves another between the halves by more than the rank of its hash; and with fewer than four sites one crop, leaving out those that touch it.
 *
 * Of six sites or more one is set aside for tuning. Sites lie apart, so that what is chosen on it has seen neither a voxel that trained a model nor one that measures it.
 */
import type { SplitName } from "../sample-format/index-file";
import type { SampleRecord } from "../sample-format/sample";

/** A place with fewer holds out a crop instead of a site. */
const FEWEST_SITES = 4;
const CROPS_A_SITE = 9;
/** Samples from which the paper's split by height groups is followed, for its 20 groups of at least 8. */
const LARGE_SET = 1600;

/** `none`: nothing could be held out, and what trains validates too. */
export type Policy = "sites" | "crop" | "height-groups" | "none";

export interface SplitRules {
  policy: Exclude<Policy, "none"> | "auto";
  seed: number;
  /** Sites held out whole; by default 2 of 9 or more, 1 of 4 or more. */
  heldOutSites?: number;
  /** Sites set aside for tuning; by default 1 of 6 or more. */
  tuningSites?: number;
  groups: number;
  /** Share of a height group that validates. */
  share: number;
  leastPerGroup: number;
  /** The data filter's limits: metres above the floor, and mean slope. */
  highest_m: number;
  leastGradient: number;
}

export interface Assignment {
  policy: Policy;
  heldOutSites: string[];
  tuningSites: string[];
  split: Map<string, SplitName>;
  /** Why samples are unused. */
  reason: Map<string, Reason>;
  group: Map<string, number>;
}

export type Reason = "too smooth" | "too high" | "touches the validation crop";
export type SplitSample = Pick<SampleRecord, "id" | "site" | "offset_cells" | "cells" | "voxel_m" | "height_cells" | "mean_gradient">;

export function assignSplit(samples: readonly SplitSample[], rules: SplitRules): Assignment {
  if (samples.length === 0) throw new RangeError("assignSplit: no samples");
  const reason = new Map<string, Reason>();
  for (const s of samples) {
    if (s.height_cells * s.voxel_m > rules.highest_m) reason.set(s.id, "too high");
    else if (s.mean_gradient < rules.leastGradient) reason.set(s.id, "too smooth");
  }
  const usable = samples.filter((s) => !reason.has(s.id));
  if (usable.length === 0) throw new RangeError(`assignSplit: the data filter leaves none of ${samples.length} samples`);
  const assigned = assignUsable(usable, rules);
  for (const [id, why] of assigned.reason) reason.set(id, why);
  return { ...assigned, reason, split: new Map(samples.map((s) => [s.id, assigned.split.get(s.id) ?? "unused"])) };
}

function assignUsable(samples: readonly SplitSample[], rules: SplitRules): Assignment {
  const crops = new Map<string, number>();
  for (const { site } of samples) crops.set(site, (crops.get(site) ?? 0) + 1);
  const most = Math.max(...crops.values());
  // A site that the filter has emptied by half says little of a model: it is the last to be held out.
  const sites = byHash([...crops.keys()], rules.seed, (site) => site).sort(
    (x, y) => Number(2 * crops.get(x)! < most) - Number(2 * crops.get(y)! < most),
  );
  const policy = rules.policy === "auto" ? policyFor(sites.length, samples.length, rules) : rules.policy;
  if (policy !== "sites" && rules.tuningSites) throw new RangeError(`assignSplit: the policy "${policy}" sets no site aside for tuning`);
  if (policy === "height-groups") return byHeight(samples, rules);
  if (policy === "crop") return byCrop(samples, rules);
  const count = rules.heldOutSites ?? heldOutCount(sites.length);
  const tuning = rules.tuningSites ?? tuningCount(sites.length, count);
  if (count < 1 || count + tuning >= sites.length)
    throw new RangeError(
      `assignSplit: ${count} of ${sites.length} sites cannot be held out${tuning > 0 ? ` and ${tuning} set aside for tuning` : ""}`,
    );
  const heldOutSites = sites.slice(0, count).sort();
  const tuningSites = sites.slice(count, count + tuning).sort();
  const splitOf = (site: string): SplitName => (heldOutSites.includes(site) ? "validation" : tuningSites.includes(site) ? "tuning" : "train");
  return {
    policy,
    heldOutSites,
    tuningSites,
    split: new Map(samples.map((s) => [s.id, splitOf(s.site)])),
    reason: new Map(),
    group: new Map(),
  };
}

function policyFor(sites: number, samples: number, rules: SplitRules): Exclude<Policy, "none"> {
  if (samples >= 10 * rules.groups * rules.leastPerGroup) return "height-groups";
  return sites >= FEWEST_SITES ? "sites" : "crop";
}

/** Equal steps of maximum height; from each a share at random (here: by hash), and never fewer than `leastPerGroup` (or half of a group smaller than twice that). */
function byHeight(samples: readonly SplitSample[], rules: SplitRules): Assignment {
  const heights = samples.map((s) => s.height_cells);
  const [low, high] = [heights.reduce((a, b) => Math.min(a, b)), heights.reduce((a, b) => Math.max(a, b))];
  const group = new Map(
    samples.map((s) => [s.id, Math.min(rules.groups - 1, Math.floor(((s.height_cells - low) / Math.max(1, high - low)) * rules.groups))]),
  );
  const split = new Map<string, SplitName>(samples.map((s) => [s.id, "train"]));
  for (let g = 0; g < rules.groups; g++) {
    const members = byHash(
      samples.filter((s) => group.get(s.id) === g),
      rules.seed,
      (s) => s.id,
    );
    const count = Math.min(Math.floor(members.length / 2), Math.max(rules.leastPerGroup, Math.round(members.length * rules.share)));
    for (const member of members.slice(0, count)) split.set(member.id, "validation");
  }
  return { policy: "height-groups", heldOutSites: [], tuningSites: [], split, reason: new Map(), group };
}

/** One crop validates, in a corner where the filter left one, since there it touches the fewest; what shares a cell with it is unused. Where that leaves nothing to train on, all crops train, and validate too. */
function byCrop(samples: readonly SplitSample[], rules: SplitRules): Assignment {
  const edge = Math.max(...samples.map((s) => Math.max(s.offset_cells[0], s.offset_cells[1])));
  const isCorner = ({ offset_cells: [x, y] }: SplitSample) => (x === 0 || x === edge) && (y === 0 || y === edge);
  const touches = (s: SplitSample, other: SplitSample) => s.site === other.site && overlap(s, other);
  const possible = samples.filter((held) => samples.some((s) => !touches(s, held)));
  const corners = possible.filter(isCorner);
  const held = byHash(corners.length > 0 ? corners : possible, rules.seed, (s) => s.id)[0];
  const split = new Map<string, SplitName>(samples.map((s) => [s.id, "train"]));
  const reason = new Map<string, Reason>();
  if (held === undefined) return { policy: "none", heldOutSites: [], tuningSites: [], split, reason, group: new Map() };
  for (const s of samples) {
    if (!touches(s, held)) continue;
    split.set(s.id, s === held ? "validation" : "unused");
    if (s !== held) reason.set(s.id, "touches the validation crop");
  }
  return { policy: "crop", heldOutSites: [], tuningSites: [], split, reason, group: new Map() };
}

function overlap(a: SplitSample, b: SplitSample): boolean {
  return [0, 1].every((k) => Math.abs(a.offset_cells[k as 0 | 1] - b.offset_cells[k as 0 | 1]) < a.cells);
}

/** What a place of these sites would set aside, before the data filter has looked at their crops; no site where crops are held out instead. */
export function expectedSplit(sites: readonly string[], seed: number): { heldOut: string[]; tuning: string[] } {
  if (sites.length < FEWEST_SITES || CROPS_A_SITE * sites.length >= LARGE_SET) return { heldOut: [], tuning: [] };
  const order = byHash(sites, seed, (site) => site);
  const held = heldOutCount(sites.length);
  return { heldOut: order.slice(0, held).sort(), tuning: order.slice(held, held + tuningCount(sites.length, held)) };
}

const heldOutCount = (sites: number) => (sites >= 9 ? 2 : 1);
const tuningCount = (sites: number, heldOut: number) => (sites >= 6 && heldOut + 1 < sites ? 1 : 0);

/** In the order of a hash of their names: at random, but the same whatever the order they came in. */
function byHash<T>(items: readonly T[], seed: number, name: (item: T) => string): T[] {
  const keyed = items.map((item) => ({ item, name: name(item), key: hash(name(item), seed) }));
  return keyed.sort((a, b) => a.key - b.key || (a.name < b.name ? -1 : 1)).map(({ item }) => item);
}

/** 32 bits of FNV-1a over the seed and the name, stirred once more: FNV alone keeps names that differ in their last letter close together. */
function hash(name: string, seed: number): number {
  let h = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(`${seed}/${name}`)) h = Math.imul(h ^ byte, 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
