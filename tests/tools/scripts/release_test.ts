import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { parse } from "@std/yaml";
import config from "../../../deno.json" with { type: "json" };
import { PROGRAM_NAMES } from "../../../scripts/build/programs.ts";
import {
  chartRepository,
  homeOf,
  imagePrefix,
  parsePlace,
  publishedChart,
  publishedValues,
  versionComplaint,
} from "../../../scripts/release/published_chart.ts";
import { publishedPackage } from "../../../scripts/release/published_package.ts";
import { RELEASE, STEPS } from "../../../scripts/release.ts";
import { ScriptError } from "../../../scripts/support/errors.ts";
import { InvalidValue } from "../../../src/cli/parsers.ts";
import { type Any, chartFile } from "../charts/renders.ts";

const FORK = { owner: "Some-One", name: "kos" };

Deno.test("a release is published where its repository is, under names that registries take", () => {
  assertEquals(parsePlace("Some-One/kos"), FORK);
  for (const wrong of ["kos", "a/b/c", "/kos", "me/", "https://github.com/me/kos"]) {
    assertEquals(parsePlace(wrong), undefined, wrong);
  }
  assertEquals(imagePrefix(FORK), "ghcr.io/some-one/kos-");
  assertEquals(chartRepository(FORK), "oci://ghcr.io/some-one/charts");
});

Deno.test("the published chart has images that can be pulled, and the links of its repository", async () => {
  const values = await chartFile("values.yaml");
  const published = parse(publishedValues(values, PROGRAM_NAMES, FORK)) as Any;
  const local = parse(values) as Any;
  assertEquals(
    [local.app.image.repository, local.generator.image.repository],
    ["kos-streams", "kos-datagen"],
  );
  assertEquals(
    [published.app.image.repository, published.generator.image.repository],
    ["ghcr.io/some-one/kos-streams", "ghcr.io/some-one/kos-datagen"],
  );
  const chart = await chartFile("Chart.yaml");
  const forked = publishedChart(chart, FORK);
  assertEquals(homeOf(forked), FORK);
  assertStringIncludes(forked, "image: ghcr.io/some-one/kos-streams:");
  const { owner, name } = homeOf(chart);
  assertEquals(forked.includes(`${owner}/${name}`), false);
  assertEquals(publishedChart(chart, homeOf(chart)), chart);
});

Deno.test("a chart of which an image would stay as it is on this machine is not published", () => {
  const text = "app:\n  image:\n    repository: kos-other\n";
  assertThrows(() => publishedValues(text, ["streams"], FORK), ScriptError, "received 0 images kos-streams");
});

Deno.test("the images that Chart.yaml tells of are those of the values", async () => {
  const chart = parse(await chartFile("Chart.yaml")) as Any;
  const { kafka, schemaRegistry } = parse(await chartFile("values.yaml")) as Any;
  const images = Object.fromEntries(
    (parse(chart.annotations["artifacthub.io/images"]) as Any[]).map(({ name, image }) => [name, image]),
  );
  const of = ({ repository, tag }: Any) => `${repository}:${tag}`;
  assertEquals(images.kafka, of(kafka.inCluster.image));
  assertEquals(images["schema-registry"], of(schemaRegistry.image));
  const prefix = imagePrefix(homeOf(await chartFile("Chart.yaml")));
  for (const name of PROGRAM_NAMES) assertEquals(images[name], `${prefix}${name}:${chart.appVersion}`);
});

Deno.test("a release has one version, and that is its tag", () => {
  const versions = { "deno.json": "1.2.3", "Chart.yaml's version": "1.2.3" };
  assertEquals(versionComplaint(versions, undefined), undefined);
  assertEquals(versionComplaint(versions, "v1.2.3"), undefined);
  assertEquals(
    versionComplaint(versions, "v1.2.4"),
    "1.2.3 in deno.json, 1.2.3 in Chart.yaml's version, 1.2.4 in the tag",
  );
});

Deno.test("images are published before the chart that names them, and last what can't be sent twice", () => {
  assertEquals(Object.keys(STEPS), ["images", "chart", "sbom", "jsr", "npm"]);
});

Deno.test("the package names its repository, by which npm proves where it was built", () => {
  const { name, repository } = JSON.parse(publishedPackage('{"name":"@kos/kos"}', FORK));
  assertEquals([name, repository], [
    "@kos/kos",
    { type: "git", url: "git+https://github.com/Some-One/kos.git" },
  ]);
});

Deno.test("parts of a release are named, and what is no part is refused with those there are", () => {
  const { parse } = RELEASE.flags.only;
  assertEquals(parse("npm, chart"), ["npm", "chart"]);
  assertThrows(() => parse("chart,nmp"), InvalidValue, "expected some of images, chart, sbom, jsr, npm");
});

Deno.test("the chart and the package have one version", async () => {
  const { version, appVersion } = parse(await chartFile("Chart.yaml")) as Any;
  assertEquals([version, appVersion], [config.version, config.version]);
});
