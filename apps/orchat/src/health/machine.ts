import { statSync, statfsSync } from 'node:fs';
import { constrainedMemory, versions } from 'node:process';
import { freemem } from 'node:os';
import type { Context } from '../context.js';
import { quotaLeft } from '../quota.js';
import { recorderOf } from '../metrics/recorder.js';
import { type Check, check } from './check.js';

const memoryNeeded = 64 * 1024 * 1024;
const oldestNode = 20;

/** Bytes that the release wants free in the home: working room, and its journal while that is not there. */
export function roomNeeded({ home, release }: Context): number {
  const journal = release.metrics?.journalBytes ?? 0;
  if (journal === 0) return release.room;
  const allocated = statSync(recorderOf(home, release).path, { throwIfNoEntry: false })?.size === journal;
  return release.room + (allocated ? 0 : journal);
}

export function bytesFree({ home }: Context): { disk: number; quota: number } {
  const { bavail, bsize } = statfsSync(home.root);
  return { disk: bavail * bsize, quota: quotaLeft(home) };
}

export function storageCheck(context: Context): Check {
  return check('storage', () => {
    const needed = roomNeeded(context);
    const { disk, quota } = bytesFree(context);
    const tight = quota < disk ? `the quota leaves ${Math.max(0, quota)}` : `the disk has ${disk}`;
    const message = `${tight} bytes, ${context.release.version} wants ${needed}`;
    return [Math.min(disk, quota) >= needed ? 'pass' : 'fail', message];
  });
}

export function bytesOfMemory(): number {
  // A container's limit is what the system would grant; without one Node answers 0 or an enormous number.
  const limit = constrainedMemory();
  return limit > 0 ? Math.min(limit, freemem()) : freemem();
}

export function memoryCheck(): Check {
  return check('memory', () => {
    const free = bytesOfMemory();
    return [free >= memoryNeeded ? 'pass' : 'fail', `${free} bytes free, orchat wants ${memoryNeeded}`];
  });
}

export function nodeCheck(): Check {
  return check('node', () => {
    const major = Number.parseInt(versions.node, 10);
    return [major >= oldestNode ? 'pass' : 'fail', `v${versions.node}, orchat needs v${oldestNode} or newer`];
  });
}
