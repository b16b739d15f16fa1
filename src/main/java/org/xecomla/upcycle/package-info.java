/** Turns a base model's grouped-query attention into latent attention, layer by layer, and says what was kept. */
package org.xecomla.upcycle;
