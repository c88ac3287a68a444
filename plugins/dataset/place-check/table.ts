/** What a check of a place found, as tables for a terminal and a report, and as JSON. */
import { basename } from "node:path";
import { toRecord } from "../../../cli/errors";
import type { ReportSection } from "../../../cli/plugin";
import { sayLikeness } from "../split/likeness";
import { type HoldOut, mostlyOf, type PlaceCheck } from "./check";
import type { SourceFacts } from "./sources";
import { buildingsOf, type SiteFacts } from "./survey";

type Table = NonNullable<ReportSection["tables"]>[number];

const percent = (share: number) => `${(100 * share).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;
const totalOf = (sites: readonly SiteFacts[], value: (site: SiteFacts) => number) => sites.reduce((sum, site) => sum + value(site), 0);

function heightsOf({ vertical, unit }: SourceFacts): string {
  if (vertical === undefined) return "";
  const datum = typeof vertical.datum === "number" ? `${vertical.datum} m to the ellipsoid` : vertical.datum;
  return `${datum} (${vertical.from}), ${unit}`;
}

function resolutionOf({ pixel_m }: SourceFacts): string {
  if (pixel_m === undefined) return "";
  return `${pixel_m < 10 ? Number(pixel_m.toFixed(2)) : Math.round(pixel_m)} m`;
}

export function sourceTable({ sources }: PlaceCheck): Table {
  return {
    title: "Sources",
    columns: ["source", "file", "format", "CRS", "heights above", "resolution", "holds"],
    rows: sources.map((s) => [
      s.key,
      basename(s.file),
      s.format,
      s.crs,
      heightsOf(s),
      resolutionOf(s),
      s.reaches ? s.holds : `nothing here (${s.holds})`,
    ]),
  };
}

export function siteTable({ sites, facts, holdOut }: PlaceCheck): Table {
  return {
    title: facts.length < sites.length ? `What the sources give ${facts.length} of the ${sites.length} sites` : "What the sources give each site",
    columns: [
      "site",
      "covered",
      "voids",
      "relief (m)",
      "roads (km)",
      "paths (km)",
      "buildings",
      "heights guessed",
      "unnamed ground",
      "mostly",
      "split",
    ],
    rows: facts.map((f) => {
      const buildings = buildingsOf(f);
      return [
        f.name,
        percent(f.covered),
        percent(f.void),
        f.relief_m.toFixed(0),
        f.roads_km.toFixed(1),
        f.paths_km.toFixed(1),
        String(buildings),
        buildings === 0 ? "" : percent(f.buildings.default / buildings),
        percent(f.unnamed),
        mostlyOf(f),
        useOf(f.name, holdOut),
      ];
    }),
  };
}

function useOf(site: string, { policy, sites, tuning }: HoldOut): string {
  if (policy === "crop") return "in parts";
  return sites.includes(site) ? "held out" : tuning.includes(site) ? "tunes" : "trains";
}

/** Where the sites lie. */
export function originTable({ sites }: PlaceCheck): Table {
  return {
    title: "Sites",
    columns: ["site", "latitude", "longitude", "ellipsoidal height (m)"],
    rows: sites.map(({ name, origin }) => [name, origin.lat.toFixed(6), origin.lon.toFixed(6), origin.h.toFixed(1)]),
  };
}

/** The place in one sentence. */
export function sentenceOf({ place, sites, facts }: PlaceCheck): string {
  const { lat, lon } = place.center;
  const where = `round ${Math.abs(lat).toFixed(4)}° ${lat < 0 ? "S" : "N"}, ${Math.abs(lon).toFixed(4)}° ${lon < 0 ? "W" : "E"}`;
  if (facts.length === 0) return `No site of 600 m can be built ${where}.`;
  const buildings = totalOf(facts, buildingsOf);
  const guessed = totalOf(facts, (f) => f.buildings.default);
  const roads = totalOf(facts, (f) => f.roads_km);
  const unnamed = totalOf(facts, (f) => f.unnamed) / facts.length;
  const among = facts.length < sites.length ? `; in ${facts.length} of them` : ":";
  const heights = buildings === 0 ? "" : ` (${percent(1 - guessed / buildings)} with a height from the data)`;
  return (
    `${sites.length} site${sites.length === 1 ? "" : "s"} of 600 m ${where}${among} ${roads.toFixed(1)} km of roads, ${buildings.toLocaleString("en")} buildings${heights}; ` +
    `${percent(unnamed)} of the ground is named by no map feature.`
  );
}

/** How far measures on what is held out can be trusted. */
export function holdOutSentence({ holdOut, sites }: PlaceCheck): string {
  if (sites.length === 0) return "";
  if (holdOut.policy === "crop") return "Too small to hold a site out: one crop of 200 m will measure the models.";
  const named = `Held out, unless its crops prove too smooth: ${holdOut.sites.join(", ")}.`;
  return holdOut.likeness === undefined ? named : `${named} ${sayLikeness(holdOut.likeness, holdOut.sites)}`;
}

export function checkText(check: PlaceCheck, picture: string | undefined): string {
  const { place, warnings, errors, facts } = check;
  const lines = [`${place.name}: ${sentenceOf(check)}`, "", columns(sourceTable(check))];
  if (facts.length > 0) lines.push("", columns(siteTable(check)), "", holdOutSentence(check));
  if (warnings.length > 0) lines.push("", ...warnings.map((text) => `warning: ${text}`));
  for (const error of errors) {
    const { what, where, fix } = toRecord(error);
    lines.push("", `error: ${what}`, ...(where === undefined ? [] : [`  where: ${where}`]), ...(fix === undefined ? [] : [`  fix: ${fix}`]));
  }
  if (picture !== undefined) lines.push("", `picture: ${picture}`);
  return lines.join("\n");
}

/** Columns padded to their widest cell; numbers stand at the right. */
function columns({ columns: names, rows }: Table): string {
  const cells = [names, ...rows.map((row) => row.map(String))];
  const widths = names.map((_, c) => Math.max(...cells.map((row) => row[c]!.length)));
  const numeric = names.map((_, c) => rows.length > 0 && rows.every((row) => /^-?[\d.,]*(?: %)?$/.test(String(row[c]))));
  return cells
    .map((row) =>
      row
        .map((cell, c) => (numeric[c] ? cell.padStart(widths[c]!) : cell.padEnd(widths[c]!)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** For `--json`. */
export function checkJson(check: PlaceCheck, picture: string | undefined): Record<string, unknown> {
  const { place, file, sources, sites, facts, holdOut, warnings, errors } = check;
  const byName = new Map(facts.map((f) => [f.name, f]));
  const { likeness, ...held } = holdOut;
  return {
    ok: errors.length === 0,
    place: place.name,
    file,
    center: place.center,
    sources,
    sites: sites.map(({ name, origin }) => ({ name, origin, ...byName.get(name) })),
    hold_out: { ...held, ...(likeness === undefined ? {} : { usual: likeness.usual, shared: Object.fromEntries(likeness.shared) }) },
    warnings,
    errors: errors.map(toRecord),
    ...(picture === undefined ? {} : { picture }),
  };
}
