/**
 * A TCP proxy in front of a Kafka broker: what a network does to a connection, on demand. It delays, cuts, resets, goes silent and
 * corrupts, for the tests, `deno task chaos` and `deno task bench:link`.
 *
 * @module
 */
import net from "node:net";
import type { Buffer } from "node:buffer";
import { once } from "node:events";
import { corrupted } from "./proxy_corruption.ts";
import { Frames } from "./proxy_frames.ts";

/** What a proxy may do to an answer. `cut`: half of it, then the end. `reset`: none of it, and a reset. `drop`: none of it, for ever. */
export type Fault = "cut" | "reset" | "drop" | "corrupt";

/** An answer that passes through a {@linkcode Proxy}. */
export interface Answer {
  /** Of the request that is answered. https://kafka.apache.org/protocol#protocol_api_keys */
  readonly apiKey: number;
  readonly apiVersion: number;
  /** Of the whole frame, in bytes. */
  readonly size: number;
}

/** Settings of {@linkcode startProxy}. */
export interface ProxyOptions {
  /** Where the connections go. */
  readonly target: { readonly host?: string; readonly port: number };
  /** The port of the loopback interface to listen on. Default: any free one. */
  readonly port?: number;
  /** Added each way, in ms. Default 0. */
  readonly delayMs?: number;
  /** Asked about each answer and its frame; `undefined` lets it pass, bytes take its place. Without it frames are not looked at. */
  readonly onAnswer?: (answer: Answer, frame: Uint8Array) => Fault | Uint8Array | undefined;
  /** Numbers from 0 to 1 that choose what is corrupted. Default `Math.random`. */
  readonly random?: () => number;
}

/** A running proxy. */
export interface Proxy {
  readonly port: number;
  /** How many connections are open. */
  readonly connections: number;
  /** Changes the delay of what passes from now on. */
  setDelay(ms: number): void;
  /** Goes silent: connections stay open and new ones are accepted, but nothing passes until it is switched off again. */
  setSilent(silent: boolean): void;
  /** Refuses new connections while set, and resets those that are open. */
  setRefusing(refusing: boolean): void;
  /** Resets every open connection. */
  resetAll(): void;
  /** Ends it with all connections. Idempotent. */
  close(): Promise<void>;
}

/** Bytes on their way in one direction; with more the side that sends has to wait. */
const MOST_UNDER_WAY = 64 * 1024 * 1024;

/**
 * Starts a proxy on the loopback interface.
 *
 * @example
 * ```ts no-eval
 * import { startProxy } from "./proxy.ts";
 *
 * const proxy = await startProxy({ target: { port: 9092 }, delayMs: 25 });
 * proxy.setDelay(100);
 * await proxy.close();
 * ```
 */
export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  const links = new Set<Link>();
  const state: State = { delayMs: options.delayMs ?? 0, silent: false, refusing: false };
  const server = net.createServer((client) => {
    if (state.refusing) return void client.resetAndDestroy();
    const link = new Link(client, options, state, () => links.delete(link));
    links.add(link);
  });
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const reset = (): void => links.forEach((link) => link.reset());
  return {
    port: (server.address() as net.AddressInfo).port,
    get connections() {
      return links.size;
    },
    setDelay: (ms) => void (state.delayMs = ms),
    setSilent(silent) {
      state.silent = silent;
      if (!silent) links.forEach((link) => link.wake());
    },
    setRefusing(refusing) {
      state.refusing = refusing;
      if (refusing) reset();
    },
    resetAll: reset,
    async close() {
      reset();
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}

interface State {
  delayMs: number;
  silent: boolean;
  refusing: boolean;
}

/** One connection of a client, and its own to the broker. */
class Link {
  readonly #client: net.Socket;
  readonly #broker: net.Socket;
  readonly #state: State;
  readonly #toBroker: Lane;
  readonly #toClient: Lane;
  readonly #onEnd: () => void;

  constructor(client: net.Socket, options: ProxyOptions, state: State, onEnd: () => void) {
    this.#client = client;
    this.#state = state;
    this.#onEnd = onEnd;
    this.#broker = net.connect(options.target.port, options.target.host ?? "127.0.0.1");
    this.#toBroker = new Lane(client, this.#broker, state);
    this.#toClient = new Lane(this.#broker, client, state);
    for (const socket of [client, this.#broker]) {
      socket.setNoDelay(true);
      // The other side sees an end in both cases, as of a connection that broke on the way.
      socket.on("error", () => this.reset());
      socket.on("close", () => this.#ended(socket));
    }
    const { onAnswer, random = Math.random } = options;
    const requests = onAnswer && new Frames();
    const answers = onAnswer && new Frames();
    const asked = new Map<number, { apiKey: number; apiVersion: number }>();
    client.on("data", (bytes) => {
      for (const frame of requests?.add(bytes) ?? []) {
        const view = new DataView(frame.buffer, frame.byteOffset);
        asked.set(view.getInt32(8), { apiKey: view.getInt16(4), apiVersion: view.getInt16(6) });
      }
      this.#toBroker.send(bytes);
    });
    this.#broker.on("data", (bytes) => {
      if (answers === undefined) return this.#toClient.send(bytes);
      for (const frame of answers.add(bytes)) {
        const id = new DataView(frame.buffer, frame.byteOffset).getInt32(4);
        const request = asked.get(id);
        asked.delete(id);
        const fault = request && onAnswer!({ ...request, size: frame.length }, frame);
        if (fault === "reset") return this.reset();
        if (fault === "cut") return this.#toClient.sendLast(frame.subarray(0, frame.length >> 1));
        if (fault === "drop") continue;
        if (fault instanceof Uint8Array) this.#toClient.send(fault);
        else this.#toClient.send(fault === "corrupt" ? corrupted(frame, request!, random) : frame);
      }
    });
  }

  reset(): void {
    this.#client.resetAndDestroy();
    this.#broker.resetAndDestroy();
  }

  wake(): void {
    this.#toBroker.pump();
    this.#toClient.pump();
  }

  /** Passes on what is under way before the end; a silent network says nothing of an end either. */
  #ended(socket: net.Socket): void {
    if (this.#client.destroyed && this.#broker.destroyed) return this.#onEnd();
    const lane = socket === this.#client ? this.#toBroker : this.#toClient;
    if (this.#state.silent) return;
    lane.sendLast();
  }
}

/** One direction of a link: what came, until it is due. */
class Lane {
  readonly #from: net.Socket;
  readonly #to: net.Socket;
  readonly #state: State;
  readonly #queue: { due: number; bytes: Uint8Array | undefined }[] = [];
  #size = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last = false;

  constructor(from: net.Socket, to: net.Socket, state: State) {
    this.#from = from;
    this.#to = to;
    this.#state = state;
    to.on("drain", () => this.#flowAgain());
    to.on("close", () => clearTimeout(this.#timer));
  }

  send(bytes: Uint8Array | Buffer): void {
    if (this.#last) return;
    this.#add(bytes);
  }

  /** Sends these bytes and ends the connection after them. */
  sendLast(bytes?: Uint8Array): void {
    if (this.#last) return;
    this.#last = true;
    this.#add(bytes);
    this.#add(undefined);
  }

  #add(bytes: Uint8Array | undefined): void {
    if (bytes === undefined && !this.#last) return;
    this.#queue.push({ due: performance.now() + this.#state.delayMs, bytes });
    this.#size += bytes?.length ?? 0;
    if (this.#size > MOST_UNDER_WAY) this.#from.pause();
    this.pump();
  }

  pump(): void {
    clearTimeout(this.#timer);
    if (this.#state.silent) return;
    while (this.#queue.length > 0) {
      const left = this.#queue[0]!.due - performance.now();
      if (left > 0) {
        this.#timer = setTimeout(() => this.pump(), left);
        return;
      }
      const { bytes } = this.#queue.shift()!;
      if (bytes === undefined) {
        this.#to.end();
        this.#to.destroySoon();
      } else this.#write(bytes);
    }
  }

  #write(bytes: Uint8Array): void {
    this.#size -= bytes.length;
    if (this.#to.destroyed) return;
    if (!this.#to.write(bytes)) this.#from.pause();
    else this.#flowAgain();
  }

  #flowAgain(): void {
    if (this.#size <= MOST_UNDER_WAY && !this.#to.writableNeedDrain) this.#from.resume();
  }
}
