// Auth's documents in SQLite: every statement of auth is in this file.
//
//   auth_accounts       one row an account, fenced by `version`; a deleted one keeps only `length`; `log` is a JSON list of signed entries
//   auth_tries          tries on existing accounts, fenced by `version`
//   auth_unknown_tries  tries on names that nobody has: the same, but only the UNKNOWN_NAMES_MAX newest
//   auth_invitations    hashes of invitations that were used, and by whom
//   auth_secrets        OPAQUE's server setup
import type { SignedEntryText } from '#protocol/frames/fields.ts';
import type { Database, Row, Statement } from '#runtime/store/database.ts';
import { UNKNOWN_NAMES_MAX } from './limits.ts';
import type { Account, AccountStore, AccountWrite, Versioned } from './store.ts';
import type { Tries } from './throttle.ts';

/** Repeatable statements that make auth's tables. */
export const schema: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS auth_accounts (address TEXT PRIMARY KEY, version INTEGER NOT NULL, status TEXT NOT NULL,
     user_identifier TEXT, record TEXT, vault TEXT, log TEXT, length INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS auth_tries (address TEXT PRIMARY KEY, version INTEGER NOT NULL, count INTEGER NOT NULL,
     at INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS auth_unknown_tries (id INTEGER PRIMARY KEY AUTOINCREMENT, address TEXT NOT NULL UNIQUE,
     version INTEGER NOT NULL, count INTEGER NOT NULL, at INTEGER NOT NULL) STRICT`,
  'CREATE TABLE IF NOT EXISTS auth_invitations (hash TEXT PRIMARY KEY, address TEXT NOT NULL) STRICT, WITHOUT ROWID',
  'CREATE TABLE IF NOT EXISTS auth_secrets (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID',
];

const INSERT_ACCOUNT = `INSERT INTO auth_accounts (status, user_identifier, record, vault, log, length, address, version)
  VALUES (?, ?, ?, ?, ?, ?, ?, 1)`;
const UPDATE_ACCOUNT = `UPDATE auth_accounts SET status = ?, user_identifier = ?, record = ?, vault = ?, log = ?, length = ?,
  version = version + 1 WHERE address = ? AND version = ?`;

/** The store of auth on an embedded database that was opened with `schema`. `unknownNamesMax`: rows kept for names that nobody has. */
export class SqliteAccountStore implements AccountStore {
  readonly #database: Database;
  readonly #unknownNamesMax: number;

  constructor(database: Database, unknownNamesMax = UNKNOWN_NAMES_MAX) {
    this.#database = database;
    this.#unknownNamesMax = unknownNamesMax;
  }

  async load(address: string): Promise<Versioned<Account> | undefined> {
    const row = await this.#one('SELECT * FROM auth_accounts WHERE address = ?', address);
    return row && { version: Number(row.version), value: toAccount(row) };
  }

  async loadTries(address: string, known: boolean): Promise<Versioned<Tries> | undefined> {
    const row = await this.#one(`SELECT version, count, at FROM ${triesTable(known)} WHERE address = ?`, address);
    return row && { version: Number(row.version), value: { count: Number(row.count), at: Number(row.at) } };
  }

  async invitationUsed(invitation: string, _address: string): Promise<boolean> {
    return (await this.#one('SELECT 1 FROM auth_invitations WHERE hash = ?', invitation)) !== undefined;
  }

  async write(address: string, writes: readonly AccountWrite[]): Promise<void> {
    await this.#database.write(writes.flatMap((write) => this.#statements(address, write)));
  }

  async keepSecret(name: string, value: string): Promise<string> {
    await this.#database.write([
      { sql: 'INSERT INTO auth_secrets (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING', params: [name, value] },
    ]);
    return (await this.secret(name)) ?? value;
  }

  async secret(name: string): Promise<string | undefined> {
    const row = await this.#one('SELECT value FROM auth_secrets WHERE name = ?', name);
    return row && String(row.value);
  }

  async #one(sql: string, param: string): Promise<Row | undefined> {
    return (await this.#database.read({ sql, params: [param] }))[0];
  }

  #statements(address: string, write: AccountWrite): Statement[] {
    if (write.type === 'tries') return this.#triesStatements(address, write);
    const { account, was, invitation } = write;
    const values =
      account.status === 'open'
        ? [account.userIdentifier, account.record, account.vault, JSON.stringify(account.log), account.log.length]
        : [null, null, null, null, account.length];
    const params = [account.status, ...values, address];
    const statements: Statement[] = [
      was === 0 ? { sql: INSERT_ACCOUNT, params } : { sql: UPDATE_ACCOUNT, params: [...params, was], expect: 1 },
    ];
    if (account.status === 'deleted') {
      statements.push({ sql: 'DELETE FROM auth_tries WHERE address = ?', params: [address] });
    }
    if (invitation !== undefined) {
      // Its primary key makes a second use a Conflict.
      statements.push({
        sql: 'INSERT INTO auth_invitations (hash, address) VALUES (?, ?)',
        params: [invitation, address],
      });
    }
    return statements;
  }

  #triesStatements(address: string, write: AccountWrite & { type: 'tries' }): Statement[] {
    const { known, was, tries } = write;
    const table = triesTable(known);
    if (was > 0) {
      const sql = `UPDATE ${table} SET count = ?, at = ?, version = version + 1 WHERE address = ? AND version = ?`;
      return [{ sql, params: [tries.count, tries.at, address, was], expect: 1 }];
    }
    const insert = {
      sql: `INSERT INTO ${table} (address, version, count, at) VALUES (?, 1, ?, ?)`,
      params: [address, tries.count, tries.at],
    };
    if (known) return [insert];
    // Ids only rise: a range below the newest bounds the table without counting it.
    const sql = 'DELETE FROM auth_unknown_tries WHERE id <= (SELECT max(id) FROM auth_unknown_tries) - ?';
    return [insert, { sql, params: [this.#unknownNamesMax] }];
  }
}

function triesTable(known: boolean): string {
  return known ? 'auth_tries' : 'auth_unknown_tries';
}

function toAccount(row: Row): Account {
  if (row.status === 'deleted') return { status: 'deleted', length: Number(row.length) };
  return {
    status: 'open',
    userIdentifier: String(row.user_identifier),
    record: String(row.record),
    vault: String(row.vault),
    log: JSON.parse(String(row.log)) as SignedEntryText[], // written by this file alone
  };
}
