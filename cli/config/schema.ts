/**
 * The JSON Schema (draft 7, which yaml-language-server reads) of a recipe with the options of all stages, so that an editor completes and checks them.
 *
 * It says what can be said without reading other files: a key that names a stage of the recipe's own (`sample-semantic`) may hold the options of any stage, and `earthcraft recipe check` knows the rest.
 */
import { z } from "zod";
import type { InstalledPlugins, Stage } from "../plugin";

type Json = { [key: string]: unknown };

const to = (name: string): Json => ({ $ref: `#/definitions/${name}` });

/** What any stage may say beside its options. */
const HOST_KEYS: Json = {
  stage: { type: "string", description: "the stage that this is an instance of" },
  needs: {
    type: "object",
    description: "reads these stages instead of the nearest before it",
    additionalProperties: { anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }] },
  },
  seed: { type: "integer", minimum: 0, description: "a seed of its own" },
  minutes: { type: "number", minimum: 0, description: "a hint for the remaining time" },
  retries: { type: "integer", minimum: 0, description: "how often a failed task is tried again" },
};

const TEXT: Json = { type: ["string", "number", "boolean"] };

/** Strings that name something. */
const MEANINGS: Record<string, string> = { file: "a file, from the folder of the recipe", metric: "a metric of any plugin" };

/** Options as they are written: every key may be left out, for another layer may have it. */
function optionsOf({ title, options }: Stage): Json {
  const schema = z.toJSONSchema(options, {
    target: "draft-7",
    io: "input",
    unrepresentable: "any",
    override: ({ jsonSchema }) => {
      delete jsonSchema.required;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      const meaning = MEANINGS[String(jsonSchema.earthcraft)];
      if (meaning !== undefined) jsonSchema.description = meaning;
      delete jsonSchema.earthcraft;
    },
  }) as Json;
  const { $schema: _, properties, ...rest } = schema;
  return { ...rest, type: ["object", "null"], description: title, properties: { ...HOST_KEYS, ...(properties as Json) } };
}

export async function recipeSchema(plugins: InstalledPlugins): Promise<Json> {
  const names = plugins.manifests.flatMap(({ stages }) => stages.map(({ name }) => name));
  const stages = (await Promise.all(names.map((name) => plugins.stage(name)))).filter((stage) => stage !== undefined);
  const namesOf = ({ name, aliases }: Stage) => [name, ...(aliases ?? [])];
  const all = stages.flatMap(namesOf);

  const definitions: Json = {};
  for (const stage of stages) definitions[`stage-${stage.name}`] = optionsOf(stage);
  definitions["stage-by-name"] = {
    type: "object",
    required: ["stage"],
    properties: { stage: { enum: all } },
    allOf: stages.map((stage) => ({
      if: { type: "object", required: ["stage"], properties: { stage: { enum: namesOf(stage) } } },
      // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own word
      then: to(`stage-${stage.name}`),
    })),
  };
  definitions["any-stage"] = { anyOf: stages.map(({ name }) => to(`stage-${name}`)) };
  definitions["one-stage"] = {
    anyOf: [
      { enum: all, description: "a stage with its defaults" },
      {
        type: "object",
        minProperties: 1,
        maxProperties: 1,
        properties: Object.fromEntries(
          stages.flatMap((stage) =>
            namesOf(stage).map((name) => [
              name,
              {
                if: { type: "object", required: ["stage"] },
                // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own word
                then: to("stage-by-name"),
                else: to(`stage-${stage.name}`),
              },
            ]),
          ),
        ),
        additionalProperties: to("stage-by-name"),
      },
    ],
  };

  const layer = layerKeys(stages, namesOf);
  const section = (more: Json, required: string[] = []) => ({
    type: "object",
    ...(required.length === 0 ? {} : { required }),
    properties: { ...layer, ...more },
    additionalProperties: to("any-stage"),
  });
  definitions.scale = { anyOf: [{ type: "null" }, section({})] };
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "earthcraft recipe",
    ...section({
      title: { ...TEXT, description: "what the report is called" },
      description: {},
      extends: { anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }], description: "recipes under this one, from its folder" },
      paper: { description: "the table of the paper, and its numbers" },
      default_scale: { type: "string", description: "the scale without --scale" },
      scale: { type: "object", description: "what each scale lays over the rest", additionalProperties: to("scale") },
      matrix: {
        type: "array",
        minItems: 1,
        description: "one variant a row",
        items: section({ id: { ...TEXT, description: 'letters, digits, ".", "_" and "-"' }, paper: {} }, ["id"]),
      },
      report: {},
    }),
    definitions,
  };
}

/** Keys of every layer: those of the recipe as a whole, stages by name, and options that stages share. */
function layerKeys(stages: readonly Stage[], namesOf: (stage: Stage) => string[]): Json {
  const keys: Json = {};
  const owners = Map.groupBy(
    stages.flatMap(({ name, options }) => Object.keys(options.shape).map((key) => ({ key, name }))),
    ({ key }) => key,
  );
  for (const [key, list] of owners) {
    const schemas = list.map(({ name }) => to(`stage-${name}/properties/${key}`));
    keys[key] = schemas.length === 1 ? schemas[0] : { anyOf: schemas };
  }
  for (const stage of stages) for (const name of namesOf(stage)) keys[name] = to(`stage-${stage.name}`);
  keys.seed = { type: "integer", minimum: 0, description: "of everything random" };
  keys.place = { anyOf: [{ type: ["string", "null"] }, to("one-stage")], description: "a place.yaml, its folder, or a stage that makes one" };
  keys.stages = { type: "array", items: to("one-stage"), description: "what runs, in this order" };
  return keys;
}
