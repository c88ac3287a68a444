import { describe, expect, test } from "bun:test";
import { commonShare, farFrom, likenessOf, sayLikeness } from "./likeness";

describe("what mixes of classes have in common", () => {
  test("equal mixes all of it, whatever their amounts; disjoint ones nothing", () => {
    expect(commonShare([1, 2, 1], [30, 60, 30])).toBeCloseTo(1, 12);
    expect(commonShare([1, 0, 0], [0, 5, 5])).toBe(0);
    expect(commonShare([1, 1, 0], [0, 1, 3])).toBeCloseTo(0.25, 12); // half against a quarter of the second class
    expect(commonShare([0, 0], [1, 1])).toBe(0);
  });

  test("a site is compared with the training sites without itself, each counting as one", () => {
    const site = (id: string, mix: number[], training = true) => ({ id, mix, training });
    const { shared, usual } = likenessOf([site("a", [1, 1, 0]), site("b", [300, 100, 0]), site("c", [1, 0, 0]), site("odd", [0, 1, 9], false)])!;
    expect(shared.get("a")).toBeCloseTo(0.5 + 0.125, 12); // b and c together: 7/8 and 1/8
    expect(shared.get("odd")).toBeCloseTo(0.1, 12); // all three: 3/4 and 1/4 of the first two
    expect(usual).toBeCloseTo([...["a", "b", "c"].map((id) => shared.get(id)!)].sort()[1]!, 12);
    const likeness = { shared, usual };
    expect(farFrom(likeness, ["odd"])).toEqual(["odd"]);
    expect(sayLikeness(likeness, ["odd"])).toContain("odd has 10 % of its classes in common with the training sites");
    expect(sayLikeness(likeness, ["odd"])).toContain("odd is unlike the rest of the place");
    expect(sayLikeness(likeness, ["b"])).not.toContain("unlike");
  });

  test("nothing is said where nothing can be compared", () => {
    expect(likenessOf([{ id: "a", mix: [1], training: true }])).toBeUndefined();
    expect(
      likenessOf([
        { id: "a", mix: [1], training: true },
        { id: "b", mix: [1], training: true },
      ]),
    ).toBeUndefined();
  });
});
