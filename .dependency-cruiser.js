// The arrows between the folders, as rules: services → runtime → protocol, clients → protocol. Each comment is the
// sentence that somebody reads who broke the rule. test/boundaries.test.ts runs them and shows that each one catches.

/** Code that only tests use: it may reach for what tests need, and nothing else may reach for it. */
const TEST_CODE = String.raw`\.(test|contract|fixture)\.ts$|(^|/)test/`;
/** The one place of the client that may know Node: adapters in a folder of their own, or a file that says so by name. */
const NODE_ADAPTERS = String.raw`^clients/sdk/node/|\.node\.ts$`;

const npm = (name) => `(^|/)node_modules/(@types/)?${name}/`;

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'protocol-stands-alone',
      comment: 'protocol/ is what crosses a wire: it imports nothing of ours.',
      severity: 'error',
      from: { path: '^protocol/' },
      to: { path: '^(runtime|services|clients|operating|bench|demo)/' },
    },
    {
      name: 'runtime-stands-on-protocol',
      comment: 'runtime/ imports protocol/ only.',
      severity: 'error',
      from: { path: '^runtime/' },
      to: { path: '^(services|clients|operating|bench|demo)/' },
    },
    {
      name: 'services-never-import-clients',
      comment: 'A service imports runtime/ and protocol/. What a client and a service share belongs to protocol/.',
      severity: 'error',
      from: { path: '^services/' },
      to: { path: '^(clients|operating|bench|demo)/' },
    },
    {
      name: 'services-are-strangers',
      comment: 'A service never imports another: they talk over the bus. Only services/server.ts wires all of them.',
      severity: 'error',
      from: { path: '^services/([^/]+)/' },
      to: { path: '^services/', pathNot: '^services/$1/' },
    },
    {
      name: 'sdk-stands-on-protocol',
      comment: 'clients/sdk imports protocol/ only: any interface, also in a browser, stands on it.',
      severity: 'error',
      from: { path: '^clients/sdk/' },
      to: { path: '^(runtime|services|operating|bench|demo)/|^clients/(?!sdk/)' },
    },
    {
      name: 'interfaces-stand-on-the-sdk',
      comment: 'An interface such as clients/terminal imports clients/sdk and protocol/, and no other interface.',
      severity: 'error',
      from: { path: '^clients/(?!sdk/)([^/]+)/' },
      to: { path: '^(runtime|services|operating|bench|demo)/|^clients/', pathNot: '^clients/(sdk|$1)/' },
    },
    {
      name: 'product-never-imports-tests',
      comment: 'What runs at a user never imports tests, contract suites or benchmarks.',
      severity: 'error',
      from: { path: '^(protocol|runtime|services|clients|operating)/', pathNot: TEST_CODE },
      to: { path: `${TEST_CODE}|^bench/|^demo/` },
    },
    {
      name: 'product-needs-no-dev-dependency',
      comment: 'The image is installed without devDependencies: what it imports belongs to dependencies.',
      severity: 'error',
      from: { path: '^(protocol|runtime|services|clients|operating)/', pathNot: TEST_CODE },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'ws-has-a-home',
      comment: "WebSockets are the gateway's and the Node adapters' of the client.",
      severity: 'error',
      from: { pathNot: `^services/gateway/|${NODE_ADAPTERS}|^bench/|${TEST_CODE}` },
      to: { path: npm('ws') },
    },
    {
      name: 'tweetnacl-has-a-home',
      comment: 'Public verification lives in protocol/, what holds a secret in clients/sdk/crypto: use those.',
      severity: 'error',
      from: { pathNot: `^protocol/|^clients/sdk/crypto/|${TEST_CODE}` },
      to: { path: npm('tweetnacl') },
    },
    {
      name: 'sqlite-has-a-home',
      comment: 'Connections to SQLite are opened in runtime/store and in the Node adapters of the client.',
      severity: 'error',
      from: { pathNot: `^runtime/store/|${NODE_ADAPTERS}|${TEST_CODE}` },
      to: { path: '^(node:)?sqlite$' },
    },
    {
      name: 'mongodb-has-a-home',
      comment:
        'The connection to MongoDB is made in runtime/store; what is asked of it stands in mongo-…store.ts files.',
      severity: 'error',
      from: { pathNot: `^runtime/store/|/mongo-[a-z-]*store\\.ts$|${TEST_CODE}` },
      to: { path: npm('mongodb') },
    },
    {
      name: 'nats-has-a-home',
      comment: 'Signals are what Parley uses NATS for: runtime/nats-….ts.',
      severity: 'error',
      from: { pathNot: `^runtime/nats-[a-z]*\\.ts$|${TEST_CODE}` },
      to: { path: npm('nats') },
    },
    {
      name: 'portable-code-knows-no-node',
      comment:
        'protocol/ and clients/sdk run in browsers: node: modules belong in clients/sdk/node/ or a *.node.ts file.',
      severity: 'error',
      from: { path: '^(protocol|clients/sdk)/', pathNot: `${NODE_ADAPTERS}|${TEST_CODE}` },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-circles',
      comment: 'Two files that import each other are one idea in two places, or two ideas that need a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'imports-resolve',
      comment: 'An import that resolves to nothing is checked by no rule.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Also `import type`: an arrow between types is an arrow.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { conditionNames: ['node', 'import', 'types'], exportsFields: ['exports'] },
  },
};
