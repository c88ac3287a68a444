import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { TAG } from "./call";
import { dtypes } from "./dtype";
import { errorKinds } from "./errors";
import { ABI_VERSION, HEADER_WORDS, MESSAGE_BYTES, STREAM_WORDS, symbols } from "./load";
import { ops } from "./ops.gen";
import { Tensor } from "./tensor";

const header = readFileSync(join(import.meta.dir, "native/include/earthcraft.h"), "utf8").replace(/\/\/.*$/gm, "");

const constant = (name: string) => Number(new RegExp(`#define ${name} (\\d+)`).exec(header)?.[1]);
const members = (name: string) =>
  new Map([...new RegExp(`enum ${name} \\{([^}]*)\\}`).exec(header)![1]!.matchAll(/(\w+) = (\d+)/g)].map(([, key, value]) => [key!, Number(value)]));

/** bun:ffi's type for each C type; a buffer is a pointer and its length. */
const TYPES: Record<string, string> = {
  int32_t: "i32",
  ec_handle: "u32",
  double: "f64",
  "const char*": "cstring",
  "const void*": "buffer",
  "void*": "buffer",
  uint64_t: "buffer_length",
  "ec_frame_block*": "ptr",
  "ec_control_block*": "ptr",
};
const NAMES: Record<number | string, string> = { 5: "i32", 6: "u32", 9: "f64", 12: "ptr", 14: "cstring" };

describe("load.ts says what earthcraft.h says", () => {
  const declared = new Map(
    [...header.matchAll(/EC_EXPORT ([\w ]+\*?) (\w+)\(([^)]*)\) EC_NOEXCEPT;/g)].map(([, returns, name, args]) => [
      name!,
      {
        args:
          args === "void"
            ? []
            : args!.split(",").map(
                (arg) =>
                  TYPES[
                    arg
                      .trim()
                      .replace(/ ?\w+$/, "")
                      .replace(/ \*/, "*")
                  ] ?? arg,
              ),
        returns: TYPES[returns!.trim()],
      },
    ]),
  );

  test("every function with its types", () => {
    const bound = Object.entries(symbols).map(([name, { args, returns }]) => [
      name,
      { args: args.map((type) => NAMES[type] ?? String(type)), returns: NAMES[returns] },
    ]);
    expect(Object.fromEntries(bound)).toEqual(Object.fromEntries(declared));
    expect(declared.size).toBeGreaterThan(40);
  });

  test("its sizes, statuses, tags and element types", () => {
    expect([constant("EC_ABI_VERSION"), constant("EC_HEADER_WORDS"), constant("EC_STREAM_WORDS"), constant("EC_MESSAGE_BYTES")]).toEqual([
      ABI_VERSION,
      HEADER_WORDS,
      STREAM_WORDS,
      MESSAGE_BYTES,
    ]);
    expect([...members("ec_status").values()]).toEqual(errorKinds.map((_, i) => i));
    expect(TAG).toEqual(
      Object.fromEntries([...members("ec_tag")].map(([name, value]) => [name.slice(7).toLowerCase(), value])) as unknown as typeof TAG,
    );
  });

  test("libtorch's numbers of element types", () => {
    for (const dtype of Object.keys(dtypes) as (keyof typeof dtypes)[]) expect(ops.aten.zeros([1], { dtype }).dtype).toBe(dtype);
    expect(Tensor.ones([1], { dtype: "i64" }).toBytes().length).toBe(dtypes.i64.bytes);
  });
});
