/** Scenes in a folder. */
import { existsSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const SCENE = "scene.safetensors";

/** @param path a scene file, or a folder that holds some; absolute paths, in order of their names */
export function findScenes(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return [...new Bun.Glob(`**/${SCENE}`).scanSync({ cwd: path })].sort().map((file) => join(path, file));
}

/** `sample-semantic` and `a/3` make `sample-semantic-a-3`. */
export function sceneName(stage: string, folder: string): string {
  return [stage, ...folder.split("/")].filter((part) => part !== "" && part !== ".").join("-");
}

/** A run's stages hold what they wrote and nothing else (`runs verify`): exports of its scenes go to its `by-hand/view`, those of a scene by itself to `view` beside it. */
export function exportsOf(scene: string): string {
  const folder = dirname(scene);
  for (let run = folder; run !== dirname(run); run = dirname(run))
    if (existsSync(join(run, "run.json"))) return join(run, "by-hand", "view", sceneName("", relative(run, folder)));
  return join(folder, "view");
}
