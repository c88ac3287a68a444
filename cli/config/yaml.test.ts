import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { UserError } from "../errors";
import { toValue } from "./node";
import { parseSet } from "./set";
import { parseYaml } from "./yaml";

const parse = (text: string) => parseYaml(text, "r.yaml", "/base");

function refusal(text: string): UserError {
  try {
    parse(text);
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return error as UserError;
  }
  throw new Error(`accepted: ${text.slice(0, 80)}`);
}

describe("YAML", () => {
  test("gives plain values with the place where each was written", () => {
    const node = parse("a: 1\nb:\n  - x: [true, null, 'q']\n");
    expect(toValue(node)).toEqual({ a: 1, b: [{ x: [true, null, "q"] }] });
    if (node.kind !== "map") throw new Error();
    expect(node.entries.get("b")).toMatchObject({ origin: { line: 3, column: 3 }, key: { line: 2, column: 1 } });
  });

  const hostile: [string, string, string][] = [
    ["duplicate keys", "a: 1\nb: 2\na: 3\n", "r.yaml:3:1"],
    ["aliases", "a: &x [1]\nb: *x\n", "r.yaml:2:4"],
    [
      "an alias bomb",
      `a: &a [1,1]\n${"bcdefgh"
        .split("")
        .map((c, i) => `${c}: &${c} [*${"abcdefg"[i]},*${"abcdefg"[i]}]\n`)
        .join("")}`,
      "r.yaml:2",
    ],
    ["tags", "a: !!js/function 'x'\n", "r.yaml:1:4"],
    ["a second document", "a: 1\n---\nb: 2\n", "r.yaml"],
    ["tabs as indentation", "a:\n\tb: 1\n", "r.yaml:2"],
    ["bad flow", "a: [1\n", "r.yaml"],
    ["prototype keys", "__proto__:\n  x: 1\n", "r.yaml:1:1"],
    ["map keys", "? {a: 1}\n: 2\n", "r.yaml:1"],
    ["integers that lose digits", "seed: 12345678901234567890\n", "r.yaml:1:7"],
    ["deep nesting", `a: ${"[".repeat(20_000)}`, "r.yaml"],
    ["a mebibyte and more", `a: "${"x".repeat(1 << 20)}"`, "r.yaml"],
  ];
  for (const [name, text, where] of hostile)
    test(`refuses ${name}, quickly, and says where`, () => {
      const started = process.cpuUsage(); // the machine may be busy
      const error = refusal(text);
      expect(error.exit).toBe(2);
      expect(error.where).toStartWith(where);
      expect(process.cpuUsage(started).user).toBeLessThan(2_000_000);
    });

  test("whatever the text, the answer is a tree or a UserError", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60, unit: fc.constantFrom(..."ab:-[]{}&*!|>#'\"\n \t0.?,%@`") }), (text) => {
        try {
          parse(text);
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
        }
      }),
      { numRuns: 500, seed: 7 },
    );
  });
});

describe("--set", () => {
  const cases: [string, unknown][] = [
    ["a=1", { a: 1 }],
    ["a.b.c=x y", { a: { b: { c: "x y" } } }],
    ["a=[1, {b: 2}]", { a: [1, { b: 2 }] }],
    ["a=", { a: null }],
    ["a=b=c", { a: "b=c" }],
    ["a='007'", { a: "007" }],
    ["place=../x/place.yaml", { place: "../x/place.yaml" }],
  ];
  for (const [text, value] of cases) test(text, () => expect(toValue(parseSet(text, "/cwd"))).toEqual(value));

  for (const text of ["a", "=1", "a..b=1", ".a=1", "a b=1", "__proto__.x=1", "a=[1", "a=*x"])
    test(`${text} is refused`, () => expect(() => parseSet(text, "/cwd")).toThrow(UserError));

  test("agrees with a plain walk for any path", () => {
    const key = fc.stringMatching(/^[a-z][a-z0-9_-]{0,6}$/);
    fc.assert(
      fc.property(fc.array(key, { minLength: 1, maxLength: 5 }), fc.integer(), (path, value) => {
        const tree = toValue(parseSet(`${path.join(".")}=${value}`, "/"));
        expect(path.reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], tree)).toBe(value);
      }),
      { seed: 7 },
    );
  });
});
