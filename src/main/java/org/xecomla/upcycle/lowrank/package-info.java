/** Latents of keys and values: what an approximation loses least of, and how many elements every layer gets. */
package org.xecomla.upcycle.lowrank;
