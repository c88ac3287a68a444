import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSafetensors } from "../ffi/safetensors";
import { describeError, fromRecord, toRecord, UserError } from "./errors";

const dir = mkdtempSync(join(tmpdir(), "earthcraft-errors-"));
afterAll(() => rmSync(dir, { recursive: true }));
const file = join(dir, "file");
writeFileSync(file, "");

/** What the system itself throws. */
function thrown(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

describe("what the disk answers with is no bug of ours: 74, with the path and what to do", () => {
  const cases: [string, () => unknown, RegExp][] = [
    ["no space", () => writeSync(openSync("/dev/full", "w"), "x"), /free some space/],
    ["a file in a folder's place", () => mkdirSync(join(file, "run")), /a file stands where a folder is wanted/],
    ["a file where a folder shall be", () => mkdirSync(file, { recursive: true }), /a file stands where a folder is wanted/],
    ["a path that is too long", () => mkdirSync(join(dir, "x".repeat(300))), /pick a shorter folder/],
  ];
  for (const [what, work, fix] of cases)
    test(what, () => {
      const record = toRecord(thrown(work));
      expect(record.exit).toBe(74);
      expect(record.fix).toMatch(fix);
      expect(record.stack).toBeUndefined();
      if (what !== "no space") expect(record.what).toContain(dir);
    });

  for (const [code, fix] of [
    ["EROFS", /nothing can be written here: pick another folder/],
    ["EACCES", /you may not write or read here/],
    ["EIO", /the disk answers with errors/],
    ["EDQUOT", /of your quota/],
    ["EMFILE", /ulimit -n/],
  ] as const)
    test(code, () => {
      const record = toRecord(Object.assign(new Error(`${code}: open '/x'`), { code }));
      expect(record).toMatchObject({ what: `${code}: open '/x'`, exit: 74, fix: expect.stringMatching(fix) });
    });
});

test("a damaged file of weights is bad input, 65, also after it crossed the pipe from a rank", () => {
  const error = thrown(() => openSafetensors(file));
  const record = toRecord(error);
  expect(record.exit).toBe(65);
  expect(record.what).toContain(`${file}: 0 bytes are too few`);
  expect(toRecord(fromRecord(JSON.parse(JSON.stringify(record))))).toEqual(record);
});

test("anything else is a bug, with its stack; a UserError stays what it is", () => {
  const bug = toRecord(new TypeError("x is undefined"));
  expect(bug.exit).toBe(70);
  expect(bug.stack).toContain("errors.test.ts");
  expect(describeError(new TypeError("x is undefined"))).toContain("this is a bug in earthcraft");
  expect(toRecord(thrown(() => mkdirSync(join(dir, "not", "there")))).exit).toBe(70); // nobody but we could have made that folder
  expect(describeError(new UserError({ what: "no", where: "here", fix: "do", exit: 75 }))).toBe("error: no\n  where: here\n  fix: do");
});
