/** The reference kernels, in operations that every back end of ND4J has, in float and double. */
package org.xecomla.tensor.nd4j;
