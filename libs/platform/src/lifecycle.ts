import type { Logger } from './logger.js';

const stopLimitMs = 3_500;

/**
 * Runs `stop` once when the process is asked to end: by SIGINT or SIGTERM, or because the process that started it with
 * an IPC channel is gone. Ends the process afterwards, and also when stopping takes too long.
 */
export function endWith(stop: () => Promise<void>, logger: Logger): void {
  let ending = false;
  const end = (why: string) => {
    if (ending) return;
    ending = true;
    logger.info('stopping', { why });
    setTimeout(() => {
      logger.warn('stopping took too long');
      process.exit(1);
    }, stopLimitMs).unref();
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error('stopping failed', { error });
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', () => end('SIGINT'));
  process.on('SIGTERM', () => end('SIGTERM'));
  if (!process.send) return;
  const orphaned = () => end('the starting process is gone');
  process.on('disconnect', orphaned);
  // It went while this one was still loading: the event is over.
  if (!process.connected) orphaned();
}

/** Tells the process that started this one that it is ready. */
export function tellReady(message: { [name: string]: unknown } = {}): void {
  // Whether somebody is still there to be told is for `endWith` to notice.
  process.send?.({ ready: true, ...message }, () => undefined);
}
