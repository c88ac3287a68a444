/** The report as one HTML page that opens from disk, with no network and no script but one that looks for a newer report while the run goes on. */
import { readFileSync } from "node:fs";
import { stringify } from "yaml";
import type { Run } from "../../../cli/plugin";
import { measuringStages } from "./caution";
import { timeBars } from "./chart";
import { type Figure, isSmall } from "./figures";
import { anchor, Html, html } from "./html";
import { bytes, duration } from "./numbers";
import { picture, stageSection, titleOf } from "./section";
import type { Summary } from "./summary";

/** Whose first picture opens the report: the furthest of these that has one. */
const BEST_PICTURE = ["extend", "sample", "texfm", "texvae", "capture", "scene"];

/** What a picture of a whole scene is called. */
const OVERVIEW = /oblique|extended|render|colou?r/;

const RELOAD_S = 20;

function heroOf(shown: readonly { stage: string; figures: readonly Figure[] }[]): Figure | undefined {
  for (const name of BEST_PICTURE) {
    const figures = shown.findLast(({ stage, figures }) => stage === name && figures.length > 0)?.figures;
    if (figures) return figures.find(({ url }) => OVERVIEW.test(url)) ?? figures[0];
  }
  return shown.findLast(({ figures }) => figures.length > 0)?.figures[0];
}

function leadOf({ status }: Summary, { stages }: Run): string {
  const done = stages.filter((stage) => stage.status === "done").length;
  if (status === "done") return "All stages are done.";
  if (status === "failed")
    return `Stopped: ${stages.find((stage) => stage.status === "failed")?.title} failed. What was made before it is kept; the next run goes on there.`;
  return `${done} of ${stages.length} stages are done; this page grows with every stage.`;
}

/**
 * @param reportDir pictures are copied there
 */
export function reportPage(whole: Run, summary: Summary, reportDir: string): string {
  const { run, stages } = whole;
  const measuring = measuringStages(whole);
  const shown = stages.map((stage) => ({
    stage: stage.stage,
    ...stageSection(stage, reportDir, measuring.has(stage.id) ? summary.cautions : []),
  }));
  const hero = heroOf(shown);
  const worked_s = stages.reduce((sum, { seconds = 0 }) => sum + seconds, 0);
  const facts: [string, string | undefined][] = [
    ["recipe", run.recipe],
    ["scale", run.scale],
    ["place", run.place],
    ["seed", String(run.seed)],
    ["device", run.device],
    ["work", duration(worked_s)],
    ["peak memory", run.peakMemory_bytes > 0 ? bytes(run.peakMemory_bytes) : undefined],
    ["begun", run.started.slice(0, 16).replace("T", " ")],
    ["earthcraft", run.version],
  ];
  const sentences = stages.flatMap((stage) => {
    const { id, record, items } = stage;
    const item = items.find(({ sections }) => sections.length > 0);
    const own = record?.sections[0]?.sentence;
    const sentence = own ?? (item && `${item.item}: ${item.sections[0]!.sentence}`);
    return sentence === undefined ? [] : [{ id, title: titleOf(stage), sentence }];
  });
  const timed = stages.flatMap(({ id, seconds, peakMemory_bytes }) =>
    seconds === undefined ? [] : [{ name: anchor(id), seconds, note: peakMemory_bytes ? bytes(peakMemory_bytes) : "" }],
  );
  const style = readFileSync(new URL("./style.css", import.meta.url), "utf8");
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${run.title} · earthcraft</title>
<style>${new Html(style)}</style></head>
<body><div class="page">
<nav><a class="brand" href="#top">earthcraft</a><ol>
${stages.map((stage) => html`<li class="${stage.status}"><a href="#${anchor(stage.id)}"><i></i>${titleOf(stage)}${stage.variant && ` (${stage.variant})`}</a></li>`)}
</ol><ol class="end"><li><a href="#time">Time and memory</a></li><li><a href="#recipe">Recipe</a></li><li><a href="#sources">Sources</a></li><li><a href="summary.json">summary.json</a></li></ol></nav>
<main id="top">
<h1>${run.title}</h1>
<p class="lead">${leadOf(summary, whole)}</p>
<dl class="facts">${facts.map(([name, value]) => value && html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
${hero && html`<figure class="hero">${picture(hero, isSmall(hero))}<figcaption>${hero.caption}</figcaption></figure>`}
${sentences.length > 0 && html`<div class="glance"><ul>${sentences.map(({ id, title, sentence }) => html`<li><a href="#${anchor(id)}">${title}</a><span>${sentence}</span></li>`)}</ul></div>`}
${shown.map((section) => section.html)}
<section class="stage" id="time"><header><h2>Time and memory</h2><span class="meta">${duration(worked_s)} in all</span></header>${timeBars(timed)}</section>
<section class="stage" id="recipe"><header><h2>Recipe</h2><span class="meta">hash ${run.hash.slice(0, 12)}</span></header>
<p class="meta">${run.command.join(" ")}</p><details><summary>after extends, scale and --set</summary><pre>${stringify(run.resolved)}</pre></details></section>
<section class="stage" id="sources"><header><h2>Sources</h2></header>
${summary.attribution.length > 0 ? html`<ul>${summary.attribution.map((line) => html`<li>${line}</li>`)}</ul>` : html`<p class="waiting">The data of this run names no source.</p>`}</section>
<footer>Made by earthcraft ${run.version}, an implementation of <i>EarthCrafter: Scalable 3D Earth Generation via Dual-Sparse Latent Diffusion</i>. Last written ${run.updated.slice(0, 19).replace("T", " ")} UTC.</footer>
</main></div>
${summary.status === "unfinished" && html`<script>setTimeout(() => location.reload(), ${RELOAD_S * 1000})</script>`}
</body></html>
`;
  return page.text;
}
