/**
 * Update rules on flat parameter stores: AdamW, gradient clipping, learning-rate schedule, outer update of replicas.
 */
package org.xecomla.optim;
