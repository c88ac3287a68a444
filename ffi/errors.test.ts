import { afterEach, describe, expect, test } from "bun:test";
import "../test/matchers";
import { ArgumentError, cancelFlag, dtypes, memory, ops, ShapeError, scope, setThreads, Tensor, TensorError, threads } from "./index";
import { loadNative } from "./load";

setThreads(1);
const a = Tensor.from([1, 2, 3, 4], [2, 2]);

function failureOf(body: () => unknown): TensorError {
  try {
    body();
  } catch (error) {
    if (error instanceof TensorError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("a failure of an operator names it, its operands and a kind", () => {
  const failures: [string, () => unknown, string, RegExp][] = [
    ["shape", () => a.matmul(Tensor.ones([3, 5])), "shape", /^matmul: self \[2, 2\] f32, other \[3, 5\] f32: .*cannot be multiplied/],
    [
      "dtype",
      () => ops.aten.bmm(Tensor.ones([1, 2, 2]), Tensor.ones([1, 2, 2], { dtype: "f64" })),
      "dtype",
      /^bmm: self \[1, 2, 2\] f32, mat2 \[1, 2, 2\] f64/,
    ],
    ["index", () => a.select(0, 7), "index", /^select: self \[2, 2\] f32: .*out of range/],
    ["index of a value", () => a.indexSelect(0, Tensor.from([9], [1], { dtype: "i64" })), "index", /^index_select: .*out of range/],
    ["a list", () => Tensor.cat([a, Tensor.ones([3])]), "shape", /^cat: tensors\[0\] \[2, 2\] f32, tensors\[1\] \[3\] f32: /],
    ["our own check, not said twice", () => ops.earthcraft.uniform(-1, 2, 3, [4]), "argument", /^uniform: seed must not be negative, got -1$/],
    ["memory", () => Tensor.zeros([2 ** 45]), "out of memory", /a tensor of 140737488355328 bytes/],
  ];
  for (const [what, body, kind, message] of failures)
    test(what, () => {
      const error = failureOf(body);
      expect(error.message).toMatch(message);
      expect(error.kind).toBe(kind as typeof error.kind);
      expect(error.message).not.toContain("Exception raised from"); // no backtrace
    });

  test("shape errors have a class of their own", () => {
    expect(failureOf(() => a.matmul(Tensor.ones([3, 5])))).toBeInstanceOf(ShapeError);
  });
});

describe("what bun:ffi would coerce silently is refused by name", () => {
  const any = ops.aten as unknown as Record<string, (...values: unknown[]) => unknown>;
  const refused: [string, () => unknown, string][] = [
    ["a missing argument", () => any.linear!(a), "linear: weight must be a tensor, got nothing"],
    ["a number for a tensor", () => any.neg!(3), "neg: self must be a tensor, got 3"],
    ["a fraction for a whole number", () => any.unsqueeze!(a, 0.5), "unsqueeze: dim must be a whole number, got 0.5"],
    ["a number beyond 2^53", () => any.unsqueeze!(a, 2 ** 60), "dim must be a whole number, got 1152921504606847000"],
    ["NaN for a whole number", () => any.unsqueeze!(a, Number.NaN), "dim must be a whole number, got NaN"],
    ["a string for a number", () => any.softplus!(a, "1"), 'softplus: beta must be a number, got "1"'],
    ["a number for a boolean", () => any.argmax!(a, 0, 1), "argmax: keepdim must be true or false, got 1"],
    [
      "an unknown element type",
      () => any.zeros!([2], { dtype: "float" }),
      'dtype must be one of u8, i8, i16, i32, i64, f16, f32, f64, bool, bf16, got "float"',
    ],
    ["null for what cannot be nothing", () => any.layerNorm!(a, null), "layer_norm: normalized_shape must be an array of whole numbers, got null"],
    ["a hole in a list", () => any.cat!([a, undefined]), "cat: tensors[1] must be a tensor, got nothing"],
    ["arguments that no overload takes", () => any.add!(a, "x"), 'add: no form of it takes (a tensor, "x")'],
    ["more numbers than a call holds", () => any.reshape!(a, new Array(200000).fill(1)), "more than 131072 numbers in one call"],
  ];
  for (const [what, body, message] of refused)
    test(what, () => {
      const error = failureOf(body);
      expect(error).toBeInstanceOf(ArgumentError);
      expect(error.message).toContain(message);
      expect(a.add(1).toArray()).toEqual(Float32Array.of(2, 3, 4, 5)); // the next call starts afresh
    });

  test("values that do not fill a shape", () => {
    expect(() => Tensor.from([1, 2, 3], [2, 2])).toThrow("3 values do not fill [2, 2]");
    expect(() => Tensor.fromBytes(new Uint8Array(7), [2], "f32")).toThrow("the shape needs 8 bytes, the array has 7");
    expect(() => Tensor.fromBytes(new Uint8Array(4), [-1], "f32")).toThrow("a dimension of -1");
    expect(() => setThreads(0)).toThrow("expected 1 to 1024, got 0");
  });
});

describe("values cross unchanged", () => {
  test("of every element type", () => {
    for (const dtype of Object.keys(dtypes) as (keyof typeof dtypes)[]) {
      const values = dtype === "bool" ? [1, 0, 1] : dtype === "u8" ? [0, 7, 255] : [-3, 0, 100];
      const tensor = Tensor.from(values, [3], { dtype });
      expect(tensor.dtype).toBe(dtype);
      expect(Array.from(tensor.toArray())).toEqual(values);
    }
    expect(
      Tensor.from(BigInt64Array.of(2n ** 62n))
        .sub(2 ** 53 - 1)
        .gt(0)
        .item(),
    ).toBe(1);
  });

  test("special floats, as values and as arguments", () => {
    const special = [Number.NaN, Infinity, -Infinity, -0, Number.MIN_VALUE, Number.MAX_VALUE];
    expect(Array.from(Tensor.from(Float64Array.from(special)).toArray())).toEqual(special);
    expect(Array.from(Tensor.from(Float64Array.of(1)).mul(-0).toArray())).toEqual([-0]);
    expect(a.clamp(-Infinity, 2.5).toArray()).toEqual(Float32Array.of(1, 2, 2.5, 2.5));
  });

  test("defaults, keywords, lists of fixed length, and several results", () => {
    const image = Tensor.ones([1, 1, 4, 4]);
    expect(ops.aten.avgPool2d(image, 2).shape).toEqual([1, 1, 2, 2]);
    expect(ops.aten.avgPool2d(image, [2, 1], [2, 1]).shape).toEqual([1, 1, 2, 4]);
    const [values, indices] = ops.aten.topk(a, 1, 1, false);
    expect([...values.toArray(), ...indices.toArray()]).toEqual([1, 3, 0, 0]);
    expect(ops.aten.div(a, Tensor.from([2]), { roundingMode: "floor" }).toArray()).toEqual(Float32Array.of(0, 1, 1, 2));
    expect(ops.aten.split(a, 1, 1).map((t) => t.shape)).toEqual([
      [2, 1],
      [2, 1],
    ]);
  });
});

describe("the library", () => {
  afterEach(() => {
    cancelFlag()[0] = 0;
  });

  test("answers in the frame what a call failed with, and keeps no handle of it", () => {
    const before = memory().liveHandles;
    for (let i = 0; i < 100; ++i) expect(() => scope(() => a.matmul(Tensor.ones([3, 5])))).toThrow();
    expect(memory().liveHandles).toBe(before);
    expect(loadNative().header[0]).toBe(1);
  });

  test("sets its threads", () => {
    setThreads(2);
    expect(threads()).toBe(2);
    setThreads(1);
    expect(threads()).toBe(1);
  });

  test("shows the cancel flag to any thread", () => {
    cancelFlag()[0] = 1;
    expect(cancelFlag()[0]).toBe(1);
  });

  test("prints nothing, whatever libtorch would warn of", () => {
    const script = `
      import { ops, Tensor } from ${JSON.stringify(`${import.meta.dir}/index`)};
      ops.aten.mseLoss(Tensor.ones([2, 1]), Tensor.ones([2]));
      ops.aten.searchsorted(Tensor.ones([3, 4]).transpose(0, 1), Tensor.ones([4, 2]));
      try { Tensor.ones([2]).matmul(Tensor.ones([3])); } catch {}
    `;
    const { stdout, stderr, exitCode } = Bun.spawnSync([process.execPath, "-e", script]);
    expect([stdout.toString(), stderr.toString(), exitCode]).toEqual(["", "", 0]);
  });

  test("raises the cancel flag by a signal while JavaScript's own handlers wait, and lets them run afterwards", async () => {
    const script = `
      import { cancelFlag, cancelOnSignals, Tensor } from ${JSON.stringify(`${import.meta.dir}/index`)};
      let handled = 0;
      process.on("SIGINT", () => handled++);
      cancelOnSignals(true);
      const flag = cancelFlag();
      const x = Tensor.ones([200, 200]);
      console.log("ready");
      const end = Date.now() + 20000;
      while (flag[0] === 0 && Date.now() < end) x.matmul(x).dispose();
      const before = handled;
      for (let i = 0; i < 100 && handled === 0; ++i) await Bun.sleep(20);
      console.log(JSON.stringify({ flag: flag[0], before, handled }));
      process.exit(0);
    `;
    const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
    let text = "";
    for await (const chunk of child.stdout) {
      text += new TextDecoder().decode(chunk);
      if (text === "ready\n") child.kill("SIGINT");
    }
    expect(JSON.parse(text.split("\n")[1]!)).toEqual({ flag: 1, before: 0, handled: 1 });
  }, 60_000);

  test("a missing library is named with what to run", () => {
    const script = `import { Tensor } from ${JSON.stringify(`${import.meta.dir}/index`)}; try { Tensor.ones([2]) } catch (e) { console.log(e.message) }`;
    const run = (native: string | undefined) =>
      Bun.spawnSync([process.execPath, "-e", script], { env: { ...process.env, EARTHCRAFT_NATIVE: native } }).stdout.toString();
    expect(run(undefined)).toContain("run `earthcraft setup`");
    expect(run("/nowhere/lib.so")).toContain("/nowhere/lib.so does not open");
  });
});
