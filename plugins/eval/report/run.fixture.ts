/** A run folder as the scheduler leaves one, with pictures, curves, an interrupted stage and hostile strings. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ReportSection, RunRecord, StageRecord } from "../../../cli/plugin";
import { colourPicture, depthPicture, heightPicture, semanticPicture, writePng } from "../../view/api";

function stageRecord(id: string, stage: string, title: string, more: Partial<StageRecord>): StageRecord {
  const plain = {
    status: "done",
    version: 1,
    key: "0123456789abcdef0123",
    seed: 7,
    options: {},
    needs: {},
    items: [],
    metrics: {},
    outputs: {},
    sections: [],
    warnings: [],
  } as const;
  const measured = { seconds: 12.5, peakMemory_bytes: 1.25e9, threads: 2, finished: "2026-11-22T15:00:00.000Z" };
  return { schema: "earthcraft/stage@1", ...plain, ...measured, id, stage, title, ...more } as StageRecord;
}

function put(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(value));
}

const hills = (size: number) =>
  Float32Array.from({ length: size * size }, (_, i) => 40 * Math.sin(i / size / 21) * Math.cos((i % size) / 13) + (i % size) / 4);

/** @param values of a falling loss with noise from a fixed sequence */
function loss(steps: number, from: number, to: number, phase: number): [number, number][] {
  return Array.from({ length: steps }, (_, i) => [i, to + (from - to) * Math.exp((-5 * i) / steps) * (1 + 0.25 * Math.sin(i * 12.9898 + phase))]);
}

/** @param dir an empty folder */
export async function makeRun(dir: string): Promise<void> {
  const statuses: RunRecord["stages"] = [];
  const add = (record: StageRecord, more: Partial<RunRecord["stages"][number]> = {}) => {
    put(join(dir, record.id, "stage.json"), record);
    statuses.push({
      id: record.id,
      stage: record.stage,
      title: record.title,
      dir: record.id,
      status: "done",
      key: record.key,
      seconds: record.seconds,
      peakMemory_bytes: record.peakMemory_bytes,
      ...more,
    });
  };
  const size = 128;
  const sceneSection: ReportSection = {
    title: "Scene",
    sentence: "The valley is whole: no void in the elevation, 212 buildings stand on the ground.",
    figures: [
      { file: "height.png", caption: "Elevation of site a, 600 m across; north is up" },
      { file: "../../escape.png", caption: "a picture outside the stage is left out" },
    ],
    tables: [
      {
        title: "What the scene is made of",
        columns: ["class", "share %", "faces"],
        rows: [
          ["Woodland", 31.24, 120_344],
          ["Water <script>alert(1)</script>", 2.5, 9120],
        ],
      },
    ],
    metrics: { buildings: 212, voids: 0 },
  };
  await writePng(join(dir, "escape.png"), semanticPicture(new Uint8Array(1), 1, 1));
  await writePng(join(dir, "scene", "a", "height.png"), heightPicture(hills(size), size, size, 5));
  put(join(dir, "scene", "a", "scene.json"), { attribution: ["© OpenStreetMap contributors (ODbL)"] });
  put(
    join(dir, "scene", "a", "stage.json"),
    stageRecord("scene", "scene", "Scene", {
      item: "a",
      sections: [sceneSection],
      metrics: { buildings: 212 },
      outputs: { "scene.json": { bytes: 1, sha256: "" } },
    }),
  );
  put(
    join(dir, "scene", "b", "stage.json"),
    stageRecord("scene", "scene", "Scene", {
      item: "b",
      sections: [{ title: "Scene", sentence: "Site b has a lake." }],
      warnings: ["3 ways cross the border"],
    }),
  );
  add(stageRecord("scene", "scene", "Scene", { items: ["a", "b"], metrics: { buildings: 180.5 } }));

  await writePng(
    join(dir, "train-structvae", "classes.png"),
    semanticPicture(
      Uint8Array.from({ length: 96 * 96 }, (_, i) => 1 + ((Math.floor(i / 960) + Math.floor((i % 96) / 12)) % 9)),
      96,
      96,
    ),
  );
  await writePng(
    join(dir, "train-structvae", "depth.png"),
    depthPicture(
      hills(96).map((h) => h + 80),
      96,
      96,
    ),
  );
  const trained: ReportSection = {
    title: "StructVAE",
    sentence: "Decoded classes agree with the truth in 94.1 % of the voxels, 11 points above keep-all.",
    figures: [
      { file: "classes.png", caption: "Decoded classes of a held-out crop" },
      { file: "depth.png", caption: "Depth of the same crop from above" },
    ],
    curves: [
      {
        title: "Loss",
        x: "step",
        y: "loss",
        series: [
          { name: "cross-entropy", points: loss(900, 5, 0.04, 0) },
          { name: "KL", points: loss(900, 0.6, 0.01, 1) },
        ],
      },
      {
        title: "Accuracy",
        x: "step",
        y: "share right",
        series: [
          {
            name: "held out",
            points: [
              [0, 0.2],
              [300, 0.81],
              [600, 0.92],
              [900, 0.941],
            ],
          },
        ],
      },
    ],
    metrics: { accuracy: 0.941, miou3: 0.8123, loss: 0.0412, parameters: 1_234_567 },
  };
  add(
    stageRecord("train-structvae", "structvae", "Train StructVAE", {
      sections: [trained],
      seconds: 233,
      options: { steps: 900, model: { width: 0.25 } },
      metrics: { accuracy: 0.941 },
    }),
  );

  const wide = 384;
  await writePng(
    join(dir, "sample", "render.png"),
    colourPicture(
      Float32Array.from({ length: 3 * wide * 128 }, (_, i) => 0.5 + 0.4 * Math.sin(i / 3 / 17) * Math.cos(i / wide / 9)),
      wide,
      128,
    ),
  );
  add(
    stageRecord("sample", "sample", "Sample", {
      sections: [
        {
          title: "Sample",
          sentence: "The generated town follows the map; streets are blurred.",
          figures: [{ file: "render.png", caption: "Generated from the semantic map of a held-out site" }],
        },
      ],
      seconds: 41,
    }),
  );

  statuses.push({
    id: "extend",
    stage: "extend",
    title: "Extend",
    dir: "extend",
    status: "failed",
    key: "00",
    seconds: 3,
    error: { what: "no window overlaps", where: "recipe.yaml:12:5", fix: "lower extend.overlap", exit: 1 },
  });
  statuses.push({ id: "eval", stage: "eval", title: "Evaluate", dir: "eval", status: "waiting", key: "00" });
  const place = join(dir, "place.yaml");
  writeFileSync(place, "name: valley\nattribution: [Made by earthcraft]\n");
  const run: RunRecord = {
    schema: "earthcraft/run@1",
    title: "Quickstart: a valley town",
    recipe: "recipes/quickstart.yaml",
    resolved: { title: "Quickstart", scale: "mini", stages: [{ scene: { seed: 7 } }] },
    hash: "fedcba9876543210",
    scale: "mini",
    seed: 7,
    place,
    device: "cpu",
    command: ["earthcraft", "run", "recipes/quickstart.yaml"],
    version: "0.1.0",
    started: "2026-11-22T14:50:00.000Z",
    updated: "2026-11-22T15:00:00.000Z",
    seconds: 290,
    peakMemory_bytes: 2.4e9,
    stages: statuses,
  };
  put(join(dir, "run.json"), run);
}
