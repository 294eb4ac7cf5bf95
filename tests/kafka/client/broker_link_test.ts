/** A link to a broker that does what no broker should. Where something has to take too long it takes some ms. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  ConnectionLost,
  ConnectionRejected,
  isFinal,
  isRetriable,
  KafkaError,
} from "../../../src/kafka/port/errors.ts";
import { BrokerLink, type LinkSettings } from "../../../src/kafka/client/broker_link.ts";
import {
  API_VERSIONS,
  apiVersionsAnswer,
  FakeBroker,
  framed,
  METADATA,
  metadataAnswer,
  type Script,
} from "./fake_broker.ts";
import { mechanismOf } from "../../../src/kafka/security/mechanisms.ts";
import type { TlsOptions } from "../../../src/kafka/security/tls.ts";
import { Authority } from "../../support/authority.ts";
import { AUTHORITY, EXPIRED, GOOD, OTHER_NAME } from "./tls_certificates.ts";
import net from "node:net";

const SETTINGS: LinkSettings = {
  clientId: "kos-test",
  tls: undefined,
  sasl: undefined,
  connectTimeoutMs: 10_000,
  requestTimeoutMs: 10_000,
  logger: { warn: () => {}, error: () => {} },
};

/** Runs `body` with a link to a broker that follows the script, and leaves nothing behind. */
async function withLink(
  script: Script,
  body: (link: BrokerLink, broker: FakeBroker) => Promise<void>,
  settings: Partial<LinkSettings> = {},
): Promise<void> {
  await using broker = await FakeBroker.start(script);
  const link = new BrokerLink("127.0.0.1", broker.port, { ...SETTINGS, ...settings });
  try {
    await body(link, broker);
  } finally {
    await link.close();
  }
}

/** Runs `body` with the port of a server that is no broker. */
async function withServer(
  serve: (socket: net.Socket) => void,
  body: (port: number) => Promise<void>,
): Promise<void> {
  const sockets: net.Socket[] = [];
  const server = net.createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {}); // the client hangs up as it likes
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  await body((server.address() as net.AddressInfo).port);
  for (const socket of sockets) socket.destroy();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

/** Asks for the brokers. */
async function ask(link: BrokerLink): Promise<number> {
  const answer = await link.request("Metadata", { topics: ["t"], allowAutoTopicCreation: false });
  return answer.brokers.length;
}

/** Sends bytes as a request of any kind; the answer's bytes. */
function sendRaw(link: BrokerLink, apiKey = 1000): Promise<number[]> {
  return link.send(apiKey, `Request${apiKey}`, 0, new Uint8Array(3), { decode: (answer) => [...answer] });
}

/** What one request, which must fail, says. The next one must not. */
async function failure(script: Script, settings: Partial<LinkSettings> = {}): Promise<string> {
  let message = "";
  let broken = false;
  await withLink((request) => {
    if (request.connection === 0) return script(request);
  }, async (link) => {
    const error = await assertRejects(() => ask(link), ConnectionLost);
    message = error.message;
    assert(message.startsWith(`${link.address}: `), message);
    broken = !link.connected;
    assertEquals(await ask(link), 1);
  }, settings);
  assert(broken, "the connection was kept");
  return message;
}

/** Why a request failed, which it must have, for its connection. */
function lossOf(result: PromiseSettledResult<unknown>): string {
  const reason = result.status === "rejected" ? result.reason : undefined;
  assert(reason instanceof ConnectionLost, String(reason));
  return reason.message;
}

const answerToMetadata = (correlationId: number) =>
  framed(correlationId, metadataAnswer([{ nodeId: 1, host: "a", port: 1 }]));

Deno.test("link: an answer cut anywhere fails its request at once, and the next one is answered on a new connection", async () => {
  const length = answerToMetadata(0).length;
  for (let cut = 0; cut < length; cut++) {
    const message = await failure(({ apiKey, correlationId, socket }) => {
      if (apiKey !== METADATA) return;
      socket.end(answerToMetadata(correlationId).subarray(0, cut));
      return "nothing";
    });
    assert(
      message.includes(cut === 0 ? "closed the connection" : "in the middle of an answer (to Metadata)"),
      message,
    );
  }
});

Deno.test("link: so does one cut in the first answer of a connection", async () => {
  const length = framed(0, apiVersionsAnswer()).length;
  for (let cut = 0; cut < length; cut++) {
    await failure(({ correlationId, socket }) => {
      socket.end(framed(correlationId, apiVersionsAnswer()).subarray(0, cut));
      return "nothing";
    });
  }
});

Deno.test("link: a length that no answer has ends the connection, and is told with what is allowed", async () => {
  for (const length of [0, 3, -4, 2 ** 31 - 1]) {
    const message = await failure(({ apiKey, socket }) => {
      if (apiKey !== METADATA) return;
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setInt32(0, length);
      socket.write(bytes);
      return "nothing";
    });
    assert(message.includes(`an answer of ${length} bytes, allowed are 4 to 104857600`), message);
  }
});

Deno.test("link: what answers no Kafka is told of", async () => {
  const message = await failure(() => new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"));
  assert(message.includes("does a Kafka broker listen on this port?"), message);
});

Deno.test("link: an answer to what was not asked, or not asked yet, ends the connection", async () => {
  const message = await failure(({ apiKey, correlationId }) =>
    apiKey === METADATA ? answerToMetadata(correlationId + 1) : undefined
  );
  assert(message.includes("an answer to request 2, expected the one to 1 (Metadata)"), message);
  await withLink(({ correlationId, socket, connection }) => {
    if (connection > 0) return;
    socket.write(framed(correlationId, apiVersionsAnswer()));
    return framed(77, new Uint8Array(0));
  }, async (link) => {
    await assertRejects(() => ask(link), ConnectionLost, "an answer to request 77, expected ");
    assertEquals(await ask(link), 1);
  });
});

Deno.test("link: an answer that can't be decoded fails its request with what was wrong, whoever decodes it", async () => {
  const huge = new Uint8Array(12);
  new DataView(huge.buffer).setInt32(4, 2 ** 31 - 1);
  const bodies: [Uint8Array, string][] = [
    [huge, "a length of 2147483647 where 4 bytes are left"],
    [
      metadataAnswer([{ nodeId: 1, host: "a", port: 1 }]).subarray(0, 20),
      "cannot read its answer to Metadata",
    ],
    [new Uint8Array(0), "cannot read its answer to Metadata"],
  ];
  for (const [body, part] of bodies) {
    const message = await failure(({ apiKey, correlationId }) =>
      apiKey === METADATA ? framed(correlationId, body) : undefined
    );
    assert(message.includes(part), message);
  }
  await withLink(() => undefined, async (link) => {
    const decode = () => {
      throw new RangeError("Invalid array length");
    };
    await assertRejects(
      () => link.send(1000, "Produce", 7, new Uint8Array(1), { decode }),
      ConnectionLost,
      `${link.address}: cannot read its answer to Produce: Invalid array length`,
    );
    assertEquals(link.connected, false);
    assertEquals(await ask(link), 1);
  });
});

Deno.test("link: an error code for the whole request is no unreadable answer", async () => {
  await withLink(({ apiKey, correlationId }) => {
    if (apiKey === API_VERSIONS) {
      return framed(correlationId, apiVersionsAnswer([[API_VERSIONS, 0, 4], [METADATA, 99, 99]]));
    }
  }, async (link) => {
    const error = await assertRejects(() => ask(link), KafkaError, "takes versions 99 to 99");
    assertEquals([error.code, link.connected], ["UNSUPPORTED_VERSION", true]);
  });
});

Deno.test("link: answers are read whole however they are cut, and when several come at once", async () => {
  await withLink(({ apiKey, correlationId, socket }) => {
    if (apiKey !== 1000) return;
    for (const byte of framed(correlationId, Uint8Array.of(1, 2, 3))) socket.write(Uint8Array.of(byte));
    return "nothing";
  }, async (link) => {
    assertEquals(await sendRaw(link), [1, 2, 3]);
  });
  const held: Uint8Array[] = [];
  await withLink(({ apiKey, correlationId, socket }) => {
    if (apiKey === API_VERSIONS) return;
    held.push(framed(correlationId, Uint8Array.of(apiKey - 1000)));
    if (held.length === 5) socket.write(held.reduce((all, next) => Uint8Array.of(...all, ...next)));
    return "nothing";
  }, async (link) => {
    const answers = [0, 1, 2, 3, 4].map((i) => sendRaw(link, 1000 + i));
    assertEquals(await Promise.all(answers), [[0], [1], [2], [3], [4]]);
  });
});

Deno.test("link: requests go out in the order of the calls, before and after the connection stands", async () => {
  const seen: number[] = [];
  await withLink(({ apiKey }) => {
    if (apiKey !== API_VERSIONS) seen.push(apiKey);
    return undefined;
  }, async (link) => {
    await Promise.all([1, 2, 3].map((i) => sendRaw(link, 1000 + i)));
    await Promise.all([4, 5, 6].map((i) => sendRaw(link, 1000 + i)));
    assertEquals(seen, [1001, 1002, 1003, 1004, 1005, 1006]);
  });
});

Deno.test("link: when the connection breaks, all that is in flight fails at once", async () => {
  let sent = 0;
  await withLink(({ apiKey, socket, connection }) => {
    if (apiKey === API_VERSIONS || connection > 0) return;
    if (++sent === 3) socket.resetAndDestroy();
    return "nothing";
  }, async (link) => {
    const results = await Promise.allSettled([0, 1, 2].map((i) => sendRaw(link, 1000 + i)));
    for (const result of results) assertStringIncludes(lossOf(result), "closed the connection");
    assertEquals(await sendRaw(link), []);
  });
});

Deno.test("link: silence fails every request in flight, and the connection is not used again", async () => {
  await withLink(
    ({ apiKey, connection }) => apiKey === API_VERSIONS || connection > 0 ? undefined : "nothing",
    async (link) => {
      const results = await Promise.allSettled([0, 1, 2].map((i) => sendRaw(link, 1000 + i)));
      for (const result of results) {
        assertStringIncludes(lossOf(result), "no answer to Request1000 within 300 ms");
      }
      assertEquals(link.connected, false);
      assertEquals(await sendRaw(link), []);
    },
    { requestTimeoutMs: 300 },
  );
});

Deno.test("link: silence on one lane ends the other one, but not what is asked on it", async () => {
  const silent: Script = ({ apiKey }) => apiKey === API_VERSIONS ? undefined : "nothing";
  const body = { topics: ["t"], allowAutoTopicCreation: false };
  await withLink(silent, async (link) => {
    await link.connect(0);
    await assertRejects(() => link.request("Metadata", body, { lane: 1 }), ConnectionLost, "within 300 ms");
    assertEquals(link.connected, false);
  }, { requestTimeoutMs: 300 });
  await withLink(silent, async (link) => {
    await link.connect(0);
    const patient = assertRejects(
      () => link.request("Metadata", body, { timeoutMs: 10_000 }),
      ConnectionLost,
      "closed",
    );
    await assertRejects(() => link.request("Metadata", body, { lane: 1 }), ConnectionLost, "within 300 ms");
    assertEquals(link.connected, true);
    await Promise.all([link.close(), patient]);
  }, { requestTimeoutMs: 300 });
});

Deno.test("link: a request may have more time than others", async () => {
  await withLink(({ apiKey, correlationId, socket }) => {
    if (apiKey !== METADATA) return;
    setTimeout(() => socket.write(answerToMetadata(correlationId)), 120);
    return "nothing";
  }, async (link) => {
    const body = { topics: ["t"], allowAutoTopicCreation: false };
    const answer = await link.request("Metadata", body, { timeoutMs: 10_000 });
    assertEquals(answer.brokers.length, 1);
  }, { requestTimeoutMs: 300 });
});

Deno.test("link: a broker that says nothing to a new connection does not hold it up for ever", async () => {
  await withLink((request) => request.connection === 0 ? "nothing" : undefined, async (link) => {
    const error = await assertRejects(
      () => link.connect(),
      ConnectionLost,
      "no answer to ApiVersions within 500 ms",
    );
    assert(error.message.includes("KAFKA_SECURITY_PROTOCOL=SSL"), error.message);
  }, { connectTimeoutMs: 500 });
});

Deno.test("link: nor does one that says nothing in the handshake of TLS", async () => {
  await withServer(() => {}, async (port) => {
    const link = new BrokerLink("localhost", port, { ...SETTINGS, tls: () => ({}), connectTimeoutMs: 500 });
    const reason = "no TLS handshake within 500 ms; does this port speak TLS?";
    await assertRejects(() => link.connect(), ConnectionLost, reason);
    await link.close();
  });
});

Deno.test("link: closing ends what is in flight, what is connecting, and what comes after", async () => {
  await withLink(({ apiKey }) => apiKey === API_VERSIONS ? undefined : "nothing", async (link) => {
    await link.connect();
    const request = assertRejects(() => sendRaw(link), ConnectionLost, "was closed");
    await link.close();
    await request;
    await assertRejects(() => sendRaw(link), ConnectionLost, "was closed");
  });
  await withLink(() => "nothing", async (link) => {
    const connecting = assertRejects(() => link.connect(), ConnectionLost, "was closed");
    await link.close();
    await connecting;
    await link.close();
  });
});

Deno.test("link: requests are held back when the broker asks for it, on that lane alone", async () => {
  const seen: number[] = [];
  await withLink(({ apiKey }) => void seen.push(apiKey), async (link) => {
    await link.connect();
    for (const ms of [-5, 0, 5]) link.throttle(ms);
    assertEquals(await Promise.all([sendRaw(link), sendRaw(link)]), [[], []]);
    link.throttle(60_000);
    const held = assertRejects(() => sendRaw(link, 1001), ConnectionLost);
    await link.send(1002, "Heartbeat", 0, new Uint8Array(0), { lane: 1, decode: () => {} });
    assertEquals(seen.filter((apiKey) => apiKey >= 1000), [1000, 1000, 1002]);
    await link.close();
    await held;
  });
});

Deno.test("link: a broker that asks for 24 days is taken at its word for some seconds, and closing does not wait", async () => {
  await withLink(() => undefined, async (link) => {
    await link.connect();
    link.throttle(2 ** 31 - 1);
    const request = assertRejects(() => sendRaw(link), ConnectionLost, "was closed");
    await link.close();
    await request;
  });
});

Deno.test("link: the lanes have connections of their own, and one that waits does not hold up the other", async () => {
  await withLink(
    ({ apiKey, connection }) => apiKey === 1000 && connection === 0 ? "nothing" : undefined,
    async (link, broker) => {
      const waits = sendRaw(link);
      waits.catch(() => {});
      await link.send(1001, "Heartbeat", 0, new Uint8Array(0), { lane: 1, decode: () => {} });
      assertEquals(broker.connections, 2);
    },
  );
});

Deno.test("link: a port that speaks TLS is named as such to a client that does not", async () => {
  await using broker = await FakeBroker.start(() => undefined, GOOD);
  const link = new BrokerLink("localhost", broker.port, SETTINGS);
  const error = await assertRejects(() => link.connect(), ConnectionLost, "this port speaks TLS");
  assert(error.message.includes("KAFKA_SECURITY_PROTOCOL=SSL"), error.message);
  await link.close();
  const message = await failure(({ socket }) => {
    socket.end();
    return "nothing";
  });
  assert(
    message.includes("before its first answer; does this port speak TLS? KAFKA_SECURITY_PROTOCOL=SSL"),
    message,
  );
});

Deno.test("link: a port that does not speak TLS is named as such to a client that does", async () => {
  for (const answer of ["HTTP/1.1 400 Bad Request\r\n\r\n", ""]) {
    const hangUp = (socket: net.Socket) => void socket.on("data", () => socket.end(answer));
    await withServer(hangUp, async (port) => {
      const link = new BrokerLink("localhost", port, { ...SETTINGS, tls: () => ({}) });
      const error = await assertRejects(() => link.connect(), ConnectionLost, "does this port speak TLS?");
      assertStringIncludes(error.message, "CLOUD=false");
      await link.close();
    });
  }
});

Deno.test("link: a certificate that is refused is told with why and what to do", async () => {
  const authority = new Authority();
  const cases: [string, Parameters<typeof FakeBroker.start>[1], TlsOptions, string[]][] = [
    ["localhost", GOOD, {}, ["KAFKA_CA"]],
    ["localhost", OTHER_NAME, { ca: AUTHORITY }, ["other.example", "advertised.listeners", "KAFKA_BROKERS"]],
    ["127.0.0.1", OTHER_NAME, { ca: AUTHORITY }, ["advertised.listeners", "KAFKA_BROKERS"]],
    ["localhost", EXPIRED, { ca: AUTHORITY }, ["expired", "clock"]],
    ["localhost", authority.issue("old", { days: 0 }), { ca: authority.cert }, ["it expired on 20", "clock"]],
  ];
  for (const [host, certificate, options, parts] of cases) {
    await using broker = await FakeBroker.start(() => undefined, certificate);
    const link = new BrokerLink(host, broker.port, { ...SETTINGS, tls: () => options });
    const error = await assertRejects(
      () => link.connect(),
      ConnectionRejected,
      "its certificate is refused",
    );
    for (const part of parts) assert(error.message.includes(part), error.message);
    await link.close();
  }
});

Deno.test("link: over TLS the host is verified by name or address, and requests are answered", async () => {
  await using broker = await FakeBroker.start(() => undefined, GOOD);
  for (const host of ["localhost", "127.0.0.1"]) {
    const link = new BrokerLink(host, broker.port, { ...SETTINGS, tls: () => ({ ca: AUTHORITY }) });
    assertEquals(await ask(link), 1);
    await link.close();
  }
});

Deno.test("link: a port that asks for credentials is named to a client without", async () => {
  const message = await failure(({ apiKey, socket }) => {
    if (apiKey !== METADATA) return;
    socket.end();
    return "nothing";
  });
  for (const part of ["at the first request (Metadata)", "SASL", "API_KEY and SECRET_KEY"]) {
    assert(message.includes(part), message);
  }
});

Deno.test("link: what such a port wants is asked for at the next connection, and told for good", async () => {
  const versions = apiVersionsAnswer([[API_VERSIONS, 0, 4], [17, 0, 1], [METADATA, 0, 8]]);
  // UNSUPPORTED_SASL_MECHANISM, and an array of one name.
  const mechanisms = new Uint8Array([0, 33, 0, 0, 0, 1, 0, 5, ...new TextEncoder().encode("SCRAM")]);
  await withLink(({ apiKey, correlationId, socket }) => {
    if (apiKey === API_VERSIONS) return framed(correlationId, versions);
    if (apiKey === 17) return framed(correlationId, mechanisms);
    socket.end();
    return "nothing";
  }, async (link) => {
    await assertRejects(() => ask(link), ConnectionLost, "as one does that asks for credentials");
    await assertRejects(() => ask(link), ConnectionRejected, "this port wants credentials (SASL: SCRAM)");
  });
});

Deno.test("link: a broker that does not know the password itself, or wants endless work, is refused", async () => {
  const versions = apiVersionsAnswer([[API_VERSIONS, 0, 4], [17, 0, 1], [36, 0, 1]]);
  const config = { mechanism: "scram-sha-256", username: "u", password: "p-of-u" } as const;
  const bytes = (text: string) => [0, 0, 0, text.length, ...new TextEncoder().encode(text)];
  const cases: [string, (nonce: string, round: number) => string][] = [
    [
      "its own proof is wrong",
      (nonce, round) => round === 0 ? `r=${nonce}x,s=c2FsdHNhbHRzYWx0,i=4096` : "v=AAAA",
    ],
    ["2000000000 iterations; allowed are", (nonce) => `r=${nonce}x,s=c2FsdHNhbHRzYWx0,i=2000000000`],
    ["its nonce does not begin", () => "r=other,s=c2FsdHNhbHRzYWx0,i=4096"],
  ];
  for (const [part, answer] of cases) {
    let round = 0;
    await withLink(({ apiKey, correlationId, body }) => {
      if (apiKey === API_VERSIONS) return framed(correlationId, versions);
      if (apiKey === 17) {
        return framed(
          correlationId,
          new Uint8Array([0, 0, 0, 0, 0, 1, 0, 13, ...new TextEncoder().encode("SCRAM-SHA-256")]),
        );
      }
      const nonce = /r=([^,]*)/.exec(new TextDecoder().decode(body))?.[1] ?? "";
      const text = answer(nonce, round++);
      return framed(correlationId, new Uint8Array([0, 0, 255, 255, ...bytes(text), ...new Uint8Array(8)]));
    }, async (link) => {
      const error = await assertRejects(() => link.connect(), ConnectionRejected, part);
      const { message } = error;
      assert(message.includes("check API_KEY and SECRET_KEY") && !message.includes("p-of-u"), message);
      // A program that starts ends at once; one that runs waits for a rotation to be over.
      assert(isFinal(error) && isRetriable(error));
    }, { sasl: mechanismOf(config, () => undefined) });
  }
});

Deno.test("link: a port that takes no credentials is named to a client with some", async () => {
  const sasl = mechanismOf({ mechanism: "plain", username: "u", password: "p" }, () => undefined);
  await withLink(() => undefined, async (link) => {
    const error = await assertRejects(
      () => link.connect(),
      ConnectionRejected,
      "takes no credentials on this port",
    );
    assert(error.message.includes("CLOUD=false"), error.message);
  }, { sasl });
});

Deno.test("link: a handshake that is cut off or garbled says nothing of the credentials", async () => {
  const sasl = mechanismOf({ mechanism: "plain", username: "u", password: "p" }, () => undefined);
  const versions = apiVersionsAnswer([[API_VERSIONS, 0, 4], [17, 0, 1], [36, 0, 2]]);
  for (const broken of ["cut", "garbled"]) {
    await withLink(({ apiKey, correlationId, socket }) => {
      if (apiKey === API_VERSIONS) return framed(correlationId, versions);
      if (broken === "garbled") return framed(correlationId, Uint8Array.of(0, 0, 127, 255, 255, 255));
      socket.end();
      return "nothing";
    }, async (link) => {
      await assertRejects(() => link.connect(), ConnectionLost);
    }, { sasl });
  }
});

Deno.test("link: an address that is none ends the connection that told it, and is never connected to", async () => {
  const message = await failure(({ apiKey, correlationId }) =>
    apiKey === METADATA
      ? framed(correlationId, metadataAnswer([{ nodeId: 1, host: "a", port: 70_000 }]))
      : undefined
  );
  assertStringIncludes(message, "cannot read its answer to Metadata: port 70000 of broker 1;");
});

Deno.test("link: versions of a request that no broker has end the connection", async () => {
  for (const range of [[METADATA, -5, -3], [METADATA, 6, 0]] as const) {
    const message = await failure(({ apiKey, correlationId }) =>
      apiKey === API_VERSIONS
        ? framed(correlationId, apiVersionsAnswer([[API_VERSIONS, 0, 4], range]))
        : undefined
    );
    assertStringIncludes(message, `versions ${range[1]} to ${range[2]} of request 3;`);
  }
});
