/** What binaries can be compiled for besides this machine: what the images run on. */
export const TARGETS = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"] as const;

/** A machine and system to compile for, as Rust names them. */
export type Target = typeof TARGETS[number] | typeof Deno.build.target;

/** The machine of a Linux program, by its first bytes; `undefined` when it is no such program, or for another machine. */
export function elfMachine(head: Uint8Array): "x86_64" | "aarch64" | undefined {
  const magic = [0x7f, 0x45, 0x4c, 0x46];
  if (head.length < 20 || magic.some((byte, index) => head[index] !== byte)) return undefined;
  // e_machine of the ELF header, in the byte order that its sixth byte tells (1: little-endian, as both of these are).
  if (head[5] !== 1) return undefined;
  const machine = head[18]! | head[19]! << 8;
  return machine === 62 ? "x86_64" : machine === 183 ? "aarch64" : undefined;
}

/** The first bytes of a file, enough for {@linkcode elfMachine}. */
export async function headOf(path: string): Promise<Uint8Array> {
  using file = await Deno.open(path);
  const head = new Uint8Array(64);
  const length = await file.read(head); // of a file on a disk: all that is there
  return head.subarray(0, length ?? 0);
}
