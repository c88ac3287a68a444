import { describe, expect, test } from "bun:test";
import { partnersOf } from "./conditions";

const crops = (...counts: number[]) => counts.flatMap((count, s) => Array.from({ length: count }, (_, i) => ({ id: `s${s}.${i}`, site: `s${s}` })));
const siteOf = (id: string | undefined) => id?.split(".")[0];

describe("partners", () => {
  test("of two sites with equally many crops are two permutations without a common pair, always across sites", () => {
    const all = crops(4, 4);
    const partners = partnersOf(all);
    for (const which of ["other", "shuffled"] as const)
      expect(new Set([...partners.values()].map((pair) => pair[which]))).toEqual(new Set(all.map(({ id }) => id)));
    for (const { id, site } of all) {
      const { other, shuffled } = partners.get(id)!;
      expect([siteOf(other), siteOf(shuffled)]).not.toContain(site);
      expect(other).not.toBe(shuffled);
    }
  });

  test("of sites of one crop there is an other map and nothing to shuffle", () => {
    expect(partnersOf(crops(1, 1)).get("s0.0")).toEqual({ other: "s1.0", shuffled: undefined });
  });

  test("of one site they are other crops of it, and a crop alone has none", () => {
    const partners = partnersOf(crops(3));
    expect(partners.get("s0.0")).toEqual({ other: "s0.1", shuffled: "s0.2" });
    expect(partners.get("s0.2")).toEqual({ other: "s0.0", shuffled: "s0.1" });
    expect(partnersOf(crops(2)).get("s0.1")).toEqual({ other: "s0.0", shuffled: undefined });
    expect(partnersOf(crops(1)).get("s0.0")).toEqual({ other: undefined, shuffled: undefined });
  });
});
