/**
 * Loaded before a program (`deno run --preload`): each SIGUSR2 moves its clock, an hour ahead, an hour back, and right again.
 *
 * @module
 */
const HOUR_MS = 3_600_000;
const OFFSETS = [HOUR_MS, -HOUR_MS, 0];

const real = Date.now;
let jumps = 0;
let offset = 0;
Date.now = () => real() + offset;
if (Deno.build.os !== "windows") {
  Deno.addSignalListener("SIGUSR2", () => {
    offset = OFFSETS[jumps++ % OFFSETS.length]!;
  });
}
