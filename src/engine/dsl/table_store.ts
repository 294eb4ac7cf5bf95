import type { Serde } from "../../serde/serde.ts";
import { TopologyError } from "../errors.ts";
import type { KeyValueStoreDef } from "../state/definitions.ts";
import type { TableMaterialized } from "./options.ts";

/**
 * The store of a table. Unlike an aggregate of a stream, a table keeps its keys for ever unless it is told
 * otherwise: what it forgot would be missing in joins.
 *
 * @throws {TopologyError} When the serde of the keys or values is not known.
 */
export function tableStore<K, V>(
  name: string,
  key: Serde<K> | undefined,
  { value, logged = true, retentionMs = Infinity }: Partial<TableMaterialized<K, V>>,
): KeyValueStoreDef {
  if (key === undefined || value === undefined) {
    throw new TopologyError(
      `Cannot add store ${name}: received no serde for its ${
        key === undefined ? "keys" : "values"
      }; give the table one (materialized)`,
    );
  }
  return { kind: "key-value", name, key, value, logged, retentionMs };
}
