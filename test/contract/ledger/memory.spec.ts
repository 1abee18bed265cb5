import { MemoryBlobs, MemoryShelf } from '#ledger';
import { ledgerContract } from './suite.js';

ledgerContract('the shelf in memory', () =>
  Promise.resolve({ ledger: new MemoryShelf(() => '2026-01-16T09:00:00.000Z'), blobs: new MemoryBlobs() }),
);
