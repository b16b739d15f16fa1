/** Kernels over off-heap memory, the arena that hands it out, and the flat store of parameters. */
package org.xecomla.tensor;
