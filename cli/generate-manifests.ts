#!/usr/bin/env bun
/** Writes every built-in plugin's `plugin.json` from its `index.ts`; with `--check`, only says which differ (exit 1). Other folders may be named as arguments. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { builtinPlugins } from "./builtin-plugins";
import { programRoot } from "./io";
import { manifestOf } from "./manifest";
import type { PluginDefinition } from "./plugin";
import { shareModules } from "./shared-modules";

const check = process.argv.includes("--check");
const named = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const folders = named.length > 0 ? named.map((folder) => join(process.cwd(), folder)) : builtinPlugins.map((folder) => join(programRoot, folder));

if (named.length > 0) shareModules();
for (const folder of folders) {
  if (!existsSync(join(folder, "index.ts"))) continue;
  const { default: plugin } = (await import(join(folder, "index.ts"))) as { default: PluginDefinition };
  const text = `${JSON.stringify(await manifestOf(plugin), null, 2)}\n`;
  const path = join(folder, "plugin.json");
  if (existsSync(path) && readFileSync(path, "utf8") === text) continue;
  if (check) {
    console.error(`${path} is out of date; run: bun cli/generate-manifests.ts`);
    process.exitCode = 1;
  } else {
    writeFileSync(path, text);
    console.error(`wrote ${path}`);
  }
}
