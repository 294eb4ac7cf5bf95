/**
 * The table of docs/security.md of what each task may do, from deno.json.
 *
 * @module
 */

/** One kind of permission, as deno.json writes it. */
export type Allowed =
  | boolean
  | readonly string[]
  | { readonly allow: boolean | readonly string[]; readonly deny: readonly string[] };

/** The permissions by kind, such as `read`. */
export type Permissions = Readonly<Record<string, Allowed>>;

/** The part of deno.json that the table is made of. */
export interface Config {
  readonly tasks: Readonly<Record<string, { readonly command: string }>>;
  readonly permissions: Readonly<Record<string, Permissions>>;
}

/** The kinds of permissions, in the table's order. */
export const KINDS = ["read", "write", "env", "net", "run", "sys"] as const;

const HEADINGS = ["set", "tasks", "read", "write", "variables", "network", "run", "system"];

/** What runs with a set that no task names, or that a task names for another one. */
const BEHIND: Readonly<Record<string, string>> = {
  example: "what `example` runs",
  fuzz: "what `fuzz` runs",
  tests: "what `test` runs",
  micro: "what `bench:micro` runs",
};

/** A list that is called by a name in the table, and explained below it. */
type Named = readonly (readonly [name: string, items: readonly string[]])[];

/** Text with the table as deno.json has it now: the one whose first heading is `set`. */
export function withPermissions(text: string, config: Config): string {
  return text.replace(/^\| set .*\n(?:\|.*\n)+/m, table([HEADINGS, ...rowsOf(config)]));
}

/** A set's permissions of a kind, as the table says them. `all…` is without bounds. */
export function cellOf(allowed: Allowed | undefined, lists: Named = []): string {
  if (allowed === undefined || allowed === false) return "–";
  if (allowed === true) return "all";
  if (!("allow" in allowed)) return said(allowed, lists);
  return `${cellOf(allowed.allow, lists)} but ${said(allowed.deny, lists)}`;
}

function rowsOf({ tasks, permissions }: Config): string[][] {
  const lists = listsOf(permissions);
  return Object.entries(permissions).map(([name, set]) => {
    const users = Object.keys(tasks).filter((task) => tasks[task]!.command.includes(`-P=${name} `));
    return [
      `\`${name}\``,
      BEHIND[name] ?? users.map((task) => `\`${task}\``).join(", "),
      ...KINDS.map((kind) => cellOf(set[kind], lists)),
    ];
  });
}

function listsOf(permissions: Config["permissions"]): Named {
  const connection = permissions["gen"]?.["env"];
  const written = permissions["local"]?.["write"];
  return [
    ["**connection**", Array.isArray(connection) ? connection : []],
    ["**home**", ["HOME", "USERPROFILE", "XDG_CACHE_HOME"]],
    ["**sources**", typeof written === "object" && "deny" in written ? written.deny : []],
    ["**loopback**", ["localhost", "127.0.0.1"]],
  ];
}

function said(items: readonly string[], lists: Named): string {
  let left = [...items];
  const names: string[] = [];
  for (const [name, list] of lists) {
    if (list.length === 0 || !list.every((item) => left.includes(item))) continue;
    left = left.filter((item) => !list.includes(item));
    names.push(name);
  }
  return [...names, ...left.map((item) => `\`${item}\``)].join(", ");
}

/** A table of Markdown, its columns as wide as their widest cell. */
function table(rows: readonly string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => [...row[column]!].length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |\n`;
  const rule = line(widths.map((width) => "-".repeat(width)));
  return line(rows[0]!) + rule + rows.slice(1).map(line).join("");
}
