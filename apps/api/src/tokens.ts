/** Where controllers are given what has no class to be asked for by. */
export const doorToken = Symbol('PullDoor');
