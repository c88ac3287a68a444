import { describe, expect, test } from "bun:test";
import { normal, ops, randint, setThreads, uniform } from "./index";

describe("Philox", () => {
  // Random123's kat_vectors, "philox4x32 10": counter, key, result.
  const known: [string, string, string][] = [
    ["00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"],
    ["ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"],
    ["243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"],
  ];
  for (const [counter, key, result] of known)
    test(`known answer for key ${key}`, () => {
      const words = (text: string) => text.split(" ").map((word) => Number.parseInt(word, 16));
      const block = ops.earthcraft.philoxBlock(words(key), words(counter)).toArray();
      expect(Array.from(block)).toEqual(words(result));
    });

  test("threads change nothing, and a longer draw begins with the shorter one", () => {
    const stream = { seed: 11, purpose: "test", index: 4 } as const;
    const draws = [1, 2, 4].map((count) => {
      setThreads(count);
      return [uniform([100003], stream), normal([100003], stream), randint(1000, [100003], stream)].map((t) => t.toBytes());
    });
    setThreads(1);
    for (const draw of draws) for (const [i, bytes] of draw.entries()) expect(Buffer.compare(bytes, draws[0]![i]!)).toBe(0);
    expect(uniform([7], stream).toArray()).toEqual(uniform([100], stream).toArray().slice(0, 7));
  });

  test("streams of other seeds, purposes and indices differ", () => {
    const first = (seed: number, purpose: "noise" | "time", index: number) => uniform([4], { seed, purpose, index }).toArray().join();
    expect(new Set([first(1, "noise", 0), first(2, "noise", 0), first(1, "time", 0), first(1, "noise", 1), first(1, "noise", 2 ** 40)]).size).toBe(5);
  });

  test("moments and ranges", () => {
    const stream = { seed: 1, purpose: "test", index: 9 } as const;
    const n = 200000;
    const u = uniform([n], stream).toArray();
    const mean = (values: ArrayLike<number>, f = (x: number) => x) => Array.from(values).reduce((a, x) => a + f(x), 0) / values.length;
    expect(Math.min(...u.slice(0, 50000))).toBeGreaterThanOrEqual(0);
    expect(Math.max(...u.slice(0, 50000))).toBeLessThan(1);
    expect(Math.abs(mean(u) - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / n));
    const z = normal([n], stream).toArray();
    expect(Math.abs(mean(z))).toBeLessThan(4 / Math.sqrt(n));
    expect(Math.abs(mean(z, (x) => x * x) - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    expect(Math.abs(mean(z, (x) => x ** 4) - 3)).toBeLessThan(4 * Math.sqrt(96 / n));
    expect(
      Math.abs(
        mean(
          Array.from(z)
            .slice(1)
            .map((x, i) => x * z[i]!),
        ),
      ),
    ).toBeLessThan(4 / Math.sqrt(n));
    const counts = new Array(7).fill(0);
    for (const k of randint(7, [n], stream).toArray()) counts[k]++;
    const chi2 = counts.reduce((a, c) => a + (c - n / 7) ** 2 / (n / 7), 0);
    expect(chi2).toBeLessThan(22.5); // 6 degrees of freedom, p = 0.001
  });
});
