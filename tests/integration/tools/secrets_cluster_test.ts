import { assert, assertEquals } from "@std/assert";
import { type Output, tryRun } from "../../../scripts/support/commands.ts";
import { HARD_KEYS, readSecret, run } from "../../tools/scripts/secrets_support.ts";

// A variable of its own: KUBECONFIG may be at a cluster that is not for tests.
const kubeconfig = Deno.env.get("KOS_TEST_KUBECONFIG");

async function kubectl(...args: string[]): Promise<Output> {
  return (await tryRun("kubectl", [`--kubeconfig=${kubeconfig}`, ...args]))!;
}

Deno.test({
  name: "a Secret that was applied to a cluster has the keys that it was made of (KOS_TEST_KUBECONFIG)",
  ignore: !kubeconfig,
  async fn() {
    const namespace = `kos-test-${crypto.randomUUID().slice(0, 8)}`;
    const dir = await Deno.makeTempDir({ prefix: "kos-secrets-" });
    const made = await kubectl("create", "namespace", namespace);
    assert(made.success, made.text);
    try {
      for (const [index, key] of HARD_KEYS.entries()) {
        const env = { API_KEY: key, SECRET_KEY: `${key}!`, BOOTSTRAP_SERVERS: "a.example.com:9092,b:9093" };
        const { stdout } = await run(["--stdout", "--namespace", namespace, "--name", `secret-${index}`], {
          env,
        });
        await Deno.writeTextFile(`${dir}/${index}.yaml`, stdout);
      }
      const applied = await kubectl("apply", "-f", dir);
      assert(applied.success, applied.text);
      for (const [index, key] of HARD_KEYS.entries()) {
        const { text } = await kubectl("get", "secret", `secret-${index}`, "-n", namespace, "-o", "yaml");
        const { data } = readSecret(text);
        assertEquals([data["api-key"], data["secret-key"]], [key, `${key}!`]);
        assertEquals(data["bootstrap-servers-url"], "SASL_SSL://a.example.com:9092,b:9093");
      }
    } finally {
      await kubectl("delete", "namespace", namespace, "--wait=false");
      await Deno.remove(dir, { recursive: true });
    }
  },
});
