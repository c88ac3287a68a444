import { describe, expect, test } from "bun:test";
import { nativeLoaded } from "../../ffi";
import { listModels } from "./command";
import { countModels } from "./count";
import { scales } from "./registry";

describe("parameter counts", () => {
  const paper = new Map(countModels("paper").map((count) => [count.name, count]));

  // Half a percent where one reading fits Table 5, five where several do.
  for (const [name, within] of Object.entries({ texvae: 0.005, classsfm: 0.005, structvae: 0.05, latentsfm: 0.05, texfm: 0.05 } as const))
    test(`${name} is within ${within * 100} % of Table 5`, () => {
      const { parameters, paper: printed } = paper.get(name as "texvae")!;
      expect(Math.abs(parameters / printed! - 1)).toBeLessThan(within);
    });

  test("TexVAE by hand: 24 blocks of 512 and four layers", () => {
    const block = 12 * 512 ** 2 + 9 * 512;
    expect(paper.get("texvae")!.parameters).toBe(24 * block + (66 * 512 + 512) + (512 * 16 + 16) + (8 * 512 + 512) + (512 * 368 + 368));
  });

  test("parts sum to the whole, and counting loads no native library", () => {
    const before = nativeLoaded();
    for (const scale of scales)
      for (const { parameters, modules } of countModels(scale)) expect(Object.values(modules).reduce((a, b) => a + b)).toBe(parameters);
    expect(nativeLoaded()).toBe(before);
  });
});

describe("earthcraft models", () => {
  test("says the scale and names the five", () => {
    const { value, text } = listModels();
    expect(value.scale).toBe("paper");
    expect(value.models.map(({ name }) => name)).toEqual(["texvae", "structvae", "classsfm", "latentsfm", "texfm"]);
    expect(text).toContain("75.8 M");
  });

  test("a scale that is not there is refused by name", () => {
    expect(() => listModels("huge")).toThrow('there is no scale "huge"');
  });
});
