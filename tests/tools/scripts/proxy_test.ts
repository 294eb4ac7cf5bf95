import net from "node:net";
import { once } from "node:events";
import { assert, assertEquals } from "@std/assert";
import { type Fault, type Proxy, type ProxyOptions, startProxy } from "../../../scripts/support/proxy.ts";
import { corrupted } from "../../../scripts/support/proxy_corruption.ts";
import { Frames } from "../../../scripts/support/proxy_frames.ts";

/** A frame: its length, and so many bytes. */
function frame(...body: number[]): Uint8Array {
  return Uint8Array.from([0, 0, 0, body.length, ...body]);
}

/** A request of Metadata (3) version 1 with a correlation id. */
const request = (id: number) => frame(0, 3, 0, 1, 0, 0, 0, id);
/** An answer with it. */
const answer = (id: number) => frame(0, 0, 0, id, 1, 2, 3, 4, 5, 6, 7, 8);

/** A server that answers each request, a proxy before it, and what its one client received. */
async function throughProxy(
  options: Partial<ProxyOptions>,
  body: (proxy: Proxy, client: net.Socket, received: number[]) => Promise<void>,
): Promise<void> {
  const server = net.createServer((socket) => {
    const frames = new Frames();
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      for (const each of frames.add(bytes)) socket.write(answer(each[11]!));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const proxy = await startProxy({
    ...options,
    target: { port: (server.address() as net.AddressInfo).port },
  });
  const client = net.connect(proxy.port, "127.0.0.1");
  const received: number[] = [];
  client.on("data", (bytes) => received.push(...bytes));
  client.on("error", () => {});
  try {
    await body(proxy, client, received);
  } finally {
    client.destroy();
    await proxy.close();
    server.close();
  }
}

/** Resolves when a connection has ended, be it by a reset, at which `once` would throw. */
function ended(socket: net.Socket): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

async function receives(received: number[], bytes: number): Promise<void> {
  while (received.length < bytes) await new Promise((resolve) => setTimeout(resolve, 1));
}

Deno.test("frames are put together from pieces of any size", () => {
  const whole = [...frame(1, 2, 3), ...frame(), ...frame(4)];
  for (let size = 1; size <= whole.length; size++) {
    const frames = new Frames();
    const found: number[][] = [];
    for (let at = 0; at < whole.length; at += size) {
      for (const each of frames.add(Uint8Array.from(whole.slice(at, at + size)))) found.push([...each]);
    }
    assertEquals(found, [[...frame(1, 2, 3)], [...frame()], [...frame(4)]], `pieces of ${size}`);
  }
});

Deno.test("a proxy passes on what it is not told to change, also with a delay", async () => {
  await throughProxy({ delayMs: 5 }, async (proxy, client, received) => {
    client.write(request(1));
    client.write(request(2));
    await receives(received, 32);
    assertEquals(received, [...answer(1), ...answer(2)]);
    assertEquals(proxy.connections, 1);
  });
});

Deno.test("a proxy that is silent passes nothing on until it is not", async () => {
  await throughProxy({}, async (proxy, client, received) => {
    client.write(request(1));
    await receives(received, 16);
    proxy.setSilent(true);
    client.write(request(2));
    await new Promise((resolve) => setTimeout(resolve, 20));
    assertEquals(received.length, 16);
    proxy.setSilent(false);
    await receives(received, 32);
  });
});

const OUTCOMES: [Fault, number][] = [["cut", 8], ["reset", 0]];
for (const [fault, bytes] of OUTCOMES) {
  Deno.test(`a proxy ends a connection at an answer that it is to ${fault}`, async () => {
    const asked: unknown[] = [];
    await throughProxy(
      { onAnswer: (each) => (asked.push(each), fault) },
      async (_proxy, client, received) => {
        const closed = ended(client);
        client.write(request(1));
        await closed;
        assertEquals(received, [...answer(1)].slice(0, bytes));
        assertEquals(asked, [{ apiKey: 3, apiVersion: 1, size: 16 }]);
      },
    );
  });
}

Deno.test("an answer that is dropped never comes, the next one does", async () => {
  let first = true;
  const onAnswer = (): Fault | undefined => first ? (first = false, "drop") : undefined;
  await throughProxy({ onAnswer }, async (_proxy, client, received) => {
    client.write(request(1));
    client.write(request(2));
    await receives(received, 16);
    assertEquals(received, [...answer(2)]);
  });
});

Deno.test("a refusing proxy resets what is open and what comes", async () => {
  await throughProxy({}, async (proxy, client, received) => {
    client.write(request(1));
    await receives(received, 16);
    const closed = ended(client);
    proxy.setRefusing(true);
    await closed;
    const other = net.connect(proxy.port, "127.0.0.1");
    other.on("error", () => {});
    await ended(other);
  });
});

Deno.test("each corruption changes a frame in a way that can be noticed", () => {
  const seen = new Set<string>();
  for (let i = 0; i < 5; i++) {
    const changed = corrupted(answer(7), { apiKey: 3, apiVersion: 1 }, () => i / 5);
    const view = new DataView(changed.buffer);
    const [length, id] = [view.getInt32(0), view.getInt32(4)];
    assert(length !== changed.length - 4 || id !== 7 || changed.length < 16, `case ${i}`);
    seen.add(`${length} ${id}`);
  }
  assertEquals(seen.size, 5);
});
