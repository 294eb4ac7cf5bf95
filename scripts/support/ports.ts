import { ScriptError } from "./errors.ts";

/** A TCP port of the loopback interface that nothing listens on at the moment. */
export function freePort(): number {
  return freePorts(1)[0]!;
}

/** Several different free ports. */
export function freePorts(count: number): number[] {
  const listeners = Array.from({ length: count }, () => Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  const ports = listeners.map((listener) => listener.addr.port);
  for (const listener of listeners) listener.close();
  return ports;
}

/** Whether something accepts connections on a port now. */
export async function accepts(port: number, hostname = "127.0.0.1"): Promise<boolean> {
  try {
    (await Deno.connect({ hostname, port })).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return false; // refused, unreachable or not resolved: in each case nothing that answers
  }
}

/** Settings of {@linkcode waitFor}. */
export interface WaitOptions {
  /** What is waited for, for the message: `Kafka on localhost:9092`. */
  readonly what: string;
  readonly timeoutMs: number;
  /** Between two looks. Default 100 ms. */
  readonly everyMs?: number;
  /** Ends the wait early: why it will never be ready, such as that its process ended; `undefined` while it may. */
  readonly hopeless?: () => string | undefined;
  /** What to look at, such as the log file, for the message. */
  readonly see?: string;
}

/** Waits until `ready` says true. @throws {ScriptError} When it does not in time or never will, saying what was waited for and where to look. */
export async function waitFor(ready: () => Promise<boolean> | boolean, options: WaitOptions): Promise<void> {
  const { what, timeoutMs, everyMs = 100, hopeless, see } = options;
  const deadline = Date.now() + timeoutMs;
  while (!(await ready())) {
    const reason = hopeless?.() ?? (Date.now() >= deadline ? `no answer within ${timeoutMs} ms` : undefined);
    if (reason) throw new ScriptError(`Cannot reach ${what}: received ${reason}${see ? `; see ${see}` : ""}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

/** Waits until a port accepts connections. @throws {ScriptError} As {@linkcode waitFor}. */
export async function waitForPort(port: number, options: WaitOptions & { hostname?: string }): Promise<void> {
  await waitFor(() => accepts(port, options.hostname), options);
}
