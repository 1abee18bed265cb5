import { Injectable, SetMetadata } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { Problem } from '../problems/problem.js';
import { Access } from './access.js';
import type { Caller } from './access.js';

const openKey = 'rollbook:open';

/** A route that checks its callers by itself, or that anybody may call. */
export const Open = () => SetMetadata(openKey, true);

export type AuthenticatedRequest = Request & { caller: Caller };

@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly access: Access,
    private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    if (this.reflector.getAllAndOverride<boolean | undefined>(openKey, [context.getHandler(), context.getClass()])) return true;
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    request.caller = this.access.callerOf(request);
    if (request.caller.role === 'reader' && !['GET', 'HEAD'].includes(request.method)) {
      throw new Problem('forbidden', 'role-too-small', 'this token may only read', 'Use a token of an operator.');
    }
    return true;
  }
}
