/** Kernels over memory that they name, the arena that hands it out, and the flat store of parameters. */
package org.xecomla.tensor;
