/** An entry of a log that klog wrote, as Kubernetes' programs do. */
export interface LogEntry {
  /** Seconds by the clock of who wrote it, of use only beside another entry. */
  readonly seconds: number;
  readonly message: string;
  /** What the message says more, by name. */
  readonly values: Readonly<Record<string, string>>;
}

/** Severity, month, day, time, thread, place, message and the rest. */
const HEADER = /^[IWEF](\d\d)(\d\d) (\d\d):(\d\d):([\d.]+)\s+\d+ [^\]]+\] (?:"((?:[^"\\]|\\.)*)")?(.*)$/s;
/** A name, and a value: of several lines, quoted, of JSON, or a word. */
const VALUE = / ?([A-Za-z_]+)=(?:<\n(.*?)\n >|("(?:[^"\\]|\\.)*")|(\{.*?\}(?= [A-Za-z_]+=|$))|(\S*))/gs;
/** A leap year, as the log names none. */
const YEAR = 2000;

/** The entries of a log; what is none, such as a program's own print, is left out. */
export function* logEntries(log: string): Generator<LogEntry> {
  for (const text of log.split(/\n(?=[IWEF]\d{4} )/)) {
    const match = HEADER.exec(text.trimEnd());
    if (match === null) continue;
    const [, month, day, hour, minute, second, message = "", rest = ""] = match;
    const days = Date.UTC(YEAR, Number(month) - 1, Number(day)) / 1_000;
    yield {
      seconds: days + Number(hour) * 3_600 + Number(minute) * 60 + Number(second),
      message,
      values: valuesOf(rest),
    };
  }
}

function valuesOf(rest: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [, name, lines, quoted, json, word] of rest.matchAll(VALUE)) {
    values[name!] = lines?.trim() ?? json ?? word ?? unquoted(quoted!);
  }
  return values;
}

/** Go quotes what JSON can't read too, such as `\x00`: that stays as it is written. */
function unquoted(quoted: string): string {
  try {
    return JSON.parse(quoted);
  } catch {
    return quoted.slice(1, -1);
  }
}
