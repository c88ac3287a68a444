import { describe, expect, test } from "bun:test";
import "../../test/matchers";
import { gradcheck } from "../../test/reference/gradcheck";
import { randomTensor } from "../../test/voxels";
import { grad, ops, scope, Tensor } from "../index";

const starts = (...at: number[]) => Tensor.from(at, [at.length], { dtype: "i64" });

/** Runs an operator in f32 and in double on the same numbers: the double one is composed of ATen's operators. */
function compare(run: (...t: Tensor[]) => Tensor, shapes: readonly (readonly number[])[]): void {
  scope(() => {
    const own = shapes.map((shape, i) =>
      randomTensor(shape, 3 + i, "f32")
        .add(i === 0 ? 0.5 : 0)
        .detach()
        .requiresGrad_(),
    );
    const exact = own.map((t) => t.detach().to("f64").requiresGrad_());
    const [a, b] = [run(...own), run(...exact)];
    expect(a.to("f64")).toBeCloseToTensor(b, { rtol: 1e-5, atol: 1e-6 });
    const seed = randomTensor(a.shape, 9, "f32");
    const expected = grad([b], exact, [seed.to("f64")]);
    for (const [i, g] of grad([a], own, [seed]).entries()) expect(g!.to("f64")).toBeCloseToTensor(expected[i]!, { rtol: 1e-4, atol: 2e-5 });
  });
}

const scenes = starts(0, 300, 300, 307, 900);

describe("modulatedNorm", () => {
  for (const channels of [16, 37])
    test(`${channels} channels: each scene by its own row, one scene empty`, () =>
      compare(
        (x, scale, shift) => ops.earthcraft.modulatedNorm(x!, scale!, shift!, scenes),
        [
          [900, channels],
          [4, channels],
          [4, channels],
        ],
      ));

  test("equals layer norm, times 1 + scale, plus shift, written out", () => {
    const [x, scale, shift] = [randomTensor([3, 4], 1, "f32"), randomTensor([2, 4], 2, "f32"), randomTensor([2, 4], 3, "f32")];
    const row = (t: Tensor, scene: number) => t.narrow(0, scene, 1);
    const norm = (t: Tensor) => ops.aten.layerNorm(t, [4], undefined, undefined, 1e-6);
    const expected = [0, 0, 1].map((scene, n) => norm(row(x, n)).mul(row(scale, scene).add(1)).add(row(shift, scene)));
    expect(ops.earthcraft.modulatedNorm(x, scale, shift, starts(0, 2, 3))).toBeCloseToTensor(Tensor.cat(expected), { rtol: 1e-5, atol: 1e-6 });
  });

  test("double passes finite differences", () => {
    const at = starts(0, 2, 5);
    gradcheck(
      (x, a, b) => ops.earthcraft.modulatedNorm(x!, a!, b!, at, 1e-3),
      [randomTensor([5, 3], 1), randomTensor([2, 3], 2), randomTensor([2, 3], 3)],
    );
  });

  test("rows that do not fit are refused with their sizes", () => {
    const x = Tensor.zeros([5, 3]);
    const rows = Tensor.zeros([2, 3]);
    expect(() => ops.earthcraft.modulatedNorm(x, rows, Tensor.zeros([1, 3]), starts(0, 2, 5))).toThrow(
      "shift must be [2, 3] for x [5, 3] and 2 scenes, got [1, 3]",
    );
    expect(() => ops.earthcraft.modulatedNorm(x, rows, rows, starts(0, 2, 4))).toThrow("must ascend from 0 to 5, got 0 to 4");
  });
});

describe("gatedAdd", () => {
  test("x + gate · y, each scene by its own gate, with gradients; halves of one layer's output as they stand", () => {
    compare(
      (x, gate, y) => ops.earthcraft.gatedAdd(x!, gate!, y!, scenes),
      [
        [900, 37],
        [4, 37],
        [900, 37],
      ],
    );
    compare(
      (x, both, y) => ops.earthcraft.gatedAdd(x!, both!.chunk(2, 1)[1]!, y!, scenes),
      [
        [900, 16],
        [4, 32],
        [900, 16],
      ],
    );
  });

  test("double passes finite differences", () => {
    const at = starts(0, 2, 5);
    gradcheck((x, g, y) => ops.earthcraft.gatedAdd(x!, g!, y!, at), [randomTensor([5, 3], 1), randomTensor([2, 3], 2), randomTensor([5, 3], 3)]);
  });
});

describe("headNorm", () => {
  test("each head to length √D · gamma, with gradients; queries as they lie in one layer's output", () => {
    compare(
      (x, gamma) => ops.earthcraft.headNorm(x!, gamma!),
      [
        [500, 3, 20],
        [3, 20],
      ],
    );
    compare(
      (qkv, gamma) => ops.earthcraft.headNorm(qkv!.select(1, 1), gamma!),
      [
        [500, 3, 2, 16],
        [2, 16],
      ],
    );
    const out = ops.earthcraft.headNorm(Tensor.from([3, 4, 0, 0, 0, 0, 0, 0], [2, 1, 4]), Tensor.ones([1, 4]));
    expect(out).toBeCloseToTensor([1.2, 1.6, 0, 0, 0, 0, 0, 0], { rtol: 1e-6 });
  });

  test("double passes finite differences", () =>
    gradcheck((x, g) => ops.earthcraft.headNorm(x!, g!), [randomTensor([4, 2, 3], 1), randomTensor([2, 3], 2)]));
});
