import { assertThrows } from "@std/assert";
import { Connection } from "../../../src/kafka/client/connection.ts";

Deno.test("a connection that can't be begun leaves no deadline, which would end the process", () => {
  const settings = { tls: undefined, clientId: new Uint8Array(0), credentials: false, requestTimeoutMs: 1 };
  assertThrows(
    () => new Connection({ ...settings, host: "127.0.0.1", port: 70_000, connectTimeoutMs: 1 }),
    RangeError,
  );
});
