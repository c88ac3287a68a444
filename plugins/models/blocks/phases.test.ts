import { expect, test } from "bun:test";
import { Module, ModuleList } from "../../../ffi";
import { modelNames, models } from "../registry";
import { ModulatedTBlock, TBlock } from "./t-block";

/** Shifts of the T-blocks with windows below a module, in the order of construction. */
function shiftsOf(module: unknown): number[] {
  if (module instanceof TBlock || module instanceof ModulatedTBlock) return module.config.reach.kind === "window" ? [module.config.reach.shift] : [];
  if (module instanceof ModuleList) return [...module].flatMap(shiftsOf);
  return module instanceof Module ? Object.values(module).flatMap(shiftsOf) : [];
}

for (const scale of ["mini", "paper"] as const)
  for (const name of modelNames)
    test(`${name} at ${scale} scale uses windows in both phases, equally often`, () => {
      const shifts = shiftsOf(models[name].build(scale));
      const moved = shifts.filter((shift) => shift === 4).length;
      expect(shifts.every((shift) => shift === 0 || shift === 4)).toBe(true);
      expect(Math.abs(moved - (shifts.length - moved))).toBeLessThanOrEqual(3);
      if (name !== "classsfm" && name !== "latentsfm") expect(moved).toBeGreaterThan(1);
    });

test("on both sides of a level of the U-Net the phase goes on", () => {
  const texfm = models.texfm.build("mini");
  const [down, up] = [[...texfm.uNet.down], [...texfm.uNet.up]];
  expect(shiftsOf(texfm.preBlock)).toEqual([0]);
  expect(shiftsOf(down[0]!)).toEqual([4]);
  expect(shiftsOf(up[0]!)).toEqual([0]);
  expect([shiftsOf(down[1]!), shiftsOf(up[1]!)]).toEqual([[0], [4]]);
});
