/** A stage's options: checked by its zod schema, with errors that say where the value was written and what was meant. */
import { resolve } from "node:path";
import type { z } from "zod";
import type { Stage } from "../plugin";
import { nearest, suggestion } from "../suggest";
import { deepest, formatOrigin, type MapNode, type Node, type Path } from "./node";
import { type Problem, RecipeError } from "./problems";

interface Definition {
  type: string;
  innerType?: z.ZodType;
  in?: z.ZodType;
  shape?: Record<string, z.ZodType>;
  element?: z.ZodType;
  valueType?: z.ZodType;
  options?: z.ZodType[];
}

const definitionOf = (schema: z.ZodType): Definition => schema.def as unknown as Definition;

function isFile(schema: z.ZodType): boolean {
  return schema.meta()?.earthcraft === "file";
}

function isMetric(schema: z.ZodType): boolean {
  return schema.meta()?.earthcraft === "metric";
}

/** The schemas that a value at `step` may have below `schema`: several for a union. */
function below(schema: z.ZodType, step: string | number): z.ZodType[] {
  const def = definitionOf(schema);
  const inner = def.innerType ?? def.in;
  if (inner !== undefined) return below(inner, step);
  if (def.shape !== undefined) return Object.hasOwn(def.shape, step) ? [def.shape[step]!] : [];
  if (def.options !== undefined) return def.options.flatMap((option) => below(option, step));
  const element = def.element ?? def.valueType;
  return element === undefined ? [] : [element];
}

function schemasAt(schema: z.ZodType, path: Path): z.ZodType[] {
  return path.reduce<z.ZodType[]>((schemas, step) => schemas.flatMap((found) => below(found, String(step))), [schema]);
}

function keysOf(schema: z.ZodType): string[] {
  const def = definitionOf(schema);
  const inner = def.innerType ?? def.in;
  if (inner !== undefined) return keysOf(inner);
  if (def.options !== undefined) return def.options.flatMap(keysOf);
  return Object.keys(def.shape ?? {});
}

function wantsFile(schema: z.ZodType): boolean {
  if (isFile(schema)) return true;
  const def = definitionOf(schema);
  const inner = def.innerType ?? def.in;
  return inner !== undefined ? wantsFile(inner) : (def.options ?? []).some(wantsFile);
}

function wantsText(schema: z.ZodType): boolean {
  const def = definitionOf(schema);
  const inner = def.innerType ?? def.in;
  return inner !== undefined ? wantsText(inner) : def.type === "string";
}

/** The plain value of a node as its schema wants it: files absolute, `007` kept as text where text is wanted. */
function shaped(node: Node, schemas: z.ZodType[], files: Set<string>): unknown {
  if (node.kind === "list")
    return node.items.map((item, i) =>
      shaped(
        item,
        schemas.flatMap((schema) => below(schema, i)),
        files,
      ),
    );
  if (node.kind === "map")
    return Object.fromEntries(
      [...node.entries].map(([name, child]) => [
        name,
        shaped(
          child,
          schemas.flatMap((schema) => below(schema, name)),
          files,
        ),
      ]),
    );
  if (typeof node.value === "string" && node.value !== "" && schemas.some(wantsFile)) {
    const path = resolve(node.origin.base, node.value);
    files.add(path);
    return path;
  }
  return typeof node.value === "number" && schemas.length > 0 && schemas.every(wantsText) ? node.raw : node.value;
}

export interface CheckedOptions {
  options: Record<string, unknown>;
  /** Absolute paths of the user's own files among them. */
  files: string[];
}

/** Metrics that no plugin has. */
function unknownMetrics(stage: Stage, id: string, node: Node, path: Path, metrics: readonly string[]): Problem[] {
  if (node.kind === "list") return node.items.flatMap((item, i) => unknownMetrics(stage, id, item, [...path, i], metrics));
  if (node.kind === "map") return [...node.entries].flatMap(([name, inner]) => unknownMetrics(stage, id, inner, [...path, name], metrics));
  if (!schemasAt(stage.options, path).some(isMetric) || metrics.includes(String(node.value))) return [];
  const where = formatOrigin(node.origin, [id, ...path]);
  return [{ what: `no plugin has the metric "${node.value}"`, where, fix: suggestion(String(node.value), metrics) }];
}

/**
 * @param metrics names that there are
 * @throws RecipeError that names every wrong key
 */
export function checkOptions(stage: Stage, id: string, node: MapNode, metrics: readonly string[]): CheckedOptions {
  const unknown = unknownMetrics(stage, id, node, [], metrics);
  const files = new Set<string>();
  const value = shaped(node, [stage.options], files);
  const result = stage.options.safeParse(value);
  if (result.success && unknown.length === 0) return { options: result.data, files: [...files] };

  const problems = (result.error?.issues ?? []).flatMap((issue): Problem[] => {
    const path = issue.path.filter((step) => typeof step !== "symbol");
    if (issue.code === "unrecognized_keys") {
      const known = schemasAt(stage.options, path).flatMap(keysOf);
      return issue.keys.map((key) => {
        const full = [...path, key];
        const at = deepest(node, full);
        const near = nearest(key, known);
        return {
          where: formatOrigin(at.key ?? at.origin, [id, ...full]),
          what: `${stage.name} has no option "${key}"`,
          fix: near === undefined ? suggestion(key, known) : `did you mean "${near}"?`,
        };
      });
    }
    const at = deepest(node, path);
    return [{ where: formatOrigin(at.origin, [id, ...path]), what: issue.message }];
  });
  throw new RecipeError([...problems, ...unknown]);
}

/** Of a whole stage, before anything is known of this machine. */
export function expectedMinutes({ minutes = 0.2 }: Stage, options: Record<string, unknown>): number {
  return typeof minutes === "function" ? minutes(options) : minutes;
}
