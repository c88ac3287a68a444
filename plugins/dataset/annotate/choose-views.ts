/** Which views annotate ("Semantic Distribution"): all of Top-Pose and the highest of AdaLevel-Pose; Building-Pose is left out. */
import type { Frame } from "../capture/transforms";

/** @returns indices into `frames`, ascending */
export function annotatingViews(frames: readonly Pick<Frame, "pattern" | "level">[], adaLevelViews: number): number[] {
  const indices = frames.map((_, i) => i);
  const highest = indices
    .filter((i) => frames[i]!.pattern === "adalevel")
    .sort((a, b) => frames[b]!.level - frames[a]!.level || a - b)
    .slice(0, adaLevelViews);
  const chosen = new Set([...indices.filter((i) => frames[i]!.pattern.startsWith("top")), ...highest]);
  return indices.filter((i) => chosen.has(i));
}
