/** As the rules have them; a body is checked before any rule sees it. */
export const markNames = ['bad', 'pinned'] as const;
export const supportWords = ['scheduled', 'current', 'supported', 'deprecated', 'end-of-life'] as const;
