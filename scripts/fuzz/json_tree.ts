import type { Random } from "../../src/game/random.ts";

/** A JSON value, as it is changed here. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Where a value stands in its tree. */
interface Place {
  readonly holder: Json[] | { [key: string]: Json };
  readonly key: string | number;
}

/**
 * Changes a tree of JSON in one place: puts a value of another place or of `words` there, leaves the value
 * out, doubles it, puts it into a list, or gives a property another name.
 *
 * @param words Values and names that the tree's readers know.
 */
export function mutateJson(tree: Json, random: Random, words: readonly Json[]): Json {
  const root: Json[] = [structuredClone(tree)];
  const places = placesOf(root);
  const pick = <T>(of: readonly T[]): T => of[random.below(of.length)]!;
  const { holder, key } = pick(places);
  const value = valueAt({ holder, key });
  switch (random.below(7)) {
    case 0:
      put({ holder, key }, structuredClone(valueAt(pick(places))));
      break;
    case 1:
    case 2:
      put({ holder, key }, structuredClone(pick(words)));
      break;
    case 3:
      if (holder !== root) remove({ holder, key });
      break;
    case 4:
      if (Array.isArray(holder) && holder !== root) holder.splice(Number(key), 0, structuredClone(value));
      else put({ holder, key }, [structuredClone(value)]);
      break;
    case 5:
      put({ holder, key }, [structuredClone(value), structuredClone(pick(words))]);
      break;
    case 6:
      if (!Array.isArray(holder)) {
        remove({ holder, key });
        define(holder, String(pick(words)), value);
      }
  }
  return root[0]!;
}

function placesOf(holder: Json[] | { [key: string]: Json }, found: Place[] = []): Place[] {
  for (const key of Object.keys(holder)) {
    found.push({ holder, key });
    const value = valueAt({ holder, key });
    if (typeof value === "object" && value !== null) placesOf(value, found);
  }
  return found;
}

function valueAt({ holder, key }: Place): Json {
  return (holder as Record<string | number, Json>)[key]!;
}

function put({ holder, key }: Place, value: Json): void {
  if (Array.isArray(holder)) holder[Number(key)] = value;
  else define(holder, String(key), value);
}

/** Also `__proto__`, as `JSON.parse` has it. */
function define(holder: { [key: string]: Json }, key: string, value: Json): void {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}

function remove({ holder, key }: Place): void {
  if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else delete holder[key];
}
