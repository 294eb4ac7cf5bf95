import { frame, LEFT, niceTicks, PANEL, RIGHT, round, text } from "./axis.ts";

/** A line of a panel: values by second, drawn as steps or straight. */
export interface Series {
  readonly name: string;
  readonly color: string;
  readonly points: readonly (readonly [second: number, value: number])[];
  /** Hold each value until the next one, as numbers of replicas do. */
  readonly steps?: boolean;
}

/** A panel of lines over the seconds that all such panels of a plot share. */
export interface LinePanel {
  readonly title: string;
  readonly series: readonly Series[];
}

/** What is below a panel of lines: its seconds and a gap, in px. */
export const BELOW_LINES = 26;

/**
 * Draws a panel of lines, their names beside its title.
 *
 * @param top Where it begins, in px from the plot's top.
 * @param lastSecond Where its axis ends.
 */
export function drawLines({ title, series }: LinePanel, top: number, lastSecond: number): string[] {
  const highest = Math.max(0, ...series.flatMap(({ points }) => points.map(([, value]) => value)));
  const { parts, y } = frame(title, highest, top);
  const x = (second: number): number => LEFT + second / lastSecond * (RIGHT - LEFT);
  const seconds = niceTicks(lastSecond).filter((tick) => tick <= lastSecond)
    .map((tick) => text(x(tick), top + PANEL + 16, `${tick} s`, 'text-anchor="middle"'));
  return [
    ...parts,
    ...seconds,
    ...legend(title, series, top),
    ...series.flatMap((each) => drawLine(each, x, y)),
  ];
}

/** The names in their lines' colours. A letter is taken as 7 px wide, in the bold title as 8. */
function legend(title: string, series: readonly Series[], top: number): string[] {
  let left = LEFT + 10 + title.length * 8;
  return series.map(({ name, color }) => {
    const part = text(left, top - 6, name, `fill="${color}"`);
    left += 16 + name.length * 7;
    return part;
  });
}

/** Draws a line: nothing where it has no points. @param x, y Where a second and a value are, in px. */
export function drawLine(
  { points, steps, color }: Series,
  x: (second: number) => number,
  y: (value: number) => number,
): string[] {
  if (points.length === 0) return [];
  const d = points.map(([second, value], i) => {
    const [px, py] = [round(x(second)), round(y(value))];
    if (i === 0) return `M${px} ${py}`;
    return steps ? `H${px}V${py}` : `L${px} ${py}`;
  }).join("");
  return [`<path d="${d}" fill="none" stroke="${color}" stroke-width="1.5"/>`];
}
