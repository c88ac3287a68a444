/** Reads the JUnit files that `bun test` and `ctest` write. */
import { SKIP_MARK } from "./skip";

export interface Case {
  name: string;
  state: "passed" | "failed" | "skipped";
  /** Of a skip: why. Undefined when the test does not say. */
  reason?: string;
  seconds: number;
}

const ENTITIES: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

function plainText(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (all, decimal, hex, name) => {
    if (decimal) return String.fromCodePoint(Number(decimal));
    if (hex) return String.fromCodePoint(Number.parseInt(hex, 16));
    return ENTITIES[name] ?? all;
  });
}

function attribute(tag: string, name: string): string | undefined {
  const value = tag.match(new RegExp(`\\s${name}="([^"]*)"`))?.[1];
  return value === undefined ? undefined : plainText(value);
}

/** @param xml one JUnit file */
export function readJunit(xml: string): Case[] {
  const cases: Case[] = [];
  for (const [, tag = "", body = ""] of xml.matchAll(/<testcase\b((?:[^>"]|"[^"]*")*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)) {
    // bun writes the innermost `describe` first.
    const group = (attribute(tag, "classname") ?? "").split(" > ").filter(Boolean).reverse();
    const own = attribute(tag, "name") ?? "";
    const [plain = "", reason] = own.split(SKIP_MARK);
    const name = [...group.filter((part) => part !== own), plain].join(" > ");
    const seconds = Number(attribute(tag, "time") ?? 0);
    const skipped = body.match(/<skipped\b([^>]*)>/)?.[1];
    if (skipped !== undefined) cases.push({ name, state: "skipped", reason: reason ?? attribute(skipped, "message"), seconds });
    else cases.push({ name, state: /<(?:failure|error)\b/.test(body) ? "failed" : "passed", seconds });
  }
  return cases;
}
