import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import "../test/matchers";
import { loadSafetensors, openSafetensors, SafetensorsError, type StoredTensor, saveSafetensors, Tensor, writeSafetensors } from "./index";

const folder = mkdtempSync(join(tmpdir(), "safetensors-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, "file.safetensors");

function bytesOf(header: string | object, data = 0, length?: bigint): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const file = new Uint8Array(8 + json.length + data);
  new DataView(file.buffer).setBigUint64(0, length ?? BigInt(json.length), true);
  file.set(json, 8);
  return file;
}

const entry = (shape: unknown, begin: unknown, end: unknown, dtype: unknown = "F32") => ({ dtype, shape, data_offsets: [begin, end] });

describe("what is no safetensors file is refused before anything is allocated", () => {
  const damaged: [string, Uint8Array, RegExp][] = [
    ["nothing", new Uint8Array(0), /too few/],
    ["seven bytes", new Uint8Array(7), /too few/],
    ["a header longer than the file", bytesOf({}, 0, 1000n), /cut short/],
    ["a huge header", bytesOf({}, 0, 2n ** 63n), /a header of 9223372036854775808 bytes/],
    ["no JSON", bytesOf("{oops"), /no JSON/],
    ["no UTF-8", Uint8Array.from([...bytesOf('{"a":1}').slice(0, 8), 0x7b, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), /no JSON/],
    ["a list", bytesOf("[]"), /no object/],
    ["blanks before the object", bytesOf(" {}"), /no object/],
    [
      "a name twice",
      bytesOf('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4),
      /"a" twice/,
    ],
    ["a key of an entry twice", bytesOf('{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4), /"dtype" twice/],
    [
      "an escaped name twice",
      bytesOf('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\\u0061":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4),
      /"a" twice/,
    ],
    ["an unknown type", bytesOf({ a: entry([1], 0, 4, "F33") }, 4), /no element type "F33"/],
    ["a type named by the prototype", bytesOf({ a: entry([1], 0, 4, "constructor") }, 4), /no element type "constructor"/],
    ["a type that is not ours", bytesOf({ a: entry([1], 0, 8, "U64") }, 8), /U64 is not one of/],
    ["a negative size", bytesOf({ a: entry([-1], 0, 4) }, 4), /no shape/],
    ["a fractional size", bytesOf({ a: entry([1.5], 0, 6) }, 6), /no shape/],
    ["a size beyond 2^53", bytesOf('{"a":{"dtype":"F32","shape":[9007199254740993],"data_offsets":[0,4]}}', 4), /no shape/],
    ["sizes whose product overflows", bytesOf({ a: entry([2 ** 40, 2 ** 40], 0, 4) }, 4), /takes 4.8.*e\+24 bytes/],
    ["sizes whose product overflows to nothing", bytesOf({ a: entry([2 ** 32, 2 ** 32, 4], 0, 0) }), /its offsets give 0/],
    ["no shape", bytesOf({ a: { dtype: "F32", data_offsets: [0, 4] } }, 4), /no shape/],
    ["three offsets", bytesOf({ a: { dtype: "F32", shape: [1], data_offsets: [0, 4, 8] } }, 4), /no offsets/],
    ["offsets backwards", bytesOf({ a: entry([1], 4, 0) }, 4), /its offsets give -4/],
    ["a NaN offset", bytesOf('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,NaN]}}', 4), /no JSON/],
    ["an overlap", bytesOf({ a: entry([2], 0, 8), b: entry([1], 4, 8) }, 8), /"b" begins at 4, inside the one before/],
    ["a hole", bytesOf({ a: entry([1], 0, 4), b: entry([1], 8, 12) }, 12), /"b" begins at 8, after a hole/],
    ["a hole at the start", bytesOf({ a: entry([1], 4, 8) }, 8), /after a hole/],
    ["data missing", bytesOf({ a: entry([4], 0, 16) }, 12), /cut short: the tensors take 16 bytes, the file has 12/],
    ["bytes left over", bytesOf({ a: entry([1], 0, 4) }, 5), /1 bytes after the last tensor/],
    ["metadata that are no strings", bytesOf({ __metadata__: { step: 3 } }), /"step" is no string/],
    ["an entry that is a number", bytesOf({ a: 3 }), /"a": no object/],
    ["a pickle in a zip", Uint8Array.from([0x50, 0x4b, 3, 4, ...new Array(60).fill(0)]), /cut short|a header of/],
  ];
  for (const [what, bytes, message] of damaged)
    test(what, () => {
      writeFileSync(path, bytes);
      expect(() => openSafetensors(path)).toThrow(SafetensorsError);
      expect(() => openSafetensors(path)).toThrow(message);
    });

  test("every cut of a good file, and every flipped bit of its header, is refused or read as what it then says", () => {
    writeSafetensors(path, new Map([["weights", { dtype: "f32", shape: [2, 3], data: new Float32Array(6) }]]), { note: "x" });
    const good = readFileSync(path);
    for (let length = 0; length < good.length; ++length) {
      writeFileSync(path, good.subarray(0, length));
      expect(() => openSafetensors(path)).toThrow(SafetensorsError);
    }
    for (let bit = 0; bit < 8 * (good.length - 24); ++bit) {
      const flipped = Uint8Array.from(good);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      writeFileSync(path, flipped);
      try {
        const file = openSafetensors(path);
        for (const name of file.entries.keys()) expect(file.array(name).byteLength).toBeLessThanOrEqual(24);
      } catch (error) {
        expect(error).toBeInstanceOf(SafetensorsError);
      }
    }
  });
});

describe("what is written is read", () => {
  test("of every element type, with names and metadata of any text", () => {
    const stored: Map<string, StoredTensor> = new Map([
      ["bytes", { dtype: "u8", shape: [3], data: Uint8Array.from([0, 128, 255]) }],
      ["flags", { dtype: "bool", shape: [2], data: Uint8Array.from([1, 0]) }],
      ["small", { dtype: "i8", shape: [1, 2], data: Int8Array.from([-128, 127]) }],
      ["short", { dtype: "i16", shape: [2], data: Int16Array.from([-32768, 5]) }],
      ["int", { dtype: "i32", shape: [], data: Int32Array.from([-7]) }],
      ["long", { dtype: "i64", shape: [2], data: BigInt64Array.from([-(2n ** 62n), 3n]) }],
      ["half", { dtype: "f16", shape: [2], data: Float32Array.from([1.5, -0.25]) }],
      ["float", { dtype: "f32", shape: [2, 0], data: new Float32Array(0) }],
      ["double", { dtype: "f64", shape: [1], data: Float64Array.from([Math.PI]) }],
      ["__proto__", { dtype: "u8", shape: [1], data: Uint8Array.from([9]) }],
    ]);
    writeSafetensors(path, stored, { title: 'a "quoted" ü\n' });
    const file = openSafetensors(path);
    expect(file.metadata.title).toBe('a "quoted" ü\n');
    expect([...file.entries.keys()].sort()).toEqual([...stored.keys()].sort());
    for (const [name, { dtype, shape, data }] of stored) {
      expect(file.entry(name)).toMatchObject({ dtype, shape });
      if (dtype !== "f16") expect(file.array(name)).toEqual(data);
    }
    expect(Array.from(file.float32("half"))).toEqual([1.5, -0.25]);
    expect(() => file.array("nobody")).toThrow('no tensor named "nobody"');
  });

  test("random trees of tensors", () => {
    const tensor = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }).map((shape): StoredTensor => {
      const count = shape.reduce((a, b) => a * b, 1);
      return { dtype: "i16", shape, data: Int16Array.from({ length: count }, (_, i) => 37 * i - 5) };
    });
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string().filter((s) => s !== "__metadata__"),
          tensor,
        ),
        fc.dictionary(fc.string(), fc.string()),
        (tensors, metadata) => {
          const map = new Map(Object.entries(tensors));
          writeSafetensors(path, map, metadata);
          const file = openSafetensors(path);
          expect(Object.entries(file.metadata).sort()).toEqual(Object.entries(metadata).sort());
          for (const [name, { data }] of map) expect(file.array(name)).toEqual(data);
        },
      ),
      { numRuns: 60, seed: 7 },
    );
  });

  test("tensors come back mapped, equal to the bit, and writing to them leaves the file alone", () => {
    const tensors = new Map([
      ["w", Tensor.from([1, 2, 3, 4, 5, 6], [2, 3])],
      ["h", Tensor.from([1, 2, 3], [3], { dtype: "bf16" })],
      ["n", Tensor.from([1, 2], [2], { dtype: "i64" })],
      ["e", Tensor.zeros([0, 5])],
    ]);
    saveSafetensors(path, tensors, { step: "12" });
    const before = readFileSync(path);
    const loaded = loadSafetensors(path);
    expect(loaded.metadata).toEqual({ step: "12" });
    for (const [name, tensor] of tensors) expect(loaded.tensors.get(name)).toEqualTensor(tensor);
    loaded.tensors.get("w")!.fill_(9);
    expect(loaded.tensors.get("w")!.sum().item()).toBe(54);
    expect(Buffer.compare(readFileSync(path), before)).toBe(0);
  });

  test("a write that fails leaves the old file and nothing else", () => {
    writeSafetensors(path, new Map([["a", { dtype: "u8", shape: [1], data: Uint8Array.from([1]) }]]));
    const before = readFileSync(path);
    expect(() => writeSafetensors(path, new Map([["a", { dtype: "u8", shape: [2], data: Uint8Array.from([1]) }]]))).toThrow(
      "a: u8 [2] takes 2 bytes, got 1",
    );
    expect(Buffer.compare(readFileSync(path), before)).toBe(0);
    expect(readdirSync(folder)).toEqual(["file.safetensors"]);
    expect(existsSync(path)).toBe(true);
  });
});
