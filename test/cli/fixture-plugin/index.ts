/** A plugin for the tests of the command line: stages that count, wait, fail and crash without the tensor library. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { defineCommand, definePlugin, defineRunCommand, defineStage, fileOption, readRun, UserError } from "../../../cli/plugin";

const makePlace = defineStage({
  name: "make-place",
  version: 1,
  title: "A place",
  options: z.strictObject({ hills: z.number().default(3) }),
  native: false,
  async run({ options, out }) {
    writeFileSync(join(out, "place.yaml"), `hills: ${options.hills}\n`);
    return {};
  },
});

const numbers = defineStage({
  name: "numbers",
  version: 1,
  title: "Numbers",
  options: z.strictObject({
    count: z.int().min(1).default(4),
    from: fileOption().optional(),
    model: z.strictObject({ width: z.number().default(1) }).prefault({}),
  }),
  native: false,
  async run({ options, out, place, seed }) {
    const items = Array.from({ length: options.count }, (_, i) => `n-${i + 1}`);
    writeFileSync(
      join(out, "numbers.json"),
      JSON.stringify({
        items,
        seed,
        place: place === "" ? null : readFileSync(place, "utf8"),
        from: options.from === undefined ? null : readFileSync(options.from, "utf8"),
      }),
    );
    return { items, metrics: { count: items.length } };
  },
});

const square = defineStage({
  name: "square",
  version: 1,
  title: "Squares",
  aliases: ["squares"],
  options: z.strictObject({ plus: z.number().default(0), failOn: z.string().optional(), loud: z.boolean().default(false) }),
  idleOptions: ["loud"],
  needs: ["numbers"],
  foreach: "number",
  native: false,
  async run({ item, options, out, log, section, progress }) {
    const value = Number(item!.slice(2));
    if (item === options.failOn) throw new UserError({ what: `cannot square ${item}`, where: "fixture", fix: "choose another number", exit: 65 });
    if (options.loud) log(`squaring ${item}`);
    progress(1, 1);
    writeFileSync(join(out, "square.json"), JSON.stringify(value * value + options.plus));
    section({ title: `Square of ${item}`, sentence: "It is exact." });
    return { metrics: { square: value * value + options.plus } };
  },
});

const total = defineStage({
  name: "total",
  version: 1,
  title: "Total",
  options: z.strictObject({ scale: z.number().default(1), model: z.strictObject({ width: z.number().default(1) }).prefault({}) }),
  needs: ["square", "slow?"],
  native: false,
  async run({ inputs, options, out }) {
    const { square } = inputs;
    const sum = square!.items.reduce((total, item) => total + Number(readFileSync(join(square!.dirOf(item), "square.json"), "utf8")), 0);
    writeFileSync(join(out, "total.json"), JSON.stringify(sum * options.scale));
    return { metrics: { total: sum * options.scale, slow: inputs.slow === undefined ? 0 : 1 } };
  },
});

/** Steps like training: one after the other, synchronously, with a checkpoint on interruption. */
const slow = defineStage({
  name: "slow",
  version: 1,
  title: "Slow steps",
  options: z.strictObject({
    steps: z.int().default(50),
    step_ms: z.number().default(20),
    stubborn: z.boolean().default(false),
    ranks: z.int().default(1),
  }),
  idleOptions: ["step_ms", "stubborn"],
  native: false,
  ranks: ({ ranks }) => ranks,
  async run(task) {
    const { options, out, scratch, world } = task;
    const checkpoint = join(scratch, "step");
    const begun = existsSync(checkpoint) ? Number(readFileSync(checkpoint, "utf8")) : 0;
    task.warn(`pid ${process.pid} starts at ${begun}`);
    let step = begun;
    for (; step < options.steps; step++) {
      Bun.sleepSync(options.step_ms);
      if (world.rank === 0) task.progress(step + 1, options.steps, `loss ${(1 / (step + 1)).toFixed(3)}`);
      if (!options.stubborn && task.cancelled) {
        if (world.rank === 0) writeFileSync(checkpoint, String(step + 1));
        task.stopIfCancelled();
      }
    }
    appendFileSync(
      join(out, "steps.json"),
      JSON.stringify({
        steps: step,
        resumedAt: begun,
        world,
        env: [process.env.RANK ?? null, process.env.WORLD_SIZE ?? null, process.env.MASTER_PORT !== undefined],
      }),
    );
    return { metrics: { resumedAt: begun } };
  },
});

const crash = defineStage({
  name: "crash",
  version: 1,
  title: "A crash",
  options: z.strictObject({ how: z.enum(["SIGSEGV", "SIGKILL", "throw", "exit", "once"]).default("SIGSEGV") }),
  native: false,
  async run({ options, out, scratch }) {
    console.error("about to crash");
    if (options.how === "throw") throw new TypeError("a programming error");
    if (options.how === "exit") process.exit(7);
    if (options.how === "once") {
      const seen = join(scratch, "seen");
      if (!existsSync(seen)) {
        writeFileSync(seen, "");
        throw new UserError({ what: "failed the first time" });
      }
    } else {
      process.kill(process.pid, options.how);
      Bun.sleepSync(5000);
    }
    writeFileSync(join(out, "ok"), "");
    return {};
  },
});

const memory = defineStage({
  name: "memory",
  version: 1,
  title: "Memory",
  options: z.strictObject({ megabytes: z.int() }),
  native: false,
  async run({ options, out }) {
    let block: Uint8Array | undefined = new Uint8Array(options.megabytes << 20).fill(1);
    writeFileSync(join(out, "sum"), String(block[block.length - 1]));
    block = undefined;
    Bun.gc(true);
    return {};
  },
});

/** Like training on the tensor library: parallel native work, step after step. */
const tensors = defineStage({
  name: "tensors",
  version: 1,
  title: "Tensors",
  options: z.strictObject({ steps: z.int().default(2000), fail: z.enum(["no", "shape", "memory"]).default("no"), ranks: z.int().default(1) }),
  native: true,
  ranks: ({ ranks }) => ranks,
  async run(task) {
    const { options, out, scratch } = task;
    const { scope, Tensor } = await import("../../../ffi");
    const checkpoint = join(scratch, "step");
    const begun = existsSync(checkpoint) ? Number(readFileSync(checkpoint, "utf8")) : 0;
    const x = Tensor.from(new Float32Array(512 * 512).fill(0.001), [512, 512]);
    if (task.world.size > 1) {
      const { allReduce, groupFromEnvironment, initDistributed, shutdownDistributed } = await import("../../../ffi/distributed");
      initDistributed(groupFromEnvironment()!);
      const share = Tensor.from([task.world.rank + 1, 10], [2]);
      allReduce([share]);
      writeFileSync(join(out, "reduced.json"), JSON.stringify([...(share.toArray() as Float32Array)]));
      shutdownDistributed();
    }
    if (options.fail === "shape") x.matmul(Tensor.from([1, 2], [2, 1]));
    if (options.fail === "memory") x.reshape([512 * 512, 1]).mul(Tensor.from(new Float32Array(1 << 24), [1, 1 << 24])); // 16 TiB
    task.warn(`pid ${process.pid} starts at ${begun}`);
    for (let step = begun; step < options.steps; step++) {
      scope(() => x.matmul(x));
      task.progress(step + 1, options.steps);
      writeFileSync(checkpoint, String(step + 1));
      task.stopIfCancelled();
    }
    writeFileSync(join(out, "sum.json"), JSON.stringify(scope(() => x.matmul(x).sum()).item()));
    return { metrics: { begun } };
  },
});

/** A painted data set to train on, instead of the `split` of a place. */
const town = defineStage({
  name: "town",
  version: 1,
  title: "A painted town",
  options: z.strictObject({ poisoned: z.string().optional() }),
  native: false,
  async run({ out, options }) {
    const { writeTown } = await import("../../../plugins/train/town.fixture");
    writeTown(out, { split: out, ...options });
    return {};
  },
});

export default definePlugin({
  name: "fixture",
  summary: "For tests",
  commands: [
    defineRunCommand({ name: "count build", summary: "Numbers and their squares", until: "square" }),
    defineRunCommand({
      name: "pick",
      summary: "one kind of number, or all",
      pick: { argument: "kind", summary: "plain, squares or all", stages: { plain: "numbers", squares: "square" } },
    }),
    defineCommand({
      name: "count show",
      summary: "Says what it was given",
      args: { id: { summary: "an id" }, more: { summary: "more", kind: "variadic" } },
      flags: {
        scene: { kind: "string", summary: "a scene's id" },
        size: { kind: "number", summary: "a size", default: 2 },
        mode: { kind: "string", summary: "a mode", choices: ["fast", "slow"] },
        file: { kind: "path", summary: "a file" },
        tag: { kind: "list", summary: "a tag" },
      },
      accepts: ["seed", "set"],
      async run({ args, flags, common, result }) {
        result({ args, flags, common }, `id ${args.id}`);
      },
    }),
    defineCommand({
      name: "count total",
      summary: "Totals squares that lie elsewhere",
      args: { squares: { summary: "folder" } },
      accepts: ["out"],
      async run({ args, common, runStage, result }) {
        const { dir, metrics } = await runStage({ stage: "total", options: { scale: 10 }, inputs: { square: args.squares }, out: common.out! });
        result({ dir, metrics }, dir);
      },
    }),
  ],
  stages: [makePlace, numbers, async () => square, total, slow, crash, memory, tensors, town],
  async report(runDir) {
    const { run, stages } = readRun(runDir);
    const { mkdirSync } = await import("node:fs");
    mkdirSync(join(runDir, "report"), { recursive: true });
    const rows = stages.map(({ id, status, record, items }) => `${id} ${status} ${JSON.stringify(record?.metrics ?? null)} ${items.length}`);
    writeFileSync(join(runDir, "report", "index.html"), `<h1>${run.title}</h1>\n${rows.join("\n")}\n`);
  },
});
