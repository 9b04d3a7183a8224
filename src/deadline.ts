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
