/** Reads an operator's schema as the dispatcher prints it: `aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor`. */

/** What an argument or a return is, apart from being optional or a list. */
export type BaseType = "Tensor" | "int" | "float" | "bool" | "str" | "Scalar" | "ScalarType" | "Device" | "ignored";

export interface SchemaType {
  base: BaseType;
  /** `none`: one; `list`: any number; a number: so many, for which one may stand */
  list: "none" | "list" | number;
  optional: boolean;
  /** `Tensor?[]` */
  optionalItems: boolean;
  /** `Tensor(a!)`: the operator writes to it */
  written: boolean;
}

export interface SchemaArgument {
  name: string;
  type: SchemaType;
  keyword: boolean;
  /** As the schema writes it; undefined: it must be given. */
  fallback: string | undefined;
}

export interface Schema {
  /** `aten::add.Tensor` */
  name: string;
  namespace: string;
  base: string;
  text: string;
  arguments: SchemaArgument[];
  returns: { name: string | undefined; type: SchemaType }[];
}

const BASES: Record<string, BaseType> = {
  Tensor: "Tensor",
  int: "int",
  SymInt: "int",
  float: "float",
  bool: "bool",
  str: "str",
  Scalar: "Scalar",
  ScalarType: "ScalarType",
  Device: "Device",
  // Strided tensors, contiguous memory and no generator are all that earthcraft uses: the defaults.
  Layout: "ignored",
  MemoryFormat: "ignored",
  Generator: "ignored",
};

export function parseSchema(name: string, text: string): Schema {
  const arrow = text.lastIndexOf(") -> ");
  const open = text.indexOf("(");
  if (arrow < 0 || open < 0) throw new SyntaxError(`${name}: no schema: ${text}`);
  const [namespace, rest] = name.split("::") as [string, string];
  let keyword = false;
  const parsed: SchemaArgument[] = [];
  for (const piece of splitList(text.slice(open + 1, arrow))) {
    if (piece === "*") {
      keyword = true;
      continue;
    }
    const match = /^(.*?)\s([A-Za-z_]\w*)(?:=(.*))?$/s.exec(piece);
    if (!match) throw new SyntaxError(`${name}: no argument: ${piece}`);
    parsed.push({ name: match[2]!, type: parseType(name, match[1]!), keyword, fallback: match[3] });
  }
  const returned = text.slice(arrow + 5);
  const returns = splitList(returned.startsWith("(") ? returned.slice(1, -1) : returned).map((piece) => {
    const [type, label] = piece.split(/\s(?=[A-Za-z_]\w*$)/);
    return { name: label, type: parseType(name, type!) };
  });
  return { name, namespace, base: rest.split(".")[0]!, text, arguments: parsed, returns };
}

/** Splits at commas that lie in no bracket. */
function splitList(text: string): string[] {
  const pieces: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i <= text.length; ++i) {
    const c = text[i];
    if (c === "(" || c === "[") depth++;
    else if (c === ")" || c === "]") depth--;
    else if ((c === "," || c === undefined) && depth === 0) {
      pieces.push(text.slice(start, i).trim());
      start = i + 1;
    }
  }
  return pieces.filter(Boolean);
}

function parseType(name: string, text: string): SchemaType {
  const match = /^(\w+)(\([^)]*\))?(\?)?(?:\[(\d*)\](\([^)]*\))?(\?)?)?(\?)?$/.exec(text.trim());
  const base = match ? BASES[match[1]!] : undefined;
  if (!match || base === undefined) throw new SyntaxError(`${name}: no type for ${text}`);
  const isList = match[4] !== undefined;
  return {
    base,
    list: !isList ? "none" : match[4] === "" ? "list" : Number(match[4]),
    optional: isList ? match[6] !== undefined || match[7] !== undefined : match[3] !== undefined,
    optionalItems: isList && match[3] !== undefined,
    written: (match[2] ?? "").includes("!"),
  };
}
