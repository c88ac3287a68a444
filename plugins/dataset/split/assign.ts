/**
 * Which samples train and which validate ("Train and Validation Dataset Split").
 *
 * The paper draws validation crops at random within 20 groups of maximum voxel height; its crops overlap, so a validation crop shares ground with training crops. With a large set that is followed. A small set holds out whole sites, chosen by a hash of their names, so that
 * adding a site never moves another between the halves by more than the rank of its hash; and with fewer than four sites one crop, leaving out those that touch it.
 */
import type { SplitName } from "../sample-format/index-file";
import type { SampleRecord } from "../sample-format/sample";

export type Policy = "sites" | "crop" | "height-groups";

export interface SplitRules {
  policy: Policy | "auto";
  seed: number;
  /** Sites held out whole; by default 2 of 9 or more, 1 of 4 or more. */
  heldOutSites?: number;
  groups: number;
  /** Share of a height group that validates. */
  share: number;
  leastPerGroup: number;
}

export interface Assignment {
  policy: Policy;
  heldOutSites: string[];
  split: Map<string, SplitName>;
  group: Map<string, number>;
}

type Sample = Pick<SampleRecord, "id" | "site" | "offset_cells" | "cells" | "height_cells">;

export function assignSplit(samples: readonly Sample[], rules: SplitRules): Assignment {
  if (samples.length === 0) throw new RangeError("assignSplit: no samples");
  const sites = [...new Set(samples.map((s) => s.site))].sort((a, b) => hash(a, rules.seed) - hash(b, rules.seed) || (a < b ? -1 : 1));
  const policy = rules.policy === "auto" ? policyFor(sites.length, samples.length, rules) : rules.policy;
  if (policy === "height-groups") return byHeight(samples, rules);
  if (policy === "crop") return byCrop(samples, rules);
  const count = rules.heldOutSites ?? (sites.length >= 9 ? 2 : 1);
  if (count < 1 || count >= sites.length) throw new RangeError(`assignSplit: ${count} of ${sites.length} sites cannot be held out`);
  const heldOutSites = sites.slice(0, count).sort();
  return {
    policy,
    heldOutSites,
    split: new Map(samples.map((s) => [s.id, heldOutSites.includes(s.site) ? "validation" : "train"])),
    group: new Map(),
  };
}

function policyFor(sites: number, samples: number, rules: SplitRules): Policy {
  if (samples >= 10 * rules.groups * rules.leastPerGroup) return "height-groups";
  return sites >= 4 ? "sites" : "crop";
}

/** Equal steps of maximum height; from each a share at random (here: by hash), and never fewer than `leastPerGroup` (or half of a group smaller than twice that). */
function byHeight(samples: readonly Sample[], rules: SplitRules): Assignment {
  const heights = samples.map((s) => s.height_cells);
  const [low, high] = [heights.reduce((a, b) => Math.min(a, b)), heights.reduce((a, b) => Math.max(a, b))];
  const group = new Map(
    samples.map((s) => [s.id, Math.min(rules.groups - 1, Math.floor(((s.height_cells - low) / Math.max(1, high - low)) * rules.groups))]),
  );
  const split = new Map<string, SplitName>(samples.map((s) => [s.id, "train"]));
  for (let g = 0; g < rules.groups; g++) {
    const members = samples
      .filter((s) => group.get(s.id) === g)
      .sort((a, b) => hash(a.id, rules.seed) - hash(b.id, rules.seed) || (a.id < b.id ? -1 : 1));
    const count = Math.min(Math.floor(members.length / 2), Math.max(rules.leastPerGroup, Math.round(members.length * rules.share)));
    for (const member of members.slice(0, count)) split.set(member.id, "validation");
  }
  return { policy: "height-groups", heldOutSites: [], split, group };
}

/** One corner crop validates; what shares a cell with it is unused. */
function byCrop(samples: readonly Sample[], rules: SplitRules): Assignment {
  const edge = Math.max(...samples.map((s) => Math.max(s.offset_cells[0], s.offset_cells[1])));
  const corners = samples.filter(({ offset_cells: [x, y] }) => (x === 0 || x === edge) && (y === 0 || y === edge));
  const held = corners.sort((a, b) => hash(a.id, rules.seed) - hash(b.id, rules.seed) || (a.id < b.id ? -1 : 1))[0];
  if (!held) throw new RangeError("assignSplit: no corner crop to hold out");
  const split = new Map<string, SplitName>(
    samples.map((s) => {
      if (s.id === held.id) return [s.id, "validation"];
      return [s.id, s.site === held.site && overlap(s, held) ? "unused" : "train"];
    }),
  );
  return { policy: "crop", heldOutSites: [], split, group: new Map() };
}

function overlap(a: Sample, b: Sample): boolean {
  return [0, 1].every((k) => Math.abs(a.offset_cells[k as 0 | 1] - b.offset_cells[k as 0 | 1]) < a.cells);
}

/** 32 bits of FNV-1a over the seed and the name, stirred once more: FNV alone keeps names that differ in their last letter close together. */
function hash(name: string, seed: number): number {
  let h = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(`${seed}/${name}`)) h = Math.imul(h ^ byte, 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
