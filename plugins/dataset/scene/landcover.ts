/** Reads the rules that turn OpenStreetMap's tags into Table 13's classes. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import { EXIT, UserError } from "../../../cli/errors";
import { classId } from "../../earth/api";
import type { Tags } from "../readers/osm-data";

const landClass = z.string().transform((name, context) => {
  try {
    return classId(name);
  } catch (error) {
    context.addIssue({ code: "custom", message: (error as Error).message });
    return z.NEVER;
  }
});
const tagRule = z.record(z.string(), z.union([z.literal("any"), z.array(z.string())]));

const schema = z.strictObject({
  default: landClass,
  near_buildings: z.strictObject({ class: landClass, within_m: z.number().min(0).max(100) }),
  among_streets: z.strictObject({ class: landClass, within_m: z.number().min(1).max(500), road_share: z.number().min(0.01).max(1) }),
  in_the_sea: z.strictObject({ class: landClass, within_m: z.number().min(1).max(500), sea_share: z.number().min(0.01).max(1) }),
  canopy: landClass,
  ground: z.array(z.strictObject({ class: landClass, tags: tagRule })),
  areas: z.array(z.strictObject({ class: landClass, tags: tagRule })),
  lines: z.array(z.strictObject({ class: landClass, width_m: z.number().min(0.5).max(100), tags: tagRule })),
  sidewalks: z.strictObject({ class: landClass, width_m: z.number().min(0).max(10), values: z.array(z.string()) }),
  buildings: z.strictObject({
    classes: z.array(z.strictObject({ class: landClass, tags: tagRule })),
    level_m: z.number().min(2).max(6),
    default_m: z.number().min(2).max(100),
    heights_m: z.record(z.string(), z.number().min(1).max(500)),
  }),
});

export type LandCover = z.infer<typeof schema>;

export const LANDCOVER_FILE = fileURLToPath(new URL("./landcover.yaml", import.meta.url));

/** @throws UserError naming file, line and key */
export function readLandCover(file: string = LANDCOVER_FILE): LandCover {
  const lines = new LineCounter();
  const document = parseDocument(readFileSync(file, "utf8"), { lineCounter: lines });
  const at = (offset: number) => `${file}:${lines.linePos(offset).line}`;
  const broken = document.errors[0];
  if (broken) throw new UserError({ what: broken.message.split("\n")[0]!, where: at(broken.pos[0]), exit: EXIT.badInput });
  const parsed = schema.safeParse(document.toJS({ maxAliasCount: 0 }));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const node = document.getIn(issue.path as (string | number)[], true) as { range?: [number, number, number] } | null;
  throw new UserError({ what: issue.message, where: `${at(node?.range?.[0] ?? 0)} ${issue.path.join(".")}`, exit: EXIT.badInput });
}

/** Does any of the rule's tags stand among these? */
export function matches(rule: LandCover["areas"][number]["tags"], tags: Tags): boolean {
  for (const [key, values] of Object.entries(rule)) {
    const value = tags[key];
    if (value !== undefined && value !== "no" && (values === "any" || values.includes(value))) return true;
  }
  return false;
}
