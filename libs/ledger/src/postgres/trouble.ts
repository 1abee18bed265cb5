import { isNativeError } from 'node:util/types';
import { LedgerUnavailable } from '../contract.js';

/** Trouble of the way to the server, or of the server as a whole; the statement itself was not at fault. */
export function isConnectionTrouble(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  if (typeof code !== 'string') return /terminated|timeout exceeded|not queryable|ended/i.test((error as Error).message);
  // SQLSTATE classes 08 (connection), 57P0x (shutdown, crash, starting up), 53300 (too many connections); Node's E... codes.
  return /^(08...|57P0.|53300|40001|40P01|E[A-Z_]+)$/.test(code);
}

/** Whether the ledger is out of reach, so that the same may succeed later. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof LedgerUnavailable || (isNativeError(error) && isConnectionTrouble(error));
}
