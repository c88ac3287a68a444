import { expect, test } from "bun:test";
import type { Progress, Reporter } from "../ui/reporter";
import { Eta } from "./eta";
import { StageProgress } from "./stage-progress";

function recorder() {
  const told: Progress[] = [];
  const ui = { stageProgress: (_: unknown, progress: Progress) => void told.push(progress) } as unknown as Reporter;
  return { ui, told };
}
const view = { id: "square", title: "", index: 1, count: 1, tasks: 4 };

test("items beside each other add up; those done before count as done, not as speed", () => {
  const { ui, told } = recorder();
  using progress = new StageProgress(view, () => 10, new Eta([{ id: "square", minutes: 1 }]), new Set(), ui);
  progress.start(2, 4);
  progress.task("c", 1, 2, "half");
  progress.task("d", 1, 2);
  expect(told.at(-1)).toMatchObject({ done: 2, total: 4, item: "d", stageEta_s: 10 }); // two halves of two: as long again
  progress.ended("c");
  expect(told.at(-1)).toMatchObject({ done: 3, total: 4 });
  expect(told.at(-1)!.stageEta_s).toBeCloseTo(10 / 3, 6);
});

test("a silent stage is told of every second until it ends", async () => {
  const { ui, told } = recorder();
  const started = performance.now();
  {
    using _ = new StageProgress(view, () => (performance.now() - started) / 1000, new Eta([{ id: "square", minutes: 1 }]), new Set(), ui);
    await Bun.sleep(1200);
  }
  expect(told).toHaveLength(1);
  expect(told[0]).toMatchObject({ done: 0, total: 0 });
  expect(told[0]!.stageEta_s).toBeWithin(58, 59.5);
  await Bun.sleep(1100);
  expect(told).toHaveLength(1);
});
