/** Optional and without declarations; file-cipher.node.ts says what it uses of it. */
declare module 'sodium-native';
