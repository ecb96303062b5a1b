// How large a file is and how long it takes, as people say it.

const UNITS = ['kB', 'MB', 'GB', 'TB'] as const;
const STEP = 1_000;
/** Below it a number has a decimal. */
const WHOLE_FROM = 10;
const MINUTE_S = 60;
const HOUR_S = 3_600;

/** Bytes in decimal units, with two or three digits: `0 bytes`, `999 bytes`, `1.2 kB`, `34 MB`. */
export function sizeText(bytes: number): string {
  if (bytes < STEP) return bytes === 1 ? '1 byte' : `${bytes} bytes`;
  let [unit, amount]: [string, number] = ['', bytes];
  for (const next of UNITS) {
    // What would be rounded to 1000 of a unit is 1 of the next.
    if (unit !== '' && Math.round(amount) < STEP) break;
    [unit, amount] = [next, amount / STEP];
  }
  const rounded = Math.round(amount * 10) / 10;
  return `${rounded < WHOLE_FROM ? rounded.toFixed(1) : Math.round(amount)} ${unit}`;
}

/** Seconds, roughly: `4 s`, `3 min 20 s`, `2 h 5 min`. */
export function secondsText(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < MINUTE_S) return `${whole} s`;
  if (whole < HOUR_S) return `${Math.floor(whole / MINUTE_S)} min ${whole % MINUTE_S} s`;
  return `${Math.floor(whole / HOUR_S)} h ${Math.floor((whole % HOUR_S) / MINUTE_S)} min`;
}
