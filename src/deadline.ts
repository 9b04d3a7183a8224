/**
 * How long a route waits for its work: a caller gets its answer or a 503 within two seconds, and the rest is spare time
 * for a busy machine.
 */
export const ANSWER_TIMEOUT_MS = 1_200;

/** Rejects with the timeout where `work` takes longer than `milliseconds`. The work itself goes on unobserved. */
export function within<T>(
  milliseconds: number,
  work: PromiseLike<T>,
  timeout: () => Error,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(timeout()), milliseconds);
    work.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
