/** Where controllers are given what is no class of its own. */
export const readerToken = Symbol('LedgerReader');
export const blobsToken = Symbol('BlobStore');
export const doorToken = Symbol('PullDoor');
