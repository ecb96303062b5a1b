// Node's --import for a process that is to be of another version: it changes nothing but the two lists that say what a version reads. What is
// between the versions of a product is never a switch of the product.
import { registerHooks } from 'node:module';

/** Each list by the end of its module's URL and its name; the environment says what it is. */
const LISTS = [
  { module: '/runtime/bus/amqp/versions.ts', name: 'FRAME_VERSIONS', list: process.env.TEST_FRAME_VERSIONS },
  { module: '/runtime/store/forms.ts', name: 'MONGO_FORMS', list: process.env.TEST_MONGO_FORMS },
];

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    const of = LISTS.find(({ module, list }) => list !== undefined && url.endsWith(module));
    if (!of) return loaded;
    const was = String(loaded.source);
    const source = was.replace(
      new RegExp(`(export const ${of.name}: readonly number\\[\\] = )\\[[^\\]]*\\]`),
      `$1${of.list}`,
    );
    if (source === was && !was.includes(`= ${of.list};`)) throw new Error(`${url} has no list ${of.name} to replace`);
    return { ...loaded, source };
  },
});
