import { describe, expect, test } from "bun:test";
import { assignSplit, expectedSplit, type SplitRules } from "./assign";

const rules: SplitRules = { policy: "auto", seed: 7, groups: 20, share: 1 / 120, leastPerGroup: 8, highest_m: 400, leastGradient: 0.01 };

function place(sites: number, height = (_site: number, _crop: number) => 20) {
  return Array.from({ length: sites }, (_, s) =>
    [0, 48, 96].flatMap((x, i) =>
      [0, 48, 96].map((y, j) => ({
        id: `site-${s}.${i}${j}`,
        site: `site-${s}`,
        offset_cells: [x, y, 0] as [number, number, number],
        cells: 64,
        voxel_m: 3.125,
        mean_gradient: 0.2,
        height_cells: height(s, 3 * i + j),
      })),
    ),
  ).flat();
}

describe("assignSplit", () => {
  test("nine sites: two are held out whole and one tunes, whatever the order of the samples", () => {
    const samples = place(9);
    const a = assignSplit(samples, rules);
    const b = assignSplit(samples.toReversed(), rules);
    expect(a.policy).toBe("sites");
    expect(a.heldOutSites).toHaveLength(2);
    expect(b.heldOutSites).toEqual(a.heldOutSites);
    expect(a.tuningSites).toHaveLength(1);
    expect(b.tuningSites).toEqual(a.tuningSites);
    expect(a.heldOutSites).not.toContain(a.tuningSites[0]!);
    for (const s of samples)
      expect(a.split.get(s.id)).toBe(a.heldOutSites.includes(s.site) ? "validation" : s.site === a.tuningSites[0] ? "tuning" : "train");
    expect(assignSplit(samples, { ...rules, seed: 8 }).heldOutSites).not.toEqual(a.heldOutSites);
  });

  test("six sites or more set one aside for tuning, unless told; it never takes one from those held out", () => {
    const assigned = (sites: number, tuningSites?: number) => assignSplit(place(sites), { ...rules, tuningSites });
    expect([4, 5, 6, 9].map((sites) => assigned(sites).tuningSites.length)).toEqual([0, 0, 1, 1]);
    expect([4, 9].map((sites) => assigned(sites, 1).tuningSites.length)).toEqual([1, 1]);
    expect(assigned(9, 0).tuningSites).toEqual([]);
    expect(assigned(9, 0).heldOutSites).toEqual(assigned(9).heldOutSites);
    expect(() => assigned(1, 1)).toThrow("sets no site aside");
    expect(() => assignSplit(place(4), { ...rules, heldOutSites: 3, tuningSites: 1 })).toThrow("3 of 4 sites cannot be held out and 1 set aside");
  });

  test("one site: a crop validates, and no training crop shares a cell with it", () => {
    const samples = place(1);
    const { policy, split } = assignSplit(samples, rules);
    const cells = (name: string) => {
      const set = new Set<number>();
      for (const s of samples)
        if (split.get(s.id) === name)
          for (let x = 0; x < 64; x++) for (let y = 0; y < 64; y++) set.add((s.offset_cells[0] + x) * 1000 + s.offset_cells[1] + y);
      return set;
    };
    expect(policy).toBe("crop");
    const [train, held] = [cells("train"), cells("validation")];
    expect(held.size).toBe(64 * 64);
    expect([...held].some((cell) => train.has(cell))).toBe(false);
    expect([...split.values()].filter((s) => s === "train")).toHaveLength(5);
  });

  test("a large set follows the paper: 20 groups of height, 1/120 of each and at least 8", () => {
    const samples = place(2000, (s, c) => 10 + Math.floor(190 * ((s * 9 + c) / 18000) ** 4)); // tall scenes are rare
    const { policy, split, group } = assignSplit(samples, rules);
    expect(policy).toBe("height-groups");
    const per = Array.from({ length: 20 }, (_, g) => samples.filter((s) => group.get(s.id) === g));
    expect(per.every((members) => members.length > 0)).toBe(true);
    for (const members of per) {
      const chosen = members.filter((s) => split.get(s.id) === "validation").length;
      expect(chosen).toBe(Math.max(8, Math.round(members.length / 120)));
    }
    const lows = per.map((members) => Math.min(...members.map((s) => s.height_cells)));
    expect(lows).toEqual(lows.toSorted((a, b) => a - b));
  }, 30_000);

  test("what is too high or too smooth is left out, and a smooth site is not the one held out", () => {
    const samples = place(9);
    const [smooth, high] = [assignSplit(samples, rules).heldOutSites[0]!, "site-0.11"];
    const changed = samples.map((s) => ({
      ...s,
      mean_gradient: s.site === smooth && !s.id.endsWith("22") ? 0.002 : 0.2,
      height_cells: s.id === high ? 129 : 128,
    }));
    const { split, reason, heldOutSites } = assignSplit(changed, rules);
    expect(heldOutSites).toHaveLength(2);
    expect(heldOutSites).not.toContain(smooth);
    expect(
      changed
        .filter((s) => split.get(s.id) === "unused")
        .map((s) => s.id)
        .sort(),
    ).toEqual(
      changed
        .filter((s) => (s.site === smooth && !s.id.endsWith("22")) || s.id === high)
        .map((s) => s.id)
        .sort(),
    );
    expect([reason.get(high), reason.get(`${smooth}.00`)]).toEqual(["too high", "too smooth"]);
    expect(() =>
      assignSplit(
        samples.map((s) => ({ ...s, mean_gradient: 0 })),
        rules,
      ),
    ).toThrow("leaves none of 81");
  });

  test("crops that the filter left hold out what leaves others to train on; where nothing does, all train and validate", () => {
    const [corner, east, far] = [0, 1, 8].map((i) => place(1)[i]!); // south-west, beside it, and the opposite corner
    const left = assignSplit([corner!, east!, far!], rules);
    expect(left.policy).toBe("crop");
    expect([...left.split.values()].filter((s) => s === "train").length).toBeGreaterThan(0);
    expect([...left.split.values()].filter((s) => s === "validation")).toHaveLength(1);
    const middle = assignSplit([place(1)[1]!, place(1)[7]!], rules); // no corner, and they do not touch
    expect([...middle.split.values()].sort()).toEqual(["train", "validation"]);
    const none = assignSplit([corner!, east!], rules);
    expect(none.policy).toBe("none");
    expect([...none.split.values()]).toEqual(["train", "train"]);
    expect(assignSplit([corner!], rules).policy).toBe("none");
  });

  test("what a check of the place expects is what happens", () => {
    for (const sites of [1, 3, 4, 8, 9, 25])
      for (const seed of [7, 8]) {
        const names = Array.from({ length: sites }, (_, s) => `site-${s}`);
        const { heldOutSites, tuningSites } = assignSplit(place(sites), { ...rules, seed });
        expect(expectedSplit(names, seed)).toEqual({ heldOut: heldOutSites, tuning: tuningSites });
      }
    const many = Array.from({ length: 2000 }, (_, s) => `site-${s}`);
    expect(expectedSplit(many, 7)).toEqual({ heldOut: [], tuning: [] }); // height groups
  });

  test("more sites held out than there are is refused", () => {
    expect(() => assignSplit(place(4), { ...rules, heldOutSites: 4 })).toThrow("4 of 4 sites");
  });
});
