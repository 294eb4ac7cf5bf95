import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { assertEquals } from "@std/assert";
import { Connections } from "../../src/metrics/http_connections.ts";
import { limitsOf } from "../../src/metrics/http_limits.ts";

/** A connection of an address, as far as it is counted. */
class Held extends EventEmitter {
  destroyed = false;

  constructor(readonly remoteAddress: string) {
    super();
  }

  get socket(): Socket {
    return this as unknown as Socket;
  }

  destroy(): void {
    this.destroyed = true;
    this.emit("close");
  }
}

const LIMITS = limitsOf({ connections: 6, connectionsOfOne: 4, unsentBytes: 100 });

/** So many new connections of an address. */
function hold(connections: Connections, address: string, count: number): Held[] {
  return Array.from({ length: count }, () => {
    const held = new Held(address);
    connections.add(held.socket);
    return held;
  });
}

/** Which of them are cut off. */
const cut = (held: readonly Held[]): number[] => held.flatMap(({ destroyed }, i) => destroyed ? [i] : []);

Deno.test("http connections: one too many of an address takes the place of the one idle for longest", async () => {
  const connections = new Connections(LIMITS);
  const held = hold(connections, "10.0.0.1", 4);
  connections.inTurn(held[0]!.socket, () => Promise.resolve());
  await new Promise((resolve) => setTimeout(resolve, 0)); // until it is answered
  held.push(...hold(connections, "10.0.0.1", 1));
  assertEquals(cut(held), [1], "the first one has asked since");
  held[2]!.destroy();
  held.push(...hold(connections, "10.0.0.1", 1));
  assertEquals(cut(held), [1, 2], "one that has gone has left its place");
});

Deno.test("http connections: one too many in all takes the place of one of the address with most", () => {
  const connections = new Connections(LIMITS);
  const honest = hold(connections, "10.0.0.1", 1);
  const some = hold(connections, "10.0.0.2", 2);
  const most = hold(connections, "10.0.0.3", 3);
  assertEquals(cut([...honest, ...some, ...most]), []);
  hold(connections, "10.0.0.4", 1);
  assertEquals([cut(honest), cut(some), cut(most)], [[], [], [0]]);
});

Deno.test("http connections: what is being answered is not cut off for a new one", () => {
  const connections = new Connections(LIMITS);
  const busy = hold(connections, "10.0.0.1", 4);
  for (const { socket } of busy) connections.inTurn(socket, () => new Promise(() => {}));
  const fifth = hold(connections, "10.0.0.1", 1);
  assertEquals([cut(busy), cut(fifth)], [[], [0]]);
});

Deno.test("http connections: a connection's requests are answered one by one, and not far ahead", async () => {
  const connections = new Connections(LIMITS);
  const [patient, greedy] = hold(connections, "10.0.0.1", 2) as [Held, Held];
  const began: number[] = [];
  const ends = Array.from({ length: 3 }, () => Promise.withResolvers<void>());
  const done = ends.map(({ promise }, i) =>
    new Promise<void>((resolve) =>
      connections.inTurn(patient.socket, async () => {
        began.push(i);
        await promise;
        resolve();
      })
    )
  );
  for (const [i, { resolve }] of ends.entries()) {
    resolve();
    await done[i];
    assertEquals(began.slice(0, i + 1), [0, 1, 2].slice(0, i + 1));
  }
  let asked = 0;
  for (let i = 0; i < 100; i++) {
    connections.inTurn(greedy.socket, () => {
      asked++;
      return new Promise(() => {});
    });
  }
  assertEquals([cut([patient, greedy]), asked], [[1], 1]);
});

Deno.test("http connections: of answers that nobody takes those of who has most are dropped", () => {
  const connections = new Connections(LIMITS);
  const takes = (held: Held, bytes: number): void =>
    connections.inTurn(held.socket, (holds) => {
      holds(bytes);
      return new Promise(() => {});
    });
  const slow = hold(connections, "10.0.0.1", 3);
  const [honest] = hold(connections, "10.0.0.2", 1) as [Held];
  for (const each of slow) takes(each, 30);
  assertEquals(cut(slow), []);
  takes(honest, 40);
  assertEquals([cut(slow), honest.destroyed], [[0], false]);
  const [large] = hold(connections, "10.0.0.3", 1) as [Held];
  takes(large, 1_000);
  assertEquals([cut(slow), honest.destroyed, large.destroyed], [[0, 1, 2], true, false], "it is sent alone");
});
