/** The middle value; of an even number of values, the mean of the two middle ones. Throws when there is none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  if (upper === undefined || lower === undefined) throw new Error('no values to take the median of');
  return (lower + upper) / 2;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** y = intercept + slope · x */
export interface Line {
  readonly intercept: number;
  readonly slope: number;
}

/**
 * The line with the least squared relative deviations (least squares weighted with 1/y²), so that small points count
 * as much as large ones. Needs two different x and positive y.
 */
export function fitLine(points: readonly Point[]): Line {
  const sum = (of: (point: Point) => number) =>
    points.reduce((total, point) => total + of(point) / point.y ** 2, 0);
  const weight = sum(() => 1);
  const x = sum((point) => point.x);
  const y = sum((point) => point.y);
  const xx = sum((point) => point.x ** 2);
  const xy = sum((point) => point.x * point.y);
  const slope = (weight * xy - x * y) / (weight * xx - x ** 2);
  return { slope, intercept: (y - slope * x) / weight };
}

/** How far the points are from their line at most, as a part of the line's value: 0.1 is 10 %. */
export function worstDeviation(points: readonly Point[]): number {
  const { intercept, slope } = fitLine(points);
  return Math.max(...points.map(({ x, y }) => Math.abs(y / (intercept + slope * x) - 1)));
}
