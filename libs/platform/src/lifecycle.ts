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
  if (process.send) process.on('disconnect', () => end('the starting process is gone'));
}

/** Tells the process that started this one that it is ready. */
export function tellReady(message: { [name: string]: unknown } = {}): void {
  process.send?.({ ready: true, ...message });
}
