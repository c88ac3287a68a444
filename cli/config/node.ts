/** A value of a recipe together with where it was written, so that every error can say `recipe.yaml:12:5`. */

export interface Origin {
  /** File, or `--set model.depth=3`. */
  source: string;
  line?: number;
  column?: number;
  /** Folder that relative paths start from. */
  base: string;
}

export type Scalar = string | number | boolean | null;

export type Node = { origin: Origin /** Where its key stands. */; key?: Origin } & (
  | { kind: "scalar"; value: Scalar /** As written: `007`. */; raw: string }
  | { kind: "list"; items: Node[] }
  | { kind: "map"; entries: Map<string, Node> }
);
export type MapNode = Extract<Node, { kind: "map" }>;

export type Path = readonly (string | number)[];

export function emptyMap(origin: Origin): MapNode {
  return { kind: "map", entries: new Map(), origin };
}

/** Maps merge key by key; anything else in `over` replaces what stood there. */
export function merge(under: Node, over: Node): Node {
  if (under.kind !== "map" || over.kind !== "map") return over;
  const entries = new Map(under.entries);
  for (const [name, node] of over.entries) {
    const below = entries.get(name);
    entries.set(name, below === undefined ? node : merge(below, node));
  }
  return { ...over, entries };
}

export function mergeMaps(...layers: (MapNode | undefined)[]): MapNode {
  const present = layers.filter((layer) => layer !== undefined);
  return present.reduce((under, over) => merge(under, over) as MapNode, emptyMap(present.at(-1)?.origin ?? { source: "", base: "" }));
}

export function toValue(node: Node): unknown {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "list") return node.items.map(toValue);
  return Object.fromEntries([...node.entries].map(([name, child]) => [name, toValue(child)]));
}

/** A node and all below it. */
export function nodesOf(node: Node): Node[] {
  const inner = node.kind === "map" ? [...node.entries.values()] : node.kind === "list" ? node.items : [];
  return [node, ...inner.flatMap(nodesOf)];
}

export function child(node: Node, step: string | number): Node | undefined {
  if (node.kind === "map") return node.entries.get(String(step));
  return node.kind === "list" ? node.items[Number(step)] : undefined;
}

/** The node at a path, or the deepest one on the way to it. */
export function deepest(node: Node, path: Path): Node {
  let at = node;
  for (const step of path) {
    const next = child(at, step);
    if (next === undefined) return at;
    at = next;
  }
  return at;
}

export function formatOrigin(origin: Origin, path?: Path): string {
  const place = origin.line === undefined ? origin.source : `${origin.source}:${origin.line}:${origin.column ?? 1}`;
  return path === undefined || path.length === 0 ? place : `${place} ${path.join(".")}`;
}
