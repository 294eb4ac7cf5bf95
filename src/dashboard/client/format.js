/** Numbers and times as people read them; a dash for what is not known. */

const WHOLE = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const SHORT = new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 3 });
const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

export const UNKNOWN = "–";

const known = (write) => (value) => Number.isFinite(value) ? write(value) : UNKNOWN;

export const whole = known((value) => WHOLE.format(value));
export const short = known((value) => SHORT.format(value));
export const share = known((value) => value.toFixed(2));
export const perSecond = known((value) => `${WHOLE.format(value)}/s`);
export const clock = (ms) => CLOCK.format(ms);

/** A length of time, such as 4.2 s and 12 min. */
export const seconds = known((value) => {
  if (value < 10) return `${value.toFixed(1)} s`;
  if (value < 120) return `${WHOLE.format(value)} s`;
  return value < 7_200 ? `${WHOLE.format(value / 60)} min` : `${WHOLE.format(value / 3_600)} h`;
});

/** A name of a partition without what all topics begin with. */
export function shortener(topics) {
  const names = [...new Set(topics)];
  let common = names.length < 2 ? "" : names[0];
  for (const name of names) while (!name.startsWith(common)) common = common.slice(0, -1);
  const cut = Math.max(common.lastIndexOf("-"), common.lastIndexOf("."), common.lastIndexOf("_")) + 1;
  return (topic) => topic.slice(cut);
}

/** A partition's number; of a topic whose partitions are told as one, a word. */
export function partitionName(partition) {
  return partition < 0 ? "all" : String(partition);
}
