// How large the runs of chaos over a distributed deployment are: short ones for every change, and the full form by the environment (CONTRIBUTING.md).

/** Settings of a server whose limits are not what is tested. */
export const UNDER_LOAD = ['--rate-factor', '1000', '--tries-per-source', '1000'];

const { PARLEY_CHAOS_MESSAGES, PARLEY_CHAOS_SEEDS, PARLEY_CHAOS_SEED, PARLEY_CHAOS_STOP_S } = process.env;
export const MESSAGES = Number(PARLEY_CHAOS_MESSAGES ?? 2_000);
/** How long a process is stopped. The short form still sees its partitions move: RabbitMQ ends its connections after 6 to 9 s. */
export const STOP_MS = Number(PARLEY_CHAOS_STOP_S ?? 12) * 1_000;
export const SEEDS = seedsOf(Number(PARLEY_CHAOS_SEEDS ?? 1));
/** The full form takes two minutes where the machine has nothing else to do. What hangs is ended long before (progress.ts). */
export const RUN_MAX_MS = 900_000;

/** So many seeds, from PARLEY_CHAOS_SEED or others each time. */
export function seedsOf(count: number): readonly number[] {
  const first = Number(PARLEY_CHAOS_SEED ?? Date.now() & 0x7fffffff);
  return Array.from({ length: count }, (_, index) => first + index);
}
