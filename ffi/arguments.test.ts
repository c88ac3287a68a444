/**
 * Operators called with arguments of every kind: a result, or an error that begins with the operator's name and says which argument it is about. The
 * native side of the same, frames that no TypeScript would write, is `ffi/native/fuzz`.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { effort, patience } from "../test/mutations";
import { samples } from "../test/operators";
import { runSample } from "../test/operators/sample";
import { ArgumentError, type DType, memory, noGrad, ops, scope, setThreads, Tensor, TensorError, trimMemory } from "./index";
import { Operator } from "./operator";

setThreads(1);

type Call = (...args: unknown[]) => unknown;
type Family = Record<string, Call>;
const families: Record<string, Family> = { aten: ops.aten as unknown as Family, earthcraft: ops.earthcraft as unknown as Family };
const shortName = (key: string) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const number = fc.oneof(fc.integer({ min: -2, max: 9 }), fc.constantFrom(-(2 ** 31), 2 ** 45, 2 ** 53, 2 ** 53 + 2, 0.5, Number.NaN, Infinity, -0));
const shape = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 5 });
const dtype = fc.constantFrom<DType>("f32", "f32", "f32", "i64", "i32", "f64", "bf16", "f16", "bool", "u8");
/** Values beyond what their kind allows, as far as a type holds them. */
const tensor = fc.record({
  shape,
  dtype,
  fill: fc.constantFrom(0, 1, -1, 3, 1e30, Number.NaN),
  twice: fc.boolean(),
  freed: fc.integer({ min: 0, max: 30 }),
});
const plain = fc.oneof(
  number,
  fc.boolean(),
  fc.constantFrom("", "pinhole", "cpu", "meta", "f32", "mean", "\0", "x".repeat(300)),
  fc.constantFrom<unknown>(null, undefined, {}, { dim: 0 }, { dtype: "f32" }, { dtype: "q7" }, []),
  fc.array(number, { maxLength: 4 }),
  fc.array(fc.oneof(number, fc.constantFrom<unknown>(null, "a", undefined)), { maxLength: 3 }),
);
const argument = fc.oneof({ weight: 3, arbitrary: tensor.map((t) => ({ tensor: t })) }, { weight: 2, arbitrary: plain });

function made(value: unknown): unknown {
  const t = (value as { tensor?: { shape: number[]; dtype: DType; fill: number; twice: boolean; freed: number } } | null)?.tensor;
  if (t === undefined) return value;
  const whole = Tensor.zeros(t.shape).add(t.fill).to(t.dtype);
  const laid = t.twice && t.shape.length > 1 ? whole.transpose(0, 1) : whole;
  if (t.freed === 0) laid.dispose();
  return laid;
}

/** The error of a call, undefined where it had a result. Anything but a TensorError is a fault of ours. */
function refusal(call: () => unknown): TensorError | undefined {
  try {
    scope(() => void call());
    return undefined;
  } catch (error) {
    if (error instanceof TensorError && error.kind !== "internal") return error;
    throw new Error(`${error instanceof Error ? error.constructor.name : typeof error}: ${error}`, { cause: error });
  }
}

describe("arguments at random", () => {
  const before = memory().liveHandles;
  afterAll(() => {
    expect(memory().liveHandles).toBe(before);
    trimMemory();
  });
  for (const [family, operators] of Object.entries(families))
    test(
      `${family}: a result or an error with the operator's name`,
      () => {
        const names = Object.keys(operators);
        fc.assert(
          fc.property(fc.constantFrom(...names), fc.array(argument, { maxLength: 9 }), (name, args) => {
            const error = refusal(() => operators[name]!(...args.map(made)));
            if (error !== undefined) expect(error.message).toMatch(/^[a-z_0-9]+: /);
          }),
          effort(4000),
        );
      },
      patience(120_000),
    );
});

/** Calls of our operators in their samples, with the values of their tensors. */
const recorded = new Map<string, unknown[]>();

describe("one argument of a good call replaced", () => {
  beforeAll(() => {
    const originals = { ...families.earthcraft };
    try {
      for (const [name, call] of Object.entries(originals))
        families.earthcraft![name] = (...args) => {
          const kept = args.map((arg) => (arg instanceof Tensor ? arg.detach().clone() : arg));
          if (!recorded.has(name)) recorded.set(name, kept);
          return call(...args);
        };
      for (const [name, sample] of Object.entries(samples)) if (name.startsWith("earthcraft::")) noGrad(() => runSample(sample));
    } finally {
      Object.assign(families.earthcraft!, originals);
    }
  });

  test("every operator of ours has one", () => {
    expect(Object.keys(families.earthcraft!).filter((name) => !recorded.has(name) && !name.startsWith("adamw"))).toEqual([]);
  });

  test(
    "is refused by a name of its arguments, or has a result",
    () => {
      const silent = new Map<string, string>();
      fc.assert(
        fc.property(fc.nat(), fc.nat(), argument, (which, where, value) => {
          const names = [...recorded.keys()];
          const name = names[which % names.length]!;
          const args = [...recorded.get(name)!];
          if (args.length === 0) return;
          args[where % args.length] = made(value);
          const error = refusal(() => families.earthcraft![name]!(...args));
          if (error === undefined) return;
          const short = shortName(name);
          expect(error.message).toStartWith(`${short}: `);
          const known = [...Operator.all.get(`earthcraft::${short}`)!.argumentNames, "options"];
          // All operands are listed before the reason; it is the reason that must name one.
          const reason =
            error instanceof ArgumentError ? error.message : error.message.replace(/^\w+: (\w+(\[\d+\])? (\[[^\]]*\] \w+|\(disposed\))(, |: ))*/, "");
          if (error.kind !== "stale handle" && error.kind !== "out of memory" && !known.some((one) => new RegExp(`\\b${one}\\b`).test(reason)))
            silent.set(short, error.message);
        }),
        effort(6000),
      );
      expect([...silent.values()]).toEqual([]);
    },
    patience(120_000),
  );
});
