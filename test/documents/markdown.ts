/** The documents taken apart, line by line: code, links, headings, tables. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { programRoot } from "../../cli/io";

/** A piece of text and where it stands: `README.md:12`. */
export interface Piece {
  at: string;
  text: string;
}

export interface Fence {
  at: string;
  language: string;
  lines: Piece[];
}

export interface Table {
  at: string;
  /** Text of the nearest heading above. */
  heading: string;
  /** Last line of text before it. */
  intro: string;
  columns: string[];
  rows: { at: string; cells: string[] }[];
}

export interface Markdown {
  /** Path from the root. */
  path: string;
  headings: string[];
  /** Inline code outside fences. */
  code: Piece[];
  links: Piece[];
  fences: Fence[];
  tables: Table[];
}

const FILES = ["README.md", "HACKING.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "docs/*.md"];

export const documents: readonly Markdown[] = FILES.flatMap((pattern) => [...new Bun.Glob(pattern).scanSync({ cwd: programRoot })].sort()).map(
  (path) => parseMarkdown(path, readFileSync(join(programRoot, path), "utf8")),
);

/** @throws when there is none of that path */
export function documentOf(path: string): Markdown {
  const found = documents.find((document) => document.path === path);
  if (found === undefined) throw new Error(`no document ${path}`);
  return found;
}

export function parseMarkdown(path: string, text: string): Markdown {
  const document: Markdown = { path, headings: [], code: [], links: [], fences: [], tables: [] };
  let fence: Fence | undefined;
  let table: Table | undefined;
  let intro = "";
  for (const [i, line] of text.split("\n").entries()) {
    const at = `${path}:${i + 1}`;
    const mark = /^```(\w*)/.exec(line);
    if (mark !== null) {
      fence = fence === undefined ? { at, language: mark[1]!, lines: [] } : undefined;
      if (fence !== undefined) document.fences.push(fence);
      continue;
    }
    if (fence !== undefined) {
      fence.lines.push({ at, text: line });
      continue;
    }
    document.code.push(...[...line.matchAll(/`([^`]+)`/g)].map((match) => ({ at, text: match[1]! })));
    const plain = line.replace(/`[^`]+`/g, (code) => code.replace(/[[\]()]/g, "_"));
    document.links.push(...[...plain.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => ({ at, text: match[1]! })));
    const heading = /^#+ (.*)$/.exec(line)?.[1];
    if (heading !== undefined) document.headings.push(heading);
    if (!line.startsWith("|")) {
      table = undefined;
      if (line.trim() !== "") intro = line;
      continue;
    }
    const cells = line
      .slice(1, line.lastIndexOf("|"))
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim());
    if (table === undefined) {
      table = { at, heading: document.headings.at(-1) ?? "", intro, columns: cells, rows: [] };
      document.tables.push(table);
    } else if (!cells.every((cell) => /^:?-+:?$/.test(cell))) table.rows.push({ at, cells });
  }
  return document;
}

/** Inline code of a table's cell: `a` `b` → ["a", "b"]. */
export function codeOf(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
}

/** What a link to a heading is called: GitHub's rule. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");
}

/** Links of a document that lead nowhere. */
export function brokenLinks(document: Markdown): string[] {
  return document.links.flatMap(({ at, text }) => {
    if (/^https?:\/\//.test(text)) return [];
    const [target = "", anchor] = text.split("#");
    const path = target === "" ? document.path : join(document.path, "..", target);
    if (!existsSync(join(programRoot, path))) return [`${at}: ${text}`];
    if (anchor === undefined) return [];
    const headings = path === document.path ? document.headings : (documents.find((other) => other.path === path)?.headings ?? []);
    return headings.some((heading) => anchorOf(heading) === anchor) ? [] : [`${at}: ${text}`];
  });
}
