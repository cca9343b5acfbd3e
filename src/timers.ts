/** setTimeout takes no longer delay: beyond it a timer would ring at once. */
export const longestTimerMs = 2 ** 31 - 1;
