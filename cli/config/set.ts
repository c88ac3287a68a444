/** `--set a.b=value`: the value is YAML, the path starts at the recipe's top. */
import { EXIT, UserError } from "../errors";
import type { MapNode } from "./node";
import { parseYaml } from "./yaml";

export function parseSet(text: string, cwd: string): MapNode {
  const at = text.indexOf("=");
  const where = `--set ${text}`;
  const path = at < 0 ? [] : text.slice(0, at).split(".");
  if (path.length === 0 || path.some((step) => step === "" || /\s/.test(step)))
    throw new UserError({ what: "wants a key and a value", where, fix: "write --set train.steps=100", exit: EXIT.usage });
  if (path.some((step) => step === "__proto__" || step === "constructor" || step === "prototype"))
    throw new UserError({ what: "this cannot be a key", where, exit: EXIT.usage });
  const origin = { source: `--set ${text.slice(0, at)}`, base: cwd };
  let node = parseYaml(text.slice(at + 1), where, cwd, origin);
  for (const step of path.reverse()) {
    node.key = origin;
    node = { kind: "map", entries: new Map([[step, node]]), origin };
  }
  return node as MapNode;
}
