/** `docs/formats.md` beside a run folder: which files it names, which tensors and keys it says they have. */
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { listFiles } from "../../cli/runs/files";
import { dtypes } from "../../ffi/dtype";
import { openSafetensors } from "../../ffi/safetensors";
import { codeOf, documentOf, type Table } from "./markdown";

const page = documentOf("docs/formats.md");

/** Patterns of files, as the table of a run folder has them: `scene/<site>/top-{color,class}.png`. */
export const patterns: readonly string[] = page.tables
  .filter(({ heading, columns }) => heading === "A run folder" && columns[0] === "file")
  .flatMap(({ rows }) => rows.flatMap(({ cells }) => codeOf(cells[0]!)));

/** `<site>` is a name, `<scene>` may be a folder in a folder, `…` whatever follows. */
function matches(pattern: string, file: string): boolean {
  const source = pattern
    .replace(/[.+$^()|[\]\\]/g, "\\$&")
    .replace(/\{([^}]*)\}/g, (_, names: string) => `(${names.replaceAll(",", "|")})`)
    .replaceAll("<scene>", ".+")
    .replace(/<\w+>/g, "[^/]+")
    .replaceAll("…", ".+");
  return new RegExp(`^${source}$`).test(file);
}

export const unnamedFiles = (run: string): string[] => listFiles(run).filter((file) => !patterns.some((pattern) => matches(pattern, file)));

export function unmadePatterns(run: string): string[] {
  const files = listFiles(run);
  return patterns.filter((pattern) => !files.some((file) => matches(pattern, file)));
}

/** The file that a section is about: `sample.json` stands for every file of that name. */
function sections(kind: "tensor" | "key"): { pattern: string; table: Table }[] {
  return page.tables.filter(({ columns }) => columns[0] === kind).map((table) => ({ pattern: codeOf(table.heading)[0]!, table }));
}

const isAbout = (pattern: string, file: string) => matches(pattern, pattern.includes("/") ? file : basename(file));

interface Row {
  name: string;
  optional: boolean;
  cells: string[];
}

const rowsOf = ({ rows }: Table): Row[] =>
  rows.map(({ cells }) => ({ name: codeOf(cells[0]!)[0]!, optional: cells.at(-1)!.startsWith("optional"), cells }));

/** Names on one side only. */
function difference(rows: readonly Row[], names: ReadonlySet<string>): string[] {
  const known = new Set(rows.map(({ name }) => name));
  return [
    ...rows.filter(({ name, optional }) => !optional && !names.has(name)).map(({ name }) => `lacks ${name}`),
    ...[...names].filter((name) => !known.has(name)).map((name) => `has ${name}, which the page does not name`),
  ];
}

/** Weights have a sentence, not a table: their names depend on the model. */
const WEIGHTS = "model.safetensors";

/** What tensors, element types and shapes of a run's files are not as the page says. */
export function tensorFaults(run: string): string[] {
  const about = sections("tensor");
  return listFiles(run)
    .filter((file) => file.endsWith(".safetensors") && basename(file) !== WEIGHTS)
    .flatMap((file) => {
      const found = about.find(({ pattern }) => isAbout(pattern, file));
      if (found === undefined) return [`${file}: the page has no table for it`];
      const { entries, metadata } = openSafetensors(join(run, file));
      const rows = rowsOf(found.table);
      const sizes = new Map<string, number>(); // N, M, …: one number throughout a file
      const isMetadata = ({ cells }: Row) => cells[1] === "metadata";
      const faults = [
        ...difference(
          rows.filter((row) => !isMetadata(row)),
          new Set(entries.keys()),
        ),
        ...difference(rows.filter(isMetadata), new Set(Object.keys(metadata))),
        ...rows.flatMap(({ name, cells: [, dtype = "", shape = ""] }) => {
          const entry = entries.get(name);
          return entry === undefined ? [] : shapeFaults(name, dtype, shape, entry, sizes);
        }),
      ];
      return faults.map((fault) => `${file}: ${fault}`);
    });
}

function shapeFaults(
  name: string,
  dtype: string,
  shape: string,
  entry: { dtype: string; shape: readonly number[] },
  sizes: Map<string, number>,
): string[] {
  const wanted = shape.replace(/[[\] ]/g, "").split(",");
  const sizeOf = (symbol: string, found: number) => {
    if (/^\d+$/.test(symbol)) return Number(symbol);
    if (!sizes.has(symbol)) sizes.set(symbol, found);
    return sizes.get(symbol);
  };
  const fits = wanted.length === entry.shape.length && wanted.every((symbol, axis) => sizeOf(symbol, entry.shape[axis]!) === entry.shape[axis]);
  return [
    ...(dtype in dtypes && dtype === entry.dtype ? [] : [`${name} is ${entry.dtype}, the page says ${dtype}`]),
    ...(fits ? [] : [`${name} is [${entry.shape.join(", ")}], the page says ${shape}`]),
  ];
}

/** What keys of a run's JSON files are not as the page says. */
export function keyFaults(run: string): string[] {
  const files = listFiles(run);
  return sections("key").flatMap(({ pattern, table }) => {
    const own = files.filter((file) => isAbout(pattern, file));
    if (own.length === 0) return [`${pattern}: no file of the run is called so`];
    return own.flatMap((file) => {
      const text = readFileSync(join(run, file), "utf8");
      const value = JSON.parse(file.endsWith(".jsonl") ? text.slice(0, text.indexOf("\n")) : text) as Record<string, unknown>;
      const rows = rowsOf(table);
      // A line of the training's log has the parts of its loss as well.
      const names = file.endsWith(".jsonl") ? Object.keys(value).filter((name) => rows.some((row) => row.name === name)) : Object.keys(value);
      const types = rows.flatMap(({ name, cells: [, type = ""] }) =>
        name in value && type !== "" && type !== typeOf(value[name]) ? [`${name} is ${typeOf(value[name])}, the page says ${type}`] : [],
      );
      return [...difference(rows, new Set(names)), ...types].map((fault) => `${file}: ${fault}`);
    });
  });
}

const typeOf = (value: unknown) => (Array.isArray(value) ? "array" : typeof value);
