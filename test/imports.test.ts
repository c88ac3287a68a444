/** The walls: imports point down only (DESIGN of the layers in HACKING.md). */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { builtinPlugins } from "../cli/builtin-plugins";
import { programRoot } from "../cli/io";

interface Import {
  file: string;
  /** Path from the root, without extension, or a package's name. */
  target: string;
  dynamic: boolean;
  typeOnly: boolean;
}

const transpiler = new Bun.Transpiler({ loader: "ts" });

/** Imports of a file. The transpiler drops `import type`, so those are found by their own pattern. */
function importsOf(file: string): Import[] {
  const text = readFileSync(join(programRoot, file), "utf8").replace(/^#!.*/, "");
  const resolved = (path: string) => (path.startsWith(".") ? normalize(join(dirname(file), path)) : path);
  const real = transpiler
    .scanImports(text)
    .map(({ path, kind }) => ({ file, target: resolved(path), dynamic: kind === "dynamic-import", typeOnly: false }));
  const types = [...text.matchAll(/^(?:import|export) type [^;]*?from "([^"]+)"/gms)].map(([, path]) => ({
    file,
    target: resolved(path!),
    dynamic: false,
    typeOnly: true,
  }));
  return [...real, ...types];
}

const sources = ["cli", "ffi", "plugins"].flatMap((root) =>
  [...new Bun.Glob(`${root}/**/*.ts`).scanSync({ cwd: programRoot })]
    .filter((file) => !file.endsWith(".test.ts") && !file.endsWith(".gen.ts") && !file.includes("/test/"))
    .sort(),
);
const imports = sources.flatMap(importsOf);
const layer = (path: string) => path.split("/")[0]!;
const plugin = (path: string) => (layer(path) === "plugins" ? path.split("/")[1] : undefined);
const told = (list: Import[]) => list.map(({ file, target }) => `${file} imports ${target}`);

/** Which plugins may import which; view knows files and arrays only, so that all may write pictures with it. */
const BELOW: Record<string, readonly string[]> = {
  earth: [],
  dataset: ["earth", "view"],
  models: ["earth"],
  view: ["earth"],
  train: ["earth", "dataset", "models", "view"],
  sample: ["earth", "dataset", "models", "view"],
  extend: ["earth", "dataset", "models", "sample", "view"],
  eval: ["earth", "dataset", "models", "view", "train", "sample", "extend"],
};
/** What plugins may import of the host. */
const HOST_SURFACE = ["cli/plugin", "cli/errors"];

describe("imports", () => {
  test("are found at all", () => {
    expect(imports.length).toBeGreaterThan(50);
    expect(imports.some(({ typeOnly }) => typeOnly)).toBe(true);
  });

  test("of ffi stay within ffi", () => {
    const allowed = (target: string) =>
      !["cli", "plugins", "test"].includes(layer(target)) || target === "cli/errors" || target === "cli/setup/native-path";
    expect(told(imports.filter(({ file, target }) => layer(file) === "ffi" && !allowed(target)))).toEqual([]);
  });

  test("of the host reach no plugin and, but for setup, no tensor library", () => {
    expect(told(imports.filter(({ file, target }) => layer(file) === "cli" && plugin(target) !== undefined))).toEqual([]);
    expect(told(imports.filter(({ file, target }) => layer(file) === "cli" && !file.startsWith("cli/setup/") && layer(target) === "ffi"))).toEqual(
      [],
    );
  });

  test("of plugins reach the host by its surface only", () => {
    expect(
      told(imports.filter(({ file, target }) => layer(file) === "plugins" && layer(target) === "cli" && !HOST_SURFACE.includes(target))),
    ).toEqual([]);
  });

  test("between plugins point down, through api.ts", () => {
    const across = imports.filter(
      ({ file, target }) => plugin(file) !== undefined && plugin(target) !== undefined && plugin(file) !== plugin(target),
    );
    expect(told(across.filter(({ file, target }) => !(BELOW[plugin(file)!] ?? []).includes(plugin(target)!)))).toEqual([]);
    expect(told(across.filter(({ target }) => !/^plugins\/[^/]+\/api$/.test(target)))).toEqual([]);
  });

  test("of a plugin's index.ts are light: nothing that loads the tensor library or pictures before `run`", () => {
    const heavy = (target: string) => layer(target) === "ffi" || ["sharp", "geotiff", "@gltf-transform/core", "proj4"].includes(target);
    const byFile = Map.groupBy(imports, ({ file }) => file.replace(/\.ts$/, ""));
    const reached = (entry: string, seen = new Set<string>()): Set<string> => {
      if (seen.has(entry)) return seen;
      seen.add(entry);
      for (const { target, dynamic, typeOnly } of byFile.get(entry) ?? byFile.get(`${entry}/index`) ?? [])
        if (!dynamic && !typeOnly) reached(target, seen);
      return seen;
    };
    const wrong = builtinPlugins.flatMap((folder) =>
      [...reached(`${folder}/index`)].filter(heavy).map((target) => `${folder}/index.ts reaches ${target}`),
    );
    expect(wrong).toEqual([]);
  });
});

describe("plugins", () => {
  test("that are listed exist, and those that exist are listed", () => {
    const present = [...new Bun.Glob("{cli,plugins}/*/index.ts").scanSync({ cwd: programRoot })].map(dirname).sort();
    expect(present.filter((folder) => !builtinPlugins.includes(folder))).toEqual([]);
  });

  test("have a plugin.json that is what their index.ts says", () => {
    const { exitCode, stderr } = Bun.spawnSync([process.execPath, "cli/generate-manifests.ts", "--check"], { cwd: programRoot });
    expect(stderr.toString()).toBe("");
    expect(exitCode).toBe(0);
  });

  test("of the fixture too", () => {
    const { stderr } = Bun.spawnSync([process.execPath, "cli/generate-manifests.ts", "--check", "test/cli/fixture-plugin"], { cwd: programRoot });
    expect(stderr.toString()).toBe("");
  });
});

test("files of code have at most 500 lines", () => {
  const long = sources
    .map((file) => [file, readFileSync(join(programRoot, file), "utf8").split("\n").length] as const)
    .filter(([, lines]) => lines > 500);
  expect(long).toEqual([]);
  expect(existsSync(join(programRoot, "cli"))).toBe(true);
});
