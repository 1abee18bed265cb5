import { Matches } from 'class-validator';
import { namePattern } from '#messaging';

/** A name as nodes, sites, agents and products have it. */
export const IsName = () => Matches(namePattern, { message: 'must be lower-case letters, digits, dots and dashes, at most 63' });

/** A SHA-256 in hex. */
export const IsDigest = () => Matches(/^[0-9a-f]{64}$/, { message: 'must be a SHA-256: 64 digits and letters from a to f' });
