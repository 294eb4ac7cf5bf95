import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Cluster, type ClusterSettings } from "../../../src/kafka/client/cluster.ts";
import { BrokerUnavailable, ConnectionLost, isFinal } from "../../../src/kafka/port/errors.ts";
import { retrying } from "../../../src/kafka/common/retrying.ts";
import { mechanismOf } from "../../../src/kafka/security/mechanisms.ts";
import {
  API_VERSIONS,
  apiVersionsAnswer,
  FakeBroker,
  framed,
  METADATA,
  metadataAnswer,
  type Script,
} from "./fake_broker.ts";

function clusterOf(brokers: readonly string[], settings: Partial<ClusterSettings> = {}): Cluster {
  return new Cluster({
    brokers,
    clientId: "kos-test",
    tls: undefined,
    sasl: undefined,
    connectTimeoutMs: 5_000,
    requestTimeoutMs: 5_000,
    retryBackoffMs: 1,
    logger: { warn: () => {}, error: () => {} },
    ...settings,
  });
}

/** Names other brokers than itself. */
function naming(brokers: Parameters<typeof metadataAnswer>[0]): Script {
  return ({ apiKey, correlationId }) =>
    apiKey === METADATA ? framed(correlationId, metadataAnswer(brokers)) : undefined;
}

/** A port that nobody listens on. */
async function deadPort(): Promise<number> {
  await using broker = await FakeBroker.start();
  return broker.port;
}

Deno.test("cluster: a broker that can't be reached at the address it tells is named with who told it, and advertised.listeners", async () => {
  const port = await deadPort();
  await using broker = await FakeBroker.start(naming([{ nodeId: 7, host: "127.0.0.1", port }]));
  const bootstrap = `127.0.0.1:${broker.port}`;
  const cluster = clusterOf([bootstrap]);
  await cluster.metadata(["t"]);
  const error = await assertRejects(() => cluster.node(7)!.connect(), ConnectionLost, "ECONNREFUSED");
  for (const part of [`127.0.0.1:${port}: `, "broker 7", bootstrap, "advertised.listeners"]) {
    assertStringIncludes(error.message, part);
  }
  await cluster.close();
});

Deno.test("cluster: nothing is said of advertised.listeners when the address was named here, or worked before", async () => {
  const port = await deadPort();
  await using broker = await FakeBroker.start(naming([{ nodeId: 7, host: "127.0.0.1", port }]));
  const cluster = clusterOf([`127.0.0.1:${broker.port}`, `127.0.0.1:${port}`]);
  await cluster.metadata(["t"]);
  const refused = await assertRejects(() => cluster.node(7)!.connect(), ConnectionLost);
  assertEquals(refused.message.includes("advertised"), false);
  await cluster.close();

  const second = await FakeBroker.start();
  await using first = await FakeBroker.start(naming([{ nodeId: 7, host: "127.0.0.1", port: second.port }]));
  const other = clusterOf([`127.0.0.1:${first.port}`]);
  await other.metadata(["t"]);
  await other.node(7)!.connect();
  await second[Symbol.asyncDispose]();
  const lost = await assertRejects(async () => {
    while (true) await other.node(7)!.request("Metadata", { topics: ["t"] });
  }, ConnectionLost);
  assertEquals(lost.message.includes("advertised"), false);
  await other.close();
});

Deno.test("cluster: any does not stick to a broker that has died, nor to one that has fallen silent", async () => {
  const dying = await FakeBroker.start();
  await using other = await FakeBroker.start();
  const cluster = clusterOf([`127.0.0.1:${dying.port}`, `127.0.0.1:${other.port}`]);
  assertEquals((await cluster.any()).address, `127.0.0.1:${dying.port}`);
  await dying[Symbol.asyncDispose]();
  for (let tries = 0; (await cluster.any()).address !== `127.0.0.1:${other.port}`; tries++) {
    assertEquals(tries < 1_000, true);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await cluster.close();

  await using silent = await FakeBroker.start(({ apiKey, connection }) =>
    apiKey === METADATA || connection > 0 ? "nothing" : undefined
  );
  const two = clusterOf([`127.0.0.1:${silent.port}`, `127.0.0.1:${other.port}`], {
    requestTimeoutMs: 20,
    connectTimeoutMs: 500,
  });
  await assertRejects(() => two.metadata(["t"]), ConnectionLost, "no answer to Metadata within 20 ms");
  // Its address is tried first still, as it never refused a connection; then it is not any more.
  assertEquals((await two.any()).address, `127.0.0.1:${other.port}`);
  await two.close();
});

Deno.test("cluster: any does not stick to a broker of which only the lane stands that is not asked", async () => {
  await using gone = await FakeBroker.start(({ connection }) => connection > 1 ? "nothing" : undefined);
  await using other = await FakeBroker.start();
  const cluster = clusterOf([`127.0.0.1:${gone.port}`, `127.0.0.1:${other.port}`], {
    connectTimeoutMs: 1_000,
  });
  const link = await cluster.any();
  await link.connect(1);
  assertEquals(link.address, `127.0.0.1:${gone.port}`);
  // As when a machine loses its power: what is idle still seems to stand.
  link.reset(0);
  assertEquals((await cluster.any()).address, `127.0.0.1:${other.port}`);
  await cluster.close();
});

Deno.test("cluster: when no broker answers, each is named once with why it did not just now", async () => {
  const [refusing, cutting] = [
    await deadPort(),
    await FakeBroker.start(({ socket }) => {
      socket.end();
      return "nothing";
    }),
  ];
  const cluster = clusterOf([`127.0.0.1:${refusing}`, `127.0.0.1:${cutting.port}`]);
  const first = await assertRejects(() => cluster.any(), BrokerUnavailable);
  for (const part of ["ECONNREFUSED", "does this port speak TLS?", "KAFKA_BROKERS"]) {
    assertStringIncludes(first.message, part);
  }
  await cutting[Symbol.asyncDispose]();
  const then = await assertRejects(() => cluster.any(), BrokerUnavailable);
  assertEquals(then.message.includes("TLS"), false, then.message);
  assertEquals(then.message.split(`127.0.0.1:${refusing}: `).length, 2);
  await cluster.close();
});

Deno.test("cluster: a broker that refuses the credentials is passed over while another one takes them, and told when none does", async () => {
  const versions = apiVersionsAnswer([[API_VERSIONS, 0, 4], [17, 0, 1], [36, 0, 1], [METADATA, 0, 8]]);
  /** Answers SaslHandshake with its mechanism, and SaslAuthenticate with an error code. */
  const answering = (code: number): Script => ({ apiKey, correlationId }) => {
    const plain = [0, 0, 0, 0, 0, 1, 0, 5, ...new TextEncoder().encode("PLAIN")];
    if (apiKey === API_VERSIONS) return framed(correlationId, versions);
    if (apiKey === 17) return framed(correlationId, new Uint8Array(plain));
    if (apiKey === 36) {
      return framed(correlationId, new Uint8Array([0, code, 255, 255, ...Array(12).fill(0)]));
    }
  };
  await using refusing = await FakeBroker.start(answering(58)); // SASL_AUTHENTICATION_FAILED
  await using taking = await FakeBroker.start(answering(0));
  const brokers = [`127.0.0.1:${refusing.port}`, `127.0.0.1:${taking.port}`];
  const sasl = mechanismOf({ mechanism: "plain", username: "u", password: "p-of-u" }, () => undefined);
  const cluster = clusterOf(brokers, { sasl });
  assertEquals((await cluster.any()).address, brokers[1]);
  await cluster.close();

  const other = clusterOf(brokers.slice(0, 1), { sasl });
  const error = await assertRejects(() => other.any(), BrokerUnavailable, "Cannot use Kafka at 127.0.0.1:");
  assertStringIncludes(error.message, "check API_KEY and SECRET_KEY");
  assertEquals([isFinal(error), error.message.includes("p-of-u")], [true, false]);
  await other.close();
});

Deno.test("cluster: once it is closed no other broker is tried, nor connected to by who asks for one late", async () => {
  const connected = Promise.withResolvers<void>();
  await using silent = await FakeBroker.start(() => {
    connected.resolve();
    return "nothing";
  });
  await using other = await FakeBroker.start();
  const address = `127.0.0.1:${other.port}`;
  const cluster = clusterOf([`127.0.0.1:${silent.port}`, address]);
  const asking = assertRejects(() => cluster.any(), ConnectionLost, "closed");
  await connected.promise;
  await cluster.close();
  await asking;
  assertEquals(other.connections, 0);

  const known = clusterOf([address]);
  await known.metadata(["t"]);
  await known.close();
  await assertRejects(() => known.node(1)!.connect(), ConnectionLost, "closed");
});

Deno.test("cluster: what is tried again ends with the cluster, not with its time", async () => {
  const connected = Promise.withResolvers<void>();
  await using silent = await FakeBroker.start(() => {
    connected.resolve();
    return "nothing";
  });
  const cluster = clusterOf([`127.0.0.1:${silent.port}`], { requestTimeoutMs: 2_000 });
  let tries = 0;
  const asking = retrying(cluster.settings, () => {
    tries++;
    return cluster.metadata(["t"]);
  });
  await connected.promise;
  await Promise.all([cluster.close(), assertRejects(() => asking, ConnectionLost, "closed")]);
  assertEquals(tries <= 2, true, `${tries} tries`);
});
