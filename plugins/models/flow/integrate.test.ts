import { describe, expect, test } from "bun:test";
import { Tensor } from "../../../ffi";
import { conditionalWeight, integrate } from "./integrate";
import { pair, pointOnPath, SIGMA_MIN } from "./pair";
import { samplingTimes } from "./time";

const plain = { w: 0, convention: "one-plus-w" } as const;

describe("integrate", () => {
  test("equals the closed form on a linear field: dx/dt = a x + b t", () => {
    const [a, b] = [0.8, -0.5];
    const x1 = Tensor.from(Float64Array.of(1.5, -2, 0.25));
    const result = integrate((x, t) => x.mul(a).add(b * t), x1, { steps: 2000, shift: 3, cfg: plain });
    // x(t) = c e^{a t} − (b/a) t − b/a²
    const exact = Array.from(x1.toArray(), (x) => (x + b / a + b / a ** 2) * Math.exp(-a) - b / a ** 2);
    for (const [i, value] of Array.from(result.toArray()).entries()) expect(value).toBeCloseTo(exact[i]!, 3);
  });

  test("a step is Euler's between shifted times", () => {
    const x1 = Tensor.from(Float64Array.of(2));
    const times = samplingTimes(3, 3);
    let x = 2;
    for (let i = 0; i < 3; i++) x -= (times[i]! - times[i + 1]!) * (x + times[i]!);
    expect(integrate((v, t) => v.add(t), x1, { steps: 3, shift: 3, cfg: plain }).item()).toBeCloseTo(x, 12);
  });

  test("with the true velocity one step gives back the data", () => {
    const x0 = Tensor.from(Float64Array.of(0.3, -1));
    const noise = Tensor.from(Float64Array.of(1.1, 0.4));
    const { target } = pair(x0, noise, 0.5);
    const result = integrate(() => target, noise, { steps: 1, shift: 1, cfg: plain }).toArray();
    expect(result[0]).toBeCloseTo(0.3 + SIGMA_MIN * 1.1, 12);
    expect(result[1]).toBeCloseTo(-1 + SIGMA_MIN * 0.4, 12);
  });

  test("guidance is (1 + w)·cond − w·uncond, and the same in the other convention with w + 1", () => {
    const x1 = Tensor.from(Float64Array.of(0));
    const velocity = (x: Tensor, _t: number, branch: "cond" | "uncond") => x.mul(0).add(branch === "cond" ? 2 : 5);
    const ours = integrate(velocity, x1, { steps: 1, shift: 1, cfg: { w: 3, convention: "one-plus-w" } }).item();
    expect(ours).toBe(-(4 * 2 - 3 * 5));
    expect(integrate(velocity, x1, { steps: 1, shift: 1, cfg: { w: 4, convention: "scale" } }).item()).toBe(ours);
    expect(conditionalWeight({ w: 0, convention: "one-plus-w" })).toBe(conditionalWeight({ w: 1, convention: "scale" }));
  });

  test("temperature is the size of the noise to start from, that of known rows included", () => {
    const noise = Tensor.from(Float64Array.of(3, -4), [2, 1]);
    const seen: number[][] = [];
    const look = (x: Tensor) => {
      seen.push(Array.from(x.toArray() as Float64Array));
      return x.mul(0);
    };
    const known = { mask: Tensor.from(Float64Array.of(0, 1), [2, 1]), x0: Tensor.from(Float64Array.of(0, 9), [2, 1]), noise };
    const result = integrate(look, noise, { steps: 1, shift: 1, cfg: plain, temperature: 0.5, known });
    expect(seen).toEqual([[1.5, -2]]);
    expect(Array.from(result.toArray())).toEqual([1.5, 9]);
    expect(integrate(look, noise, { steps: 1, shift: 1, cfg: plain, temperature: 0 }).toArray()).toEqual(Float64Array.of(0, 0));
  });

  test("without guidance the empty branch is never asked", () => {
    const asked: string[] = [];
    const velocity = (x: Tensor, _t: number, branch: string) => {
      asked.push(branch);
      return x;
    };
    integrate(velocity, Tensor.from(Float64Array.of(1)), { steps: 3, shift: 3, cfg: plain });
    expect(asked).toEqual(["cond", "cond", "cond"]);
  });

  test("known rows lie on their path at every step and end as exactly the known data", () => {
    const x0 = Tensor.from(Float64Array.of(7, 0, -3), [3, 1]);
    const noise = Tensor.from(Float64Array.of(0.5, 0.25, 2), [3, 1]);
    const mask = Tensor.from(Float64Array.of(1, 0, 1), [3, 1]);
    const seen: [number, number][] = [];
    const velocity = (x: Tensor, t: number) => {
      seen.push([t, x.toArray()[2]!]);
      return x.mul(3).add(1);
    };
    const result = integrate(velocity, Tensor.from(Float64Array.of(9, 9, 9), [3, 1]), { steps: 5, shift: 3, cfg: plain, known: { mask, x0, noise } });
    expect(Array.from(result.toArray())[0]).toBe(7);
    expect(Array.from(result.toArray())[2]).toBe(-3);
    for (const [t, value] of seen) expect(value).toBeCloseTo((1 - t) * -3 + (SIGMA_MIN + (1 - SIGMA_MIN) * t) * 2, 12);
  });
});

describe("pair", () => {
  test("the target is the path's derivative", () => {
    const [x0, noise] = [Tensor.from(Float64Array.of(0.7)), Tensor.from(Float64Array.of(-1.2))];
    const step = 1e-6;
    const slope = (pointOnPath(x0, noise, 0.4 + step).item() - pointOnPath(x0, noise, 0.4 - step).item()) / (2 * step);
    expect(pair(x0, noise, 0.4).target.item()).toBeCloseTo(slope, 8);
  });

  test("a time a scene equals the times one by one", () => {
    const x0 = Tensor.from(Float64Array.of(1, 2), [2, 1]);
    const noise = Tensor.from(Float64Array.of(3, 5), [2, 1]);
    const both = pair(x0, noise, Tensor.from(Float64Array.of(0.25, 0.75), [2, 1])).xt.toArray();
    expect(both[0]).toBeCloseTo(0.75 * 1 + (SIGMA_MIN + (1 - SIGMA_MIN) * 0.25) * 3, 12);
    expect(both[1]).toBeCloseTo(0.25 * 2 + (SIGMA_MIN + (1 - SIGMA_MIN) * 0.75) * 5, 12);
  });
});
