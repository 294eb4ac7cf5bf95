import { DeserializationError, SchemaNotLoaded, UnusableSchema } from "../serde.ts";
import { BoundedMap, charactersOf, MOST_KEPT_CHARACTERS } from "./bounded_map.ts";
import type { RegisteredSchema, SchemaType } from "./registered_schema.ts";
import type { SchemaRegistry } from "./registry.ts";
import { messageOf } from "../text.ts";

/** What a serde makes of the schemas that bytes were written with, by the registry's ids. */
export class BySchemaId<T> {
  readonly #registry: SchemaRegistry;
  readonly #what: string;
  readonly #type: SchemaType;
  readonly #make: (schema: RegisteredSchema) => T;
  readonly #byId = new BoundedMap<T | UnusableSchema>(MOST_KEPT_CHARACTERS);

  /**
   * @param what What is read, for errors, such as `an Order`.
   * @param type The language that the schemas have to be of.
   * @param make Makes it of a schema; what it throws is why records of that schema can't be read.
   */
  constructor(
    registry: SchemaRegistry,
    what: string,
    type: SchemaType,
    make: (schema: RegisteredSchema) => T,
  ) {
    this.#registry = registry;
    this.#what = what;
    this.#type = type;
    this.#make = make;
  }

  /** Adds the id of the serde's own schema: what it wrote itself it reads without asking. */
  know(id: number, made: T): void {
    this.#byId.set(id, made, 0);
  }

  /**
   * What was made of the schema of an id.
   *
   * @throws {SchemaNotLoaded} When the registry has to be asked first.
   * @throws {UnusableSchema} When nothing can be made of it.
   * @throws {DeserializationError} When the registry has no such schema.
   */
  get(id: number): T {
    const made = this.#byId.get(id) ?? this.#lookUp(id);
    // A new error each time: its stack and its catcher are this record's.
    if (made instanceof UnusableSchema) throw new UnusableSchema(made.message, { cause: made.cause });
    return made;
  }

  /** That of an id met for the first time, or not loaded when it was met before. */
  #lookUp(id: number): T | UnusableSchema {
    const schema = this.#registry.peek(id);
    if (schema === undefined) {
      throw new SchemaNotLoaded(
        `Cannot decode ${this.#what} yet: the registry's schema ${id} is not loaded`,
        async () => {
          await this.#registry.schemaById(id);
        },
      );
    }
    // Not remembered here: the registry forgets after a while that it has no such schema.
    if (schema === null) {
      throw new DeserializationError(
        `Cannot decode ${this.#what}: received the schema id ${id}, which the registry at ` +
          `${this.#registry.url} does not have`,
      );
    }
    const made = this.#of(id, schema);
    this.#byId.set(id, made, charactersOf(schema));
    return made;
  }

  #of(id: number, schema: RegisteredSchema): T | UnusableSchema {
    try {
      if (schema.type !== this.#type) throw new TypeError(`it is a schema of type ${schema.type}`);
      return this.#make(schema);
    } catch (error) {
      return new UnusableSchema(
        `Cannot decode ${this.#what}: it was written with the registry's schema ${id}, ` +
          `which does not fit: ${messageOf(error)}`,
        { cause: error },
      );
    }
  }
}
