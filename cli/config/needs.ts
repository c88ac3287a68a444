/** Which earlier stages of a recipe answer the needs of a stage: the nearest ones, or those that its `needs` names. */
import { EXIT, UserError } from "../errors";
import { suggestion } from "../suggest";
import { formatOrigin } from "./node";
import type { StageSpec } from "./recipe";

type Named = Pick<StageSpec, "id" | "stage">;

const bare = (need: string) => need.replace(/[?*]$/, "");
const answers = ({ stage }: Named, name: string): boolean => stage.name === name || (stage.aliases?.includes(name) ?? false);

/** @returns in the order of the stage's `needs`, one entry an instance */
export function bindNeeds<T extends Named>(spec: StageSpec, earlier: readonly T[]): { need: string; from: T }[] {
  const wanted = spec.stage.needs ?? [];
  const needsNode = spec.written.entries.get("needs");
  const refuse = (what: string, fix: string, name?: string): never => {
    const node = name === undefined ? undefined : needsNode?.kind === "map" ? needsNode.entries.get(name) : undefined;
    const where = node === undefined ? spec.where : formatOrigin(node.key ?? node.origin, [spec.id, "needs", name!]);
    throw new UserError({ what, where, fix, exit: EXIT.usage });
  };
  for (const named of Object.keys(spec.needs))
    if (!wanted.some((need) => bare(need) === bare(named)))
      refuse(`the stage "${spec.stage.name}" does not need "${named}"`, suggestion(named, wanted.map(bare)), named);
  return wanted.flatMap((need) => {
    const name = bare(need);
    const key = spec.needs[name] === undefined ? need : name;
    const told = spec.needs[key];
    if (told !== undefined)
      return told.map((id) => {
        const from = earlier.find((planned) => planned.id === id);
        const known = earlier.map((planned) => planned.id);
        return { need, from: from ?? refuse(`no stage before it is called "${id}"`, suggestion(id, known), key) };
      });
    const found = earlier.filter((planned) => planned.id === name || answers(planned, name));
    if (need.endsWith("*")) return found.map((from) => ({ need, from }));
    const exact = found.find(({ id }) => id === name) ?? found.at(-1);
    if (exact !== undefined) return [{ need, from: exact }];
    if (need.endsWith("?")) return [];
    return refuse(`the stage "${spec.id}" needs "${name}", and no stage before it is one`, `put \`- ${name}\` before it in \`stages\``);
  });
}
