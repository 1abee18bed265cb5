/** Where controllers are given what has no class to be asked for by. */
export const doorToken = Symbol('PullDoor');
export const clockToken = Symbol('Clock');
export const limitsToken = Symbol('ApiLimits');
