import { Inject } from '@nestjs/common';

/** Where a handler is given the blob store. */
export const blobsToken = Symbol('BlobStore');
export const Blobs = Inject(blobsToken);
