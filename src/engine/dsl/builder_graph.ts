import type { StoreDef } from "../state/store.ts";
import { type NodeDef, Topology } from "../topology/topology.ts";

/** The topology that a builder's streams add to, with the counter of generated names. */
export class BuilderGraph {
  readonly topology: Topology = new Topology();
  #index = 0;

  /** A node's name as Kafka Streams generates it: the prefix and the next number, of ten digits. */
  newName(prefix: string): string {
    return `${prefix}-${String(this.#index++).padStart(10, "0")}`;
  }

  /** A store's generated name; it uses a number of the same counter. */
  newStoreName(prefix: string): string {
    return `${this.newName(`${prefix}-STATE-STORE`)}`;
  }

  add(node: NodeDef): void {
    this.topology.add(node);
  }

  addStore(store: StoreDef): void {
    this.topology.addStore(store);
  }
}
