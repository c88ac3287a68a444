import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readJunit } from "./junit";

test("what bun writes is read back: states, nesting, entities, reasons", () => {
  const dir = mkdtempSync(join(tmpdir(), "earthcraft-junit-"));
  writeFileSync(
    join(dir, "sample.test.ts"),
    `import { describe, expect, test } from "bun:test";
     import { skipUnless } from "${import.meta.dir}/skip";
     describe("outer <x>", () => {
       test("good & fine", () => {});
       test("bad", () => { expect("]]>").toBe("<a b=\\"c\\">"); });
       skipUnless(false, 'no "data"')("needs data", () => {});
       test.skip("silent", () => {});
       describe("inner", () => test("deep", () => {}));
     });`,
  );
  Bun.spawnSync([process.execPath, "test", "--reporter=junit", `--reporter-outfile=${dir}/out.xml`, "./sample.test.ts"], { cwd: dir });
  const cases = readJunit(readFileSync(join(dir, "out.xml"), "utf8")).map(({ name, state, reason }) => ({ name, state, reason }));
  rmSync(dir, { recursive: true });
  expect(cases).toEqual([
    { name: "outer <x> > good & fine", state: "passed", reason: undefined },
    { name: "outer <x> > bad", state: "failed", reason: undefined },
    { name: "outer <x> > needs data", state: "skipped", reason: 'no "data"' },
    { name: "outer <x> > silent", state: "skipped", reason: undefined },
    { name: "outer <x> > inner > deep", state: "passed", reason: undefined },
  ]);
});
