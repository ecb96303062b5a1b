// The sentences of ProfileError, in one place: each says what to do.
import { ProfileError } from './profile.ts';

/** Bytes that this profile did not write, or that changed since. `what` is for whoever looks for the cause. */
export function damaged(what: string, cause?: unknown): ProfileError {
  return new ProfileError(
    'corrupt',
    `The profile is damaged (${what}). Restore it from a copy, or sign in again with another profile directory.`,
    { cause },
  );
}

/** `where`: as in "in /home/al/.parley". */
export function missing(where = 'here'): ProfileError {
  return new ProfileError(
    'missing',
    `There is no profile ${where} yet. Sign up for a new account, or sign in to an account that you have.`,
  );
}

export function exists(): ProfileError {
  return new ProfileError('exists', 'There is a profile here already. Use it, or choose another profile directory.');
}

export function wrongPassword(): ProfileError {
  return new ProfileError(
    'wrong_password',
    'Wrong password for this profile. If you changed it on another device, unlock with the earlier one; the new one is asked for next.',
  );
}

export function foreign(what: string, cause?: unknown): ProfileError {
  return new ProfileError('foreign', `${what} is not a Parley profile. Choose another profile directory.`, { cause });
}

export function unknownVersion(found: unknown, known: number): ProfileError {
  return new ProfileError(
    'unknown_version',
    `The profile has schema version ${String(found)}, and this Parley knows none above ${known}. Use a newer Parley.`,
  );
}

export function busy(cause?: unknown): ProfileError {
  return new ProfileError('busy', 'Another process keeps the profile busy. Try again, or end that process.', { cause });
}

export function noAccess(what: string, cause?: unknown): ProfileError {
  return new ProfileError(
    'no_access',
    `${what} cannot be read and written. Check its permissions, or choose another profile directory.`,
    {
      cause,
    },
  );
}

export function noDirectory(what: string, cause?: unknown): ProfileError {
  return new ProfileError(
    'no_access',
    `${what} is a file, or lies below one: a profile is a directory. Choose another profile directory.`,
    { cause },
  );
}

export function closed(): ProfileError {
  return new ProfileError('no_access', 'The profile is closed. Open it again.');
}

export function noSpace(what: string, cause?: unknown): ProfileError {
  return new ProfileError(
    'no_space',
    `There is no disk space left for ${what}. Make room, then try again; nothing is lost.`,
    { cause },
  );
}
