/**
 * The connections of a server: how many there may be, and which of them go when there are more.
 *
 * @module
 */
import type { Socket } from "node:net";

/** Requests of one connection that may be there at a time; each is answered when the one before was. */
const MOST_REQUESTS = 8;

/** How many connections there may be, and how much may lie unsent. */
export interface ConnectionLimits {
  /** Connections at a time. */
  readonly connections: number;
  /** Connections at a time of one address. */
  readonly connectionsOfOne: number;
  /** Bytes of answers that were not taken yet, but for the newest answer. */
  readonly unsentBytes: number;
}

interface Connection {
  readonly socket: Socket;
  readonly address: string;
  /** Requests that are not answered yet. */
  requests: number;
  /** When the last of them is. */
  answered: Promise<void>;
  /** Bytes of the answer that is being sent. */
  unsent: number;
}

/**
 * Keeps a server open to who asks something while others hold connections: one too many takes the place of
 * the one that has asked nothing for longest, of the address that has most.
 */
export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #bySocket = new Map<Socket, Connection>();
  /** By the address; the one that asked last at the end. */
  readonly #byAddress = new Map<string, Set<Connection>>();
  #unsent = 0;

  /** @param limits How many there may be, and how much may lie unsent. */
  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  /** Takes a new connection, for which another one may have to go. */
  add(socket: Socket): void {
    const address = socket.remoteAddress ?? "";
    const connection = { socket, address, requests: 0, answered: Promise.resolve(), unsent: 0 };
    this.#bySocket.set(socket, connection);
    const neighbours = this.#byAddress.get(address) ?? new Set<Connection>();
    this.#byAddress.set(address, neighbours.add(connection));
    socket.once("close", () => this.#forget(connection));
    if (neighbours.size > this.#limits.connectionsOfOne) this.#cutIdle(neighbours, connection);
    else if (this.#bySocket.size > this.#limits.connections) {
      this.#cutIdle(this.#greediest(({ size }) => size), connection);
    }
  }

  /**
   * Answers a request when those before it on its connection are answered: what is asked ahead takes neither
   * time nor memory, and whoever asks far ahead is cut off.
   *
   * @param answer Told how to say how many bytes lie here until they are taken.
   */
  inTurn(socket: Socket, answer: (holds: (bytes: number) => void) => Promise<void>): void {
    const connection = this.#bySocket.get(socket);
    if (connection === undefined) return; // has been cut off
    if (++connection.requests > MOST_REQUESTS) return this.#cut(connection);
    const run = (): Promise<void> => answer((bytes) => this.#hold(connection, bytes));
    const answered = connection.requests === 1
      ? run()
      : connection.answered.then(() => socket.destroyed ? undefined : run());
    connection.answered = answered.finally(() => this.#rest(connection));
  }

  #rest(connection: Connection): void {
    connection.requests--;
    this.#hold(connection, 0);
    const neighbours = this.#byAddress.get(connection.address);
    if (neighbours?.delete(connection)) neighbours.add(connection);
  }

  /** Counts what lies here; where that is too much, what lies longest is dropped, of who lets most lie. */
  #hold(connection: Connection, bytes: number): void {
    if (!this.#bySocket.has(connection.socket)) return;
    this.#unsent += bytes - connection.unsent;
    connection.unsent = bytes;
    while (this.#unsent > this.#limits.unsentBytes) {
      const holding = (each: Connection): boolean => each.unsent > 0 && each !== connection;
      const most = this.#greediest((neighbours) =>
        [...neighbours].filter(holding).reduce((sum, { unsent }) => sum + unsent, 0)
      );
      const first = [...most].find(holding);
      if (first === undefined) return; // an answer that is large is sent where it is alone
      this.#cut(first);
    }
  }

  #greediest(of: (neighbours: ReadonlySet<Connection>) => number): ReadonlySet<Connection> {
    return [...this.#byAddress.values()].reduce((most, next) => of(next) > of(most) ? next : most);
  }

  /** Cuts one off that asks nothing; where all do, the new one. */
  #cutIdle(neighbours: ReadonlySet<Connection>, newest: Connection): void {
    this.#cut([...neighbours].find(({ requests }) => requests === 0) ?? newest);
  }

  #cut(connection: Connection): void {
    this.#forget(connection);
    connection.socket.destroy();
  }

  #forget(connection: Connection): void {
    if (!this.#bySocket.delete(connection.socket)) return;
    this.#unsent -= connection.unsent;
    const neighbours = this.#byAddress.get(connection.address)!;
    neighbours.delete(connection);
    if (neighbours.size === 0) this.#byAddress.delete(connection.address);
  }
}
