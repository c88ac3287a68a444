/** Valid files with a few bytes changed: what a damaged disk, a broken download or somebody who means harm makes of them. */
import fc from "fast-check";

/** One change; `at` and `length` are shares of the file, as the file has another length after each. */
interface Edit {
  kind: "bit" | "byte" | "number" | "remove" | "repeat" | "swap" | "cut" | "word";
  at: number;
  length: number;
  value: number;
  word: string;
}

/** Numbers at the ends of their types, where sizes and offsets overflow. */
const ends = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];
/** What breaks text: brackets, quotes, numbers that are none, names that objects have by themselves. */
const words = [
  "{",
  "}",
  "[",
  "]",
  '"',
  "'",
  ":",
  ",",
  "\n",
  "\0",
  "null",
  "true",
  "-1",
  "1e999",
  "NaN",
  "0x10",
  "{}",
  "[]",
  '""',
  "__proto__",
  "..",
  "/",
  "\u{1F600}",
  "<",
  "&amp;",
  "*a",
  "&a ",
];

const share = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const edit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom<Edit["kind"]>("bit", "byte", "number", "remove", "repeat", "swap", "cut", "word"),
  // Headers, which stand first, decide most: half of all changes fall there.
  at: fc.oneof(
    share,
    share.map((x) => x ** 6),
  ),
  length: share.map((x) => x ** 4),
  value: fc.nat(0xff),
  word: fc.constantFrom(...words),
});

function apply(bytes: Uint8Array, { kind, at, length, value, word }: Edit): Uint8Array {
  const from = Math.floor(at * bytes.length);
  const to = Math.min(bytes.length, from + 1 + Math.floor(length * (bytes.length - from)));
  const [before, within, after] = [bytes.subarray(0, from), bytes.subarray(from, to), bytes.subarray(to)];
  const joined = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));
  switch (kind) {
    case "bit":
    case "byte": {
      const changed = Uint8Array.from(bytes);
      if (bytes.length > 0) changed[from] = kind === "byte" ? value : changed[from]! ^ (1 << (value & 7));
      return changed;
    }
    case "number": {
      const changed = Uint8Array.from(bytes);
      if (from + 4 <= bytes.length) new DataView(changed.buffer).setUint32(from, ends[value % ends.length]!, value > 127);
      return changed;
    }
    case "remove":
      return joined(before, after);
    case "repeat":
      return joined(before, within, within, after);
    case "swap":
      return joined(before, within.toReversed(), after);
    case "cut":
      return joined(before);
    case "word":
      return joined(before, new TextEncoder().encode(word), after);
  }
}

/** @param whole a valid file */
export const mutated = (whole: Uint8Array): fc.Arbitrary<Uint8Array> =>
  fc.array(edit, { minLength: 1, maxLength: 4 }).map((edits) => edits.reduce(apply, whole));

const oddValue = fc.constantFrom<unknown>(null, true, -1, 0.5, 1e308, 2 ** 53, "", "x", "../..", "\u0000", [], [[]], [null], {}, { a: null });

/** Valid JSON text with a few of its values replaced by others, or left out. */
export const mutatedJson = (whole: string): fc.Arbitrary<Uint8Array> =>
  fc.array(fc.record({ at: share, value: oddValue, gone: fc.boolean() }), { minLength: 1, maxLength: 3 }).map((changes) => {
    const root = [JSON.parse(whole)] as unknown[];
    for (const { at, value, gone } of changes) {
      const slots: [Record<string, unknown>, string][] = [];
      const walk = (holder: Record<string, unknown>) => {
        for (const [key, child] of Object.entries(holder)) {
          slots.push([holder, key]);
          if (typeof child === "object" && child !== null) walk(child as Record<string, unknown>);
        }
      };
      walk(root as unknown as Record<string, unknown>);
      const [holder, key] = slots[Math.floor(at * slots.length)]!;
      if (gone && holder !== (root as unknown)) delete holder[key];
      else holder[key] = structuredClone(value);
    }
    return new TextEncoder().encode(JSON.stringify(root[0]));
  });

/** How often a property is tried in `make test`; EARTHCRAFT_FUZZ_SECONDS, which `make fuzz` sets, goes on for so long, from another seed. */
export function effort(runs: number): { numRuns: number; seed?: number; interruptAfterTimeLimit?: number } {
  const seconds = Number(process.env.EARTHCRAFT_FUZZ_SECONDS);
  return seconds > 0 ? { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: 1000 * seconds } : { numRuns: runs, seed: 20261127 };
}

/** Milliseconds that a test of such a property may take. */
export const patience = (ms: number): number => ms + 2000 * (Number(process.env.EARTHCRAFT_FUZZ_SECONDS) || 0);
