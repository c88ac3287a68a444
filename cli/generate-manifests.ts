#!/usr/bin/env bun
/**
 * Writes every built-in plugin's `plugin.json` from its `index.ts`, and from them all `recipes/recipe.schema.json`; with `--check`, only says which differ (exit 1).
 * Other plugins' folders may be named as arguments instead.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { builtinPlugins } from "./builtin-plugins";
import { recipeSchema } from "./config/schema";
import { Host } from "./host";
import { programRoot } from "./io";
import { manifestOf } from "./manifest";
import type { PluginDefinition } from "./plugin";
import { shareModules } from "./shared-modules";

const check = process.argv.includes("--check");
const named = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const folders = named.length > 0 ? named.map((folder) => join(process.cwd(), folder)) : builtinPlugins.map((folder) => join(programRoot, folder));

function write(path: string, value: unknown): void {
  const text = `${JSON.stringify(value, null, 2)}\n`;
  if (existsSync(path) && readFileSync(path, "utf8") === text) return;
  if (check) {
    console.error(`${path} is out of date; run: bun cli/generate-manifests.ts`);
    process.exitCode = 1;
  } else {
    writeFileSync(path, text);
    console.error(`wrote ${path}`);
  }
}

if (named.length > 0) shareModules();
for (const folder of folders) {
  if (!existsSync(join(folder, "index.ts"))) continue;
  const { default: plugin } = (await import(join(folder, "index.ts"))) as { default: PluginDefinition };
  write(join(folder, "plugin.json"), await manifestOf(plugin));
}
if (named.length === 0) write(join(programRoot, "recipes", "recipe.schema.json"), await recipeSchema(new Host({})));
