/** A million random calls with live, freed, foreign and made-up handles, beside a model of who owns what: a status or a result, never a crash, never a leak. */
import { expect, test } from "bun:test";
import { seeded } from "../test/seeded";
import { errorKinds, TensorError } from "./errors";
import { dtypes, memory, ops, setThreads, Tensor } from "./index";
import { loadNative } from "./load";

setThreads(1);

const CALLS = 1_000_000;
const status = (kind: (typeof errorKinds)[number]) => errorKinds.indexOf(kind);
const [OK, STALE, FOREIGN, ARGUMENT] = [status("ok"), status("stale handle"), status("foreign handle"), status("argument")];

/** `expect` a few million times takes minutes. */
function same<T>(found: T, wanted: T): void {
  if (found !== wanted) throw new Error(`got ${found}, the model says ${wanted}`);
}

/** Who frees a handle: 0 nobody, a scope's depth, or an arena's handle negated. */
type Owner = number;

test("a million calls with handles of every kind do what a model of them says", () => {
  const { call, stream } = loadNative();
  const random = seeded(20261127);
  const below = (n: number) => Math.floor(random() * n);
  const before = memory().liveHandles;

  const tensors = new Map<number, Owner>();
  const arenas = new Set<number>();
  /** Freed lately: old ones may be issued again. */
  const freed: number[] = [];
  let depth = 0;
  const drop = (handle: number) => {
    tensors.delete(handle);
    freed.push(handle);
    if (freed.length > 500) freed.splice(0, 250);
  };
  const dropOwned = (owner: Owner) => {
    for (const [handle, of] of tensors) if (of === owner) drop(handle);
  };

  const pick = (from: Iterable<number>, size: number) => {
    let left = below(size);
    for (const one of from) if (left-- === 0) return one;
    return 0;
  };
  const anyHandle = (): number => {
    const kind = below(20);
    if (kind < 14 && tensors.size > 0) return pick(tensors.keys(), tensors.size);
    if (kind < 17 && freed.length > 0) return freed[below(freed.length)]!;
    if (kind === 17 && arenas.size > 0) return pick(arenas, arenas.size);
    if (kind === 18) return 0;
    return 1_000_000 + below(0xfffff - 1_000_000); // a slot beyond the table, generation 0
  };
  /** What a call that needs a tensor answers. */
  const asTensor = (handle: number) => (tensors.has(handle) ? OK : arenas.has(handle) ? FOREIGN : freed.includes(handle) ? STALE : FOREIGN);
  const asArena = (handle: number) => (arenas.has(handle) ? OK : tensors.has(handle) ? FOREIGN : freed.includes(handle) ? STALE : FOREIGN);
  const some = () => Array.from({ length: below(4) }, anyHandle);
  /** Handles go into the stream; those before the first bad one have been dealt with when it is met. */
  const dealt = (handles: readonly number[], each: (handle: number) => void) => {
    for (const [i, handle] of handles.entries()) stream[i] = handle;
    return () => {
      for (const handle of handles) {
        const answer = asTensor(handle);
        if (answer !== OK) return answer;
        each(handle);
      }
      return OK;
    };
  };

  const values = Float32Array.of(1, 2, 3);
  const calls: (() => void)[] = [
    function make() {
      if (tensors.size >= 300) return;
      stream[0] = 3;
      const handle = call.ec_tensor_from(values, values, dtypes.f32.code, 1) as number;
      same(handle > 0, true);
      same(tensors.has(handle) || arenas.has(handle), false);
      tensors.set(handle, depth);
    },
    function release() {
      const handle = anyHandle();
      const answer = asTensor(handle);
      same(call.ec_tensor_release(handle), answer === STALE ? OK : answer);
      if (answer === OK) drop(handle);
    },
    function look() {
      const handle = anyHandle();
      same(call.ec_tensor_live(handle), tensors.has(handle) ? 1 : 0);
      same(call.ec_tensor_info(handle), asTensor(handle));
    },
    function read() {
      const [handle, into] = [anyHandle(), new Float32Array(below(4))];
      const found = call.ec_tensor_read(handle, into, into);
      if (asTensor(handle) !== OK) same(found, asTensor(handle));
      else same(found === OK, into.length === 3);
    },
    function push() {
      if (depth < 20) same(call.ec_scope_push(), ++depth);
    },
    function pop() {
      if (below(10) === 0) {
        same(call.ec_scope_pop(depth + [-1, 1, 1000][below(3)]!, 0), ARGUMENT);
        return;
      }
      if (depth === 0) return;
      const kept = some();
      const model = dealt(kept, (handle) => tensors.get(handle) === depth && tensors.set(handle, depth - 1));
      const answer = call.ec_scope_pop(depth, kept.length);
      same(answer, model());
      if (answer === OK) dropOwned(depth--);
    },
    function openArena() {
      if (arenas.size < 10) arenas.add(call.ec_arena_new() as number);
    },
    function adopt() {
      const [arena, adopted] = [below(3) === 0 ? anyHandle() : pick(arenas, arenas.size), some()];
      const model = dealt(adopted, (handle) => tensors.set(handle, -arena));
      const answer = call.ec_arena_adopt(arena, adopted.length);
      same(answer, asArena(arena) === OK ? model() : asArena(arena));
    },
    function closeArena() {
      const arena = below(2) === 0 ? anyHandle() : pick(arenas, arenas.size);
      const answer = asArena(arena);
      same(call.ec_arena_free(arena), answer);
      if (answer !== OK) return;
      arenas.delete(arena);
      freed.push(arena);
      dropOwned(-arena);
    },
    function keepWith() {
      const [companion, kept] = [anyHandle(), some()];
      const owner = tensors.get(companion);
      const model = dealt(kept, (handle) => tensors.set(handle, owner!));
      const answer = call.ec_scope_keep_with(companion, kept.length);
      same(answer, owner === undefined ? asTensor(companion) : model());
    },
    function compute() {
      const [a, b] = [anyHandle(), anyHandle()];
      const operands = [a, b].map((handle) => new Tensor(handle));
      const run = [
        () => operands[0]!.add(operands[1]!),
        () => operands[0]!.matmul(operands[1]!),
        () => ops.aten.embedding(operands[0]!, operands[1]!), // indices are whole numbers
        () => operands[0]!.view([2, 2]), // three values
      ][below(4)]!;
      call.ec_scope_push();
      try {
        run();
        same([asTensor(a), asTensor(b)].includes(OK), true);
      } catch (error) {
        same(error instanceof TensorError && error.kind !== "internal", true);
      } finally {
        call.ec_scope_pop(depth + 1, 0);
      }
    },
    function wander() {
      same(call.ec_device_use(Buffer.from(["nowhere\0", "cuda:99\0", "\0"][below(3)]!)) !== OK, true);
      same(call.ec_operator_schema(1_000_000 + below(100)) !== OK, true);
      same(call.ec_tensor_from(values, values, 1000 + below(100), 1) as number, 0);
    },
  ];
  // Names of devices rarely: an error of the driver's loader takes long.
  const often: Record<string, number> = { make: 2, compute: 0.3, closeArena: 0.3, wander: 0.02 };
  const bag = calls.flatMap((one) => Array<() => void>(100 * (often[one.name] ?? 1)).fill(one));
  for (let n = 0; n < CALLS; n++) bag[below(bag.length)]!();

  for (const handle of freed) expect(call.ec_tensor_live(handle)).toBe(0);
  for (const handle of tensors.keys()) expect(call.ec_tensor_live(handle)).toBe(1);
  expect(memory().liveHandles - before).toBe(tensors.size + arenas.size);
  while (depth > 0) call.ec_scope_pop(depth--, 0);
  for (const arena of arenas) call.ec_arena_free(arena);
  for (const [handle, owner] of tensors) if (owner === 0) call.ec_tensor_release(handle);
  expect(memory().liveHandles).toBe(before);
}, 300_000);
