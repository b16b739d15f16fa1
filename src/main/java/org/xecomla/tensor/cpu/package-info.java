/** The fast kernels of the processor: OpenBLAS and oneDNN for products, the JDK's Vector API for the rest. */
package org.xecomla.tensor.cpu;
