/** What a person waits for before anything happens: counted in modules, which a busy machine does not change. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programRoot } from "../../cli/io";

setDefaultTimeout(60_000); // programs are started, and the machine may be busy

const record = join(tmpdir(), `earthcraft-loaded-${process.pid}.json`);

interface Loaded {
  packages: string[];
  /** Of ours, from the root. */
  files: string[];
  libraries: string[];
}

function loadedBy(...args: string[]): Loaded {
  rmSync(record, { force: true });
  Bun.spawnSync([process.execPath, "--no-install", "--preload", join(import.meta.dir, "loaded.ts"), join(programRoot, "cli/main.ts"), ...args], {
    cwd: tmpdir(),
    env: { PATH: process.env.PATH, HOME: tmpdir(), EARTHCRAFT_CONFIG: "/nowhere", EARTHCRAFT_TEST_LOADED: record },
  });
  expect(existsSync(record)).toBe(true);
  const { modules, libraries } = JSON.parse(readFileSync(record, "utf8")) as { modules: string[]; libraries: string[] };
  const packages = modules.flatMap((path) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []);
  const files = modules
    .filter((path) => path.startsWith(`${programRoot}/`) && !path.includes("node_modules"))
    .map((path) => path.slice(programRoot.length + 1));
  return { packages: [...new Set(packages)].sort(), files: files.filter((file) => file !== "test/cli/loaded.ts"), libraries };
}

const heavy = ({ libraries }: Loaded) => libraries.filter((path) => /torch|earthcraft[^/]*\.so|sharp|vips|\.node$/.test(path));
const layers = ({ files }: Loaded) => new Set(files.map((file) => file.split("/")[0]));

describe("help loads the parser of the command line and nothing else of what is installed", () => {
  for (const args of [
    ["--help"],
    ["-h"],
    ["help"],
    ["help", "run"],
    ["train", "--help"],
    ["help", "exit-codes"],
    ["dataset"],
    ["--version"],
    [],
    ["rnu"],
  ])
    test(["earthcraft", ...args].join(" "), () => {
      const loaded = loadedBy(...args);
      expect(loaded.packages).toEqual(["cac"]);
      expect(layers(loaded)).toEqual(new Set(["cli", "package.json"]));
      expect(loaded.files.length).toBeWithin(5, 20);
      expect(heavy(loaded)).toEqual([]);
    });
});

describe("so do commands that only read", () => {
  for (const args of [
    ["completion", "bash"],
    ["completion", "zsh"],
    ["completion", "fish"],
    ["runs", "ls"],
  ])
    test(args.join(" "), () => {
      const loaded = loadedBy(...args);
      expect(loaded.packages).toEqual(["cac"]);
      expect(layers(loaded)).toEqual(new Set(["cli", "package.json"]));
      expect(loaded.files.length).toBeWithin(10, 60);
      expect(heavy(loaded)).toEqual([]);
    });
});

test("what is loaded is seen: a recipe's stages need zod, and the list of models the models", () => {
  expect(loadedBy("recipe", "schema").packages).toEqual(expect.arrayContaining(["yaml", "zod"]));
  expect(layers(loadedBy("models"))).toContain("plugins");
});
