/**
 * All programs and tasks that have flags.
 *
 * @module
 */
import { BENCH_BOMBS } from "../../bench/bombs.ts";
import { BENCH } from "../../bench/drain.ts";
import { BENCH_GEN } from "../../bench/generate.ts";
import { BENCH_LINK } from "../../bench/link.ts";
import { BENCH_MEMORY } from "../../bench/memory.ts";
import { BENCH_MICRO } from "../../bench/micro/main.ts";
import { BENCH_SCALE } from "../../bench/scale.ts";
import { BENCH_VS } from "../../bench/versus.ts";
import type { AnyProgram } from "../../src/cli/program.ts";
import { GEN } from "../../src/datagen/flags.ts";
import { NEW } from "../../src/new/generator.ts";
import { STREAMS } from "../../src/streams/arcade.ts";
import { BUILD } from "../build.ts";
import { CHAOS } from "../chaos.ts";
import { CHART_TASK } from "../chart.ts";
import { DEMO } from "../demo.ts";
import { E2E_CLUSTER } from "../e2e/flags.ts";
import { EXAMPLE } from "../example.ts";
import { IMAGE } from "../image.ts";
import { KAFKA } from "../kafka.ts";
import { PACK } from "../pack.ts";
import { PAGE } from "../page.ts";
import { RECORD_HPA } from "../record_hpa.ts";
import { REFERENCE } from "../reference.ts";
import { REGISTRY } from "../registry.ts";
import { RELEASE } from "../release.ts";
import { RESET } from "../reset.ts";
import { SECRETS } from "../secrets.ts";
import { SIMULATE } from "../simulate/flags.ts";
import { SIZE } from "../size.ts";
import { SOAK } from "../soak.ts";
import { TEST } from "../test.ts";
import { DOCS } from "./task.ts";

/** In the order of the docs: what runs, what helps to run it, what builds and checks it, what measures it. */
export const ALL_PROGRAMS: readonly AnyProgram[] = [
  STREAMS,
  NEW,
  GEN,
  DEMO,
  PAGE,
  KAFKA,
  REGISTRY,
  EXAMPLE,
  RESET,
  SECRETS,
  SIZE,
  BUILD,
  IMAGE,
  PACK,
  CHART_TASK,
  E2E_CLUSTER,
  RECORD_HPA,
  RELEASE,
  SIMULATE,
  TEST,
  REFERENCE,
  CHAOS,
  SOAK,
  BENCH,
  BENCH_VS,
  BENCH_GEN,
  BENCH_SCALE,
  BENCH_LINK,
  BENCH_MEMORY,
  BENCH_MICRO,
  BENCH_BOMBS,
  DOCS,
];
