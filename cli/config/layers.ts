/** Reads a recipe and those it `extends`, and lays scale, matrix row and `--set` over it. */
import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { EXIT, UserError } from "../errors";
import { suggestion } from "../suggest";
import { formatOrigin, type MapNode, mergeMaps, type Node } from "./node";
import { readYaml } from "./yaml";

export function wrong(node: Node, what: string, fix?: string): UserError {
  return new UserError({ what, where: formatOrigin(node.key ?? node.origin), ...(fix === undefined ? {} : { fix }), exit: EXIT.usage });
}

export function asMap(node: Node, name: string): MapNode {
  if (node.kind === "map") return node;
  throw wrong(node, `${name} must be a map of keys and values`);
}

export function asText(node: Node, name: string): string {
  if (node.kind === "scalar" && node.value !== null && node.raw !== "") return typeof node.value === "string" ? node.value : node.raw;
  throw wrong(node, `${name} must be text`);
}

export function asCount(node: Node, name: string): number {
  if (node.kind === "scalar" && typeof node.value === "number" && Number.isSafeInteger(node.value) && node.value >= 0) return node.value;
  throw wrong(node, `${name} must be a whole number from 0`);
}

export function asDuration(node: Node, name: string): number {
  if (node.kind === "scalar" && typeof node.value === "number" && node.value >= 0) return node.value;
  throw wrong(node, `${name} must be a number from 0`);
}

/** @returns the recipe over all it extends, without the `extends` keys */
export function readLayers(path: string, cwd: string, chain: readonly string[] = []): MapNode {
  const full = resolve(cwd, path);
  if (chain.includes(full)) {
    const cycle = [...chain.slice(chain.indexOf(full)), full].map((file) => file.slice(file.lastIndexOf("/") + 1)).join(" → ");
    throw new UserError({ what: `extends itself: ${cycle}`, where: full, exit: EXIT.usage });
  }
  const own = asMap(readYaml(full, cwd), "a recipe");
  const parent = own.entries.get("extends");
  if (parent === undefined) return own;
  const parents = parent.kind === "list" ? parent.items : [parent];
  const entries = new Map(own.entries);
  entries.delete("extends");
  const link = [...chain, realpathOr(full)];
  const bases = parents.map((node) => readLayers(resolve(node.origin.base, asText(node, "extends")), cwd, link));
  return mergeMaps(...bases, { ...own, entries });
}

function realpathOr(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Names of the sections of `scale`. */
export function scaleNames(recipe: MapNode): string[] {
  const sections = recipe.entries.get("scale");
  return sections === undefined ? [] : [...asMap(sections, "scale").entries.keys()];
}

/** The section of `scale` to lay over: the one asked for, else the recipe's `default_scale`, else `paper`, else the only one. */
export function chooseScale(recipe: MapNode, asked: string | undefined): { name: string; overlay: MapNode } | undefined {
  const sections = recipe.entries.get("scale");
  const names = scaleNames(recipe);
  const preferred = recipe.entries.get("default_scale");
  const name =
    asked ?? (preferred ? asText(preferred, "default_scale") : names.includes("paper") ? "paper" : names.length === 1 ? names[0] : undefined);
  if (name === undefined) return undefined;
  const overlay = sections?.kind === "map" ? sections.entries.get(name) : undefined;
  if (overlay === undefined)
    throw new UserError({
      what: names.length === 0 ? `this recipe has one scale only, so there is no "${name}"` : `the recipe has no scale "${name}"`,
      where: `--scale ${name}`,
      ...(names.length === 0 ? {} : { fix: suggestion(name, names) }),
      exit: EXIT.usage,
    });
  return {
    name,
    overlay:
      overlay.kind === "scalar" && overlay.value === null
        ? { kind: "map", entries: new Map(), origin: overlay.origin }
        : asMap(overlay, `scale.${name}`),
  };
}
