/** Kernels of libtorch: the one place that knows its Java binding, a library that only some builds have. */
package org.xecomla.tensor.torch;
