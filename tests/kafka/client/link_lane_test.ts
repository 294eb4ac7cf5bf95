import { assertEquals, assertStrictEquals } from "@std/assert";
import { ConnectionLost } from "../../../src/kafka/port/errors.ts";
import { type LaneConnection, type LaneSession, LinkLane } from "../../../src/kafka/client/link_lane.ts";

/** A connection whose answers a test holds back. */
class TestConnection implements LaneConnection {
  ended: Error | undefined;
  readonly name: string;
  #drained: PromiseWithResolvers<void> | undefined;

  constructor(name: string) {
    this.name = name;
  }

  /** Has something wait for an answer, until the result is called. */
  busy(): () => void {
    const { resolve } = this.#drained = Promise.withResolvers();
    return resolve;
  }

  drained(): Promise<void> {
    return this.#drained?.promise ?? Promise.resolve();
  }

  end(error: Error): void {
    this.ended ??= error;
    this.#drained?.resolve();
  }

  close(): Promise<void> {
    this.end(new ConnectionLost("closed"));
    return Promise.resolve();
  }
}

interface TestSession extends LaneSession {
  readonly connection: TestConnection;
}

/** A lane with a clock of its own, whose attempts a test lets succeed or fail. */
class TestLane {
  now = 0;
  readonly attempts: { succeed(lifetimeMs?: number): TestConnection; fail(error: Error): void }[] = [];
  readonly used: string[] = [];
  readonly lane: LinkLane<TestSession>;

  constructor() {
    this.lane = new LinkLane((made) => this.#attempt(made), () => this.now);
  }

  #attempt(made: (connection: LaneConnection) => void): Promise<TestSession> {
    const { promise, resolve, reject } = Promise.withResolvers<TestSession>();
    const connection = new TestConnection(`c${this.attempts.length}`);
    made(connection);
    this.attempts.push({
      succeed: (lifetimeMs = Infinity) => {
        resolve({ connection, since: this.now, until: this.now + lifetimeMs });
        return connection;
      },
      fail: reject,
    });
    return promise;
  }

  /** Notes which connection serves a request. */
  use(request: string): void {
    this.lane.use(
      ({ connection }) => this.used.push(`${request} on ${connection.name}`),
      (error) => this.used.push(`${request}: ${(error as Error).message}`),
    );
  }
}

/** Lets everything go on that can. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("lane: requests wait for one connection, and go out in the order in which they came", async () => {
  const test = new TestLane();
  for (const request of ["a", "b", "c"]) test.use(request);
  assertEquals([test.attempts.length, test.used], [1, []]);
  test.attempts[0]!.succeed();
  await settled();
  test.use("d");
  assertEquals(test.used, ["a on c0", "b on c0", "c on c0", "d on c0"]);
});

Deno.test("lane: when it can't connect all that waits fails, and the next request tries again", async () => {
  const test = new TestLane();
  test.use("a");
  test.use("b");
  test.attempts[0]!.fail(new Error("refused"));
  await settled();
  test.use("c");
  test.attempts[1]!.succeed();
  await settled();
  assertEquals(test.used, ["a: refused", "b: refused", "c on c1"]);
});

Deno.test("lane: a connection that has ended is replaced by a new one", async () => {
  const test = new TestLane();
  test.use("a");
  const first = test.attempts[0]!.succeed();
  await settled();
  first.end(new Error("reset"));
  assertEquals(test.lane.session, undefined);
  test.use("b");
  test.attempts[1]!.succeed();
  await settled();
  assertEquals(test.used, ["a on c0", "b on c1"]);
});

Deno.test("lane: a connection that gets old serves on until another one stands and all its answers have come", async () => {
  const test = new TestLane();
  test.use("a");
  const first = test.attempts[0]!.succeed(1_000);
  await settled();
  test.now = 690;
  test.use("b");
  assertEquals(test.attempts.length, 1);
  test.now = 700;
  test.use("c");
  assertEquals([test.attempts.length, test.used.at(-1)], [2, "c on c0"]);
  const answered = first.busy();
  test.attempts[1]!.succeed(1_000);
  await settled();
  test.use("d");
  test.use("e");
  assertEquals([test.used.at(-1), first.ended], ["c on c0", undefined]);
  answered();
  await settled();
  assertEquals(test.used.slice(-2), ["d on c1", "e on c1"]);
  assertEquals(first.ended?.message, "closed");
});

Deno.test("lane: nothing is sent on a connection shortly before it ends", async () => {
  const test = new TestLane();
  test.use("a");
  test.attempts[0]!.succeed(1_000);
  await settled();
  test.now = 900;
  test.use("b");
  assertEquals(test.used, ["a on c0"]);
  test.attempts[1]!.succeed(1_000);
  await settled();
  assertEquals(test.used, ["a on c0", "b on c1"]);
});

Deno.test("lane: while the next connection can't be made the old one serves on, and it is not tried with each request", async () => {
  const test = new TestLane();
  test.use("a");
  test.attempts[0]!.succeed(1_000);
  await settled();
  test.now = 700;
  test.use("b");
  test.attempts[1]!.fail(new Error("refused"));
  await settled();
  test.use("c");
  assertEquals([test.attempts.length, test.used.at(-1)], [2, "c on c0"]);
  test.now = 800;
  test.use("d");
  assertEquals([test.attempts.length, test.used.at(-1)], [3, "d on c0"]);
  test.attempts[2]!.fail(new Error("refused again"));
  await settled();
  test.now = 950;
  test.use("e");
  test.attempts[3]!.fail(new Error("refused at last"));
  await settled();
  assertEquals(test.used.at(-1), "e: refused at last");
});

Deno.test("lane: a connection that has got old while the last answers came is not used", async () => {
  const test = new TestLane();
  test.use("a");
  const first = test.attempts[0]!.succeed(1_000);
  await settled();
  test.now = 700;
  const answered = first.busy();
  test.use("b");
  const second = test.attempts[1]!.succeed(1_000);
  await settled();
  test.use("c");
  test.now = 5_000;
  answered();
  await settled();
  assertEquals([second.ended?.message, test.attempts.length], ["closed", 3]);
  test.attempts[2]!.succeed(1_000);
  await settled();
  assertEquals(test.used.slice(-1), ["c on c2"]);
});

Deno.test("lane: closing ends what stands, what is being made and what waits, and lets nothing in", async () => {
  const test = new TestLane();
  const error = new ConnectionLost("gone");
  test.use("a");
  await test.lane.close(error);
  const made = test.attempts[0]!.succeed();
  await settled();
  assertStrictEquals(made.ended, error);
  test.use("b");
  assertEquals(test.used, ["a: gone", "b: gone"]);
  assertEquals(test.lane.session, undefined);
});
