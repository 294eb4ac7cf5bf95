import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { parseProfile, ProfileError } from "../../src/datagen/profile.ts";

function ratesAt(text: string, seconds: readonly number[]): number[] {
  const profile = parseProfile(text);
  return seconds.map((s) => profile.rateAt(s * 1000));
}

Deno.test("profile: steps, and the last rate stays", () => {
  assertEquals(ratesAt("step:1000@30s,5000@30s", [0, 29.999, 30, 59, 60, 1e6]), [
    1000,
    1000,
    5000,
    5000,
    5000,
    5000,
  ]);
  assertEquals(parseProfile("step:1000@30s,5000@30s").lengthMs, 60_000);
  assertEquals(ratesAt("step: 0@1s , max@500ms", [0, 1]), [0, Infinity]);
});

Deno.test("profile: ramps up and down in a straight line", () => {
  assertEquals(ratesAt("ramp:0..20000/60s", [0, 30, 60, 90]), [0, 10_000, 20_000, 20_000]);
  assertEquals(ratesAt("ramp:100..0.5/1m", [0, 30, 60]), [100, 50.25, 0.5]);
});

Deno.test("profile: a sine begins at its mean, goes on for ever and not below 0", () => {
  const rates = ratesAt("sine:5000±4000/120s", [0, 30, 60, 90, 120, 1230]);
  [5000, 9000, 5000, 1000, 5000, 9000].forEach((rate, i) => assertAlmostEquals(rates[i]!, rate, 1e-6));
  assertEquals(parseProfile("sine:5000+-4000/120s").rateAt(30_000), 9000);
  assertEquals(parseProfile("sine:5000+-4000/120s").lengthMs, Infinity);
  assertEquals(parseProfile("sine:10+-100/4s").rateAt(3000), 0);
});

Deno.test("profile: a burst comes at the end of each period", () => {
  assertEquals(
    ratesAt("burst:1000+20000/5s every 60s", [0, 54.999, 55, 59.999, 60, 119]),
    [1000, 1000, 21_000, 21_000, 1000, 21_000],
  );
});

Deno.test("profile: parts one after the other, and in a loop", () => {
  const text = "step:10@10s; ramp:10..20/10s; sine:20+-5/4s for 8s; burst:1+9/1s every 2s for 4s";
  assertEquals(parseProfile(text).lengthMs, 32_000);
  assertEquals(ratesAt(text, [5, 15, 20, 21, 28, 29, 31, 32, 1000]), [10, 15, 20, 25, 1, 10, 10, 1, 1]);
  assertEquals(ratesAt(text + "; loop", [5, 37, 64 + 15]), [10, 10, 15]);
  assertEquals(parseProfile(text + ";loop").lengthMs, Infinity);
});

Deno.test("profile: it tells from when on it repeats, and after what time", () => {
  const cases: [string, number, number][] = [
    ["step:10@10s", 10_000, 1_000],
    ["step:10@10s; sine:20+-5/4s", 10_000, 4_000],
    ["step:10@10s; sine:20+-5/4s for 6s", 16_000, 1_000],
    ["burst:1+9/1s every 2s", 0, 2_000],
    ["step:10@10s; burst:1+9/1s every 2s for 20s; loop", 0, 30_000],
  ];
  for (const [text, fromMs, periodMs] of cases) {
    assertEquals(parseProfile(text).repeats, { fromMs, periodMs }, text);
  }
});

Deno.test("profile: errors name the part and what it may be", () => {
  const cases: [string, string][] = [
    ["", "received ''; expected parts such as step:"],
    ["loop", "expected parts such as"],
    ["flat:100", "received 'flat:100' in part 1 (character 1); expected step:…"],
    ["1000", "expected step:…, ramp:…, sine:… or burst:…"],
    ["toString:5", "expected step:…"],
    [
      "step:1000@30s;  ramp:0-20/60s",
      "received 'ramp:0-20/60s' in part 2 (character 17); expected ramp:FROM..TO/TIME",
    ],
    ["step:1000@30s,5000", "'5000' is no RATE@TIME"],
    ["step:1000@30", "'30' is no time such as 30s"],
    ["step:1000@0s", "'0s' is no time"],
    ["step:-5@1s", "'-5' is no rate"],
    ["ramp:0..max/60s", "'max' is no rate with an end"],
    ["sine:5000/120s", "expected sine:MEAN+-AMPLITUDE/PERIOD"],
    ["burst:1000+20000/5s", "expected burst:BASE+EXTRA/TIME every PERIOD"],
    ["burst:1+2/60s every 60s", "the burst of 1m is not shorter than its period of 1m"],
    ["sine:5+-4/1s; step:1@1s", "goes on for ever, before another part; say for how long"],
    ["sine:5+-4/1s; loop", "goes on for ever, before 'loop'"],
    ["loop; step:1@1s", "received 'loop' in part 1"],
  ];
  for (const [text, message] of cases) {
    assertThrows(() => parseProfile(text), ProfileError, message, `for '${text}'`);
  }
});

Deno.test("a text that is far too long for a profile is refused before it is looked at", () => {
  assertThrows(
    () => parseProfile("+".repeat(10_001)),
    ProfileError,
    "received 10001 characters; allowed are 10000",
  );
});
