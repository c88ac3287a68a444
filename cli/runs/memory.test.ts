import { expect, test } from "bun:test";
import { totalmem } from "node:os";
import { availableMemory, peakMemory, resetPeakMemory } from "./memory";

test("what is left is some of what the machine has", () => {
  expect(availableMemory()).toBeGreaterThan(1e7);
  expect(availableMemory()).toBeLessThanOrEqual(totalmem());
});

test("a peak is seen, and forgotten when it is reset", () => {
  const before = peakMemory();
  let block: Uint8Array | undefined = new Uint8Array(300e6).fill(1);
  expect(block[299e6]).toBe(1);
  expect(peakMemory()).toBeGreaterThan(before + 200e6);
  block = undefined;
  Bun.gc(true);
  resetPeakMemory();
  expect(peakMemory()).toBeLessThan(before + 150e6);
});
