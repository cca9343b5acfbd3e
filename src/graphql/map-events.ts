/**
 * What `map` makes of each value, one after another. It ends its source when it is ended, and when `map` fails; what
 * goes wrong is thrown as `failed` has it.
 */
export function mapEvents<T, U>(
  source: AsyncIterable<T>,
  map: (value: T) => U | Promise<U>,
  failed: (error: unknown) => unknown,
): AsyncGenerator<U, void, undefined> {
  const values = source[Symbol.asyncIterator]();
  const mapped = async (result: IteratorResult<T, unknown>): Promise<IteratorResult<U, void>> => {
    if (result.done) return { done: true, value: undefined };
    try {
      return { done: false, value: await map(result.value) };
    } catch (error) {
      await values.return?.();
      throw error;
    }
  };
  const shown = (step: Promise<IteratorResult<T, unknown>>) =>
    step.then(mapped).catch((error: unknown) => {
      throw failed(error);
    });
  return {
    next: () => shown(values.next()),
    return: async () => {
      await values.return?.();
      return { done: true, value: undefined };
    },
    throw: async (error) => {
      if (values.throw) return shown(values.throw(error));
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      await values.return?.();
    },
  };
}
