/** Reads the page's events as a browser does. */
export class EventReader {
  readonly #reader: ReadableStreamDefaultReader<string>;
  #text = "";

  constructor(answer: Response) {
    this.#reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** The next event; `undefined` when the stream has ended. */
  async next(): Promise<
    { id: string | undefined; event: string; data: Record<string, unknown> } | undefined
  > {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end >= 0) {
        const fields = new Map(
          this.#text.slice(0, end).split("\n").map((line): [string, string] => {
            const colon = line.indexOf(": ");
            return [line.slice(0, colon), line.slice(colon + 2)];
          }),
        );
        this.#text = this.#text.slice(end + 2);
        return { id: fields.get("id"), event: fields.get("event")!, data: JSON.parse(fields.get("data")!) };
      }
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      this.#text += value;
    }
  }

  /** The snapshots' times until the past has been told. */
  async past(): Promise<number[]> {
    const times: number[] = [];
    for (;;) {
      const { event, data } = (await this.next())!;
      if (event === "ready") return times;
      if (event === "snapshot") times.push(data.atMs as number);
    }
  }

  /** Goes away. */
  async leave(): Promise<void> {
    await this.#reader.cancel();
  }
}
