// Why a server does not start: one sentence that says what to do, and a status that says who has to do it.

/** Something outside the program stops the start. Exit status 1; a wrong setting is a ConfigError, status 2. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
