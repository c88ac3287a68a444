/** One stage of the report: its sentence, pictures, curves, tables and numbers, then what it was run with. */
import { join } from "node:path";
import { stringify } from "yaml";
import type { ReportSection, Run, StageRecord } from "../../../cli/plugin";
import { curveChart, intervalChart } from "./chart";
import { type Figure, isSmall, takeFigure } from "./figures";
import { anchor, type Html, html } from "./html";
import { bytes, duration, inColumn, number } from "./numbers";

export type StageOfRun = Run["stages"][number];

const WIDE_RATIO = 2.2;
const SQUARE_RATIO = 1.4;
/** `0.51`, `97.1 %`, `0.51 [0.43, 0.59]`. */
const NUMBER_LIKE = /^[-−+]?[\d.,]+(?:e[-−+]?\d+)?(?: ?%)?(?: \[[^\]]*\])?$/;
const FEW_METRICS = 16;
/** Characters of an error that stand in the page; what is longer folds. */
const LONG_ERROR = 400;

export function picture({ url, caption, size }: Figure, small: boolean): Html {
  const pixels = small ? html` class="pixels"` : "";
  const box = size ? html` width="${size.width}" height="${size.height}"` : "";
  return html`<a href="${url}"><img src="${url}" alt="${caption}"${box}${pixels} loading="lazy"></a>`;
}

function gallery(figures: readonly Figure[]): Html | "" {
  if (figures.length === 0) return "";
  const square = figures[0]!.size !== undefined && figures[0]!.size.width < SQUARE_RATIO * figures[0]!.size.height;
  const layout = figures.length === 1 ? ` one${square ? " square" : ""}` : figures.length === 2 ? " two" : "";
  const wide = ({ size }: Figure) => figures.length > 1 && size !== undefined && size.width / size.height > WIDE_RATIO;
  return html`<div class="pictures${layout}">${figures.map(
    (figure) =>
      html`<figure${wide(figure) && html` class="wide"`}>${picture(figure, isSmall(figure))}<figcaption>${figure.caption}</figcaption></figure>`,
  )}</div>`;
}

function table({ title, sentence, columns, rows }: NonNullable<ReportSection["tables"]>[number]): Html {
  const isNumber = (value: string | number | undefined) => typeof value === "number" || (value !== undefined && NUMBER_LIKE.test(value));
  const numeric = columns.map((_, c) => rows.some((row) => isNumber(row[c])) && (c > 0 || rows.every((row) => isNumber(row[c]))));
  const written = columns.map((_, c) => inColumn(rows.map((row) => row[c]).filter((value) => typeof value === "number")));
  const cell = (value: string | number | undefined, c: number) => (typeof value === "number" ? written[c]!(value) : (value ?? ""));
  const side = (c: number) => numeric[c] && html` class="n"`;
  return html`<h3>${title}</h3>${sentence !== undefined && html`<p class="reading">${sentence}</p>`}<div class="scroll"><table class="data">
<thead><tr>${columns.map((name, c) => html`<th${side(c)}>${name}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${columns.map((_, c) => html`<td${side(c)}>${cell(row[c], c)}</td>`)}</tr>`)}</tbody></table></div>`;
}

function metricChips(metrics: Readonly<Record<string, number>>): Html | "" {
  const entries = Object.entries(metrics);
  if (entries.length === 0) return "";
  const chips = html`<dl class="metrics">${entries.map(([name, value]) => html`<div><dt>${name}</dt><dd>${number(value)}</dd></div>`)}</dl>`;
  return entries.length <= FEW_METRICS ? chips : html`<details><summary>${entries.length} measures</summary>${chips}</details>`;
}

function hasMetrics(sections: readonly ReportSection[]): boolean {
  return sections.some(({ metrics }) => metrics && Object.keys(metrics).length > 0);
}

interface Shown {
  figures: Figure[];
  html: Html;
}

/** @param heading show the title; @param spoken the sentence stands above already */
function showSection(section: ReportSection, figures: Figure[], heading: boolean, spoken: boolean): Html {
  const { title, sentence, tables = [], curves = [], intervals = [], metrics = {} } = section;
  return html`${heading && html`<h3>${title}</h3>`}${!spoken && html`<p class="sentence">${sentence}</p>`}
${gallery(figures)}
${curves.length > 0 && html`<div class="charts">${curves.map(curveChart)}</div>`}
${intervals.length > 0 && html`<div class="charts">${intervals.map(intervalChart)}</div>`}
${tables.map(table)}
${metricChips(metrics)}`;
}

function showSections(sections: readonly ReportSection[], reportDir: string, stageDir: string, name: string, spoken = false): Shown {
  const figures = sections.map((section) =>
    (section.figures ?? []).map((figure) => takeFigure(reportDir, stageDir, name, figure)).filter((figure) => figure !== undefined),
  );
  return {
    figures: figures.flat(),
    html: html`${sections.map((section, i) => showSection(section, figures[i]!, sections.length > 1, spoken && i === 0))}`,
  };
}

interface ShownItem extends Shown {
  name: string;
  sentence: string;
}

function showItem(item: StageRecord, index: number, reportDir: string, stage: StageOfRun): ShownItem | undefined {
  if (item.sections.length === 0) return undefined;
  const name = item.item ?? String(index);
  const { figures, html: body } = showSections(item.sections, reportDir, join(stage.path, name), join(stage.id, name), true);
  const sentence = item.sections[0]!.sentence;
  const numbers = !hasMetrics(item.sections) && metricChips(item.metrics);
  return { name, sentence, figures, html: html`<details class="item"><summary><b>${name}</b> · ${sentence}</summary>${body}${numbers}</details>` };
}

/** All items at one glance, by their first pictures; everything of each folds below. */
function showItems(items: readonly ShownItem[]): Html | "" {
  if (items.length === 0) return "";
  const pictured = items.filter(({ figures }) => figures.length > 0);
  const thumbs = pictured.map(
    ({ name, sentence, figures }) =>
      html`<figure>${picture(figures[0]!, isSmall(figures[0]!))}<figcaption><b>${name}</b> ${sentence}</figcaption></figure>`,
  );
  const all = items.map((item) => item.html);
  if (pictured.length === 0) return html`${all}`;
  const wide = pictured.every(({ figures }) => figures[0]!.size !== undefined && figures[0]!.size.width > SQUARE_RATIO * figures[0]!.size.height);
  return html`<div class="pictures thumbs${wide && " wide"}">${thumbs}</div><details><summary>everything of each of the ${items.length}</summary>${all}</details>`;
}

function showOptions({ options, key, seed, threads, version }: StageRecord): Html {
  const text = Object.keys(options).length > 0 ? stringify(options) : "no options\n";
  return html`<details><summary>options</summary><pre>${text}</pre><p class="meta">version ${version} · seed ${seed} · ${threads} threads · key ${key.slice(0, 12)}</p></details>`;
}

/** What stands below the heading of a stage that has no record yet. */
function showStatus({ status, error }: StageOfRun): Html {
  if (error) {
    const short = error.what.slice(0, LONG_ERROR);
    const what = error.what === short ? short : html`${short}… <details><summary>all of it</summary>${error.what}</details>`;
    return html`<div class="notice bad">${what}${error.where && html`<br>where: ${error.where}`}${error.fix && html`<br>to do: ${error.fix}`}</div>`;
  }
  const text = {
    waiting: "Not begun yet.",
    running: "At work.",
    interrupted: "Interrupted; the next run goes on here.",
    failed: "Failed.",
    done: "Done.",
  }[status];
  return html`<p class="waiting">${text}</p>`;
}

/** A stage's title, with its own name where the recipe has several of its kind: "Sampled scenes: semantic". */
export function titleOf({ id, stage, title }: Pick<StageOfRun, "id" | "stage" | "title">): string {
  return id.startsWith(`${stage}-`) ? `${title}: ${id.slice(stage.length + 1)}` : title;
}

/**
 * @param cautions what to know before believing its measures
 * @returns the section and its pictures, the best of which may open the report
 */
export function stageSection(stage: StageOfRun, reportDir: string, cautions: readonly string[] = []): Shown {
  const { id, record, variant, seconds, peakMemory_bytes, items } = stage;
  const own = record ? showSections(record.sections, reportDir, stage.path, id) : undefined;
  const shownItems = items.map((item, i) => showItem(item, i, reportDir, stage)).filter((shown) => shown !== undefined);
  const warnings = [...(record?.warnings ?? []), ...items.flatMap((item) => item.warnings)];
  const meta = [
    seconds !== undefined && duration(seconds),
    peakMemory_bytes && bytes(peakMemory_bytes),
    items.length > 0 && `${items.length} items`,
  ].filter(Boolean);
  const body = html`<section class="stage" id="${anchor(id)}">
<header><h2>${titleOf(stage)} ${variant && html`<span class="tag">${variant}</span>`}</h2><span class="meta">${meta.join(" · ")}</span></header>
${stage.status !== "done" && showStatus(stage)}
${record && cautions.map((text) => html`<p class="notice">${text}</p>`)}
${own?.html}
${showItems(shownItems)}
${record && !hasMetrics(record.sections) && metricChips(record.metrics)}
${warnings.slice(0, 5).map((text) => html`<p class="notice">${text}</p>`)}${warnings.length > 5 && html`<p class="notice">and ${warnings.length - 5} more</p>`}
${record && showOptions(record)}
</section>`;
  return { figures: [...(own?.figures ?? []), ...shownItems.flatMap((shown) => shown.figures)], html: body };
}
