// The few numbers that benchmarks are summed up by.

/** The middle value, or the mean of both middle ones. Throws RangeError for an empty list: a benchmark without runs is a mistake. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[sorted.length >> 1];
  const lower = sorted[(sorted.length - 1) >> 1];
  if (upper === undefined || lower === undefined) throw new RangeError('There is no median of nothing.');
  return (lower + upper) / 2;
}

/** The smallest value that at least this share (0 to 1) of the values does not exceed (nearest rank). RangeError if there are none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new RangeError('There is no percentile of nothing.');
  return value;
}

/** Rounded to this many significant digits, so that lines do not claim a precision that no run has. */
export function significant(value: number, digits = 4): number {
  return Number(value.toPrecision(digits));
}
