/**
 * YAML as recipes use it: no aliases, no tags, no duplicate keys, every warning an error, at most 1 MiB.
 *
 * (`Bun.YAML` lets duplicate keys pass, and `yaml` only warns of `!!js/function`.)
 */
import { readFileSync, statSync } from "node:fs";
import { dirname, relative } from "node:path";
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from "yaml";
import { EXIT, UserError } from "../errors";
import { formatOrigin, type Node, type Origin, type Scalar } from "./node";
import { RecipeError } from "./problems";

const MAX_BYTES = 1 << 20;
/** One missing quote can make a hundred. */
const MAX_PROBLEMS = 10;
const FORBIDDEN_KEYS = new Set(["__proto__", "constructor", "prototype"]);

/** @param shown how errors name the file; `base` is the folder that relative paths in it start from */
export function parseYaml(text: string, shown: string, base: string, fixed?: Origin): Node {
  const lines = new LineCounter();
  const origin = (offset: number): Origin => {
    if (fixed !== undefined) return fixed;
    const { line, col } = lines.linePos(offset);
    return { source: shown, line, column: col, base };
  };
  const fail = (what: string, offset: number, fix?: string): never => {
    throw new UserError({ what, where: formatOrigin(origin(offset)), ...(fix === undefined ? {} : { fix }), exit: EXIT.usage });
  };
  if (Buffer.byteLength(text) > MAX_BYTES) fail(`larger than ${MAX_BYTES >> 20} MiB, which no recipe is`, 0);

  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, strict: true, version: "1.2" });
  const broken = [...document.errors, ...document.warnings].slice(0, MAX_PROBLEMS);
  if (broken.length > 0)
    throw new RecipeError(
      broken.map(({ message, pos }) => ({ what: message.split("\n")[0]!.replace(/\.$/, ""), where: formatOrigin(origin(pos[0])) })),
    );
  visit(document, {
    Alias: (_, node) =>
      fail(
        `alias *${node.source}: recipes have no aliases`,
        node.range?.[0] ?? 0,
        "write the value out, or put it into a recipe that both `extends`",
      ),
  });

  const convert = (node: unknown, key?: Origin): Node => {
    const placed = (at: number) => ({ origin: origin(at), ...(key === undefined ? {} : { key }) });
    if (isMap(node)) {
      const entries = new Map<string, Node>();
      for (const pair of node.items) {
        const at = isScalar(pair.key) ? (pair.key.range?.[0] ?? 0) : (node.range?.[0] ?? 0);
        if (!isScalar(pair.key)) return fail("a key must be plain text", at);
        const name = String(pair.key.source ?? pair.key.value);
        if (FORBIDDEN_KEYS.has(name)) return fail(`"${name}" cannot be a key`, at);
        entries.set(
          name,
          pair.value === null ? { kind: "scalar", value: null, raw: "", origin: origin(at), key: origin(at) } : convert(pair.value, origin(at)),
        );
      }
      return { kind: "map", entries, ...placed(node.range?.[0] ?? 0) };
    }
    if (isSeq(node)) return { kind: "list", items: node.items.map((item) => convert(item)), ...placed(node.range?.[0] ?? 0) };
    if (isScalar(node)) {
      const at = node.range?.[0] ?? 0;
      const raw = node.source ?? String(node.value);
      if (typeof node.value === "number" && Number.isInteger(node.value) && !Number.isSafeInteger(node.value) && /^[-+]?\d+$/.test(raw))
        return fail(`${raw} is too large for an exact number`, at, "put it into quotes if it is a name");
      return { kind: "scalar", value: node.value as Scalar, raw, ...placed(at) };
    }
    if (isAlias(node)) return fail("recipes have no aliases", node.range?.[0] ?? 0);
    return { kind: "scalar", value: null, raw: "", ...placed(0) };
  };
  try {
    return convert(document.contents);
  } catch (error) {
    if (error instanceof RangeError) return fail("nested too deeply", 0);
    throw error;
  }
}

export function readYaml(path: string, cwd: string): Node {
  const shown = relative(cwd, path).startsWith("../..") ? path : relative(cwd, path) || path;
  let text: string;
  try {
    if (statSync(path).size > MAX_BYTES)
      throw new UserError({ what: `larger than ${MAX_BYTES >> 20} MiB, which no recipe is`, where: shown, exit: EXIT.usage });
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof UserError) throw error;
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new UserError({
      what: code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "this is a folder, not a file" : `cannot be read (${code})`,
      where: shown,
      exit: EXIT.usage,
    });
  }
  return parseYaml(text.replace(/^﻿/, ""), shown, dirname(path));
}
