/** What was thrown, in words, whatever it was. */

export function errorMessage(error: unknown): string {
  if (error instanceof Error) return error.message;
  return typeof error === 'string' ? error : 'something that is no error was thrown';
}
