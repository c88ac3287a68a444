/** Renders parsed schemas as typed TypeScript in the words of `call.ts`. */
import type { Schema, SchemaArgument, SchemaType } from "./schema";

const RESERVED = new Set(["in", "default", "new", "delete", "function", "var", "with", "switch", "case", "class", "options"]);

const HEADER = `// Written by ffi/generate-ops.ts from ops.txt and the dispatcher's schemas. Do not edit: run \`bun ffi/generate-ops.ts\`.
import * as c from "./call";
import type { DType } from "./dtype";
import { Operator } from "./operator";
import { Tensor } from "./tensor";

const NONE: never = Object.freeze({}) as never;
const isOptions = (value: unknown): boolean => value === undefined || (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype);
`;

export function renderOperators(schemas: readonly Schema[]): string {
  const parts = [HEADER];
  for (const schema of schemas) parts.push(renderOne(schema));
  const namespaces = [...new Set(schemas.map((s) => s.namespace))];
  for (const namespace of namespaces)
    parts.push(
      renderNamespace(
        namespace,
        schemas.filter((s) => s.namespace === namespace),
      ),
    );
  parts.push(`/** Every operator in use, by name. */\nexport const ops = { ${namespaces.join(", ")} };\n`);
  return parts.join("\n");
}

/** `layer_norm` → `layerNorm`; underscores at either end stay, as they mean something. */
export function camelCase(name: string): string {
  const [, head, body, tail] = /^(_*)(.*?)(_*)$/.exec(name)!;
  return head + body!.replace(/_+(\w)/g, (_, letter: string) => letter.toUpperCase()) + tail;
}

const functionName = (schema: Schema) => `${schema.namespace}_${schema.name.split("::")[1]!.replace(/\W/g, "_")}`;
const parameterName = (name: string) => (RESERVED.has(name) ? `${name}_` : camelCase(name));
const visible = (schema: Schema) => schema.arguments.filter((a) => a.type.base !== "ignored");
const positional = (schema: Schema) => visible(schema).filter((a) => !a.keyword);
const keywords = (schema: Schema) => visible(schema).filter((a) => a.keyword);
const required = (argument: SchemaArgument) => argument.fallback === undefined;

function tsType(type: SchemaType): string {
  const base = {
    Tensor: "Tensor",
    int: "number",
    float: "number",
    bool: "boolean",
    str: "string",
    Scalar: "number",
    ScalarType: "DType",
    Device: "string",
    ignored: "never",
  }[type.base];
  if (type.list === "none") return base;
  const list = type.optionalItems ? `readonly (${base} | null)[]` : `readonly ${base}[]`;
  return typeof type.list === "number" && type.base === "int" ? `${list} | number` : list;
}

function parameter(argument: SchemaArgument, mayBeLeftOut: boolean): string {
  const type = tsType(argument.type) + (argument.type.optional ? " | null" : "");
  return `${parameterName(argument.name)}${mayBeLeftOut ? "?" : ""}: ${type}`;
}

/** The parameters of a function: positional ones, then an object of keywords. */
function parameters(schema: Schema): string {
  const list = positional(schema);
  const lastRequired = list.findLastIndex(required);
  const rendered = list.map((argument, i) => {
    if (required(argument) || i > lastRequired) return parameter(argument, !required(argument));
    return `${parameter(argument, false)} | undefined`;
  });
  const options = keywords(schema);
  if (options.length > 0) {
    const anyRequired = options.some(required);
    rendered.push(`options${anyRequired ? "" : "?"}: { ${options.map((a) => parameter(a, !required(a))).join("; ")} }`);
  }
  return rendered.join(", ");
}

function writer(type: SchemaType): string {
  if (type.base === "Tensor") return type.list === "none" ? "tensor" : type.optionalItems ? "optionalTensors" : "tensors";
  if (type.list !== "none") {
    if (type.base === "int") return typeof type.list === "number" ? "intsOrInt" : "ints";
    return type.base === "bool" ? "bools" : "floats";
  }
  return { int: "int", float: "float", bool: "bool", str: "string", Scalar: "scalar", ScalarType: "dtype", Device: "string", ignored: "standard" }[
    type.base
  ];
}

function write(argument: SchemaArgument): string {
  if (argument.type.base === "ignored") return "  c.standard();";
  const value = argument.keyword ? `options.${parameterName(argument.name)}` : parameterName(argument.name);
  const name = JSON.stringify(argument.name);
  if (argument.fallback === undefined && !argument.type.optional) return `  c.${writer(argument.type)}(${name}, ${value});`;
  return `  c.orDefault(c.${writer(argument.type)}, ${name}, ${value});`;
}

interface Result {
  type: string;
  expression: (op: string, count: number) => string;
}

function result(schema: Schema): Result {
  const { returns } = schema;
  const first = returns[0];
  if (first === undefined) return { type: "void", expression: (op, n) => `void c.many(${op}, ${n})` };
  const self = schema.arguments[0];
  if (returns.length === 1 && first.type.base === "Tensor" && first.type.list === "none") {
    if (first.type.written && self?.type.written)
      return { type: "Tensor", expression: (op, n) => `c.same(${op}, ${n}, ${parameterName(self.name)})` };
    return { type: "Tensor", expression: (op, n) => `c.one(${op}, ${n})` };
  }
  const types = returns.map(({ type, name }) => {
    const item = tsType({ ...type, optional: false }).replace("readonly ", "");
    return name === undefined ? item : `${parameterName(name)}: ${item}`;
  });
  const labelled = returns.every(({ name }) => name !== undefined) ? types : returns.map(({ type }) => tsType(type).replace("readonly ", ""));
  if (returns.length === 1)
    return { type: labelled[0]!.replace(/^\w+: /, ""), expression: (op, n) => `c.many(${op}, ${n})[0] as ${labelled[0]!.replace(/^\w+: /, "")}` };
  const tuple = `[${labelled.join(", ")}]`;
  return { type: tuple, expression: (op, n) => `c.many(${op}, ${n}) as ${tuple}` };
}

function renderOne(schema: Schema): string {
  const names = schema.arguments.map((a) => JSON.stringify(a.name)).join(", ");
  const op = `$${functionName(schema)}`;
  const { type, expression } = result(schema);
  const signature = parameters(schema).replace(/options\?: (\{.*\})$/, "options: $1 = NONE");
  return [
    `const ${op} = new Operator(${JSON.stringify(schema.name)}, [${names}]);`,
    `function ${functionName(schema)}(${signature}): ${type} {`,
    `  c.begin(${op});`,
    ...(keywords(schema).length > 0 ? ["  c.options(options);"] : []),
    ...schema.arguments.map(write),
    `  return ${expression(op, schema.arguments.length)};`,
    "}",
    "",
  ].join("\n");
}

/** Whether a value could be this argument's. */
function accepts(argument: SchemaArgument, value: string): string {
  const { type } = argument;
  const tests = {
    Tensor: `${value} instanceof Tensor`,
    int: `typeof ${value} === "number"`,
    float: `typeof ${value} === "number"`,
    bool: `typeof ${value} === "boolean"`,
    str: `typeof ${value} === "string"`,
    Scalar: `typeof ${value} === "number"`,
    ScalarType: `c.isDType(${value})`,
    Device: `typeof ${value} === "string"`,
    ignored: "true",
  };
  const options = [tests[type.base]];
  if (type.list !== "none") {
    options.length = 0;
    options.push(`Array.isArray(${value})`);
    if (typeof type.list === "number" && type.base === "int") options.push(tests.int);
  }
  if (type.optional) options.push(`${value} === null`);
  if (argument.fallback !== undefined) options.push(`${value} === undefined`);
  return options.length === 1 ? options[0]! : `(${options.join(" || ")})`;
}

function matches(schema: Schema, values: readonly string[]): string {
  const list = positional(schema);
  const tests = list.map((argument, i) => accepts(argument, values[i]!));
  const options = keywords(schema);
  const after = values[list.length];
  if (after !== undefined) tests.push(options.length > 0 ? `isOptions(${after})` : `${after} === undefined`);
  for (const argument of options.filter(required))
    tests.push(`(${after} as Record<string, unknown> | undefined)?.${parameterName(argument.name)} !== undefined`);
  for (const value of values.slice(list.length + 1)) tests.push(`${value} === undefined`);
  return tests.join(" && ");
}

function renderNamespace(namespace: string, schemas: readonly Schema[]): string {
  const groups = new Map<string, Schema[]>();
  for (const schema of schemas) groups.set(schema.base, [...(groups.get(schema.base) ?? []), schema]);
  const dispatchers: string[] = [];
  const entries: string[] = [];
  for (const [base, group] of groups) {
    const docs = group.map((s) => `   * ${s.text.replaceAll("*/", "*\u200b/")}`);
    const doc = group.length === 1 ? `  /** ${docs[0]!.slice(5)} */` : ["  /**", ...docs, "   */"].join("\n");
    const name = camelCase(base);
    if (group.length === 1) {
      entries.push(`${doc}\n  ${name}: ${functionName(group[0]!)},`);
      continue;
    }
    // The overload with required keywords first: its arguments match the others' too.
    const ordered = [...group].sort((a, b) => keywords(b).filter(required).length - keywords(a).filter(required).length);
    const most = Math.max(...group.map((s) => positional(s).length + (keywords(s).length > 0 ? 1 : 0)));
    const values = Array.from({ length: most }, (_, i) => `a${i}`);
    const dispatcher = `${namespace}__${base}`;
    dispatchers.push(
      [
        `interface ${dispatcher}_overloads {`,
        ...ordered.map((s) => `  (${parameters(s)}): ${result(s).type};`),
        "}",
        `const ${dispatcher} = ((${values.map((v) => `${v}: unknown`).join(", ")}) => {`,
        ...ordered.map((s) => {
          const count = positional(s).length + (keywords(s).length > 0 ? 1 : 0);
          return `  if (${matches(s, values)}) return ${functionName(s)}(${values
            .slice(0, count)
            .map((v) => `${v} as never`)
            .join(", ")});`;
        }),
        `  throw c.noOverload(${JSON.stringify(base)}, [${values.join(", ")}]);`,
        `}) as ${dispatcher}_overloads;`,
        "",
      ].join("\n"),
    );
    entries.push(`${doc}\n  ${name}: ${dispatcher},`);
  }
  return `${dispatchers.join("\n")}\nexport const ${namespace} = {\n${entries.join("\n")}\n};\n`;
}
