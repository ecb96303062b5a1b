// What MongoDB's failures ask of their reader. What the server says about a document ends the command that brought it; everything that
// it says about itself passes, or an operator mends it: the same is tried again, because a command that is put aside was not delivered.
import {
  MongoAPIError,
  MongoBulkWriteError,
  MongoClientClosedError,
  MongoError,
  MongoNotConnectedError,
  MongoServerClosedError,
  MongoServerError,
  MongoTopologyClosedError,
} from 'mongodb';
import { RequestError, Unavailable } from '#protocol/errors.ts';
import { Conflict } from './database.ts';

const DUPLICATE_KEY = 11_000;
const OUT_OF_DISK_SPACE = 14_031;
/** BadValue, FailedToParse, TypeMismatch, DollarPrefixedFieldName, EmptyFieldName, DocumentValidationFailure, BSONObjectTooLarge (twice). */
const DOCUMENT_AT_FAULT: ReadonlySet<unknown> = new Set([2, 9, 14, 52, 56, 121, 10_334, 17_419]);

/** Every operation of a store goes through this. Throws Conflict, RequestError `no_space`, Unavailable, or what a programmer must see. */
export async function attempt<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw toError(error);
  }
}

/** Whether a document with that key is there already. */
function isDuplicate(error: unknown): error is MongoServerError {
  return error instanceof MongoServerError && error.code === DUPLICATE_KEY;
}

/** Of documents inserted in order: the index of the one whose key was there already; undefined if it is another failure. */
export function duplicateIn(error: unknown): number | undefined {
  if (!(error instanceof MongoBulkWriteError) || !isDuplicate(error)) return undefined;
  const [first] = Array.isArray(error.writeErrors) ? error.writeErrors : [error.writeErrors];
  return first?.index;
}

function toError(error: unknown): unknown {
  if (!(error instanceof MongoError)) return error;
  if (error instanceof MongoServerError) {
    if (error.code === DUPLICATE_KEY) return new Conflict(error.message);
    if (error.code === OUT_OF_DISK_SPACE) return new RequestError('no_space');
    if (DOCUMENT_AT_FAULT.has(error.code)) return error;
  }
  if (error instanceof MongoAPIError && !isClosed(error)) return error;
  return new Unavailable(`MongoDB: ${error.message}`);
}

function isClosed(error: MongoAPIError): boolean {
  const kinds = [MongoNotConnectedError, MongoTopologyClosedError, MongoServerClosedError, MongoClientClosedError];
  return kinds.some((kind) => error instanceof kind);
}
