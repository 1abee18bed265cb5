import { ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { Problem } from './problem.js';

/** Checks bodies and queries against their shapes; unknown fields are errors, since they are misspelt ones. */
export function validation(): ValidationPipe {
  return new ValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    exceptionFactory: (errors) => {
      const problems = errors.flatMap((error) => flatten(error));
      const detail = problems.map(({ field, says }) => `${field}: ${says}`).join('; ');
      return new Problem('malformed', 'request-invalid', detail, 'Mend the named fields; / shows what is expected.', { errors: problems });
    },
  });
}

function flatten(error: ValidationError, path = ''): { field: string; says: string }[] {
  const field = path === '' ? error.property : `${path}.${error.property}`;
  const own = Object.values(error.constraints ?? {}).map((says) => ({ field, says }));
  return [...own, ...(error.children ?? []).flatMap((child) => flatten(child, field))];
}
