/** Scenes in a folder. */
import { statSync } from "node:fs";
import { join } from "node:path";

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
