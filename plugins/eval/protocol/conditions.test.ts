import { describe, expect, test } from "bun:test";
import { partnersOf } from "./conditions";

const crops = (...counts: number[]) => counts.flatMap((count, s) => Array.from({ length: count }, (_, i) => ({ id: `s${s}.${i}`, site: `s${s}` })));
const siteOf = (id: string | undefined) => id?.split(".")[0];

describe("partners", () => {
  test("of two sites with equally many crops are two permutations without a common pair, always across sites", () => {
    const all = crops(4, 4);
    const partners = partnersOf(all, 3);
    for (const which of ["other", "shuffled"] as const)
      expect(new Set([...partners.values()].map((pair) => pair[which]))).toEqual(new Set(all.map(({ id }) => id)));
    for (const { id, site } of all) {
      const { other, shuffled } = partners.get(id)!;
      expect([siteOf(other), siteOf(shuffled)]).not.toContain(site);
      expect(other).not.toBe(shuffled);
    }
  });

  test("are drawn by the seed, and prefer no place in the other site", () => {
    const all = crops(9, 9);
    const samePlace = (which: "other" | "shuffled") =>
      Array.from({ length: 40 }, (_, seed) => [...partnersOf(all, seed)].filter(([id, pair]) => pair[which]!.at(-1) === id.at(-1)).length);
    for (const which of ["other", "shuffled"] as const) {
      // Of 18 crops 2 by chance: over 40 seeds 80 ± 9.
      const count = samePlace(which).reduce((a, b) => a + b);
      expect(count).toBeGreaterThan(45);
      expect(count).toBeLessThan(115);
    }
    expect(partnersOf(all, 1)).toEqual(partnersOf(all, 1));
    expect(partnersOf(all, 1)).not.toEqual(partnersOf(all, 2));
  });

  test("of sites of one crop there is an other map and nothing to shuffle", () => {
    expect(partnersOf(crops(1, 1), 1).get("s0.0")).toEqual({ other: "s1.0", shuffled: undefined });
  });

  test("of one site they are other crops of it, and a crop alone has none", () => {
    for (const [id, { other, shuffled }] of partnersOf(crops(3), 1))
      expect(new Set([id, other, shuffled])).toEqual(new Set(["s0.0", "s0.1", "s0.2"]));
    expect(partnersOf(crops(2), 1).get("s0.1")).toEqual({ other: "s0.0", shuffled: undefined });
    expect(partnersOf(crops(1), 1).get("s0.0")).toEqual({ other: undefined, shuffled: undefined });
  });
});
