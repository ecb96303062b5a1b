// A restore of services into an empty MongoDB. The documents come back as they were, then what a backup of services at work lacks is
// made good: numbers that only hinted, groups' records that nobody had followed yet, devices that the mailbox had not heard of.
import { decodeSignedEntry } from '#protocol/account-entry.ts';
import { activeDevices, replayAccountLog } from '#protocol/account-log.ts';
import { encodeBase64 } from '#protocol/base64.ts';
import type { SignedEntryText } from '#protocol/frames/fields.ts';
import { takeCensus } from '#runtime/bus/amqp/census.ts';
import { ConfigError } from '#runtime/config.ts';
import { PARTITIONS_DEFAULT } from '#runtime/partitions.ts';
import { StartError } from '#runtime/start-error.ts';
import { MONGO_FORMS } from '#runtime/store/forms.ts';
import { MongoBlobStore } from '../../services/delivery/blobs/mongo-blob-store.ts';
import { MongoMailboxStore } from '../../services/delivery/mongo-store.ts';
import type { MailboxWrite } from '../../services/delivery/store.ts';
import { MongoGroupStore } from '../../services/groups/mongo-store.ts';
import { FILES, putBackFile } from './files.ts';
import { mustFit } from './fitting.ts';
import { JUMP_EPOCHS, jumpNumbers } from './jump.ts';
import { MailboxNumbers } from './mailbox-numbers.ts';
import type { Counts, Manifest } from './manifest.ts';
import { MongoArchive } from './mongo-archive-store.ts';
import { connectMongo, type Services } from './mongo-backup.ts';
import { readSections } from './sections.ts';
import type { Source } from './source.ts';

type AccountWrite = Extract<MailboxWrite, { type: 'account' }>;
type Found = {
  readonly mailboxes: MailboxNumbers;
  /** Name of a group → the highest number under which a record was found. */
  readonly groups: Map<string, number>;
  readonly untold: { readonly user: string; readonly account: Omit<AccountWrite, 'type' | 'cursors' | 'used'> }[];
};

/** `domain`: as it is configured, if it is. Throws ConfigError, StartError; what it wrote by then it removes. */
export async function restoreServices(
  services: Services,
  source: Source,
  { manifest, counts }: { readonly manifest: Manifest; readonly counts: Counts },
  domain: string | undefined,
  now: number,
): Promise<void> {
  await mustFit(manifest, MONGO_FORMS, domain);
  await mustBeStill(services);
  const mongo = await connectMongo(services.mongoUrl);
  const archive = new MongoArchive(mongo);
  await archive.begin();
  try {
    const found = await putBack(archive, new MongoBlobStore(mongo), source, counts);
    await setRight(archive, found, {
      mailboxes: new MongoMailboxStore(mongo),
      groups: new MongoGroupStore(mongo),
      now,
    });
    await archive.finish(manifest.schema);
  } catch (error) {
    await archive.wipe().catch(() => {}); // else the next restore does
    throw error;
  } finally {
    await mongo.close();
  }
}

/** Commands that were queued by another state of the data would be performed on this one: nobody could say what they mean there. */
async function mustBeStill({ amqpUrl, queuePrefix }: Services): Promise<void> {
  if (amqpUrl === undefined)
    throw new ConfigError(
      'The setting amqpUrl (--amqp-url) is missing: a restore has to see that RabbitMQ holds nothing of before.',
    );
  const { frames, readers } = await takeCensus(amqpUrl, queuePrefix, PARTITIONS_DEFAULT);
  if (readers > 0)
    throw new StartError(
      'Services of this deployment are running. Stop gateway, auth, groups and delivery, then restore.',
    );
  if (frames > 0) {
    throw new StartError(
      `RabbitMQ holds ${frames} messages of another state of this deployment. Give it a fresh volume (or delete its queues), then restore.`,
    );
  }
}

async function putBack(archive: MongoArchive, blobs: MongoBlobStore, source: Source, counts: Counts): Promise<Found> {
  const found: Found = { mailboxes: new MailboxNumbers(), groups: new Map(), untold: [] };
  let files = 0;
  await readSections(source, async (section, data) => {
    if (section === FILES) {
      if (await putBackFile(blobs, data)) files += 1;
      return;
    }
    const inserted = await archive.insert(section, data, (document) => look(found, section, document));
    if (inserted !== counts[section]) throw changed(source);
  });
  if (files !== (counts[FILES] ?? 0)) throw changed(source);
  return found;
}

const changed = ({ name }: Source): StartError => new StartError(`${name} changed while it was read. Run this again.`);

function look(
  { mailboxes, groups, untold }: Found,
  section: string,
  document: Readonly<Record<string, unknown>>,
): void {
  const key = String(document._id);
  switch (section) {
    case 'mailbox':
      return mailboxes.head(document);
    case 'chunk':
      return mailboxes.chunk(document);
    case 'group_head':
      return void groups.set(key, groups.get(key) ?? 0);
    case 'group_record': {
      const slash = key.lastIndexOf('/');
      const name = key.slice(0, slash);
      return void groups.set(name, Math.max(groups.get(name) ?? 0, Number(key.slice(slash + 1))));
    }
    case 'auth_accounts': {
      const account = accountOf(document);
      const rank = 2 * account.length + (account.deleted ? 1 : 0);
      if (rank > mailboxes.rankOf(key)) untold.push({ user: key, account });
    }
  }
}

/** As auth tells it to the mailbox. */
function accountOf({
  _id,
  status,
  log,
  length,
}: Readonly<Record<string, unknown>>): Found['untold'][number]['account'] {
  if (status === 'deleted') return { length: Number(length), devices: [], deleted: true };
  const entries = JSON.parse(String(log)) as SignedEntryText[]; // auth's store wrote it
  const state = replayAccountLog(entries.map(decodeSignedEntry), String(_id));
  return { length: entries.length, devices: activeDevices(state).map(({ id }) => encodeBase64(id)), deleted: false };
}

async function setRight(
  archive: MongoArchive,
  { mailboxes, groups, untold }: Found,
  stores: { readonly mailboxes: MongoMailboxStore; readonly groups: MongoGroupStore; readonly now: number },
): Promise<void> {
  for (const { user, next } of mailboxes.behind()) await archive.raiseMailbox(user, next);
  for (const { user, account } of untold) {
    const known = await stores.mailboxes.load(user);
    const fresh = account.devices.filter((device) => known?.cursors[device] === undefined);
    const cursors = Object.fromEntries(fresh.map((device) => [device, mailboxes.nextOf(user)]));
    await stores.mailboxes.write(user, [{ type: 'account', ...account, cursors, used: known?.used ?? {} }]);
    await archive.raiseMailbox(user, mailboxes.nextOf(user)); // it may have had no head
  }
  for (const [name, last] of groups) {
    const next = await jumpNumbers(stores.groups, name, stores.now);
    // Behind a record that was missed: nothing that follows from these was read either.
    for (let n = next ?? 1; n <= last; n += 1) if (n !== next) await archive.removeRecord(name, n);
  }
  await archive.raiseEpochs(JUMP_EPOCHS);
}
