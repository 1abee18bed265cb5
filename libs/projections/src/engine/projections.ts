import { certification } from '../certification/certification.projection.js';
import { fleet } from '../fleet/fleet.projection.js';
import { history } from '../history/history.projection.js';
import { products } from '../products/products.projection.js';
import { reviews } from '../reviews/reviews.projection.js';
import { rollouts } from '../rollouts/rollouts.projection.js';
import type { Projection } from './projection.js';

/** Every projection, by the name that people give to `rollbook projections rebuild`. */
export const projections: readonly Projection[] = [fleet, history, products, rollouts, certification, reviews];
