/** Losses of positions from their logits, and their gradients. */
package org.xecomla.nn.loss;
