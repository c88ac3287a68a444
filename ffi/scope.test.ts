import { describe, expect, test } from "bun:test";
import "../test/matchers";
import { Arena, gelu, Linear, memory, normal, ops, scope, setThreads, Tensor, trimMemory } from "./index";
import { loadNative } from "./load";

setThreads(1);

describe("handles", () => {
  test("a stale handle is refused, by name and operator", () => {
    const a = Tensor.ones([2]);
    a.dispose();
    expect(() => a.add(1)).toThrow("add: self (disposed): used after it was disposed or its scope ended");
    expect(() => a.add(1)).toThrow(expect.objectContaining({ kind: "stale handle" }));
    expect(() => a.shape).toThrow("disposed");
    expect(a.live).toBe(false);
  });

  test("a foreign handle is refused: one never issued, an arena's, a slot beyond the table", () => {
    const arena = new Arena("test");
    const before = loadNative().call.ec_arena_new();
    for (const handle of [0, 5, 4294967295, before]) {
      expect(() => new Tensor(handle).add(1)).toThrow(expect.objectContaining({ name: "TensorError" }));
      expect(["foreign handle", "stale handle"]).toContain(kindOf(() => new Tensor(handle).add(1)));
    }
    expect(kindOf(() => new Tensor(before).add(1))).toBe("foreign handle");
    expect(kindOf(() => new Tensor(before).dispose())).toBe("foreign handle");
    expect(kindOf(() => new Tensor(0).dispose())).toBe("foreign handle");
    arena.dispose();
  });

  test("disposing twice is nothing, and frees nobody else's tensor", () => {
    const a = Tensor.ones([2]);
    const live = memory().liveHandles;
    a.dispose();
    const b = Array.from({ length: 5000 }, (_, i) => Tensor.scalar(i));
    a.dispose();
    a.dispose();
    expect(memory().liveHandles).toBe(live - 1 + 5000);
    for (const [i, t] of b.entries()) expect(t.item()).toBe(i);
    for (const t of b) t.dispose();
  });

  test("a slot waits before it is used again", () => {
    const handles = new Set<number>();
    for (let i = 0; i < 20000; ++i) {
      const t = Tensor.scalar(1);
      expect(handles.has(t.handle)).toBe(false);
      handles.add(t.handle);
      t.dispose();
    }
  });

  test("another thread may not use tensors", async () => {
    const worker = new Worker(new URL("../test/foreign-thread.ts", import.meta.url).href);
    const message = await new Promise<string>((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
    });
    worker.terminate();
    expect(message).toContain("tensors belong to another thread");
  });
});

function kindOf(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    return (error as { kind: string }).kind;
  }
  return "none";
}

describe("scope", () => {
  test("frees all but what it returns, wherever it lies", () => {
    const before = memory().liveHandles;
    const kept = scope(() => {
      const list = Array.from({ length: 10 }, (_, i) => Tensor.scalar(i));
      return { a: list[1]!, deep: [new Map([["m", list[2]!]])], own: { tensors: () => [list[3]!], x: list[3]! } };
    });
    expect(memory().liveHandles).toBe(before + 3);
    expect([kept.a.item(), kept.deep[0]!.get("m")!.item(), kept.own.x.item()]).toEqual([1, 2, 3]);
    for (const t of [kept.a, kept.deep[0]!.get("m")!, kept.own.x]) t.dispose();
  });

  test("what an inner scope returns belongs to the outer one", () => {
    const before = memory().liveHandles;
    scope(() => {
      const inner = scope(() => Tensor.scalar(2));
      expect(inner.item()).toBe(2);
    });
    expect(memory().liveHandles).toBe(before);
  });

  test("frees when the body throws, and names the error of the body", () => {
    const before = memory().liveHandles;
    expect(() =>
      scope(() => {
        Tensor.scalar(1);
        throw new Error("mine");
      }),
    ).toThrow("mine");
    expect(memory().liveHandles).toBe(before);
  });

  test("does not span an await", () => {
    expect(() => scope(async () => Tensor.scalar(1))).toThrow("cannot span an await");
  });

  test("freeing handles does not break autograd", () => {
    const w = Tensor.from([1, 2, 3]).requiresGrad_();
    const loss = scope(() => w.mul(w).exp().sum());
    loss.backward();
    expect(w.grad).toBeCloseToTensor(
      [1, 2, 3].map((x) => 2 * x * Math.exp(x * x)),
      { rtol: 1e-6 },
    );
  });

  test("an arena keeps what a scope would free", () => {
    const arena = new Arena("index");
    const before = memory().liveHandles;
    const kept = scope(() => {
      const a = arena.keep(Tensor.scalar(4));
      Tensor.scalar(5);
      return [arena.run(() => a.add(1)), a];
    });
    expect(kept.map((t) => t.item())).toEqual([5, 4]);
    expect(memory().liveHandles).toBe(before + 2);
    arena.dispose();
    arena.dispose();
    expect(memory().liveHandles).toBe(before - 1);
    expect(() => kept[0]!.add(1)).toThrow("disposed");
    expect(() => arena.keep(Tensor.scalar(1))).toThrow();
  });
});

test("1,000 training steps of varying size leave the number of handles constant and resident memory flat", () => {
  const layer = new Linear(64, 64).materialize({ seed: 1 });
  const step = (i: number) =>
    scope(() => {
      const rows = 300 + ((i * 7919) % 1500);
      const x = normal([rows, 64], { seed: 1, purpose: "test", index: i });
      layer.zeroGrad();
      gelu(layer.forward(gelu(layer.forward(x))))
        .pow(2)
        .mean()
        .backward();
    });
  for (let i = 0; i < 200; ++i) step(i);
  const handles = memory().liveHandles;
  const resident = process.memoryUsage.rss();
  for (let i = 200; i < 1200; ++i) step(i);
  expect(memory().liveHandles).toBe(handles);
  expect(process.memoryUsage.rss() - resident).toBeLessThan(24e6);
}, 300_000);

test("the allocator gives back what recent work did not need", () => {
  trimMemory();
  const base = memory();
  scope(() => {
    for (let i = 0; i < 8; ++i) Tensor.zeros([4 << 20]);
  });
  expect(memory().cachedBytes).toBeGreaterThan(64e6);
  for (let i = 0; i < 9000; ++i) scope(() => void ops.aten.empty([100000]));
  const { cachedBytes, liveBytes } = memory();
  expect(liveBytes).toBe(base.liveBytes);
  expect(cachedBytes).toBeLessThan(68e6);
  trimMemory();
  expect(memory().cachedBytes).toBe(0);
});
