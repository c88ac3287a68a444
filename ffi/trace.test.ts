import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { ownTimes, readTrace } from "../test/bench/trace-table";
import { scope, span, startTrace, stopTrace, Tensor } from ".";

const dir = mkdtempSync(join(tmpdir(), "earthcraft-trace-"));
afterAll(() => {
  stopTrace();
  rmSync(dir, { recursive: true });
});

test("every operator is an event with its shapes, bytes and time, inside its span, gradients too", () => {
  const file = join(dir, "trace.json");
  scope(() => {
    const a = Tensor.ones([3, 5]).requiresGrad_();
    startTrace(file);
    const product = span('a "product"', () => a.matmul(Tensor.ones([5, 2])));
    product.sum().backward();
    stopTrace();
    a.add(1); // nobody listens any more
  });
  const events = readTrace(readFileSync(file, "utf8").replace(/^(?!\[)/, "["));
  const named = (name: string) => events.filter((event) => event.name === name);
  const [product] = named("aten::mm");
  expect(product).toMatchObject({
    cat: "operator",
    args: { inputs: "[3, 5] Float [5, 2] Float", outputs: "[3, 2] Float", bytes: 4 * (15 + 10 + 6) },
  });
  const [begin, end] = [named('a "product"')[0]!, events.find(({ ph }) => ph === "E")!];
  expect(begin.ts).toBeLessThanOrEqual(product!.ts);
  expect(product!.ts + product!.dur!).toBeLessThanOrEqual(end.ts);
  expect(events.some(({ cat, name }) => cat === "backward" && name.startsWith("MmBackward"))).toBe(true);
  expect(named("aten::add")).toEqual([]);
  expect(new Set(events.map(({ pid }) => pid))).toEqual(new Set([process.pid]));
});

test("a second trace goes on in the same file; one that cannot be written is an error that names it", () => {
  const file = join(dir, "twice.json");
  for (let turn = 0; turn < 2; turn++) {
    startTrace(file);
    scope(() => Tensor.ones([turn + 1]).neg());
    stopTrace();
  }
  const shapes = readTrace(`[${readFileSync(file, "utf8")}`).filter(({ name }) => name === "aten::neg");
  expect(shapes.map(({ args }) => args!.inputs)).toEqual(["[1] Float", "[2] Float"]);
  expect(() => startTrace(join(dir, "nowhere", "trace.json"))).toThrow(/nowhere\/trace.json.*No such file/);
});

test("a picture shows one whole step, and a step that is not there is named", async () => {
  const [file, picture] = [join(dir, "steps.json"), join(dir, "step.png")];
  const span = (name: string, ph: "B" | "E", ts: number) => ({ name, cat: "span", ph, ts, pid: 1, tid: 1 });
  const operator = (ts: number, dur: number) => ({ name: "aten::mm", ph: "X", ts, dur, pid: 1, tid: 1, args: { inputs: "", bytes: 8 } });
  const step = (at: number) => [
    span("loss", "B", at),
    operator(at + 10, 300),
    span("loss", "E", at + 500),
    span("update", "B", at + 500),
    span("update", "E", at + 900),
  ];
  writeFileSync(file, JSON.stringify([...step(0), ...step(1000)]));
  const draw = (...flags: string[]) => {
    const script = join(import.meta.dir, "..", "test", "bench", "trace-picture.ts");
    return Bun.spawnSync([process.execPath, script, file, picture, ...flags], { stderr: "pipe" });
  };
  expect(draw("--width", "700").exitCode).toBe(0);
  const { data, info } = await sharp(picture).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  expect(info.width).toBe(700);
  // The product takes 300 of the step's 900 us, from its 10th on, in the lane below the spans.
  const scale = (700 - 2 * 24) / 900;
  const white = (x: number, y: number) => data[3 * (y * info.width + Math.round(x))]! > 250;
  const lane = 12 + 26 + 20;
  expect([24 + 5 * scale, 24 + 20 * scale, 24 + 300 * scale, 24 + 320 * scale].map((x) => white(x, lane))).toEqual([true, false, false, true]);
  expect(draw("--step", "7").stderr.toString()).toContain("has 2 whole steps, no step 7");
});

test("own time leaves out what runs inside", () => {
  const at = (name: string, ts: number, dur: number) => ({ name, ph: "X", ts, dur, pid: 1, tid: 1, args: { inputs: "", bytes: 8 } });
  const rows = ownTimes([at("inner", 2, 3), at("outer", 1, 10), at("innermost", 3, 1), at("inner", 6, 2), at("after", 11, 1)]);
  expect(rows.map(({ name, calls, own_us }) => [name, calls, own_us])).toEqual([
    ["outer", 1, 5],
    ["inner", 2, 4],
    ["innermost", 1, 1],
    ["after", 1, 1],
  ]);
});
