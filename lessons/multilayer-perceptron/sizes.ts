// Sizes of the digits, for code that must not load more than this.

/** Pixels along each side of a picture. */
export const side = 28;
/** Digits from 0 to 9. */
export const classes = 10;
