// Checks a value against the JSON Schema that editors use, and says what is wrong by key and what would be right. It knows the few
// words of JSON Schema that `config.schema.json` uses, and refuses a schema with others.

export interface Schema {
  $ref?: string;
  type?: "object" | "array" | "string" | "integer" | "number" | "boolean";
  description?: string;
  enum?: readonly (string | number)[];
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  maxItems?: number;
  items?: Schema;
  required?: readonly string[];
  properties?: Record<string, Schema>;
  additionalProperties?: false;
  definitions?: Record<string, Schema>;
  title?: string;
  $schema?: string;
}

const KNOWN = new Set([
  "$ref", "type", "description", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "maxItems", "items", "required",
  "properties", "additionalProperties", "definitions", "title", "$schema",
]);

/** Keys of older files, and what they have become. */
const RENAMED: Record<string, string> = {
  lambda: "there are no functions any more; tasks that always run are capacity.minimumTasks",
  provisionedConcurrency: "tasks that always run are capacity.minimumTasks",
  filters: "is called filtersConfig, with inputStrength and outputStrength",
  strength: "there are two, inputStrength and outputStrength",
  managedWordLists: "is called managedWordListsConfig",
  customWordLists: "is called wordsConfig, a list of {\"text\": \"word\"}",
  piiEntities: "is called piiEntitiesConfig",
  topics: "is called topicsConfig, and every topic has a definition",
};

/** Returns every mistake as a line `key: what is wrong; what is right`, in the order of the file. */
export function mistakes(value: unknown, schema: Schema): string[] {
  const found: string[] = [];
  walk(value, schema, schema, "", found);
  return found;
}

function walk(value: unknown, given: Schema, root: Schema, path: string, found: string[]): void {
  const schema = resolve(given, root);
  const right = schema.description ? `; set ${schema.description}` : "";
  const wrong = (what: string): void => void found.push(`${path || "config.json"}: ${what}${right}`);
  if (schema.enum) {
    if (!schema.enum.includes(value as string)) wrong(`expected one of ${listed(schema.enum)}, got ${shown(value)}`);
    return;
  }
  switch (schema.type) {
    case "object":
      return walkObject(value, schema, root, path, found);
    case "array":
      if (!Array.isArray(value)) return wrong(`expected a list, got ${shown(value)}`);
      if (value.length > (schema.maxItems ?? Infinity)) wrong(`expected at most ${schema.maxItems} entries, got ${value.length}`);
      value.forEach((item, place) => walk(item, schema.items ?? {}, root, `${path}[${place}]`, found));
      return;
    case "boolean":
      if (typeof value !== "boolean") wrong(`expected true or false, got ${shown(value)}`);
      return;
    case "integer":
    case "number":
      if (!isInRange(value, schema)) wrong(`expected ${range(schema)}, got ${shown(value)}`);
      return;
    default:
      if (!isText(value, schema)) wrong(`${shown(value)} is not right`);
  }
}

function walkObject(value: unknown, schema: Schema, root: Schema, path: string, found: string[]): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    found.push(`${path || "config.json"}: expected an object with ${listed(Object.keys(schema.properties ?? {}))}, got ${shown(value)}`);
    return;
  }
  const properties = schema.properties ?? {};
  const under = (key: string): string => (path ? `${path}.${key}` : key);
  for (const key of schema.required ?? []) {
    const described = properties[key] && resolve(properties[key], root).description;
    if (!(key in value)) found.push(`${under(key)}: is missing${described ? `; set ${described}` : ""}`);
  }
  for (const [key, inner] of Object.entries(value)) {
    const known = properties[key];
    if (known) walk(inner, known, root, under(key), found);
    else found.push(`${under(key)}: ${RENAMED[key] ?? `is not known; known here are ${listed(Object.keys(properties))}`}`);
  }
}

function resolve(schema: Schema, root: Schema): Schema {
  const strange = Object.keys(schema).find((word) => !KNOWN.has(word));
  if (strange) throw new Error(`the schema uses ${strange}, which is not known here`);
  if (!schema.$ref) return schema;
  const target = root.definitions?.[schema.$ref.replace("#/definitions/", "")];
  if (!target) throw new Error(`the schema refers to ${schema.$ref}, which is not there`);
  return target;
}

function isInRange(value: unknown, schema: Schema): boolean {
  if (typeof value !== "number" || !Number.isFinite(value)) return false;
  if (schema.type === "integer" && !Number.isInteger(value)) return false;
  return value >= (schema.minimum ?? -Infinity) && value <= (schema.maximum ?? Infinity);
}

function isText(value: unknown, schema: Schema): boolean {
  if (typeof value !== "string") return false;
  const length = [...value].length;
  if (length < (schema.minLength ?? 0) || length > (schema.maxLength ?? Infinity)) return false;
  return schema.pattern === undefined || new RegExp(schema.pattern, "u").test(value);
}

function range(schema: Schema): string {
  const kind = schema.type === "integer" ? "a whole number" : "a number";
  return `${kind} from ${schema.minimum ?? "any"} to ${schema.maximum ?? "any"}`;
}

function listed(items: readonly (string | number)[]): string {
  return items.join(", ");
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
