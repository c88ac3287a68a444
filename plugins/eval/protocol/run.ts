/** The work of stage `evaluate`: crop by crop, each written down when it is done, then the report over all of them. */
import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import type { ReportSection, StageResult, StageTask } from "../../../cli/plugin";
import { type Picture, writePng } from "../../view/api";
import { reportChain } from "./chain";
import { reportClasssfm } from "./classsfm";
import { Ledger } from "./ledger";
import { stack } from "./pictures";
import { type CropResult, Results } from "./results";
import { drawScenes, drawsOf } from "./scenes";
import { evenly, type HeldOutCrop, type Measured, openSetting, type Setting } from "./setting";
import type { EvaluateOptions, Part } from "./stage";
import { measureStructvae, reportStructvae } from "./structvae";
import { measureTexfm, reportTexfm } from "./texfm";
import { measureTexvae, reportTexvae } from "./texvae";

/** Crops whose pictures stand in a section. */
const SHOWN = 4;

/** Measures of a crop, by the name of their picture; what draws scenes serves two parts. */
type Work = [picture: string, units: number, measure: (setting: Setting, held: HeldOutCrop) => Measured | Promise<Measured>];

export async function run(task: StageTask<EvaluateOptions>): Promise<StageResult> {
  const { options } = task;
  const wants = (part: Part) => options.only.includes(part);
  const work: Work[] = [
    ...(wants("structvae") ? [["structvae", 1, measureStructvae] satisfies Work] : []),
    ...(wants("texvae") ? [["texvae", 1, measureTexvae] satisfies Work] : []),
    ...(wants("texfm") ? [["texfm", 1, measureTexfm] satisfies Work] : []),
    ...(wants("classsfm") || wants("chain")
      ? [["scenes", drawsOf(options), (setting, held) => drawScenes(setting, held, wants("chain"))] satisfies Work]
      : []),
  ];
  let [begun, total] = [0, 0];
  const { setting, crops, open } = await openSetting(task, (what) => {
    task.stopIfCancelled();
    task.progress(begun++, total, what);
  });
  const ledger = new Ledger(task.scratch);
  const known = new Map(crops.flatMap((id) => [ledger.read(id)].flatMap((result) => (result ? [[id, result] as const] : []))));
  if (known.size > 0) task.log(`${known.size} of ${crops.length} crops are measured already`);
  // What an earlier run has measured says nothing of the time that the rest will take.
  total = (crops.length - known.size) * work.reduce((sum, [, units]) => sum + units, 0);

  const measured: CropResult[] = [];
  for (const id of crops) measured.push(known.get(id) ?? (await measureCrop(setting, await open(id), work, ledger)));
  task.progress(total, total, "statistics");

  const results = new Results(measured, { seed: task.seed, resamples: options.resamples });
  results.metric("crops", crops.length);
  results.metric("seeds", options.seeds);
  results.metric("tau", setting.structure.tau);
  const sections: ReportSection[] = [];
  if (wants("chain"))
    sections.push({ ...reportChain(results, setting.structure.tau, setting.metrics), figures: await sheetOf(task.out, ledger, crops) });
  if (wants("classsfm")) sections.push(reportClasssfm(results));
  if (wants("structvae"))
    sections.push({ ...reportStructvae(results), figures: pictures(task.out, ledger, crops, "structvae", "truth, and rebuilt by StructVAE") });
  if (wants("texvae"))
    sections.push({
      ...reportTexvae(results),
      figures: pictures(
        task.out,
        ledger,
        crops,
        "texvae",
        "an unseen view, TexVAE, one opaque splat a voxel, mean colour a class; grey: not this crop",
      ),
    });
  if (wants("texfm"))
    sections.push({
      ...reportTexfm(results, setting.classColours),
      figures: pictures(task.out, ledger, crops, "texfm", "TexVAE's own colours, and TexFM's from the map"),
    });
  if (wants("chain") || wants("classsfm")) sections.push(cropByCrop(task.out, ledger, measured, wants("chain")));
  for (const section of sections) task.section(section);
  return { metrics: results.metrics };
}

async function measureCrop(setting: Setting, held: HeldOutCrop, work: readonly Work[], ledger: Ledger): Promise<CropResult> {
  const result: CropResult = { id: held.id, site: held.site, values: {} };
  for (const [name, , measure] of work) {
    const { values, picture, ...more } = await measure(setting, held);
    Object.assign(result.values, values);
    Object.assign(result, more);
    if (picture) await ledger.addPicture(held.id, name, picture);
  }
  ledger.write(result);
  return result;
}

const ROW =
  "map, truth, then drawn from its own map, from another site's map, from one RGBD view, from nothing, and the training crop nearest to what was drawn from nothing";

async function sheetOf(out: string, ledger: Ledger, crops: readonly string[]): Promise<ReportSection["figures"]> {
  const rows = await Promise.all(evenly(crops, SHOWN).map((id) => readPicture(ledger.pictureOf(id, "scenes"))));
  await writePng(join(out, "held-out.png"), stack(rows));
  return [{ file: "held-out.png", caption: `A held-out crop a row, from above: ${ROW}.` }];
}

function pictures(out: string, ledger: Ledger, crops: readonly string[], name: string, what: string): NonNullable<ReportSection["figures"]> {
  const there = crops.filter((id) => existsSync(ledger.pictureOf(id, name)));
  return evenly(there, SHOWN).map((id) => ({ file: take(out, ledger, id, name), caption: `${id}: ${what}.` }));
}

/** Copies a picture into the outputs; its name there. */
function take(out: string, ledger: Ledger, id: string, name: string): string {
  const file = `${id}.${name}.png`;
  copyFileSync(ledger.pictureOf(id, name), join(out, file));
  return file;
}

/** Every crop by itself, so that an outlier can be looked at. */
function cropByCrop(out: string, ledger: Ledger, measured: readonly CropResult[], wholeChain: boolean): ReportSection {
  const column = wholeChain ? "iou3_refined" : "iou3_coarse";
  const average = (values: readonly number[] | undefined) =>
    values && values.length > 0 ? values.reduce((a, b) => a + b) / values.length : Number.NaN;
  const of = ({ values }: CropResult, condition: string) => average(values[`${column}_${condition}`]);
  const best = measured.reduce((a, b) => (of(b, "own_map") > of(a, "own_map") ? b : a));
  const worst = measured.reduce((a, b) => (of(b, "own_map") < of(a, "own_map") ? b : a));
  const columns = ["own_map", "other_map", "own_view", "nothing"];
  return {
    title: "Crop by crop",
    sentence: `From its own map ${best.id} comes out best (IoU³ ${of(best, "own_map").toFixed(2)}) and ${worst.id} worst (${of(worst, "own_map").toFixed(2)}).`,
    tables: [
      {
        title: `IoU³ of each crop${wholeChain ? " after the refinement" : ""}, mean over seeds`,
        sentence:
          "What is drawn from its own map should beat the other columns of its row that know less: another map, nothing, and what a nearest training map would give.",
        columns: ["crop", "its own map", "another site's map", "one RGBD view", "nothing", "nearest training map", "best copy"],
        rows: measured.map((result) => [
          result.id,
          ...[
            ...columns.map((condition) => of(result, condition)),
            average(result.values.iou3_nearest_map),
            average(result.values.iou3_best_copy),
          ].map((value) => (Number.isNaN(value) ? "–" : value.toFixed(3))),
        ]),
      },
    ],
    figures:
      measured.length > SHOWN || !wholeChain ? measured.map(({ id }) => ({ file: take(out, ledger, id, "scenes"), caption: `${id}: ${ROW}.` })) : [],
  };
}

async function readPicture(path: string): Promise<Picture> {
  const { data, info } = await sharp(path).toColourspace("srgb").removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, rgb: new Uint8Array(data) };
}
