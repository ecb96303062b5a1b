// What SQLite and the file system say, as sentences that say what to do.
import { busy, damaged, foreign, noAccess, noDirectory, noSpace } from '../profile/problems.ts';

// Primary result codes of SQLite; the upper bits of errcode say more.
const BUSY = 5;
const LOCKED = 6;
const READ_ONLY = 8;
const IO_ERROR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANNOT_OPEN = 14;
const NOT_A_DATABASE = 26;
/** The shared memory beside the WAL could not be made; there was no room for it. */
const IO_ERROR_SHM_OPEN = 4_618;
const IO_ERROR_SHM_SIZE = 4_874;

const NO_SPACE = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** Whether the memory that the processes of a database share could not be had. */
export function lacksSharedMemory(error: unknown): boolean {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  return code === IO_ERROR_SHM_OPEN || code === IO_ERROR_SHM_SIZE;
}

/** Whether another process has the lock that was needed. */
export function isBusy(error: unknown): boolean {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  return typeof code === 'number' && (code & 0xff) === BUSY;
}

/** Runs `work`; what it throws or rejects with from SQLite or the file system becomes a ProfileError, the rest stays. */
export function explained<T>(what: string, work: () => T): T {
  try {
    const result = work();
    if (!(result instanceof Promise)) return result;
    // A promise of the same type, only with other rejections.
    return result.catch((error: unknown) => {
      throw explanation(what, error);
    }) as T;
  } catch (error) {
    throw explanation(what, error);
  }
}

function explanation(what: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if ('errcode' in error && typeof error.errcode === 'number') return ofSqlite(what, error.errcode, error);
  if ('syscall' in error && 'code' in error) {
    if (error.code === 'ENOTDIR') return noDirectory(what, error);
    return NO_SPACE.has(String(error.code)) ? noSpace(what, error) : noAccess(what, error);
  }
  return error;
}

function ofSqlite(what: string, code: number, error: Error): unknown {
  if (code === IO_ERROR_SHM_SIZE) return noSpace(what, error);
  switch (code & 0xff) {
    case BUSY:
    case LOCKED:
      return busy(error);
    case FULL:
      return noSpace(what, error);
    case CORRUPT:
      return damaged('its file is broken', error);
    case NOT_A_DATABASE:
      return foreign(what, error);
    case READ_ONLY:
    case CANNOT_OPEN:
    case IO_ERROR:
      return noAccess(what, error);
    default:
      return error;
  }
}
