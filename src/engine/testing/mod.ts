/**
 * Tests of topologies without a broker: {@linkcode TopologyTestDriver} feeds records in and reads what comes
 * out.
 *
 * @module
 */
export type { CapturedRecord } from "./capturing_producer.ts";
export {
  type TestRecord,
  TopologyTestDriver,
  type TopologyTestDriverOptions,
} from "./topology_test_driver.ts";
