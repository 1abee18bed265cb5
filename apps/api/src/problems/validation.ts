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

/** The messages of the validator begin with the field, which stands in front of them here anyway. */
function bare(says: string, property: string): string {
  return says.startsWith(`${property} `) ? says.slice(property.length + 1) : says;
}

function flatten(error: ValidationError, path = ''): { field: string; says: string }[] {
  const field = path === '' ? error.property : `${path}.${error.property}`;
  const own = Object.entries(error.constraints ?? {}).map(([rule, says]) => ({ field, says: rule === 'whitelistValidation' ? 'is not known here' : bare(says, error.property) }));
  return [...own, ...(error.children ?? []).flatMap((child) => flatten(child, field))];
}
