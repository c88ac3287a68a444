/**
 * Writes `ops.gen.ts`, typed functions for the operators of `ops.txt`, from the schemas that the dispatcher knows.
 *
 *     bun ffi/generate-ops.ts            writes it
 *     bun ffi/generate-ops.ts --check    exits 1 when it would change
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderOperators } from "./codegen/render";
import { parseSchema } from "./codegen/schema";
import { check, checkCount, loadNative } from "./load";

function schemaOf(name: string): string {
  const { call, message } = loadNative();
  const number = checkCount(call.ec_operator_find(name), name);
  check(call.ec_operator_schema(number), name);
  return message();
}

const lines = readFileSync(join(import.meta.dir, "ops.txt"), "utf8")
  .split("\n")
  .filter(Boolean);
const sorted = [...new Set(lines)].sort();
loadNative();
const missing: string[] = [];
const schemas = sorted.flatMap((name) => {
  try {
    return [parseSchema(name, schemaOf(name))];
  } catch (error) {
    missing.push(error instanceof Error ? error.message : String(error));
    return [];
  }
});
if (missing.length > 0) {
  console.error(missing.join("\n"));
  process.exitCode = 1;
} else {
  const target = join(import.meta.dir, "ops.gen.ts");
  const text = renderOperators(schemas);
  if (process.argv.includes("--check")) {
    if (sorted.join("\n") !== lines.join("\n")) {
      console.error("ops.txt is not sorted: run `bun ffi/generate-ops.ts`");
      process.exitCode = 1;
    }
    if (readFileSync(target, "utf8") !== text) {
      console.error("ops.gen.ts is not what ops.txt and the library say: run `bun ffi/generate-ops.ts`");
      process.exitCode = 1;
    }
  } else {
    writeFileSync(join(import.meta.dir, "ops.txt"), `${sorted.join("\n")}\n`);
    writeFileSync(target, text);
    console.log(`${schemas.length} operators`);
  }
}
