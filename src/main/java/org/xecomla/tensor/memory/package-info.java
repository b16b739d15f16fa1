/** Memory that ND4J allocates, and the ways to it: buffers and addresses for the processor, arrays for ND4J. */
package org.xecomla.tensor.memory;
