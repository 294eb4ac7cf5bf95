/** Bytes to a server as no client of HTTP would send them. */

/** A connection that is written to by hand. */
export class RawConnection implements Disposable {
  readonly #connection: Deno.TcpConn;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  static async to(port: number): Promise<RawConnection> {
    return new RawConnection(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** Sends text, a byte each character; whether there was anybody to send it to. */
  async send(text: string): Promise<boolean> {
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    try {
      for (let at = 0; at < bytes.length;) at += await this.#connection.write(bytes.subarray(at));
      return true;
    } catch {
      return false;
    }
  }

  /** What comes until it is so, or until the other side closes, for which it is waited. */
  async received(enough: (text: string) => boolean = () => false): Promise<string> {
    let text = "";
    const buffer = new Uint8Array(65_536);
    while (!enough(text)) {
      const count = await this.#connection.read(buffer).catch(() => null);
      if (count === null) break;
      text += new TextDecoder("latin1").decode(buffer.subarray(0, count));
    }
    return text;
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}

/** What a server answers to bytes before it closes the connection, or until it is enough. */
export async function answerTo(
  port: number,
  text: string,
  enough?: (text: string) => boolean,
): Promise<string> {
  using connection = await RawConnection.to(port);
  await connection.send(text);
  return await connection.received(enough);
}
