/** `docs/cli.md` as tests read it: the shape of every result under `--json`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { programRoot } from "../../cli/io";

const text = readFileSync(join(programRoot, "docs", "cli.md"), "utf8");

/** Command lines in a heading, `run RECIPE`, `sample RUN` → the block of JSON below it. */
export const documentedResults: ReadonlyMap<string, unknown> = new Map(
  [...text.matchAll(/^### (`.*`)\n\n(?:(?!```)[^#\n].*\n\n)*```json\n([\s\S]*?)^```/gm)].flatMap(([, heading, block]) =>
    [...heading!.matchAll(/`([^`]+)`/g)].map(([, command]) => [command!, JSON.parse(block!) as unknown] as const),
  ),
);

/** A block that is named after its language. */
export function documentedBlock(name: "error" | "events"): unknown {
  return JSON.parse(new RegExp(`^\`\`\`json ${name}\\n([\\s\\S]*?)^\`\`\``, "m").exec(text)![1]!);
}

/** Codes of the table → what they mean. */
export const documentedCodes: ReadonlyMap<number, string> = new Map(
  [...text.matchAll(/^\| +(\d+) \| (.*?) +\|$/gm)].map(([, code, means]) => [Number(code), means!]),
);

/**
 * Where a value is not as documented: a key too many or missing, another type. Lists hold things like one of those that are shown.
 *
 * @returns nothing when it fits
 */
export function misfits(value: unknown, shape: unknown, path = "$"): string[] {
  if (Array.isArray(shape)) {
    if (!Array.isArray(value)) return [`${path} is no list`];
    return value.flatMap((item, i) => {
      const tries = shape.map((one) => misfits(item, one, `${path}[${i}]`));
      return tries.some((found) => found.length === 0) ? [] : (tries.sort((a, b) => a.length - b.length)[0] ?? [`${path}[${i}] is not documented`]);
    });
  }
  if (typeof shape === "object" && shape !== null) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return [`${path} is no object`];
    const keys = new Map(Object.entries(shape).map(([key, inner]) => [key.replace(/\?$/, ""), { inner, optional: key.endsWith("?") }]));
    const any = keys.get("…");
    if (any !== undefined)
      return any.inner === "…" ? [] : Object.entries(value).flatMap(([key, inner]) => misfits(inner, any.inner, `${path}.${key}`));
    const missing = [...keys].filter(([key, { optional }]) => !optional && !(key in value)).map(([key]) => `${path}.${key} is missing`);
    const wrong = Object.entries(value).flatMap(([key, inner]) =>
      keys.has(key) ? misfits(inner, keys.get(key)!.inner, `${path}.${key}`) : [`${path}.${key} is not documented`],
    );
    return [...missing, ...wrong];
  }
  return typeof value === typeof shape ? [] : [`${path} is ${JSON.stringify(value)}, ${JSON.stringify(shape)} is documented`];
}
