import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ScramError, ScramExchange } from "../../../src/kafka/security/scram.ts";

const USER = { username: "user", password: "pencil" };

/** The example of RFC 7677. */
const NONCE = "rOprNGfwEbeRWgbNEkqO";
const SERVER_FIRST = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

const example = () => new ScramExchange("SCRAM-SHA-256", USER, NONCE);

Deno.test("the example of RFC 7677, and the server's proof of the password", async () => {
  const exchange = example();
  assertEquals(exchange.first, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  assertEquals(
    await exchange.prove(SERVER_FIRST),
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
  );
  exchange.verify("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
});

Deno.test("who can't sign does not know the password", async () => {
  for (const final of ["", "v=", "v=AAAA", "v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="]) {
    const exchange = example();
    await exchange.prove(SERVER_FIRST);
    assertThrows(() => exchange.verify(final), ScramError, "its own proof is wrong");
  }
  assertThrows(() => example().verify("v=6rri"), ScramError);
  const told = example();
  await told.prove(SERVER_FIRST);
  assertThrows(() => told.verify("e=unknown-user"), ScramError, "unknown-user");
});

Deno.test("a challenge that is not as it may be is refused before anything is computed", async () => {
  const salt = "s=W22ZaJ0SNY7soEsUEjb6gQ==";
  const cases = [
    [`r=other,${salt},i=4096`, "its nonce"],
    [`r=${NONCE},${salt},i=4096`, "its nonce"],
    [`r=${NONCE}x,s=,i=4096`, "salt is too short"],
    [`r=${NONCE}x,${salt},i=4095`, "4095 iterations; allowed are 4096 to 100000"],
    [`r=${NONCE}x,${salt},i=99999999999999`, "an unreadable number of iterations"],
    [`r=${NONCE}x,${salt},i=2000000000`, "2000000000 iterations"],
    [`m=x,r=${NONCE}x,${salt},i=4096`, "extension"],
    ["", "its nonce"],
  ] as const;
  for (const [message, part] of cases) await assertRejects(() => example().prove(message), ScramError, part);
});

Deno.test("a name with a comma or an equals sign is written as RFC 5802 has it", () => {
  const exchange = new ScramExchange("SCRAM-SHA-512", { username: "a=b,c", password: "p" }, "n");
  assertEquals(exchange.first, "n,,n=a=3Db=2Cc,r=n");
});
